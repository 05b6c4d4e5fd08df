# SPDX-License-Identifier: Apache-2.0
"""What all parts of a gateway share: the store, the board that mirrors it, and who is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence

from pmcb_services.fog.errors import FogError

from ._board import Board
from ._lease import Leases
from ._metrics import Metrics
from ._order import Order
from ._session import Session
from ._settings import GatewaySettings
from ._state import FINAL, Cause, State
from ._store import Store
from ._vault import Vault

__all__ = ["Core"]

Change = tuple[str, Callable[[Order], Order]]


class Core:
    """Of one gateway.

    Args:
        store: the truth.
        vault: seals payloads and results.
        settings: of the gateway.
        clock: milliseconds UTC.
        monotonic: seconds, for leases.

    Attributes:
        leads: whether this gateway plans and hears fog workers; with SQLite it always does.
        draining: whether nothing new is accepted or offered.
        touched: servers whose queues changed since they were last looked at for offers.
        news: set with each of them.
        unsettled: set when orders wait without a server, or more than one waits for one.
    """

    def __init__(
        self,
        store: Store,
        vault: Vault,
        settings: GatewaySettings,
        *,
        clock: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store, self.vault, self.settings = store, vault, settings
        self.now_ms, self.monotonic = clock, monotonic
        self.board = Board(penalty=settings.penalty, clock=lambda: clock() / 1000)
        self.leases = Leases(clock=monotonic, lease_s=settings.lease_s)
        self.metrics = Metrics(self.board)
        self.incarnations: dict[str, int] = {}
        self.leads = False
        self.draining = False
        self.touched: set[str] = set()
        self.news = asyncio.Event()
        self.unsettled = asyncio.Event()
        self._waiters: dict[str, list[asyncio.Future[None]]] = {}

    async def change(
        self,
        id: str,
        change: Callable[[Order], Order],
        also: Callable[[Session, Order], None] | None = None,
    ) -> Order:
        """What a pure function makes of an order that stands, once that is on disk.

        Args:
            id: of the order.
            change: see `Session.change`.
            also: done in the same transaction, with the order as it is then.

        Raises:
            NotFound, Conflict, StaleEpoch, Unavailable: nothing has changed.
        """

        def work(session: Session) -> Order:
            after = session.change(id, change)
            if also is not None:
                also(session, after)
            return after

        return await self.store.run(work, lambda after: self.took([after]))

    async def change_many(self, changes: Sequence[Change]) -> list[Order]:
        """The same for many, each by itself; those that are refused stay as they are."""

        def work(session: Session) -> list[Order]:
            found = []
            for name, change in changes:
                before = session.find(name)
                if before is None:
                    continue
                try:
                    after = change(before)
                except FogError:
                    continue
                if after is not before:
                    session.put(before, after)
                found.append(after)
            return found

        return await self.store.run(work, self.took) if changes else []

    def took(self, orders: Iterable[Order]) -> None:
        """Records as the store has them now: mirror them, and tell who waits for them."""
        for order in orders:
            if order.state in FINAL:  # perhaps another gateway ended what this one never had
                self._tell(order.id)
            known = self.board.orders.get(order.id)
            if not self.board.apply(order):
                continue
            self.metrics.count(known, order)
            if order.state is State.STARTED:
                self.leases.give(order.id, order.epoch)
            else:
                self.leases.end(order.id)
            if order.state in {State.UNKNOWN, State.DEAD}:
                self._tell(order.id)
            self.touched.update(each.server for each in (known, order) if each and each.server)
            self.unsettled.set()
        self.news.set()

    def release(self, orders: Iterable[Order]) -> None:
        """Choices are over; where one stood for nothing, what is behind it may be offered."""
        counted = {self.board.release(each.id) for each in orders} - {""}
        if counted:
            self.touch(counted)

    def touch(self, servers: Iterable[str]) -> None:
        """Look at these servers for offers."""
        self.touched.update(servers)
        self.news.set()
        self.unsettled.set()

    async def over(self, id: str, wait_s: float) -> None:
        """Return once an order is over, or needs an operator; at the latest after ``wait_s``."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.setdefault(id, []).append(waiter)
        try:
            async with asyncio.timeout(wait_s):
                await waiter
        except TimeoutError:
            pass
        finally:
            waiting = self._waiters.get(id, [])
            if waiter in waiting:
                waiting.remove(waiter)
            if not waiting:
                self._waiters.pop(id, None)

    def placed(self, order: Order) -> Order | None:
        """The order on the server that is the best now; None where no able one is up."""
        found = self.board.choose(order)
        if found is None:
            return None
        choice, seconds = found
        return order.placed(
            self.board.servers[choice.server],
            seconds,
            self.now_ms(),
            finish_ms=int(choice.finish * 1000),
        )

    def moved(self, order: Order) -> Change | None:
        """Give an order that waits another server, or none; only as it is now."""
        after = self.placed(order)
        waits = order.state is State.QUEUED
        if after is not None and waits and after.server == order.server:
            return None
        if after is not None:
            self.board.reserve(after)
        elif waits:
            after = order.step(Cause.UNPLACED, self.now_ms(), server="", finish_ms=0)
        else:
            return None
        return _instead(order, after)

    async def move(self, orders: Sequence[Order]) -> None:
        """Choose anew for orders that wait; those that no server can take are NEW."""
        try:
            changes = [self.moved(each) for each in orders]
            await self.change_many([each for each in changes if each])
        finally:
            self.release(orders)

    async def give_up(self, leases: Iterable[tuple[str, int]]) -> None:
        """Orders whose leases ran out, with their epochs.

        What runs again does so where it is the best off now: its server has another worker by
        now, perhaps, that is busy.
        """
        now_ms, changes, lost = self.now_ms(), list[Change](), list[Order]()
        try:
            for name, epoch in leases:
                order = self.board.orders.get(name)
                if order is None or (order.state, order.epoch) != (State.STARTED, epoch):
                    continue
                after = order.lost(now_ms)
                lost.append(after)
                changes.append(_instead(order, after))
                moved = self.moved(after) if after.state is State.QUEUED else None
                changes += [moved] if moved else []
            await self.change_many(changes)
        finally:
            self.release(lost)

    def withdrawn(self, order: Order) -> Change:
        """Raise the epoch of an order that waits, so that its offer is void."""
        same = order.placed(
            order.server, order.predicted_s, self.now_ms(), finish_ms=order.finish_ms
        )
        return _instead(order, same)

    def _tell(self, id: str) -> None:
        for waiter in self._waiters.pop(id, []):
            if not waiter.done():
                waiter.set_result(None)


def _instead(order: Order, after: Order) -> Change:
    """Put one record in the place of another, if that stands still.

    One that is not stored yet may never be: its version is then another record's, which ended.
    """

    def change(stands: Order) -> Order:
        is_it = (stands.version, stands.state) == (order.version, order.state)
        return after if is_it else stands

    return order.id, change
