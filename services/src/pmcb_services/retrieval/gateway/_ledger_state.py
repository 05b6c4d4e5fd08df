# SPDX-License-Identifier: Apache-2.0
"""What a gateway remembers of a store beside the cloud: on its disk and on the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from pmcb_client.database import PrivateDatabase
from pmcb_services.retrieval.errors import (
    AccessError,
    ForkDetected,
    LedgerUnavailable,
    RetrievalError,
)

from ._store_ledger import StoreLedger

__all__ = ["LedgerState"]

T = TypeVar("T")


class LedgerState:
    """An `oblivious.State` of a store that a thread works on while a loop speaks to the ledger.

    The next epoch's number is claimed in the background once the present one stands, so that an
    epoch change need not wait for a block.

    Args:
        database: of the store's folder.
        ledger: of the store.
        loop: runs elsewhere; none of the methods but `close` and `check` may be called in it.

    Attributes:
        on_epoch: called in the store's thread when a new epoch stands.
    """

    def __init__(
        self,
        database: PrivateDatabase,
        ledger: StoreLedger,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._database, self._ledger, self._loop = database, ledger, loop
        self.on_epoch: Callable[[], object] = lambda: None
        self._last = 0
        self._begun = False
        self._ahead: Future[None] | None = None

    def newest(self) -> tuple[int, bytes] | None:
        """The newer one of the roots that disk and ledger know.

        Raises:
            ForkDetected: they know two of one version.
        """
        standing, local = self._told(self._ledger.standing()), self.local()
        anchored = (standing.version, standing.digest) if standing.version else None
        if anchored is None or local is None:
            return anchored or local
        if anchored[0] == local[0] and anchored != local:
            raise ForkDetected("The ledger has another root of the version that is known here.")
        return max(anchored, local)

    def local(self) -> tuple[int, bytes] | None:
        """The newest root that this disk knows."""
        version, digest, _ = self._row()
        return (version, digest) if version else None

    def keep_root(self, version: int, digest: bytes) -> None:
        """A new root stands; the next epoch's number is claimed ahead of need."""
        self._keep("version = ?, digest = ?", version, digest)
        if self._ahead is None:
            self._ahead = self._sent(self._ledger.claim(self._last + 1))
        if self._begun:
            self._begun = False
            self.on_epoch()

    def acknowledged(self) -> int:
        """The end of the log."""
        return self._row()[2]

    def keep_log(self, end: int) -> None:
        """The log up to here was acknowledged."""
        self._keep("log_end = max(log_end, ?)", end)

    def claimed(self) -> int:
        """The last number on the ledger."""
        self._last = self._told(self._ledger.standing()).epoch
        return self._last

    def claim(self, number: int) -> None:
        """Claim an epoch, or wait for the claim that is under way.

        Raises:
            ForkDetected: somebody else has claimed it.
            LedgerUnavailable: nobody knows; the same again goes on.
        """
        ahead, self._ahead = self._ahead, None
        if ahead is not None and number == self._last + 1:
            try:
                ahead.result()
            except (LedgerUnavailable, AccessError):
                self._told(self._ledger.claim(number))
        else:
            self._told(self._ledger.claim(number))
        self._last, self._begun = number, True

    def check(self) -> None:
        """Whether the claim that was made ahead of need was lost to somebody else.

        Raises:
            ForkDetected: it was.
        """
        if self._ahead is not None and self._ahead.done():
            with suppress(LedgerUnavailable, AccessError):  # the next epoch asks again
                self._ahead.result()

    async def close(self) -> None:
        """Wait for what is under way: whoever opens the store next must see it."""
        if self._ahead is not None:
            with suppress(RetrievalError):
                await asyncio.wrap_future(self._ahead)

    def _row(self) -> tuple[int, bytes, int]:
        with self._database.open() as database:
            row = database.execute("SELECT version, digest, log_end FROM state").fetchone()
        return row or (0, b"", 0)

    def _keep(self, change: str, *values: object) -> None:
        with self._database.open() as database:
            database.execute("INSERT OR IGNORE INTO state VALUES (1, 0, x'', 0)")
            database.execute(f"UPDATE state SET {change}", values)  # noqa: S608 - ours

    def _sent(self, call: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(call, self._loop)

    def _told(self, call: Coroutine[Any, Any, T]) -> T:
        return self._sent(call).result()
