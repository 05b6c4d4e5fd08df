# SPDX-License-Identifier: Apache-2.0
"""`pricebat`: bats that fly among prices, each landing repaired by annealing; `psa`: the repair."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ._annealing import Schedule
from ._heuristic import lpt
from ._search import Search

if TYPE_CHECKING:
    from pmcb_services.fog.model import Instance

    from ._bound import Bound
    from ._budget import Budget

__all__ = ["pricebat", "psa"]

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]


@dataclass(frozen=True)
class _Settings:
    """How the parts of `pricebat` cool; found on generated instances."""

    first: Schedule
    hot: Schedule
    warm: Schedule


_UNRELATED = _Settings(
    first=Schedule(hot=0.03, cold=0.001, soft=30, hard=1000),
    hot=Schedule(hot=0.3, cold=0.003, soft=30, hard=1000),
    warm=Schedule(hot=0.05, cold=0.003, soft=30, hard=1000),
)
_UNIFORM = _Settings(
    first=Schedule(hot=0.003, cold=0.0001, soft=30, hard=1000),
    hot=Schedule(hot=0.01, cold=0.0001, soft=30, hard=1000),
    warm=Schedule(hot=0.003, cold=0.0001, soft=30, hard=1000),
)
_FIRST = 30_000  # proposals of the first annealing
_FEW = 64  # orders, of which any one may decide the makespan: 1 % or more of the cost
_MELTS = tuple(Schedule(hot=hot, cold=0.003, soft=30, hard=1000) for hot in (10, 3, 1))
_MELTED = 5000  # proposals of each
_QUEUED = (30_000, 60_000, 60_000)  # proposals, where deadlines are missed
_LEAST = 1000  # proposals worth an annealing at the end of a time limit
_EACH = 45_000  # of each of the first round's bats
_GROWTH = 4  # each round anneals so many times as long as the last
_BATS = 4
_GENERATIONS = 2  # of a round
_SPREAD = 0.05  # of positions: a factor of 1.05 on a price
_QUIETER = 0.9  # factor on the loudness of a bat that moved
_BUSIEST = 0.7  # most pulses
_EAGER = 0.3  # how fast pulses grow with generations
_INTENSE = 2 / 3  # of what a round's bats take, spent once more on the best


def psa(instance: Instance, bound: Bound, budget: Budget, seed: int) -> Ids:
    """The repair alone: annealings of growing length, each from the best; see `pricebat`."""
    if not _is_open(instance):
        return _settled(instance)
    search = Search(instance, bound, budget, seed)
    settings = _UNIFORM if bound.uniform else _UNRELATED
    proposals = _FIRST
    _melt(search)
    found = search.repair(search.best, proposals, settings.first)
    while found is not None:
        search.keep(*found)
        _queue(search, _QUEUED if proposals == _FIRST else (proposals,))
        proposals *= _GROWTH
        reach = search.reach()
        if reach is not None and reach < (1 + _GROWTH) * proposals:
            if reach < _LEAST:
                break
            proposals = reach
        found = search.repair(search.best, proposals, settings.warm)
    return search.best


def pricebat(instance: Instance, bound: Bound, budget: Budget, seed: int) -> Ids:
    """A bat algorithm (HBA) in the space of prices, with annealing as repair.

    Bats fly in R^m, logarithms of multipliers of the bound's prices, instead of {1..m}^n: the
    landscape of assignments is full of plateaus, that of prices leads to all good ones. After Yang
    (2010), *A new metaheuristic bat-inspired algorithm*, eqs. 2-6, with the sign of eq. 3 turned::

        V_b += (x* - x_b)·U;    y = x_b + V_b
        if U > rho_b:           y = x* + sigma·mean(A)·Normal(0, 1)^m
                                S = anneal(land(y)), hot;      else S = anneal(S_b), warm
        if U < A_b and TC(S) <= TC(S_b):  x_b, S_b = y, S;  A_b *= 0.9;  rho_b = 0.7(1 - exp(-0.3t))

    A few orders are annealed from hot first. Each round has two generations of four bats, then
    anneals the best, and takes four times as many proposals as the last: one fixed sequence of
    calls, which a budget cuts.

    Args:
        instance: n orders, m servers.
        bound: of the instance.
        budget: proposals, or seconds.
        seed: of all that is random.
    """
    if not _is_open(instance):
        return _settled(instance)
    flight = _Flight(Search(instance, bound, budget, seed), bound.uniform)
    proposals = _EACH
    going = flight.begin(_FIRST)
    while going:
        going = flight.round(proposals)
        proposals *= _GROWTH
    return flight.search.best


def _melt(search: Search) -> None:
    """A few orders are annealed from so hot that it hardly matters where: small steps lead nowhere.

    Of 64 batches of 6 or 8 orders on 3 servers one half were not optimal without it, all are with.
    """
    if search.instance.n > _FEW:
        return
    start = lpt(search.instance)
    search.keep(start, search.worth(start))
    for schedule in _MELTS:
        found = search.repair(search.best, _MELTED, schedule)
        if found is not None:
            search.keep(*found)


def _queue(search: Search, proposals: tuple[int, ...]) -> None:
    for each in proposals:
        search.queue(each)


def _is_open(instance: Instance) -> bool:
    """Whether there is anything to choose and time costs something."""
    return instance.n > 0 and instance.m > 1 and instance.capacity > 0


def _settled(instance: Instance) -> Ids:
    """Without a price of time, the cheapest server of each order is optimal."""
    place: Ids = np.argmin(instance.cost, axis=1).astype(np.int32)
    return place


@dataclass
class _Bat:
    """Where it is, x_b, with the assignment S_b that was found there."""

    position: Floats
    velocity: Floats
    place: Ids | None = None
    cost: float = math.inf
    loudness: float = 1.0
    pulses: float = 0.0


@dataclass
class _Flight:
    """The bats, and the best position x*."""

    search: Search
    uniform: bool
    bats: list[_Bat] = field(init=False)
    target: Floats = field(init=False)
    generation: int = 0

    def __post_init__(self) -> None:
        self._settings = _UNIFORM if self.uniform else _UNRELATED
        m = self.search.instance.m
        start = _SPREAD * self.search.rng.standard_normal((_BATS, m))
        start[0] = 0.0
        self.bats = [_Bat(row, np.zeros(m)) for row in start]
        self.target = np.zeros(m)

    def begin(self, proposals: int) -> bool:
        """Repair the start; whether the budget reached."""
        _melt(self.search)
        found = self.search.repair(self.search.best, proposals, self._settings.first)
        if found is not None:
            self.search.keep(*found)
            _queue(self.search, _QUEUED)
        return found is not None

    def round(self, proposals: int) -> bool:
        """The best once more, then generations; whether the budget reached."""
        bats = _BATS * _GENERATIONS * proposals
        intense = int(_INTENSE * bats)
        self.search.queue(intense)
        reach = self.search.reach()
        if reach is not None and reach < intense + bats:
            return reach >= _LEAST and self._intensify(reach)
        if not self._intensify(intense):
            return False
        return all(self._generation(proposals) for _ in range(_GENERATIONS))

    def _intensify(self, proposals: int) -> bool:
        found = self.search.repair(self.search.best, proposals, self._settings.warm)
        if found is not None:
            self.search.keep(*found)
        return found is not None

    def _generation(self, proposals: int) -> bool:
        self.generation += 1
        target = self.target
        loudness = float(np.mean([bat.loudness for bat in self.bats]))
        return all(self._fly(bat, target, loudness, proposals) for bat in self.bats)

    def _fly(self, bat: _Bat, target: Floats, loudness: float, proposals: int) -> bool:
        rng = self.search.rng
        position, place, schedule = bat.position, bat.place, self._settings.hot
        if place is None:
            place = self.search.land(position)
        else:
            bat.velocity = bat.velocity + (target - position) * rng.random()
            position = position + bat.velocity
            if rng.random() > bat.pulses:
                position = target + _SPREAD * loudness * rng.standard_normal(len(target))
                place = self.search.land(position)
            else:
                schedule = self._settings.warm
        found = self.search.repair(place, proposals, schedule)
        if found is None:
            return False
        if rng.random() < bat.loudness and found[1] <= bat.cost:
            if bat.place is not None:
                bat.loudness *= _QUIETER
                bat.pulses = _BUSIEST * (1 - math.exp(-_EAGER * self.generation))
            bat.position, (bat.place, bat.cost) = position, found
        if self.search.keep(*found):
            self.target = position
        return True
