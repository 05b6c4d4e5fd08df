# SPDX-License-Identifier: Apache-2.0
"""A search among assignments: from prices to an assignment, repaired, the cheapest kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ._annealing import Annealing, Schedule
from ._listing import cheapest, listed
from ._queues import Queues

if TYPE_CHECKING:
    from pmcb_services.fog.model import Instance

    from ._bound import Bound
    from ._budget import Budget

__all__ = ["Search"]

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]

_FITS = 0.95  # of the time left is planned


class Search:
    """What is tried on one instance, and the best that came of it.

    Attributes:
        best: (n,) the cheapest assignment seen; at first what the bound's prices ask for.
        cost: its TC.

    Args:
        instance: n orders, m servers, K > 0.
        bound: of the instance; its prices are where the search begins.
        budget: what may be spent.
        seed: of all that is random.
    """

    def __init__(self, instance: Instance, bound: Bound, budget: Budget, seed: int) -> None:
        self.instance, self.bound, self.budget = instance, bound, budget
        self.rng = np.random.default_rng(seed)
        self._pace = 0.0  # proposals a second
        self.best = self.land(np.zeros(instance.m))
        self.cost = self.worth(self.best)
        self._annealing = Annealing(
            instance.etc,
            instance.cost,
            instance.ready,
            instance.capacity,
            bound.prices,
            self.best,
            bound=bound.value,
        )
        self._queues: Queues | None = None
        self._queue_pace = 0.0

    def land(self, position: Floats) -> Ids:
        """The assignment at ``position``, (m,): logarithms of multipliers of the bound's prices.

        On uniform machines, whose reduced costs tie, a list schedule with times multiplied.
        """
        factors = np.exp(position)
        if self.bound.uniform:
            return listed(self.instance, factors, self.bound.prices)
        return cheapest(self.instance, self.bound.prices * factors)

    def worth(self, place: Ids) -> float:
        """TC of an assignment."""
        return self.instance.evaluate(place).cost

    def keep(self, place: Ids, cost: float) -> bool:
        """Remember the assignment if it is the cheapest so far."""
        if cost >= self.cost:
            return False
        self.best, self.cost = place, cost
        self._annealing.aim(place)
        return True

    def repair(self, place: Ids, proposals: int, schedule: Schedule) -> tuple[Ids, float] | None:
        """The assignment annealed, with its cost; ``None`` if the budget does not reach so far."""
        if not self.budget.spend(proposals):
            return None
        before = self.budget.left_s
        found = self._annealing.improve(
            place,
            proposals,
            schedule,
            self.rng,
            best=self.cost,
            expired=lambda: self.budget.expired,
        )
        self._clock(proposals, before, self.budget.left_s)
        return found, self.worth(found)

    def queue(self, proposals: int) -> None:
        """Where the best misses deadlines, anneal it by what orders wait for each other, too."""
        found = self.instance.evaluate(self.best)
        excess = found.cost - self.bound.value
        before = self.budget.left_s
        if before is not None and self._queue_pace:  # it cools until the time is over, not beyond
            proposals = min(proposals, int(_FITS * before * self._queue_pace))
        if found.lateness == 0 or excess <= 0 or not self.budget.spend(proposals):
            return
        self._queues = self._queues or Queues(self.instance, self._annealing.servers)
        place = self._queues.improve(
            self.best, proposals, excess, self.rng, expired=lambda: self.budget.expired
        )
        self.keep(place, self.worth(place))
        after = self.budget.left_s
        if before is not None and after:
            self._queue_pace = max(self._queue_pace, proposals / (before - after))

    def _clock(self, proposals: int, before: float | None, after: float | None) -> None:
        if before is not None and after:
            self._pace = max(self._pace, proposals / (before - after))

    def reach(self) -> int | None:
        """Proposals that the seconds left allow; ``None`` where seconds do not count."""
        left = self.budget.left_s
        return None if left is None else int(_FITS * left * self._pace)
