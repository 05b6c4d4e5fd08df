# SPDX-License-Identifier: Apache-2.0
"""What the ledger allows workers to do: asked before they are served."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmcb_client.gateway import ChaincodeEvent
    from pmcb_client.http_identity import Caller

__all__ = ["KEPT_MS", "KeptGrants"]

KEPT_MS = 30_000

Evaluate = Callable[..., Awaitable[bytes]]


class KeptGrants:
    """What the ledger says of workers, kept for half a minute at most.

    An answer is kept only while the ledger's events are heard, and forgotten when one says that a
    grant of the worker was revoked; a denial is never kept.

    Args:
        evaluate: a query of the contract: its name and its arguments; raises what callers are
            to be told.
        clock: milliseconds UTC.
    """

    def __init__(self, evaluate: Evaluate, *, clock: Callable[[], int]) -> None:
        self._evaluate, self._now_ms = evaluate, clock
        self._kept: dict[tuple[str, ...], tuple[str, int]] = {}
        self._hears = False
        self._revocations = 0

    async def find(self, query: str, worker: Caller, *about: str) -> str:
        """The grant by which a worker may do this now, "" where there is none.

        Args:
            query: ``check_grant`` or ``check_device``.
            worker: who asks.
            about: a data set's id; a device and a command.
        """
        key = (worker.uid, query, *about)
        grant, until_ms = self._kept.get(key, ("", 0))
        if self._now_ms() < until_ms:
            return grant
        self._kept.pop(key, None)
        heard = self._revocations
        answer = await self._evaluate(query, worker.msp_id, worker.enrollment_id, *about)
        found = json.loads(answer)
        if not found["allowed"]:
            return ""
        if self._hears and heard == self._revocations:  # else it may be older than the event
            until_ms = min(self._now_ms() + KEPT_MS, found["expires"])
            self._kept[key] = (found["grant"], until_ms)
        return str(found["grant"])

    def hear(self, event: ChaincodeEvent) -> None:
        """An event of the ledger: from the first one on, none is missed."""
        self._hears = True
        if event.name == "RetrievalRevoked":
            self._revocations += 1
            uid = json.loads(event.payload)["uid"]
            self._kept = {key: kept for key, kept in self._kept.items() if key[0] != uid}

    def deafen(self) -> None:
        """Events are not heard any more: keep nothing."""
        self._hears = False
        self._revocations += 1
        self._kept.clear()
