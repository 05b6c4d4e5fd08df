# SPDX-License-Identifier: Apache-2.0
"""The four steps from a request to what the ledger has recorded; a crash after any is harmless.

1. ``intent`` is on disk. 2. The ledger has reserved epsilon, and ``reserved`` is on disk. 3. The
mechanism has run, its files and ``stored`` are on disk. 4. The ledger has recorded their hash, and
``published`` is on disk.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager

import structlog

from pmcb_services.common._logs import raised_at

from ._budget import Budgets, Refusal
from ._entries import Entries, Entry, State
from ._requests import Request
from ._work import Work
from .errors import BudgetExhausted, LedgerUnavailable, ReleaseLost, RequestError

__all__ = ["TICK_MS", "Publisher"]

TICK_MS = 5_000
"""Releases appear on whole ticks: how long one took tells less about the table."""

RETRY_S, LONGEST_RETRY_S = 5.0, 3600.0

_log = structlog.get_logger("pmcb_services.publishing")


class Publisher:
    """Buys what is asked for, once each, and never serves anything twice with different bytes.

    ::

        async with publisher.turn(request.cohort):
            entry = await publisher.buy(request, who="HospitalAMSP/ann")      # steps 1 and 2
        entry = await publisher.finished(entry)                             # steps 3 and 4

    Args:
        entries: what became of requests.
        budgets: the ledger.
        work: the mechanism.
        clock: milliseconds UTC.
    """

    def __init__(
        self,
        entries: Entries,
        budgets: Budgets,
        work: Work,
        *,
        clock: Callable[[], int] | None = None,
    ) -> None:
        self._entries = entries
        self._budgets = budgets
        self._work = work
        self._now_ms = clock or (lambda: time.time_ns() // 1_000_000)
        self._turns: dict[str, asyncio.Lock] = {}
        self._one_fit = asyncio.Semaphore(1)
        self._own: set[str] = set()  # intents of this process
        self._running: dict[str, asyncio.Task[None]] = {}

    async def resume(self) -> None:
        """Go on where another process ended. Where the ledger does not answer, later."""
        unsure = (State.INTENT, State.RESERVED, State.STORED)
        for entry in await asyncio.to_thread(self._entries.in_states, unsure):
            if entry.state is State.INTENT:
                try:
                    await self._settle(entry)
                except LedgerUnavailable:
                    _log.warning("later", request=entry.id)
            elif entry.state is State.RESERVED:
                await self._lose(entry)
            else:
                self._go_on(entry, self._record(entry, entry.release_hash))

    async def close(self) -> None:
        """Wait until no table is being read: what is reserved then would be lost."""
        async with self._one_fit:
            for task in self._running.values():
                task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    def turn(self, cohort: str) -> AbstractAsyncContextManager[None]:
        """Alone with a cohort: nobody else buys from its budget meanwhile."""
        return self._turns.setdefault(cohort, asyncio.Lock())

    async def find(self, request_hash: str) -> Entry | None:
        """What became of a request; what another process left unsure is settled first.

        Raises:
            LedgerUnavailable: it cannot be settled now.
        """
        entry = await asyncio.to_thread(self._entries.find, request_hash)
        if entry is not None and entry.state is State.INTENT and entry.id not in self._own:
            return await self._settle(entry)
        return entry

    def is_running(self, entry: Entry) -> bool:
        """Whether steps 3 and 4 are being done."""
        return entry.id in self._running

    async def buy(self, request: Request, *, who: str) -> Entry:
        """Reserve its epsilon; what follows goes on by itself. In the cohort's turn.

        What was bought before is answered with what became of it.

        Raises:
            BudgetExhausted: nothing was spent.
            RequestError: the ledger refused; nothing was spent.
            ReleaseLost: the ledger knows the request, and nothing of it is here.
            LedgerUnavailable: the same request may be repeated.
        """
        before = await self.find(request.hash)
        if before is not None and before.state.has_spent:
            return before
        if request.hash not in self._own and await self._is_paid(request):
            # By a process whose memory is gone: nobody can say what it published.
            await self._lose(await self._put(request, who, State.INTENT))
            raise ReleaseLost("This was paid for before, and what it bought is gone.")
        entry = await self._put(request, who, State.INTENT)
        self._own.add(entry.id)
        try:
            await self._budgets.reserve(request.cohort, entry.id, request.epsilon)
        except (BudgetExhausted, RequestError):
            self._own.discard(entry.id)
            if not await self._waits_again(before):
                await asyncio.to_thread(self._entries.forget, entry, now_ms=self._now_ms())
            raise
        except LedgerUnavailable:
            await self._waits_again(before)
            raise
        await self._move(entry, State.RESERVED)
        self._own.discard(entry.id)
        self._go_on(entry, self._run(entry))
        return await self._now(entry)

    async def finished(self, entry: Entry) -> Entry:
        """The same, once steps 3 and 4 are done."""
        if (task := self._running.get(entry.id)) is not None:
            await asyncio.wait([task])
        return await self._now(entry)

    def _go_on(self, entry: Entry, work: Coroutine[None, None, None]) -> None:
        def ended(task: asyncio.Task[None]) -> None:
            self._running.pop(entry.id, None)
            if not task.cancelled() and (error := task.exception()) is not None:
                _log.error(
                    "defect", request=entry.id, kind=type(error).__name__, at=raised_at(error)
                )

        task = asyncio.create_task(work)
        self._running[entry.id] = task
        task.add_done_callback(ended)

    async def _run(self, entry: Entry) -> None:
        """Step 3; whatever fails in it, epsilon stays spent, and nothing is run again."""
        try:
            async with self._one_fit:
                release_hash = await asyncio.to_thread(self._work.run, entry.request)
                await self._move(entry, State.STORED, release_hash)
        except Exception as error:  # noqa: BLE001 - a full disk, a file that is gone, a defect
            _log.error("lost", request=entry.id, kind=type(error).__name__, at=raised_at(error))
            await self._lose(entry)
            return
        await self._record(entry, release_hash)

    async def _record(self, entry: Entry, release_hash: str) -> None:
        """Step 4, until it is done: what was stored is kept, whatever fails here, and tried again.

        Only where the ledger has recorded another release of the request this one is lost, since
        it may never be served: a service of the same institution was faster, from another folder.
        """
        transaction_id, pause_s = "", RETRY_S
        while True:
            try:
                transaction_id = transaction_id or await self._budgets.record(
                    entry.request.cohort, entry.id, release_hash
                )
                await asyncio.to_thread(self._work.record, entry.request, transaction_id)
                await self._move(entry, State.PUBLISHED, release_hash, transaction_id)
                break
            except Exception as error:  # noqa: BLE001 - a full disk, a refusal, a defect
                if isinstance(error, Refusal) and error.code == "EXISTS":
                    _log.error(
                        "lost", request=entry.id, kind=type(error).__name__, at=raised_at(error)
                    )
                    await self._lose(entry)
                    return
                _log.warning(
                    "later", request=entry.id, kind=type(error).__name__, at=raised_at(error)
                )
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_RETRY_S)
        _log.info("published", request=entry.id, kind=entry.request.kind)

    async def _settle(self, entry: Entry) -> Entry | None:
        """An intent of another process: it never reached the ledger, or it is lost.

        Raises:
            LedgerUnavailable: nobody knows yet.
        """
        if await self._is_paid(entry.request):
            return await self._lose(entry)
        await asyncio.to_thread(self._entries.forget, entry, now_ms=self._now_ms())
        return None

    async def _is_paid(self, request: Request) -> bool:
        return await self._budgets.find(request.cohort, request.hash) is not None

    async def _lose(self, entry: Entry) -> Entry:
        await asyncio.to_thread(self._work.clear, entry.request)
        await self._move(entry, State.LOST)
        return await self._now(entry)

    async def _waits_again(self, before: Entry | None) -> bool:
        """Whether it waited for the institution, and so does it again."""
        waited = before is not None and before.state is State.PENDING
        if waited:
            assert before is not None
            await self._put(before.request, before.who, State.PENDING)
        return waited

    async def _now(self, entry: Entry) -> Entry:
        found = await asyncio.to_thread(self._entries.find, entry.id)
        assert found is not None
        return found

    async def _put(self, request: Request, who: str, state: State) -> Entry:
        return await asyncio.to_thread(
            self._entries.put, request, who, state, now_ms=self._now_ms()
        )

    async def _move(
        self, entry: Entry, state: State, release_hash: str = "", transaction_id: str = ""
    ) -> None:
        await asyncio.to_thread(
            self._entries.move,
            entry,
            state,
            now_ms=self._now_ms(),
            release_hash=release_hash,
            transaction_id=transaction_id,
        )
