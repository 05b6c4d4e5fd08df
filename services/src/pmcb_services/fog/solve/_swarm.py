# SPDX-License-Identifier: Apache-2.0
"""Particle swarm optimisation on assignments, as the publication compares with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ._decoded import POPULATION, Best, Decoder, Trace

if TYPE_CHECKING:
    from pmcb_services.fog.model import Instance

    from ._bound import Bound
    from ._budget import Budget

__all__ = ["pso"]

Ids = NDArray[np.int32]

FIRST, LAST, PULL = 0.9, 0.4, 2.0  # inertia, over the horizon; c1 = c2
HORIZON = 500  # iterations over which the inertia falls
STEADY, STEADY_PULL = 0.73, 1.49  # Clerc, Kennedy 2002


def pso(
    instance: Instance,
    bound: Bound,
    budget: Budget,
    seed: int,
    *,
    steady: bool = False,
    trace: Trace | None = None,
) -> Ids:
    """Forty particles in [0, m)^n (Shi, Eberhart 1998).

    ::

        V = w V + c U (best of its own - X) + c U (best of all - X),  |V| <= m/4;    X = X + V

    w falls from 0.9 to 0.4 within 500 iterations, c = 2; or, ``steady``, w = 0.73 and c = 1.49.

    Args:
        instance: n orders, m servers.
        bound: not looked at.
        budget: an iteration takes forty evaluations.
        seed: of all that is random.
        steady: the second setting.
        trace: told of every iteration.
    """
    del bound
    rng, decoder = np.random.default_rng(seed), Decoder(instance)
    n, m = instance.n, instance.m
    best, iteration = Best(decoder, trace), 0
    if not budget.spend(POPULATION):
        return best.place()
    x = rng.uniform(0.0, m, (POPULATION, n))
    v = np.zeros_like(x)
    own, least = x.copy(), decoder.costs(x)
    best.see(x, least)
    pull = STEADY_PULL if steady else PULL
    while budget.spend(POPULATION):
        inertia = STEADY if steady else FIRST - (FIRST - LAST) * min(iteration / HORIZON, 1.0)
        iteration += 1
        v *= inertia
        v += pull * rng.random(x.shape) * (own - x)
        v += pull * rng.random(x.shape) * (best.position - x)
        np.clip(v, -m / 4, m / 4, out=v)
        x += v
        np.clip(x, 0.0, m, out=x)
        costs = decoder.costs(x)
        better = costs < least
        own[better], least[better] = x[better], costs[better]
        best.see(x, costs)
        best.tell(iteration)
    return best.place()
