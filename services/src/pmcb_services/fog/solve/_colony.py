# SPDX-License-Identifier: Apache-2.0
"""An artificial bee colony on assignments, as the publication compares with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ._decoded import POPULATION, Best, Decoder, Trace

if TYPE_CHECKING:
    from pmcb_services.fog.model import Instance

    from ._bound import Bound
    from ._budget import Budget

__all__ = ["abc"]

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]

SOURCES = POPULATION // 2
PATIENCE = 5  # failures per order until a source is given up


def abc(
    instance: Instance,
    bound: Bound,
    budget: Budget,
    seed: int,
    *,
    trace: Trace | None = None,
) -> Ids:
    """Twenty sources of food in [0, m)^n, twenty employed bees, twenty onlookers (Karaboga 2005).

    ::

        Y = X, but in one entry:  Y_d = X_d + U(-1, 1)·(X_d - X'_d),   X' another source
        X = Y if TC(Y) < TC(X), else a failure;   after 5n of them X is drawn anew

    Onlookers choose sources with odds of 1/TC, cheapest source 1; of those that come to the same
    source the best counts.

    Args:
        instance: n orders, m servers.
        bound: not looked at.
        budget: an iteration takes forty evaluations.
        seed: of all that is random.
        trace: told of every iteration.
    """
    del bound
    colony = _Colony(instance, np.random.default_rng(seed), trace)
    iteration = 0
    if not budget.spend(POPULATION):
        return colony.best.place()
    colony.settle(np.arange(SOURCES))
    while budget.spend(POPULATION):
        iteration += 1
        colony.search(np.arange(SOURCES))
        colony.search(colony.chosen())
        tired = np.flatnonzero(colony.failures > PATIENCE * instance.n)
        if len(tired):
            colony.settle(tired[:1])
        colony.best.tell(iteration)
    return colony.best.place()


class _Colony:
    def __init__(self, instance: Instance, rng: np.random.Generator, trace: Trace | None) -> None:
        self._rng, self._m, self._decoder = rng, instance.m, Decoder(instance)
        self.best = Best(self._decoder, trace)
        self._x = np.zeros((SOURCES, instance.n))
        self._costs = np.full(SOURCES, np.inf)
        self.failures = np.zeros(SOURCES, np.int64)

    def settle(self, sources: NDArray[np.intp]) -> None:
        """Draw sources anew."""
        self._x[sources] = self._rng.uniform(0.0, self._m, (len(sources), self._x.shape[1]))
        self._costs[sources] = self._decoder.costs(self._x[sources])
        self.failures[sources] = 0
        self.best.see(self._x, self._costs)

    def chosen(self) -> NDArray[np.intp]:
        """The sources to which the onlookers go."""
        odds = self._costs.min() / self._costs if self._costs.min() > 0 else np.ones(SOURCES)
        return self._rng.choice(SOURCES, SOURCES, p=odds / odds.sum())

    def search(self, sources: NDArray[np.intp]) -> None:
        """One bee to each of ``sources``, which may recur."""
        rng, bee = self._rng, np.arange(len(sources))
        others = (sources + rng.integers(1, SOURCES, len(sources))) % SOURCES
        entry = rng.integers(0, self._x.shape[1], len(sources))
        y = self._x[sources]
        away = y[bee, entry] - self._x[others, entry]
        moved = y[bee, entry] + rng.uniform(-1.0, 1.0, len(sources)) * away
        y[bee, entry] = np.clip(moved, 0.0, self._m)
        costs = self._decoder.costs(y)
        self.best.see(y, costs)
        for at in np.argsort(costs, kind="stable"):
            source = sources[at]
            if costs[at] < self._costs[source]:
                self._x[source], self._costs[source] = y[at], costs[at]
                self.failures[source] = 0
            else:
                self.failures[source] += 1
