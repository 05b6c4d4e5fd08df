# SPDX-License-Identifier: Apache-2.0
"""Annealing in price space: an assignment repaired until reduced costs and loads agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._annealing_kernel import Choices, Ground, Standing, anneal, nearest, within
from ._random import State, stream

__all__ = ["Annealing", "Schedule"]

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]

CHUNK = 50_000
"""Proposals between two looks at the clock."""

WIDEST = 32
"""Servers that an order may be moved to, those of least reduced cost."""

_LEAST = 1.0
"""Of K/m: what a server of a lower price is punished by when too full, as any may be the last."""

_NEAR = 1e-9
"""Of a plan's cost: what rounding may hide of the gap."""

_REACH = float(np.finfo(np.float64).max)  # all but infinite


@dataclass(frozen=True)
class Schedule:
    """How an annealing cools.

    Attributes:
        hot, cold: first and last temperature, in v = K·(level)/n, an order's share of the cost.
        soft, hard: first and last weight of the punishment for full servers.
    """

    hot: float
    cold: float
    soft: float
    hard: float


class Annealing:
    """Improves assignments of one instance, kept in units in which K and the mean time are 1.

    Attributes:
        servers: (n, kc), where each order may go, by reduced cost; -1 after the last.

    Args:
        p: (n, m) seconds; inf forbidden.
        c: (n, m) costs; inf forbidden.
        ready: (m,) R_j in seconds.
        capacity: K > 0, cost of a second of makespan.
        prices: (m,) lambda; their sum at most K.
        start: (n,) an allowed assignment, from whose loads follows when a server is full.
        bound: no assignment costs less; -inf if unknown.

    Two orders that would both rather be on the first of two servers:

    >>> p = np.array([[1.0, 1.1], [1.0, 1.1]])
    >>> start = np.zeros(2, np.int32)
    >>> halves = np.full(2, 0.5)
    >>> two = Annealing(p, np.zeros((2, 2)), np.zeros(2), 1.0, halves, start)
    >>> rng = np.random.default_rng(0)
    >>> sorted(two.improve(start, 2000, Schedule(0.3, 0.001, 30, 1000), rng).tolist())
    [0, 1]
    """

    def __init__(
        self,
        p: Floats,
        c: Floats,
        ready: Floats,
        capacity: float,
        prices: Floats,
        start: Ids,
        *,
        bound: float = -np.inf,
    ) -> None:
        n, m = p.shape
        allowed = np.isfinite(p)
        longest = float(np.max(p, where=allowed, initial=0.0))
        second = longest * float(np.mean(p / longest, where=allowed))
        self._unit = capacity * second
        self._ready = ready / second
        table, paid = np.empty((n, m, 2)), prices / capacity
        times, reduced = table[:, :, 0], table[:, :, 1]
        np.divide(p, second, out=times)
        np.divide(c, self._unit, out=reduced)
        reduced += np.where(allowed, times, 0.0) * paid
        self._least = reduced.min(axis=1)
        reduced -= self._least[:, None]
        self.ground = Ground(table, paid, np.maximum(paid, _LEAST / m), 1.0)
        self._bound = bound / self._unit
        self.servers = np.empty((n, min(m, WIDEST)), np.int32)
        nearest(table, self.servers)
        self.aim(start)

    def aim(self, place: Ids) -> None:
        """Let a server be full at the mean load under ``place``, weighted by the prices."""
        paid, loads = self.ground.prices, self._loads(place)
        total = float(paid.sum())
        level = float(paid @ loads) / total if total > 0 else 0.0
        level = level or float(loads.max())  # nothing may be where the prices are
        self.ground = self.ground._replace(level=level)

    def improve(
        self,
        place: Ids,
        proposals: int,
        schedule: Schedule,
        rng: np.random.Generator,
        *,
        best: float = np.inf,
        expired: Callable[[], bool] = lambda: False,
    ) -> Ids:
        """The cheapest assignment that an annealing from ``place`` has seen.

        Args:
            place: (n,) where it begins; kept.
            proposals: moves and swaps that are tried.
            schedule: how it cools.
            rng: gives the seed of its own stream.
            best: cost of the best plan known; servers that no better plan uses are left out.
            expired: asked every 50,000 proposals whether to stop.
        """
        n = len(place)
        gap = best / self._unit - self._bound
        widest = max(gap, 0.0) + _NEAR * abs(self._bound) if np.isfinite(gap) else _REACH
        width = within(self.ground.table, self.servers, widest)
        active = np.flatnonzero((width > 1) | (self.servers[:, 0] != place)).astype(np.int32)
        now = self._standing(place, stream(rng))
        choices = Choices(self.servers, width, active)
        level = self.ground.level
        share = level / n
        cooling = (
            schedule.hot * share,
            schedule.cold * share,
            schedule.soft / level,
            schedule.hard / level,
        )
        for begin in range(0, proposals if len(active) else 0, CHUNK):
            if begin and expired():
                break
            anneal(
                self.ground,
                choices,
                now,
                cooling,
                (begin, min(begin + CHUNK, proposals), proposals),
            )
        return now.best

    def _standing(self, place: Ids, random: State) -> Standing:
        n, m, _ = self.ground.table.shape
        order = np.argsort(place, kind="stable")
        held = np.bincount(place, minlength=m).astype(np.int32)
        first = np.concatenate(([0], np.cumsum(held)[:-1]))
        position = np.empty(n, np.int32)
        position[order] = np.arange(n) - np.repeat(first, held)
        members = np.empty((m, n), np.int32)
        members[place, position] = np.arange(n)
        load = self._loads(place)
        costs = self._sum(place, load)
        return Standing(
            place=place.astype(np.int32),
            load=load,
            members=members,
            position=position,
            held=held,
            best=place.astype(np.int32),
            stale=np.empty(n, np.int32),
            fresh=np.ones(n, np.bool_),
            tally=np.array([costs, costs + load.max(), 0.0]),
            random=random,
        )

    def _loads(self, place: Ids) -> Floats:
        times = self.ground.table[np.arange(len(place)), place, 0]
        return self._ready + np.bincount(place, weights=times, minlength=len(self._ready))

    def _sum(self, place: Ids, load: Floats) -> float:
        """The sum of c_ij, from the reduced costs."""
        reduced = self.ground.table[np.arange(len(place)), place, 1] + self._least
        return float(reduced.sum() - self.ground.prices @ (load - self._ready))
