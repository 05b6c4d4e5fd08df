# SPDX-License-Identifier: Apache-2.0
"""Orders messages into blocks and commits them: one queue, one committer.

A block is cut as soon as the committer is idle, so blocks grow with load and a lone transaction
does not wait. Whoever waits for a transaction is told after its block is on disk.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pmcb_network.errors import StorageFailed

from ._blocks import build, last_block
from ._defects import log_defect
from ._snapshot import Snapshot, TxStatus
from ._state import BlockWrite, MapFull, Store
from ._validator import Ordered, validate

_MESSAGES = 500
_BYTES = 2 * 1024 * 1024
_RETRY_S = 1.0
_log = logging.getLogger("pmcb_network")


class QueueFull(Exception):
    """More transactions wait than the queue may hold."""


class HungUp(Exception):
    """The network is stopping: no more blocks for those who follow."""


class BlockDropped(Exception):
    """A defect kept the transaction's block from being written."""


class Orderer:
    """The queue, the committer, and the waiters for a transaction's status."""

    def __init__(
        self,
        store: Store,
        *,
        queue_limit: int,
        one_per_block: bool = False,
        keep_lagging: bool = False,
        retry: Callable[[float], Any] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._limit = queue_limit
        self._per_block = 1 if one_per_block else _MESSAGES
        self._keep_lagging = keep_lagging
        self._retry = retry
        self._queue: deque[Ordered] = deque()
        self._filled = asyncio.Event()
        self._waiting: dict[str, set[asyncio.Future[TxStatus]]] = {}
        self._followers: set[asyncio.Future[None]] = set()
        self._hung_up = False
        self._dropped: set[str] = set()
        self._last = last_block(store.current)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="committer")
        self._task: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self.lagging: Snapshot | None = None
        self.failure: StorageFailed | None = None

    def start(self) -> None:
        """Starts the committer."""
        self._task = asyncio.create_task(self._commit_forever(), name="committer")

    def submit(self, message: Ordered) -> None:
        """Takes a message into the queue.

        Raises:
            StorageFailed: the last block could not be written and is being tried again.
            QueueFull: try later.
        """
        if self.failure is not None:
            raise StorageFailed(str(self.failure), next_step=self.failure.next_step)
        if len(self._queue) >= self._limit:
            raise QueueFull
        self._dropped.discard(message.tx_id)
        self._queue.append(message)
        self._idle.clear()
        self._filled.set()

    async def status(self, tx_id: str) -> TxStatus:
        """Where the transaction stands; waits as long as the caller does if no block holds it.

        Raises:
            BlockDropped: it was accepted, and then lost by a defect.
        """
        future: asyncio.Future[TxStatus] = asyncio.get_running_loop().create_future()
        waiters = self._waiting.setdefault(tx_id, set())
        waiters.add(future)  # before the index is read: a block may arrive in between
        try:
            found = self._store.current.status(tx_id)
            if found is None and tx_id in self._dropped:
                raise BlockDropped
            return found if found is not None else await future
        finally:
            waiters.discard(future)
            if not waiters and self._waiting.get(tx_id) is waiters:
                del self._waiting[tx_id]

    @property
    def newest(self) -> Snapshot:
        """The ledger after the last block; `acquire` it to keep it over an await."""
        return self._store.current

    async def block(self, number: int) -> bytes:
        """The serialised block; waits as long as the caller does if it is not committed yet.

        Raises:
            HungUp: the network is stopping.
        """
        while not self._hung_up:
            found = self._store.current.block(number)
            if found is not None:
                return found
            news: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._followers.add(news)
            try:
                await news
            finally:
                self._followers.discard(news)
        raise HungUp

    def hang_up(self) -> None:
        """Sends away whoever follows the ledger; the first step of stopping."""
        self._hung_up = True
        self._wake()

    def _wake(self) -> None:
        for news in self._followers:
            if not news.done():
                news.set_result(None)

    async def _commit_forever(self) -> None:
        while True:
            await self._filled.wait()
            batch = self._cut()
            try:
                await self._commit(batch)
            except Exception as error:  # noqa: BLE001 - one bad block must not stop the ledger
                log_defect(f"a block of {len(batch)} messages was dropped", error)
                self._drop(batch)
            if not self._queue:
                self._idle.set()

    def _drop(self, batch: list[Ordered]) -> None:
        """Tells whoever waits for these transactions, now or later, instead of nothing ever."""
        for message in batch:
            self._dropped.add(message.tx_id)
            for waiter in self._waiting.pop(message.tx_id, ()):
                if not waiter.done():
                    waiter.set_exception(BlockDropped())

    def _cut(self) -> list[Ordered]:
        batch: list[Ordered] = []
        size = 0
        while self._queue and len(batch) < self._per_block:
            size += len(self._queue[0].raw)
            if batch and size > _BYTES:
                break
            batch.append(self._queue.popleft())
        if not self._queue:
            self._filled.clear()
        return batch

    async def _commit(self, batch: list[Ordered]) -> None:
        number = self._store.height
        outcome = validate(batch, self._store.current, number)
        block, write = build(self._last, batch, outcome)
        await self.write(block, write)

    async def write(self, block: Any, write: BlockWrite) -> None:
        """Puts one block on disk, trying again while the disk refuses, and tells the waiters."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                await loop.run_in_executor(self._thread, self._store.commit, write)
                break
            except MapFull:
                self._store.grow()
            except StorageFailed as error:
                if self.failure is None:
                    _log.error(
                        "%s; trying again every second", error
                    )  # its cause names nothing more
                self.failure = error
                await self._retry(_RETRY_S)
                with contextlib.suppress(StorageFailed):
                    self._store.recover()
        self.failure = None
        self._last = block
        before = self._store.refresh(keep=self._keep_lagging)
        if self.lagging is not None:
            self.lagging.release()
        self.lagging = before
        self._wake()
        for tx_id, status in write.statuses.items():
            for waiter in self._waiting.pop(tx_id, ()):
                if not waiter.done():
                    waiter.set_result(status)

    async def close(self, *, drain_s: float = 10.0) -> None:
        """Commits what was accepted, for at most `drain_s` seconds, and stops."""
        if self._task is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0 if self.failure else drain_s):
                    await self._idle.wait()
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        self._thread.shutdown()
        if self.lagging is not None:
            self.lagging.release()
            self.lagging = None
