# SPDX-License-Identifier: Apache-2.0
"""An application on a port, until it is told to end."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from pmcb_client.usage_errors import InputError

from ._connection import Connection

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["Served", "serve", "serving"]

GRACE_S = 10

MOST_AT_ONCE = 2000
"""Connections of a service, idle ones too; on further ones it answers 503."""


@dataclass(frozen=True)
class Served:
    """Where a service listens.

    Attributes:
        host: an address; only loopback is served without TLS.
        port: 0 takes a free one.
        tls_cert, tls_key: PEM files; both or none.
    """

    host: str = "127.0.0.1"
    port: int = 0
    tls_cert: Path | None = None
    tls_key: Path | None = None

    def listen(self) -> socket.socket:
        """A socket that listens.

        Raises:
            InputError: it cannot, or would serve others without TLS.
        """
        if (self.tls_cert is None) != (self.tls_key is None):
            raise InputError("A TLS certificate goes with its key: give both files or none.")
        if self.tls_cert is None and not _is_loopback(self.host):
            raise InputError(
                f"{self.host} is no loopback address, and nothing but that is served without TLS.",
                next_step="Give --tls-cert and --tls-key.",
            )
        self._check_certificate()
        try:
            listening = socket.create_server((self.host, self.port))
        except OSError as error:
            raise InputError(
                f"{self.host}:{self.port} cannot be listened on: {error.strerror}.",
                next_step="Choose another --port; 0 takes a free one.",
            ) from error
        # connections inherit it: asyncio sets it only where a socket names its protocol, and an
        # answer's body would wait 40 ms for the acknowledgement of its head
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening

    def _check_certificate(self) -> None:
        if self.tls_cert is None or self.tls_key is None:
            return
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.tls_cert, self.tls_key)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            files = f"{self.tls_cert.name} and {self.tls_key.name}"
            raise InputError(f"{files} are no certificate and its key (PEM).") from error

    def url(self, listening: socket.socket) -> str:
        """How clients reach it."""
        scheme = "http" if self.tls_cert is None else "https"
        return f"{scheme}://{self.host}:{listening.getsockname()[1]}"


def serve(app: FastAPI, place: Served, listening: socket.socket) -> None:
    """Answer requests until SIGINT or SIGTERM; running ones have ten seconds to end."""
    uvicorn.Server(_config(app, place)).run(sockets=[listening])


async def serving(app: FastAPI, place: Served, listening: socket.socket) -> None:
    """The same beside other work, until this is cancelled; it hears no signals itself."""
    server = _Beside(_config(app, place))
    running = asyncio.ensure_future(server.serve(sockets=[listening]))
    try:
        await asyncio.shield(running)
    finally:
        server.should_exit = True
        while not running.done():  # running requests end, however often this is cancelled
            with suppress(asyncio.CancelledError):
                await asyncio.shield(running)


class _Beside(uvicorn.Server):
    """Leaves signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: FastAPI, place: Served) -> uvicorn.Config:
    # It would print the whole trace of a defect, the caller's words in it: the application tells
    # the place of a defect to its own log.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)
    return uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=MOST_AT_ONCE,
        timeout_graceful_shutdown=GRACE_S,
        ssl_certfile=place.tls_cert,
        ssl_keyfile=place.tls_key,
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
