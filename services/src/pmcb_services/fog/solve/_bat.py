# SPDX-License-Identifier: Apache-2.0
"""The bat algorithm as published, on assignments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ._decoded import POPULATION, Best, Decoder, Trace

if TYPE_CHECKING:
    from pmcb_services.fog.model import Instance

    from ._bound import Bound
    from ._budget import Budget

__all__ = ["BUSIEST", "EAGER", "QUIETER", "ba"]

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]

QUIETER = 0.95  # alpha: factor on the loudness of a bat that moved
BUSIEST = 0.5  # r0: most pulses
EAGER = 0.05  # gamma: how fast pulses grow with iterations
REDRAWN = 4  # entries, on average, that the sparse disturbance draws anew


def ba(
    instance: Instance,
    bound: Bound,
    budget: Budget,
    seed: int,
    *,
    dense: bool = False,
    trace: Trace | None = None,
) -> Ids:
    """A bat algorithm on positions X in [0, m)^n; forty bats (Yang 2010, eqs. 2-6).

    ::

        V += (x* - X)·f,  f ~ U(0, 1);    Y = X + V
        if U > r:                         Y = x* disturbed
        if U < A and TC(Y) <= TC(X):      X = Y;  A *= 0.95;  r = 0.5(1 - exp(-0.05 t))

    x* is the best seen, A = 1 and r = 0 at first. Yang prints X - x*, which drives the bats away
    from x*; the sign is turned. The publication on the fog gives no parameters: these are ours, and
    its "frequency greater than the previous" is read as the test of the cost.

    Args:
        instance: n orders, m servers.
        bound: not looked at.
        budget: an iteration takes forty evaluations.
        seed: of all that is random.
        dense: disturb by mean(A)·U(-1, 1) in every entry, instead of drawing four anew.
        trace: told of every iteration.
    """
    del bound
    rng, decoder = np.random.default_rng(seed), Decoder(instance)
    n, m = instance.n, instance.m
    best, iteration = Best(decoder, trace), 0
    if not budget.spend(POPULATION):
        return best.place()
    x = rng.uniform(0.0, m, (POPULATION, n))
    costs, v = decoder.costs(x), np.zeros((POPULATION, n))
    loudness, pulses = np.ones(POPULATION), np.zeros(POPULATION)
    best.see(x, costs)
    while budget.spend(POPULATION):
        iteration += 1
        v += _pull(x, best.position, rng.random((POPULATION, 1)))
        y = x + v
        near = rng.random(POPULATION) > pulses
        y[near] = _disturbed(best.position, int(near.sum()), m, loudness, rng, dense=dense)
        np.clip(y, 0.0, m, out=y)
        found = decoder.costs(y)
        moved = (rng.random(POPULATION) < loudness) & (found <= costs)
        x[moved], costs[moved] = y[moved], found[moved]
        loudness[moved] *= QUIETER
        pulses[moved] = BUSIEST * (1.0 - np.exp(-EAGER * iteration))
        best.see(y, found)
        best.tell(iteration)
    return best.place()


def _pull(x: Floats, target: Floats, frequency: Floats) -> Floats:
    """What flying towards a target adds to velocities: of (P, n) bats, at (P, 1) frequencies.

    >>> _pull(np.array([[1.0, 5.0]]), np.array([3.0, 4.0]), np.array([[0.5]])).tolist()
    [[1.0, -0.5]]
    """
    return (target - x) * frequency


def _disturbed(
    x: Floats, count: int, m: int, loudness: Floats, rng: np.random.Generator, *, dense: bool
) -> Floats:
    shape = (count, len(x))
    if dense:
        near: Floats = x + loudness.mean() * rng.uniform(-1.0, 1.0, shape)
        return near
    redrawn = rng.random(shape) < REDRAWN / len(x)
    return np.where(redrawn, rng.uniform(0.0, m, shape), x)
