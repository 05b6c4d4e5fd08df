# SPDX-License-Identifier: Apache-2.0
"""Requests that are refused before anybody is known who asks: counted, and written down."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from typing import TYPE_CHECKING

import structlog

from ._trail import Line

if TYPE_CHECKING:
    from ._scribe import Scribe

__all__ = ["BEAT_S", "TurnedAway"]

BEAT_S = 60.0
_log = structlog.get_logger("pmcb_services.retrieval")


class TurnedAway:
    """Of one store: a line of its trail at once, and then one a minute for all that came meanwhile.

    A flood of forged requests makes the trail grow by a line a minute, and the answer to one takes
    as long as where there is no such store.

    Args:
        store: its name.
        scribe: writes its trail.
    """

    def __init__(self, store: str, scribe: Scribe) -> None:
        self._store, self._scribe = store, scribe
        self._counts: Counter[str] = Counter()
        self._news = asyncio.Event()

    def count(self, reason: str) -> None:
        """One more.

        Args:
            reason: one of few: a code of this package, never a word of the request.
        """
        self._counts[reason] += 1
        self._news.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self._news.wait()
            await self.write()
            await asyncio.sleep(BEAT_S)

    async def write(self) -> None:
        """Write down what was counted; what cannot be written is counted on."""
        self._news.clear()
        taken, self._counts = self._counts, Counter()
        if not taken:
            return
        outcome = ", ".join(f"{reason} {count}" for reason, count in sorted(taken.items()))
        try:
            await self._scribe.note(Line("refused", certificate="", outcome=outcome))
        except sqlite3.Error as error:
            _log.warning("not_noted", store=self._store, kind=type(error).__name__)
            self._counts.update(taken)
            self._news.set()
