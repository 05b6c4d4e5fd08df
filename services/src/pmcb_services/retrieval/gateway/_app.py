# SPDX-License-Identifier: Apache-2.0
"""The query gateway over HTTP."""

from __future__ import annotations

import sqlite3
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from fastapi.responses import JSONResponse

from pmcb_services.common import ErrorCode, application
from pmcb_services.retrieval.errors import RetrievalError

from ._routes import list_routes, look_routes, work_routes

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

    from pmcb_client.http_identity import RequestChecker
    from pmcb_services.common import Running

    from ._gateway import Gateway

__all__ = ["gateway_application"]


def gateway_application(
    gateway: Gateway, checker: RequestChecker, *, while_running: Running | None = None
) -> FastAPI:
    """The application; whoever serves it has entered the gateway, and leaves it afterwards.

    Args:
        gateway: the institution's.
        checker: who calls; its audience is `audience` of the gateway's identity.
        while_running: entered when the service starts, left when it ends.
    """
    app = application(
        "PMCB retrieval gateway",
        version=version("pmcb-services"),
        ready=gateway.shut,
        while_running=while_running,
    )
    app.add_exception_handler(RetrievalError, _refused)
    app.add_exception_handler(sqlite3.OperationalError, _disk)
    for routes in (list_routes, look_routes, work_routes):
        app.include_router(routes(gateway, checker))
    return app


async def _refused(_: Request, error: Any) -> JSONResponse:
    content = {"error": error.code, "message": str(error), "field": error.field}
    return JSONResponse(content, error.status)


async def _disk(_: Request, __: Exception) -> JSONResponse:
    """What cannot be written down is not served."""
    code = ErrorCode.STORE_UNAVAILABLE
    content = {"error": code.value, "message": "The database cannot be used.", "field": ""}
    return JSONResponse(content, code.status)
