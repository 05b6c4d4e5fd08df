# SPDX-License-Identifier: Apache-2.0
"""The publishing service over HTTP."""

from __future__ import annotations

import asyncio
import sqlite3
from importlib.metadata import version

from fastapi import FastAPI

from pmcb_client.http_identity import RequestChecker
from pmcb_services.common import Running, application

from ._analyst_routes import analyst_routes
from ._answers import disk_error, publishing_error
from ._assembly import Publishing
from ._institution_routes import institution_routes
from ._release_routes import release_routes
from .errors import PublishingError

__all__ = ["audience", "publishing_application"]


def audience(uid: str) -> str:
    """For whom requests are signed: nobody can hand them on to another institution's service.

    >>> audience("HospitalBMSP/publisher")
    'publishing/HospitalBMSP/publisher'
    """
    return f"publishing/{uid}"


def publishing_application(
    service: Publishing,
    checker: RequestChecker,
    *,
    msp_id: str,
    while_running: Running | None = None,
) -> FastAPI:
    """The application; whoever serves it has entered the service, and leaves it afterwards.

    Args:
        service: the institution's.
        checker: who calls; its audience is `audience` of the service's identity.
        msp_id: of the institution.
        while_running: entered when the service starts, left when it ends.
    """

    async def ready() -> str:
        try:
            await asyncio.to_thread(service.catalogue.datasets)
        except sqlite3.Error:
            return "the database cannot be read"
        return ""

    app = application(
        "PMCB publishing",
        version=version("pmcb-services"),
        ready=ready,
        while_running=while_running,
    )
    app.add_exception_handler(PublishingError, publishing_error)
    app.add_exception_handler(sqlite3.OperationalError, disk_error)
    app.include_router(institution_routes(service, checker, msp_id))
    app.include_router(analyst_routes(service, checker, msp_id))
    app.include_router(release_routes(service, checker))
    return app
