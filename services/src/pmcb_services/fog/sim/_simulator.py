# SPDX-License-Identifier: Apache-2.0
"""What would happen: the gateway's own rules on a simulated clock."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from pmcb_services.fog.errors import OutOfRange, StaleEpoch
from pmcb_services.fog.online import Correction, Queue, Waiting, replan
from pmcb_services.fog.online._state import Cause, State

from ._failure import Failure
from ._policy import Policy, placing
from ._record import Record
from ._scenario import Scenario
from ._simulation import Simulation
from ._site import Run, Site

__all__ = ["simulate"]

LEASE_S = 3.0  # a server that has not been heard of for so long has lost what it ran
REPLAN_S = 0.05  # at most so often
_SHORTEST_S, _LONGEST_S = 1e-9, 1e12


def simulate(scenario: Scenario, policy: Policy) -> Simulation:
    """Run a scenario until all its orders are over, or nothing more can happen.

    Placing, re-planning and the states of orders are the gateway's own functions; only the clock
    and the servers are made up. The same scenario and policy always do the same.

    Args:
        scenario: its ``seed`` also draws the factors between expected and actual seconds, one for
            each order, so that they are the same under every policy.
        policy: how orders are placed.

    Raises:
        OutOfRange: an order takes less than a nanosecond, or more than 1e12 seconds.
    """
    rows = scenario.rows[np.isfinite(scenario.rows)]
    if rows.size and not (rows.min() >= _SHORTEST_S and rows.max() <= _LONGEST_S):
        raise OutOfRange(
            "A clock of milliseconds cannot tell such times.",
            field="etc",
            next_step=f"Choose units with times from {_SHORTEST_S:g} to {_LONGEST_S:g} s.",
        )
    return _Simulator(scenario, policy).run()


class _Simulator:
    def __init__(self, scenario: Scenario, policy: Policy) -> None:
        m, arrivals = len(scenario.servers), scenario.arrivals
        self._scenario = scenario
        self._policy = policy
        self._choose = placing(policy)
        self._fleet = scenario.fleet()
        self._index = {each.id: place for place, each in enumerate(scenario.servers)}
        self._site = Site(self._fleet, scenario.failures)
        self._queues = [Queue() for _ in range(m)]
        self._claims: list[Run | None] = [None] * m  # as the gateway knows them
        self._incarnations = [0] * m
        self._cut_off: list[tuple[int, Run]] = []  # results that nobody has heard of
        self._correction, self._prices = Correction(m), np.zeros(m)
        self._arrivals = {each.id: each for each in arrivals}
        self._rows = dict(zip(self._arrivals, scenario.rows, strict=True))
        self._factors = dict(zip(self._arrivals, scenario.factors.tolist(), strict=True))
        self._waiting: dict[str, Waiting] = {}
        self._record = Record(len(arrivals))
        self._replan_due, self._replan_pending = 0.0, False
        self._now = 0.0
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def run(self) -> Simulation:
        for name, arrival in self._arrivals.items():
            self._at(arrival.at, partial(self._arrive, name))
        for failure in self._scenario.failures:
            if failure.is_away:
                self._at(failure.at, partial(self._fail, failure))
                self._at(failure.until, partial(self._recover, self._index[failure.server]))
        while self._agenda and (self._record.unsettled or self._cut_off):
            self._now, _, act = heapq.heappop(self._agenda)
            act()
        return Simulation.of(self._scenario, self._policy, self._record, self._site, end=self._now)

    def _at(self, time: float, act: Callable[[], None]) -> None:
        if time < float("inf"):
            heapq.heappush(self._agenda, (time, next(self._numbers), act))

    @property
    def _now_ms(self) -> int:
        return round(1000 * self._now)

    def _arrive(self, name: str) -> None:
        arrival = self._arrivals[name]
        self._record.admit(arrival)
        self._waiting[name] = Waiting(
            id=name,
            kind=arrival.order_class,
            row=self._rows[name],
            weight=arrival.weight,
            deadline=arrival.deadline,
            arrival=arrival.at,
        )
        self._put(name)
        self._replan()

    def _put(self, name: str) -> None:
        """Place an order, or leave it NEW where no server can take it."""
        running = [place for place, run in enumerate(self._claims) if run is not None]
        self._fleet.ready_at[running] = np.maximum(self._fleet.ready_at[running], self._now)
        waiting = self._expected(name)
        place = self._choose(self._fleet, waiting, self._now, self._prices, self._queues)
        order = self._record.orders[name]
        if place >= 0:
            self._enqueue(waiting, place)
        elif order.state is State.QUEUED:
            self._record.become(order.step(Cause.UNPLACED, self._now_ms, server=""))

    def _expected(self, name: str) -> Waiting:
        """An order that waits, with its times as learnt by now."""
        waiting, learnt = self._waiting[name], self._correction
        row = learnt.applied(waiting.kind, self._rows[name])
        return replace(waiting, row=row, error=learnt.error(waiting.kind))

    def _enqueue(self, waiting: Waiting, place: int) -> None:
        order, seconds = self._record.orders[waiting.id], float(waiting.row[place])
        server = self._fleet.servers[place].id
        self._record.become(order.placed(server, seconds, self._now_ms))
        self._waiting[waiting.id] = replace(waiting, server=place)
        self._queues[place].add(waiting.precedence, seconds)
        self._feed(place)

    def _feed(self, place: int) -> None:
        """A free server begins what waits for it."""
        if not self._queues[place] or not self._site.is_free(place):
            return
        key, seconds = self._queues[place].pop()
        order = self._record.orders[key.id]
        self._record.become(
            order.claimed(
                epoch=order.epoch,
                server=order.server,
                incarnation=self._incarnations[place],
                token=str(order.epoch),
                at_ms=self._now_ms,
            )
        )
        self._record.started[key.id] = self._now
        expected = float(self._rows[key.id][place])
        actual = expected * self._factors[key.id]
        run = self._site.begin(
            place, key.id, order.epoch, self._now, expected=expected, actual=actual
        )
        self._claims[place] = run
        self._fleet.ready_at[place] = run.began + seconds
        self._at(run.ends, partial(self._finish, place, run))

    def _finish(self, place: int, run: Run) -> None:
        if self._site.runs[place] is not run:
            return  # it was killed
        self._site.stop(place, self._now)
        if not self._site.reached[place]:
            self._cut_off.append((place, run))
            return
        self._commit(place, run)
        self._feed(place)
        self._replan()

    def _commit(self, place: int, run: Run) -> None:
        order = self._record.orders[run.order]
        try:
            after = order.committed(
                epoch=run.epoch,
                server=self._fleet.servers[place].id,
                outcome="done",
                digest="",
                at_ms=self._now_ms,
            )
        except StaleEpoch:
            self._record.fenced += 1
            return
        self._record.become(after)
        self._record.finished[run.order] = self._now
        if self._claims[place] is run:
            self._claims[place] = None
            self._fleet.ready_at[place] = self._now
        self._correction.observe(
            order.order_class, place, expected=run.expected, actual=run.ends - run.began
        )

    def _fail(self, failure: Failure) -> None:
        place = self._index[failure.server]
        if failure.kind == "crash":
            self._site.crash(place, self._now)
        else:
            self._site.reached[place] = False
        missed = partial(self._miss, place, self._incarnations[place])
        self._at(self._now + LEASE_S, missed)

    def _miss(self, place: int, incarnation: int) -> None:
        """A server has not been heard of for the length of a lease."""
        if self._incarnations[place] != incarnation:
            return  # it came back in time
        self._fleet.up[place] = False
        self._site.stop(place, self._now)  # cut off, it kills what it runs
        self._lose(place)
        queue = self._queues[place]
        for key in [queue.pop()[0] for _ in range(len(queue))]:
            self._put(key.id)
        self._replan()

    def _lose(self, place: int) -> None:
        run, self._claims[place] = self._claims[place], None
        if run is None:
            return
        after = self._record.orders[run.order].lost(self._now_ms)
        self._record.become(after)
        if after.state is State.QUEUED:
            self._put(run.order)

    def _recover(self, place: int) -> None:
        self._site.recover(place, self._now)
        self._incarnations[place] += 1
        kept, self._cut_off = self._cut_off, [one for one in self._cut_off if one[0] != place]
        for at, run in kept:
            if at == place:
                self._commit(place, run)
        if self._site.runs[place] is None:
            self._lose(place)
        keys = [self._waiting[name].precedence for name in self._record.waiting()]
        for key in sorted(keys):
            self._put(key.id)
        self._feed(place)
        self._replan()

    def _replan(self) -> None:
        if self._policy is not Policy.ROLLING or self._replan_pending:
            return
        self._replan_pending = True
        self._at(max(self._now, self._replan_due), self._replan_now)

    def _replan_now(self) -> None:
        self._replan_pending, self._replan_due = False, self._now + REPLAN_S
        queued = [self._expected(key.id) for queue in self._queues for key in queue]
        if not queued:
            self._prices = np.zeros_like(self._prices)
            return
        found = replan(self._fleet, queued, self._now, self._prices)
        self._prices = found.prices
        for each, place in zip(queued, found.assignment.tolist(), strict=True):
            if found.adopted and place != each.server:
                self._queues[each.server].remove(each.precedence)
                self._enqueue(each, place)
