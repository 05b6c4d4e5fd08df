# SPDX-License-Identifier: Apache-2.0
"""A cloud over HTTP: it checks who calls and hands on bytes that it cannot read."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from pmcb_services.common import application
from pmcb_services.retrieval.errors import (
    CloudUnavailable,
    MissingBlob,
    RetrievalError,
    UnknownStore,
)

from ._access import Descriptors
from ._item_routes import log_routes, pool_routes
from ._store_routes import root_routes, store_routes

if TYPE_CHECKING:
    from pmcb_client.http_identity import RequestChecker
    from pmcb_services.common import Running
    from pmcb_services.retrieval.cloud._cloud import Cloud

__all__ = ["cloud_application"]


def cloud_application(
    cloud: Cloud, checker: RequestChecker, *, while_running: Running | None = None
) -> FastAPI:
    """The application.

    Args:
        cloud: where the bytes are.
        checker: who calls; its audience is `audience` of the server's identity.
        while_running: entered when the service starts, left when it ends.
    """

    async def ready() -> str:
        try:
            await run_in_threadpool(cloud.describe, "readyz")
        except CloudUnavailable as error:
            return str(error)
        except UnknownStore:
            return ""
        return ""

    app = application(
        "PMCB retrieval cloud",
        version=version("pmcb-services"),
        ready=ready,
        while_running=while_running,
    )
    app.add_exception_handler(RetrievalError, _refused)
    descriptors = Descriptors(cloud)
    for routes in (store_routes, root_routes, pool_routes, log_routes):
        app.include_router(routes(cloud, checker, descriptors))
    return app


async def _refused(_: Request, error: Any) -> JSONResponse:
    """An error of this package as an answer."""
    # what a store finds missing later is tampering; here it is a label that nobody put
    status = 404 if isinstance(error, MissingBlob) else error.status
    content = {"error": error.code, "message": str(error), "field": error.field}
    return JSONResponse(content, status)
