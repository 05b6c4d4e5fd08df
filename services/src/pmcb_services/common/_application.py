# SPDX-License-Identifier: Apache-2.0
"""What every service shares: signed callers, one shape of errors, health and metrics."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pmcb_client.http_identity import Caller, RequestChecker, SignedRequest, Unauthenticated

from ._incoming import BODY_S, whole_body
from ._logs import raised_at
from .errors import ErrorCode, ServiceError

__all__ = ["Running", "SignedCaller", "application"]

_log = structlog.get_logger("pmcb_services")
_CODE_OF = {404: ErrorCode.NOT_FOUND, 405: ErrorCode.METHOD, 413: ErrorCode.TOO_LARGE}

Ready = Callable[[], Awaitable[str]]
"""Why the service is not ready, "" when it is."""

Running = AbstractAsyncContextManager[None]


class SignedCaller:
    """A FastAPI dependency: who sent the request, once its signature was checked.

    The body of somebody known is read at most up to ``body_bytes``, and found at
    ``request.state.body``; of nobody else a byte is read.

    Args:
        checker: for this service.
        roles: who may call; empty for anybody enrolled.
        body_bytes: the largest body this path takes.
        body_s: seconds that it may take to come.
    """

    def __init__(
        self,
        checker: RequestChecker,
        *,
        roles: Sequence[str] = (),
        body_bytes: int = 0,
        body_s: float = BODY_S,
    ) -> None:
        self._checker = checker
        self._roles = frozenset(roles)
        self._limit = body_bytes
        self._within_s = body_s

    async def __call__(self, request: Request) -> Caller:
        """Check the request.

        Raises:
            ServiceError: ``TOO_LARGE``, ``TOO_SLOW`` or ``FORBIDDEN``.
            Unauthenticated: nobody signed it.
        """
        path, query = request.scope["raw_path"], request.scope["query_string"]
        target = (path + b"?" + query if query else path).decode("latin-1")
        head = SignedRequest(request.method, target, request.headers, b"")
        expected = self._checker.expect(head)
        body = await whole_body(request, self._limit, within_s=self._within_s)
        request.state.body = body
        caller = self._checker.confirm(replace(head, body=body), expected)
        if self._roles and caller.role not in self._roles:
            roles = ", ".join(sorted(self._roles))
            raise ServiceError(ErrorCode.FORBIDDEN, f"This takes one of the roles {roles}.")
        return caller


def application(
    title: str,
    *,
    version: str,
    ready: Ready,
    while_running: Running | None = None,
    registry: CollectorRegistry | None = None,
) -> FastAPI:
    """An application with errors in one shape, ``/healthz``, ``/readyz`` and ``/metrics``.

    Errors are ``{error, message, field}`` everywhere; a defect tells its place to the log only.

    Args:
        title: shown in its OpenAPI document.
        version: of the service.
        ready: why it is not.
        while_running: entered when the service starts, left when it ends.
        registry: of the service's own metrics, shown beside those of requests.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with while_running or nullcontext():
            yield

    app = FastAPI(title=title, version=version, docs_url=None, redoc_url=None, lifespan=lifespan)
    registry = registry or CollectorRegistry()
    requests = Counter(
        "pmcb_requests", "Requests by path and status.", ["path", "status"], registry=registry
    )
    seconds = Histogram("pmcb_request_seconds", "Seconds by path.", ["path"], registry=registry)

    def observed(path: str, status: int, took_s: float) -> None:
        requests.labels(path, str(status)).inc()
        seconds.labels(path).observe(took_s)

    app.add_middleware(_Observing, observed=observed)

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> Response:
        return PlainTextResponse("ok\n")

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> Response:
        reason = await ready()
        return PlainTextResponse(f"{reason or 'ok'}\n", 503 if reason else 200)

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return PlainTextResponse(generate_latest(registry))

    for kind, handler in (
        (ServiceError, _service_error),
        (Unauthenticated, _unauthenticated),
        (RequestValidationError, _malformed),
        (HTTPException, _http_error),
        (Exception, _defect),
    ):
        app.add_exception_handler(kind, handler)
    return app


class _Observing:
    """Tells path, status and seconds of each request; a path with its ids is never told."""

    def __init__(self, app: ASGIApp, observed: Callable[[str, int, float], None]) -> None:
        self._app = app
        self._observed = observed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            path = getattr(scope.get("route"), "path", "other")
            self._observed(path, status, time.perf_counter() - start)


def _answer(code: ErrorCode, message: str, field: str = "") -> JSONResponse:
    content = {"error": code.value, "message": message, "field": field}
    return JSONResponse(content, code.status)


async def _service_error(_: Request, error: Any) -> JSONResponse:
    return _answer(error.code, str(error), error.field)


async def _unauthenticated(_: Request, error: Any) -> JSONResponse:
    return _answer(ErrorCode.UNAUTHENTICATED, str(error), error.reason)


async def _malformed(_: Request, error: Any) -> JSONResponse:
    first = error.errors()[0]
    field = ".".join(map(str, first["loc"][1:]))
    return _answer(ErrorCode.BAD_REQUEST, "A part of the request is malformed.", field)


async def _http_error(_: Request, error: Any) -> JSONResponse:
    code = _CODE_OF.get(error.status_code, ErrorCode.BAD_REQUEST)
    return _answer(code, f"{HTTPStatus(error.status_code).phrase}.")


async def _defect(_: Request, error: Exception) -> JSONResponse:
    _log.error("defect", kind=type(error).__name__, at=raised_at(error))
    return _answer(ErrorCode.INTERNAL, "The service has a defect; its log names the place.")
