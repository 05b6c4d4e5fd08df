# SPDX-License-Identifier: Apache-2.0
"""``/healthz`` and ``/metrics``: plain HTTP for this machine's own monitoring."""

import asyncio
import ipaddress
import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Self, cast

from ._metrics import Metrics
from .errors import ServerConfigError

_REQUEST_S = 5.0
_REQUEST_BYTES = 8192
_TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"


class Status(StrEnum):
    """How far a chaincode server is; only ``SERVING`` answers health checks with 200."""

    STARTING = "starting"
    SERVING = "serving"
    DRAINING = "draining"


Health = Callable[[], Mapping[str, str]]
"""What a health check answers; the field ``status`` is a ``Status``."""


class Operations:
    """An HTTP endpoint in the server's own loop.

    ::

        async with Operations("127.0.0.1:9443", lambda: {"status": server.status}, metrics): ...
    """

    def __init__(self, address: str, health: Health, metrics: Metrics) -> None:
        if not is_loopback(address):
            raise ServerConfigError(
                f"{address} is not a loopback address: operations are plain HTTP, for this machine"
            )
        self._address = address
        self._health = health
        self._metrics = metrics
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Transport] = set()
        self.port = 0

    async def __aenter__(self) -> Self:
        """Bind and serve.

        Raises:
            ServerConfigError: the address is taken, or none.
        """
        host, _, port = self._address.rpartition(":")
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: _Exchange(self._answer, self._open), host.strip("[]"), int(port)
            )
        except (OSError, ValueError, OverflowError) as error:
            raise ServerConfigError(
                f"cannot listen on {self._address} for operations: is the port taken, or none?"
            ) from error
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Stop at once; whoever is in the middle of a request asks again."""
        assert self._server is not None
        self._server.close()
        for transport in self._open:
            transport.abort()
        await self._server.wait_closed()

    def _answer(self, request: bytes) -> bytes:
        method, _, rest = request.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        if path not in (b"/healthz", b"/metrics"):
            return _response("404 Not Found")
        if method not in (b"GET", b"HEAD"):
            return _response("405 Method Not Allowed", "Allow: GET, HEAD")
        if path == b"/metrics":
            made = _response("200 OK", f"Content-Type: {_TEXT_FORMAT}", self._metrics.exposition())
        else:
            found = self._health()
            is_serving = found["status"] == Status.SERVING
            made = _response(
                "200 OK" if is_serving else "503 Service Unavailable",
                "Content-Type: application/json",
                json.dumps(dict(found)).encode(),
            )
        return made if method == b"GET" else made[: made.index(b"\r\n\r\n") + 4]


class _Exchange(asyncio.Protocol):
    """One connection: a request, its answer, the end."""

    def __init__(
        self, answer: Callable[[bytes], bytes], connections: set[asyncio.Transport]
    ) -> None:
        self._answer = answer
        self._connections = connections
        self._request = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports behave as asyncio's, and are of another class.
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self._transport)
        self._limit = asyncio.get_running_loop().call_later(_REQUEST_S, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        self._request += data
        if b"\r\n\r\n" in self._request:
            self._transport.write(self._answer(bytes(self._request)))
            self._transport.close()
        elif len(self._request) > _REQUEST_BYTES:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as asyncio calls it
        self._limit.cancel()
        self._connections.discard(self._transport)


def is_loopback(address: str) -> bool:
    """Whether ``host:port`` names this machine only."""
    host = address.rpartition(":")[0].strip("[]")
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _response(status: str, header: str = "", body: bytes = b"") -> bytes:
    head = [f"HTTP/1.1 {status}", *([header] if header else []), f"Content-Length: {len(body)}"]
    return "\r\n".join([*head, "Connection: close", "", ""]).encode() + body
