# SPDX-License-Identifier: Apache-2.0
"""Positions in [0, m)^n as the published algorithms have them, read as assignments."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pmcb_services.fog.model import Instance

__all__ = ["POPULATION", "Best", "Decoder", "Trace"]

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]
Trace = Callable[[int, float, float], None]
"""Told after each iteration: its number from 1, the least cost so far, the energy of that plan."""

POPULATION = 40
"""Assignments evaluated in an iteration."""


class Decoder:
    """Reads positions as assignments: a = floor(clip(X)), servers from slow to fast.

    Neighbouring numbers thus are similar servers. An order whose server may not run it goes to
    where it takes least time.

    >>> from pmcb_services.fog import Instance
    >>> pair = Instance([[1.0, 2.0], [1.0, 2.0]], busy_w=[1, 1], idle_w=[1, 1])
    >>> Decoder(pair).assign(np.array([[0.3, 1.7]])).tolist()
    [[1, 0]]
    """

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        p = instance.etc
        allowed = np.isfinite(p)
        mean = np.where(allowed, p, 0.0).sum(axis=0) / np.maximum(allowed.sum(axis=0), 1)
        self._by_speed = np.argsort(-mean, kind="stable").astype(np.int32)
        self._fastest = p.argmin(axis=1).astype(np.int32)
        self._closed = None if allowed.all() else ~allowed
        self._row = np.arange(instance.n)
        self._last = np.nextafter(float(instance.m), 0.0)
        self._linear = not instance.sleeps and instance.deadlines is None

    def assign(self, positions: Floats) -> Ids:
        """(P, n) positions as (P, n) servers."""
        found: Ids = self._by_speed[np.clip(positions, 0.0, self._last).astype(np.intp)]
        if self._closed is None:
            return found
        return np.where(self._closed[self._row, found], self._fastest, found)

    def costs(self, positions: Floats) -> Floats:
        """(P,): TC of each position."""
        places = self.assign(positions)
        if not self._linear:
            return np.array([self.instance.evaluate(place).cost for place in places])
        count, m = len(places), self.instance.m
        times = self.instance.etc[self._row, places]
        at = (places + m * np.arange(count)[:, None]).ravel()
        load = np.bincount(at, weights=times.ravel(), minlength=count * m).reshape(count, m)
        makespan = (load + self.instance.ready).max(axis=1)
        costs: Floats = self.instance.cost[self._row, places].sum(axis=1)
        costs += self.instance.capacity * makespan
        return costs


class Best:
    """The best position seen, and what is told of it.

    Args:
        decoder: of the instance.
        trace: told of every iteration; ``None``: nobody.
    """

    def __init__(self, decoder: Decoder, trace: Trace | None) -> None:
        self._decoder, self._trace = decoder, trace
        self.position = np.zeros(decoder.instance.n)
        self.cost = np.inf

    def see(self, positions: Floats, costs: Floats) -> None:
        """Keep the cheapest of (P, n) positions if it is cheaper; ties to the first."""
        at = int(costs.argmin())
        if costs[at] < self.cost:
            self.position, self.cost = positions[at].copy(), float(costs[at])

    def place(self) -> Ids:
        """(n,): its assignment."""
        found: Ids = self._decoder.assign(self.position[None])[0]
        return found

    def tell(self, iteration: int) -> None:
        """Tell of an iteration."""
        if self._trace is not None:
            found = self._decoder.instance.evaluate(self.place())
            self._trace(iteration, found.cost, found.energy)
