# SPDX-License-Identifier: Apache-2.0
"""All stores of an institution, open for searching, by the one who may write them."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, aclosing, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import structlog

from pmcb_client.errors import LedgerError
from pmcb_services.retrieval.cloud import Cloud
from pmcb_services.retrieval.errors import IntegrityError, RetrievalError, StaleWriter
from pmcb_services.retrieval.oblivious import ObliviousStore

from ._anchors import Anchors
from ._batches import Batches
from ._desk import Desk
from ._folder import Folder
from ._grants import Grants
from ._ledger_state import LedgerState
from ._scribe import Scribe
from ._store_ledger import Contract, StoreLedger
from ._terms import TermsBook
from ._trail import Trail
from ._turned_away import TurnedAway

if TYPE_CHECKING:
    from pmcb_client.gateway import ChaincodeEvent

__all__ = ["PATIENCE_S", "Gateway", "patiently"]

PATIENCE_S = 15.0
"""A lease that a dead writer held runs out in ten seconds."""

RENEW_S = 3.0
"""Far more often than a lease runs out, so that nobody takes over from a gateway at rest."""

AGAIN_S = 0.5
_log = structlog.get_logger("pmcb_services.retrieval")

T = TypeVar("T")
Events = Callable[[], AsyncGenerator["ChaincodeEvent", None]]


class Gateway:
    """An institution's query gateway, without its HTTP routes.

    ::

        async with Gateway(folder, cloud, contract, events, owner="HospitalBMSP") as gateway:
            desk = await gateway.desk("icu")

    Args:
        folder: with the keys and stores; one process at a time serves it.
        cloud: where the stores lie.
        contract: the ledger's, as the institution sees it.
        events: the ledger's, from now on.
        owner: MSP id of the institution.
        clock: milliseconds UTC.
    """

    def __init__(
        self,
        folder: Folder,
        cloud: Cloud,
        contract: Contract,
        events: Events,
        *,
        owner: str,
        clock: Callable[[], int] | None = None,
    ) -> None:
        self._folder, self._cloud, self._contract = folder, cloud, contract
        self._events, self._owner = events, owner
        self._now_ms = clock or (lambda: time.time_ns() // 1_000_000)
        self._grants = Grants(contract, clock=self._now_ms)
        self._desks: dict[str, Desk] = {}
        self._scribes: dict[str, Scribe] = {}
        self._turned_away: dict[str, TurnedAway] = {}
        self._opening = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Open all stores; one whose cloud is not to be trusted stays shut, and the log says so.

        Raises:
            InputError: another gateway serves the folder.
            StaleWriter: somebody else goes on writing a store.
            CloudUnavailable, LedgerUnavailable: cloud or ledger do not answer.
        """
        async with AsyncExitStack() as stack:
            stack.callback(self._folder.alone().close)
            stack.push_async_callback(self._close)
            self._start(self._follow())
            for name in self._folder.names():
                try:
                    await patiently(lambda name=name: self.desk(name), name)  # type: ignore[misc]
                except IntegrityError as error:
                    _log.error("suspended", store=name, code=error.code)
            self._stack = stack.pop_all()
        return self

    async def desk(self, name: str) -> Desk:
        """The desk of a store; one that was built meanwhile is opened.

        Raises:
            UnknownStore: there is none of this name.
            RetrievalError: it cannot be opened.
        """
        async with self._opening:
            if name not in self._desks:
                self._desks[name] = await self._opened(name)
            return self._desks[name]

    def turn_away(self, name: str, reason: str) -> None:
        """Write down that a request was refused before it came to a store's desk.

        Args:
            name: of the store, as the request has it; nobody knows of others.
            reason: why; see `TurnedAway`.
        """
        if name in self._turned_away:
            self._turned_away[name].count(reason)

    async def desks(self) -> dict[str, Desk]:
        """All that are open, by name."""
        for name in set(self._folder.names()) - set(self._desks):
            try:
                await self.desk(name)
            except RetrievalError as error:
                _log.warning("shut", store=name, code=error.code)
        return dict(sorted(self._desks.items()))

    async def shut(self) -> str:
        """Which stores are not served, "" if all are."""
        desks = await self.desks()
        shut = {name for name, one in desks.items() if await one.is_suspended()}
        shut |= set(self._folder.names()) - set(desks)
        return f"not served: {', '.join(sorted(shut))}" if shut else ""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def _opened(self, name: str) -> Desk:
        place, keys = self._folder.store(name), self._folder.keys()
        loop = asyncio.get_running_loop()
        ledger = StoreLedger(self._contract, place.dataset)
        trail = Trail(place.database, keys.derive(name, "audit"), clock=self._now_ms)
        scribe = self._scribes.setdefault(name, Scribe(trail))
        if name not in self._turned_away:
            self._turned_away[name] = TurnedAway(name, scribe)
            self._start(self._turned_away[name].run())
        state = LedgerState(place.database, ledger, loop)
        anchors = Anchors(name, ledger, state, trail)
        state.on_epoch = lambda: loop.call_soon_threadsafe(anchors.wake)
        store = await asyncio.to_thread(
            lambda: ObliviousStore.open(self._cloud, name, keys, state=state)
        )
        self._start(anchors.run())
        desk = Desk(
            store,
            state,
            dataset=place.dataset,
            owner=self._owner,
            grants=self._grants,
            terms=TermsBook(place.database, keys.derive(name, "terms")),
            scribe=scribe,
            batches=Batches(place.database, store),
        )
        self._start(_renewing(desk))
        return desk

    async def _follow(self) -> None:
        """Hear of revoked grants, for good."""
        while True:
            try:
                async with aclosing(self._events()) as events:
                    async for event in events:
                        self._grants.hear(event)
            except LedgerError as error:
                _log.warning("events", kind=type(error).__name__)
            finally:
                self._grants.deafen()
            await asyncio.sleep(AGAIN_S)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for name, desk in self._desks.items():
            try:
                await desk.close()
            except RetrievalError as error:  # its lease runs out by itself
                _log.warning("not_released", store=name, code=error.code)
        for name, scribe in self._scribes.items():
            await self._turned_away[name].write()
            await scribe.close()


async def _renewing(desk: Desk) -> None:
    """Keep a store's lease, for good; whoever asks next is told of what fails."""
    while True:
        await asyncio.sleep(RENEW_S)
        with suppress(RetrievalError, sqlite3.Error):
            await desk.renew()


async def patiently(call: Callable[[], Awaitable[T]], store: str) -> T:
    """The result of a call, once a writer that may be dead has lost its lease.

    Raises:
        StaleWriter: it goes on writing.
    """
    end, is_told = time.monotonic() + PATIENCE_S, False
    while True:
        try:
            return await call()
        except StaleWriter:
            if time.monotonic() > end:
                raise
            if not is_told:
                is_told = True
                _log.info("waits_for_the_lease", store=store, at_most_s=PATIENCE_S)
        await asyncio.sleep(AGAIN_S)
