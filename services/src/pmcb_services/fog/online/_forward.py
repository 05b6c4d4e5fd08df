# SPDX-License-Identifier: Apache-2.0
"""Orders that are a request to another service: carried there, and its answer back."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import httpx

from pmcb_services.fog.errors import InvalidInput

from ._handler import OrderFailed, OutcomeUnknown, Task
from ._http import PATIENCE_S, Clients, send
from ._inner import InnerRequest
from ._places import Place

__all__ = ["Forward"]

_LATER = frozenset({502, 503, 504})


class Forward:
    """Carries the submitter's own signed request to the service, whose answer goes back.

    A repeat is the very same request, which services answer as they did: nothing is done twice.

    Args:
        find: the service of an institution, wherever it is now; None where none is known.
        allowed: of requests, written ``METHOD /target``; nothing else is carried.
        timeout_s: seconds that an answer may take.
    """

    def __init__(
        self, find: Callable[[str], Place | None], allowed: str, *, timeout_s: float
    ) -> None:
        self._find = find
        self._allowed = re.compile(allowed)
        self._clients = Clients(timeout_s)

    def run(self, task: Task) -> bytes:
        """The body of the service's answer."""
        try:
            inner = InnerRequest.decode(task.payload)
        except InvalidInput as error:
            raise OrderFailed("BAD_REQUEST") from error
        if not self._allowed.fullmatch(f"{inner.method} {inner.target}"):
            raise OrderFailed("BAD_REQUEST")
        give_up = time.monotonic() + PATIENCE_S
        pause_s = 0.05
        while True:
            if time.time_ns() // 1_000_000 >= inner.expires_ms:
                raise OrderFailed("EXPIRED")
            answer = self._sent(inner, task)
            if answer is not None:
                return answer
            if time.monotonic() + pause_s > give_up:
                raise OutcomeUnknown
            time.sleep(pause_s)
            pause_s *= 2

    def _sent(self, inner: InnerRequest, task: Task) -> bytes | None:
        """The answer's body; None where another try may get one."""
        place = self._find(inner.to)
        if place is None:
            return None
        client = self._clients.of(place.tls_ca)
        url = httpx.URL(place.url).copy_with(raw_path=inner.target.encode("ascii"))
        request = client.build_request(
            inner.method, url, content=inner.body, headers=dict(inner.headers)
        )
        task.begin()
        try:
            answer = send(client, request)
        except httpx.TransportError:
            return None
        if answer.status in _LATER:
            return None
        return answer.success()
