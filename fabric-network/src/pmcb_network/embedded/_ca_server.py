# SPDX-License-Identifier: Apache-2.0
"""Fabric CA's REST calls over HTTPS, on the network's own event loop."""

import socket
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ._ca import CertificateAuthority
from ._ca_call import CaError, Call
from ._defects import log_defect
from ._material import Tls

_BODY_BYTES = 256 * 1024


class CaServer:
    """Serves one CA on a socket that listens already."""

    def __init__(self, authority: CertificateAuthority, server: socket.socket, tls: Tls) -> None:
        config = uvicorn.Config(
            _application(authority),
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=2,
            ssl_certfile=tls.certificate_file,
            ssl_keyfile=tls.key_file,
        )
        config.load()
        self._socket = server
        self._server = uvicorn.Server(config)
        self._server.lifespan = config.lifespan_class(config)

    async def start(self) -> None:
        """Returns once calls are answered.

        The parts of `Server.serve` that concern a process - signals, the wait for its end - are
        the network's own business.
        """
        await self._server.startup(sockets=[self._socket])

    async def close(self) -> None:
        """Ends open connections and the server."""
        await self._server.shutdown(sockets=[self._socket])
        self._socket.close()


def _application(authority: CertificateAuthority) -> Starlette:
    async def info(call: Call) -> Mapping[str, Any]:
        return authority.info(call.fields() if call.body else {})

    routes = []
    for path, methods, status, handler in (
        ("cainfo", ["GET", "POST"], 200, info),
        ("enroll", ["POST"], 201, authority.enroll),
        ("reenroll", ["POST"], 201, authority.reenroll),
        ("register", ["POST"], 201, authority.register),
        ("revoke", ["POST"], 200, authority.revoke),
        ("gencrl", ["POST"], 200, authority.gencrl),
    ):
        endpoint = _endpoint(handler, status)
        routes += [Route(prefix + path, endpoint, methods=methods) for prefix in ("/api/v1/", "/")]
    return Starlette(routes=routes, exception_handlers={404: _unknown, 405: _unknown})


_Handler = Callable[[Call], Awaitable[Mapping[str, Any]]]


def _endpoint(handler: _Handler, status: int) -> Callable[[Request], Awaitable[JSONResponse]]:
    async def endpoint(request: Request) -> JSONResponse:
        try:
            path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            call = Call(
                request.method,
                path,
                await _body(request),
                request.headers.get("authorization", ""),
            )
            result = await handler(call)
        except CaError as error:
            return _failure(error.status, error.code, str(error))
        except sqlite3.OperationalError:
            return _failure(503, 0, "the CA cannot write its database: is the disk full?")
        except Exception as error:  # noqa: BLE001 - one call's defect must not end the server
            log_defect("a call of the CA failed", error)
            return _failure(500, 0, "a defect of the embedded network")
        answer = {"success": True, "result": dict(result), "errors": [], "messages": []}
        return JSONResponse(answer, status_code=status)

    return endpoint


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _BODY_BYTES:
            raise CaError(413, 3, "Failed reading request body")
    return bytes(body)


async def _unknown(request: Request, error: Exception) -> JSONResponse:
    status = getattr(error, "status_code", 404)
    return _failure(status, 1, f"{request.url.path} is not offered by the embedded network's CA")


def _failure(status: int, code: int, message: str) -> JSONResponse:
    answer = {
        "success": False,
        "result": "",
        "errors": [{"code": code, "message": message}],
        "messages": [],
    }
    return JSONResponse(answer, status_code=status)
