# SPDX-License-Identifier: Apache-2.0
"""Requests that handlers make, and what an answer means for an order."""

from __future__ import annotations

import re
import ssl
from typing import NamedTuple

import httpx

from pmcb_client.http_identity import said

from ._handler import OrderFailed
from ._order import MAX_PAYLOAD_BYTES

__all__ = ["PATIENCE_S", "Answer", "Clients", "send"]

PATIENCE_S = 5.0
"""How long a service that does not answer is asked again, before the order makes room."""


class Answer(NamedTuple):
    """A status, and the whole body."""

    status: int
    body: bytes

    def success(self) -> bytes:
        """The body of a success.

        Raises:
            OrderFailed: it is none; with the service's code, and nothing else that it says.
        """
        if 200 <= self.status < 300:
            return self.body
        code = said(httpx.Response(self.status, content=self.body)).code
        raise OrderFailed(code if re.fullmatch("[A-Z_]{1,40}", code) else f"HTTP_{self.status}")


class Clients:
    """One client for each root that is trusted, whose connections stay open between orders."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._known: dict[str, httpx.Client] = {}

    def of(self, tls_ca: str) -> httpx.Client:
        """A client that trusts these roots (PEM), "" for the machine's own."""
        if tls_ca not in self._known:
            verify = ssl.create_default_context(cadata=tls_ca) if tls_ca else True
            timeout = httpx.Timeout(self._timeout_s, connect=min(self._timeout_s, PATIENCE_S))
            self._known[tls_ca] = httpx.Client(verify=verify, timeout=timeout)
        return self._known[tls_ca]


def send(client: httpx.Client, request: httpx.Request) -> Answer:
    """The answer, read up to what a result may hold.

    Raises:
        OrderFailed: ``TOO_LARGE``.
        httpx.TransportError: nobody answered.
    """
    answer = client.send(request, stream=True)
    try:
        parts, size = [], 0
        for part in answer.iter_bytes():
            size += len(part)
            if size > MAX_PAYLOAD_BYTES:
                raise OrderFailed("TOO_LARGE")
            parts.append(part)
    finally:
        answer.close()
    return Answer(answer.status_code, b"".join(parts))
