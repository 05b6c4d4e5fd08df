# SPDX-License-Identifier: Apache-2.0
"""The order gateway over HTTP."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from pmcb_services.common import application
from pmcb_services.fog._refusals import answer_refusals

from ._plan_route import plan_routes
from ._routes import operator_routes, order_routes

if TYPE_CHECKING:
    from fastapi import FastAPI

    from pmcb_client.http_identity import RequestChecker
    from pmcb_services.common import Running

    from ._gateway import Gateway

__all__ = ["fog_application"]


def fog_application(
    gateway: Gateway, checker: RequestChecker, *, while_running: Running | None = None
) -> FastAPI:
    """The application; whoever serves it has entered the gateway, and leaves it afterwards.

    Args:
        gateway: the institution's.
        checker: who calls; its audience is `audience` of the gateway's identity.
        while_running: entered when the service starts, left when it ends.
    """
    app = application(
        "PMCB order gateway",
        version=version("pmcb-services"),
        ready=gateway.not_ready,
        while_running=while_running,
        registry=gateway.core.metrics.registry,
    )
    answer_refusals(app)
    for routes in (order_routes, operator_routes, plan_routes):
        app.include_router(routes(gateway, checker))
    return app
