# SPDX-License-Identifier: Apache-2.0
"""A client's connection, which has to get on: uvicorn by itself waits for ever, whatever comes."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["Connection"]

HEAD_S = 10.0
HEAD_BYTES = 2**16


class Connection(HttpToolsProtocol):
    """Closed unless a request's head comes whole, within `HEAD_S` seconds and `HEAD_BYTES`.

    What still comes once a request was answered, of a body that nobody reads, is no head: the
    connection ends, too. How long a body may take that somebody reads, the reader says.
    """

    _overdue: asyncio.TimerHandle | None = None
    _loose_bytes = 0  # since a head was whole, or a part of a body

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if getattr(self.cycle, "response_complete", True):  # none runs
            self._await_head()
        self._loose_bytes += len(data)
        super().data_received(data)
        if self._loose_bytes > HEAD_BYTES:
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._head_came()
        self._loose_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._loose_bytes = 0
        super().on_body(body)

    def _await_head(self) -> None:
        if self._overdue is None:
            self._overdue = self.loop.call_later(HEAD_S, self.transport.close)

    def _head_came(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None
