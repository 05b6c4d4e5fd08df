# SPDX-License-Identifier: Apache-2.0
"""Plans made anew while orders wait: prices for those to come, moves for those that are there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, TypeVar

import numpy as np
import structlog
from numpy.typing import NDArray

from pmcb_services.fog.errors import FogError

from ._board import deadline_of
from ._core import Change, Core
from ._correction import Correction
from ._order import Order
from ._planner import Planner
from ._queue import Waiting
from ._replan import Replanned, replan
from ._server import Fleet

__all__ = ["Replanning"]

EVERY_S = 0.05
AGAIN_S = 0.5
TIME_S = 0.02
WITHIN_S = 30.0
"""On a machine that is far too busy; another planner would not be quicker."""

MOST_WAITING = 500
"""Orders that a plan takes in, in the order in which they run; those behind stay where they are
until it is their turn."""

SHARE = 0.1
"""Of the gateway's time that moves may take: a long backlog is shuffled by every plan, and what
comes meanwhile must not wait for it."""

MOVED_AT_ONCE = 10

_log = structlog.get_logger("pmcb_services.fog")


class Replanning:
    """At most every 50 ms, while orders wait behind those that are offered.

    What is offered stays where it is: its worker may be about to claim it, and each offer that is
    withdrawn is one more that a worker takes in vain. Its time counts as work that has started.

    Args:
        core: of the gateway.
        planner: computes.
        offered: tells what is offered now, by id.
    """

    def __init__(
        self, core: Core, planner: Planner, offered: Callable[[], Mapping[str, Order]]
    ) -> None:
        self._core, self._planner, self._offered = core, planner, offered
        self._seed = 0
        self.newest: dict[str, Any] | None = None

    async def run(self) -> None:
        """Until it is cancelled; what fails is tried again."""
        while True:
            await self._core.unsettled.wait()
            self._core.unsettled.clear()
            started, moving_s = time.monotonic(), 0.0
            try:
                moving_s = await self._once()
            except FogError as error:  # choosing goes on with the last prices
                _log.warning("not_planned", code=error.code)
                self._core.unsettled.set()
                await asyncio.sleep(AGAIN_S)
            rest_s = max(EVERY_S, moving_s / SHARE)
            await asyncio.sleep(max(0.0, rest_s - (time.monotonic() - started)))

    async def _once(self) -> float:
        """Plan once; the seconds that it took to move what goes elsewhere."""
        board = self._core.board
        offered = self._offered()
        waiting = [o for o in board.backlog(MOST_WAITING + len(offered)) if o.id not in offered]
        if not waiting or not board.fleet.open.any():
            board.prices = np.zeros(len(board.servers))
            return 0.0
        if self._planner.pid is None:  # it holds 200 MiB, which a fog where nothing waits spares
            await self._planner.call(_warmed)
            self._core.unsettled.set()  # what waits by then is planned
            return 0.0
        servers, self._seed = board.servers, self._seed + 1
        begun = time.perf_counter()
        found = await self._planner.call(
            _replanned,
            self._fleet(offered.values()),
            board.correction,
            [_told(each, board.at(each.server)) for each in waiting],
            board.now(),
            board.prices,
            self._seed,
            within_s=WITHIN_S,
        )
        took_s = time.perf_counter() - begun
        gap = None if found.certificate is None else found.certificate.gap
        self._core.metrics.planned(took_s, gap, adopted=found.adopted)
        if servers != board.servers:  # the fleet is another one by now
            return 0.0
        board.prices = found.prices
        self.newest = _document(found, waiting, servers, self._core.now_ms(), took_s)
        if not found.adopted:
            return 0.0
        begun = time.perf_counter()
        await self._adopt(found, waiting, servers)
        return time.perf_counter() - begun

    def _fleet(self, offered: Iterable[Order]) -> Fleet:
        """As it is once it has done what it is offered."""
        board = self._core.board
        ready_at = np.maximum(board.fleet.ready_at, board.now())
        for order in offered:
            ready_at[board.at(order.server)] += order.predicted_s
        return replace(board.fleet, ready_at=ready_at)

    async def _adopt(self, found: Replanned, waiting: list[Order], servers: list[str]) -> None:
        """Move what goes elsewhere, a few at a time: orders that come meanwhile are not held up."""
        board = self._core.board
        moves = [
            (order, servers[to])
            for order, to in zip(waiting, found.assignment.tolist(), strict=True)
            if to >= 0 and servers[to] != order.server
        ]
        for chunk in _chunks(moves, MOVED_AT_ONCE):
            offered, takes = self._offered(), board.fleet.open
            await self._core.change_many(
                [
                    self._moved(order, to, board.seconds(order, to))
                    for order, to in chunk
                    if order.id not in offered and takes[board.at(to)]
                ]
            )
        document = self.newest
        assert document is not None
        await self._core.store.run(lambda session: session.put_plan(document))

    def _moved(self, order: Order, server: str, seconds: float) -> Change:
        """Queue it elsewhere, if it is as it was."""

        def change(stands: Order) -> Order:
            if stands.version != order.version:
                return stands
            return stands.placed(server, seconds, self._core.now_ms())

        return order.id, change


T = TypeVar("T")


def _chunks(items: Sequence[T], size: int) -> Iterator[list[T]]:
    """Up to ``size`` of them at a time."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


Told = tuple[str, str, str, float, float, float, float, float, int]


def _told(order: Order, server: int) -> Told:
    """What the planner needs of an order."""
    return (
        order.id,
        order.kind,
        order.order_class,
        order.length,
        order.size,
        order.weight,
        deadline_of(order),
        order.arrival_ms / 1000,
        server,
    )


def _replanned(
    fleet: Fleet,
    correction: Correction,
    told: list[Told],
    now: float,
    prices: NDArray[np.float64],
    seed: int,
) -> Replanned:
    """In the other process: times first, then the plan."""
    waiting = [
        Waiting(
            id=name,
            kind=order_class,
            row=correction.applied(order_class, fleet.row(kind, length, size)),
            weight=weight,
            deadline=deadline,
            arrival=arrival,
            server=server,
            error=correction.error(order_class),
        )
        for name, kind, order_class, length, size, weight, deadline, arrival, server in told
    ]
    return replan(fleet, waiting, now, prices, seed=seed, time_limit=TIME_S)


def _warmed() -> None:
    """Compile what a plan needs."""
    from ._server import Server

    pair = [Server(id=name, speed=1000, busy_w=10, idle_w=6) for name in "ab"]
    late = [Waiting(name, "upload", np.ones(2), 1.0, 0.0, 0.0, 0) for name in "xyz"]
    replan(Fleet.of(pair), late, 0.0, np.zeros(2))


def _document(
    found: Replanned, waiting: list[Order], servers: list[str], at_ms: int, took_s: float
) -> dict[str, Any]:
    """A plan as operators see it."""
    placed = zip(waiting, found.assignment.tolist(), strict=True)
    return {
        "at_ms": at_ms,
        "took_s": round(took_s, 6),
        "assignment": {each.id: servers[to] for each, to in placed if to >= 0},
        "before": found.before,
        "after": found.after,
        "adopted": found.adopted,
        "certificate": found.certificate and found.certificate.document(),
    }
