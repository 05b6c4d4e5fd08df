# SPDX-License-Identifier: Apache-2.0
"""What a gateway knows of orders and servers now: a picture of the store, to choose by."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import merge
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._correction import Correction
from ._dispatch import Choice, choose
from ._messages import Register
from ._order import Order
from ._queue import Precedence, Queue
from ._server import Fleet, Server, watts
from ._state import FINAL, State

__all__ = ["Board", "deadline_of", "precedence", "server_of"]

Floats = NDArray[np.float64]


@dataclass
class _Place:
    """One server's share of the board.

    Attributes:
        queue: what waits for it, with what was chosen for it and is not on disk yet.
        running: ids of what has started there.
        beaten: when its fog worker was heard last, on the monotonic clock; -inf: never.
    """

    queue: Queue = field(default_factory=Queue)
    running: set[str] = field(default_factory=set)
    beaten: float = -math.inf


class Board:
    """Orders that are not over, and the fleet that they wait for.

    It may lag behind the store, never contradict it for long: `apply` takes records as the store
    gives them, and of two the newer counts. Times are seconds UTC.

    Args:
        penalty: pi of the model.
        clock: seconds UTC.

    Attributes:
        orders: by id, as the store has them.
        fleet, prices, correction: what `choose` is told.
        unplaced: ids of orders without a server.
        open: how many orders there are, by class.
    """

    def __init__(self, *, penalty: float, clock: Callable[[], float]) -> None:
        self._penalty, self.now = penalty, clock
        self.orders: dict[str, Order] = {}
        self.fleet = Fleet.of([], penalty=penalty)
        self.prices: Floats = np.zeros(0)
        self._index: dict[str, int] = {}
        self._places: dict[str, _Place] = {}
        self._chosen: dict[str, tuple[str, Precedence]] = {}
        self._deferred: dict[str, float] = {}
        self.correction = Correction(0)
        self.unplaced: set[str] = set()
        self.open: Counter[str] = Counter()

    # servers

    def serve(self, server: Server, *, draining: bool, up: bool) -> None:
        """A server as its fog worker described it; what the others are is kept."""
        known = {each.id: each for each in self.fleet.servers}
        known[server.id] = server
        before, index = self.fleet, self._index
        self.fleet = Fleet.of([*known.values()], penalty=self._penalty, now=self.now())
        self._index = {name: at for at, name in enumerate(known)}
        for at in index.values():
            self.fleet.up[at], self.fleet.draining[at] = before.up[at], before.draining[at]
            self.fleet.ready_at[at] = before.ready_at[at]
        at = self._index[server.id]
        self.fleet.up[at], self.fleet.draining[at] = up, draining
        if len(self.prices) != len(known):
            self.prices = np.zeros(len(known))
            self.correction = Correction(len(known))
        if server.id not in self._places:
            self._places[server.id] = _Place()
            for order in self.orders.values():
                if order.server == server.id:  # it was heard of before its server
                    self._on(order)

    def place(self, server: str) -> _Place:
        """The share of a server."""
        return self._places[server]

    @property
    def servers(self) -> list[str]:
        """Ids of all servers, in the order of the fleet."""
        return [*self._index]

    def at(self, server: str) -> int:
        """Where a server stands in the fleet."""
        return self._index[server]

    def is_up(self, server: str) -> bool:
        """Whether its fog worker was heard in time."""
        return server in self._index and bool(self.fleet.up[self._index[server]])

    def is_draining(self, server: str) -> bool:
        """Whether it begins nothing more."""
        return server in self._index and bool(self.fleet.draining[self._index[server]])

    # orders

    def row(self, order: Order) -> Floats:
        """(m,) seconds that it takes on each server, as learnt."""
        row = self.fleet.row(order.kind, order.length, order.size)
        return self.correction.applied(order.order_class, row)

    def seconds(self, order: Order, server: str) -> float:
        """What it takes on one of them, as learnt."""
        at = self._index[server]
        row = np.zeros(len(self._index))
        row[at] = self.fleet.servers[at].seconds(order.kind, order.length, order.size)
        return float(self.correction.applied(order.order_class, row)[at])

    def choose(self, order: Order) -> tuple[Choice, float] | None:
        """The server for an order now, and its seconds there; None where none is able and up."""
        row, now = self.row(order), self.now()
        busy = [at for name, at in self._index.items() if self._places[name].running]
        if busy:  # longer than predicted, perhaps: they do not sleep
            self.fleet.ready_at[busy] = np.maximum(self.fleet.ready_at[busy], now)
        choice = choose(
            self.fleet,
            row,
            deadline_of(order),
            order.weight,
            now,
            self.prices,
            [self._places[name].queue for name in self._index],
            error=self.correction.error(order.order_class),
        )
        return None if choice is None else (choice, float(row[choice.server]))

    def reserve(self, order: Order) -> None:
        """Count a placed order in, before the store has it."""
        self.release(order.id)
        key = precedence(order)
        self._places[order.server].queue.add(key, order.predicted_s)
        self._chosen[order.id] = (order.server, key)

    def release(self, id: str) -> str:
        """Do not count it any more, the store has it or did not take it; where it was counted."""
        server, key = self._chosen.pop(id, ("", None))
        if key is not None:
            self._places[server].queue.remove(key)
        return server

    def apply(self, order: Order) -> bool:
        """Take a record of the store; whether it tells anything new of an order that is open."""
        known = self.orders.get(order.id)
        if order.state in FINAL if known is None else known.version >= order.version:
            return False
        self.release(order.id)
        if known is not None:
            self._off(known, order)
            self.open[order.order_class] -= 1
        if order.state is not State.QUEUED:
            self._deferred.pop(order.id, None)
        if order.state in FINAL:
            del self.orders[order.id]
        else:
            self.open[order.order_class] += 1
            self.orders[order.id] = order
            self._on(order)
        return True

    def waiting(self, server: str) -> Iterator[Order]:
        """What is queued for a server."""
        found = (self._waits(key, server) for key in self._places[server].queue)
        return (each for each in found if each is not None)

    def first(self, server: str) -> Order | None:
        """What runs there next, if that is on disk already."""
        now = self.now()
        for key in self._places[server].queue:
            if self._deferred.get(key.id, now) <= now:
                return self._waits(key, server)
        return None

    def defer(self, order: Order, seconds: float) -> None:
        """For so long let others pass an order, and what waits there now of its kind."""
        until = self.now() + seconds
        for each in self.waiting(order.server):
            if each.kind == order.kind:
                self._deferred[each.id] = until

    def backlog(self, most: int) -> list[Order]:
        """What is queued, in the order in which it runs, up to so many."""
        queues = [self._places[name].queue for name in self._index]
        found = (self.orders.get(key.id) for key in islice(merge(*queues), most))
        return [each for each in found if each and each.state is State.QUEUED]

    def document(self, server: str) -> dict[str, Any]:
        """What operators see of a server."""
        at, place = self._index[server], self._places[server]
        return {
            "id": server,
            "up": bool(self.fleet.up[at]),
            "draining": bool(self.fleet.draining[at]),
            "queued": len(place.queue),
            "queued_s": round(place.queue.work, 3),
            "running": sorted(place.running),
            "speed_mips": self.fleet.servers[at].speed,
            "busy_w": float(self.fleet.busy_w[at]),
            "idle_w": float(self.fleet.idle_w[at]),
        }

    def _waits(self, key: Precedence, server: str) -> Order | None:
        """The order of a queue's entry, if the store has it there."""
        found = self.orders.get(key.id)
        return found if found and found.state is State.QUEUED and found.server == server else None

    def _on(self, order: Order) -> None:
        if order.state is State.NEW:
            self.unplaced.add(order.id)
        if order.server not in self._places:
            return
        place = self._places[order.server]
        if order.state is State.QUEUED:
            place.queue.add(precedence(order), order.predicted_s)
        elif order.state is State.STARTED:
            place.running.add(order.id)
            at = self._index[order.server]
            self.fleet.ready_at[at] = self.now() + order.predicted_s

    def _off(self, order: Order, after: Order) -> None:
        self.unplaced.discard(order.id)
        if order.server not in self._places:
            return
        place = self._places[order.server]
        if order.state is State.QUEUED:
            place.queue.remove(precedence(order))
        elif order.state is State.STARTED:
            place.running.discard(order.id)
            at = self._index[order.server]
            self.fleet.ready_at[at] = self.now()
            if after.state is State.DONE:
                actual = (after.changed_ms - order.changed_ms) / 1000
                expected = self.fleet.servers[at].seconds(order.kind, order.length, order.size)
                if 0 < expected < math.inf:
                    self.correction.observe(order.order_class, at, expected=expected, actual=actual)


def precedence(order: Order) -> Precedence:
    """Its place in a queue."""
    return Precedence(-order.weight, deadline_of(order), order.arrival_ms / 1000, order.id)


def server_of(register: Register) -> Server:
    """What a fog worker said of its server, as the model takes it."""
    busy_w, idle_w = watts(register.speed_mips)
    return Server(
        id=register.server,
        speed=register.speed_mips,
        busy_w=busy_w if register.busy_w is None else register.busy_w,
        idle_w=idle_w if register.idle_w is None else register.idle_w,
        bandwidth=math.inf if register.bandwidth is None else register.bandwidth,
        memory=math.inf if register.memory is None else register.memory,
        storage=math.inf if register.storage is None else register.storage,
        kinds=frozenset(register.kinds) or None,
        sleep_w=register.sleep_w,
        sleep_after=register.sleep_after_s,
        wake_s=register.wake_s,
    )


def deadline_of(order: Order) -> float:
    """Seconds UTC; infinite where there is none."""
    return order.deadline_ms / 1000 if order.deadline_ms else math.inf
