# SPDX-License-Identifier: Apache-2.0
"""Tells the ledger of a store's newest root and audit trail: at every epoch, and every minute."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress

import structlog

from pmcb_services.retrieval.errors import RetrievalError

from ._ledger_state import LedgerState
from ._store_ledger import StoreLedger
from ._trail import Trail

__all__ = ["BEAT_S", "Anchors"]

BEAT_S = 60.0
"""Fixed, so that anchors show when epochs begin and nothing else."""

_log = structlog.get_logger("pmcb_services.retrieval")


class Anchors:
    """Of one store.

    Args:
        name: of the store.
        ledger: is told.
        state: knows the newest root.
        trail: knows its own end.
    """

    def __init__(self, name: str, ledger: StoreLedger, state: LedgerState, trail: Trail) -> None:
        self._name, self._ledger, self._state, self._trail = name, ledger, state, trail
        self._news = asyncio.Event()

    def wake(self) -> None:
        """An epoch began; called in the loop."""
        self._news.set()

    async def run(self) -> None:
        """Until it is cancelled; what fails is tried again at the next beat."""
        clock = asyncio.get_running_loop().time
        beat = clock()
        while True:
            with suppress(RetrievalError, sqlite3.Error):  # logged; the next beat tries again
                await self.anchor()
            while clock() >= beat:
                beat += BEAT_S
            with suppress(TimeoutError):
                async with asyncio.timeout_at(beat):
                    await self._news.wait()
            self._news.clear()

    async def anchor(self) -> None:
        """Once.

        Raises:
            LedgerUnavailable, AccessError: the ledger was not told.
        """
        try:
            root = await asyncio.to_thread(self._state.local)
            if root is not None:
                head = await asyncio.to_thread(self._trail.head)
                await self._ledger.anchor(*root, head)
        except (RetrievalError, sqlite3.Error) as error:
            _log.warning("not_anchored", store=self._name, kind=type(error).__name__)
            raise
