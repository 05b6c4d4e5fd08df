# SPDX-License-Identifier: Apache-2.0
"""The bat algorithm word for word: each order is a bat, its position a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ._bat import BUSIEST, EAGER, QUIETER
from ._decoded import Best, Decoder, Trace
from ._kernel import kernel

if TYPE_CHECKING:
    from pmcb_services.fog.model import Instance

    from ._bound import Bound
    from ._budget import Budget

__all__ = ["ba_literal"]

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]


def ba_literal(
    instance: Instance,
    bound: Bound,
    budget: Budget,
    seed: int,
    *,
    trace: Trace | None = None,
) -> Ids:
    """The ablation to `ba`: n bats on a line of servers, one assignment in all.

    The best bat is the order that costs least where it is, by c_ij + K·p_ij/m, and all fly towards
    its server; one after the other moves if the cost of the whole does not rise. Formulas and
    parameters as in `ba`, with the dense disturbance. Sleep and lateness are not looked at.

    Args:
        instance: n orders, m servers.
        bound: not looked at.
        budget: an iteration takes n evaluations.
        seed: of all that is random.
        trace: told of every iteration.
    """
    del bound
    rng, decoder = np.random.default_rng(seed), Decoder(instance)
    n, m = instance.n, instance.m
    best, iteration = Best(decoder, trace), 0
    if not budget.spend(n):
        return best.place()
    x, v = rng.uniform(0.0, m, n), np.zeros(n)
    loudness, pulses = np.ones(n), np.zeros(n)
    best.see(x[None], decoder.costs(x[None]))
    while budget.spend(n):
        iteration += 1
        place = decoder.assign(x[None])[0]
        own = instance.cost + instance.capacity / m * instance.etc
        target = x[int(own[np.arange(n), place].argmin())]
        v += (target - x) * rng.random(n)
        near = target + loudness.mean() * rng.uniform(-1.0, 1.0, n)
        y = np.clip(np.where(rng.random(n) > pulses, near, x + v), 0.0, m)
        willing = rng.random(n) < loudness
        goal = decoder.assign(y[None])[0]
        moved = _walk(
            instance.etc, instance.cost, instance.ready, instance.capacity, place, goal, willing
        )
        x[moved] = y[moved]
        loudness[moved] *= QUIETER
        pulses[moved] = BUSIEST * (1.0 - np.exp(-EAGER * iteration))
        best.see(x[None], decoder.costs(x[None]))
        best.tell(iteration)
    return best.place()


@kernel
def _walk(
    p: Floats,
    c: Floats,
    ready: Floats,
    capacity: float,
    place: Ids,
    goal: Ids,
    willing: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Which orders move: in turn, each to its goal if the cost does not rise."""
    load, moved = ready.copy(), np.zeros(len(place), np.bool_)
    for i in range(len(place)):
        load[place[i]] += p[i, place[i]]
    makespan = load.max()
    for i in range(len(place)):
        j, k = place[i], goal[i]
        if not willing[i]:
            continue
        if j != k:
            load[j] -= p[i, j]
            load[k] += p[i, k]
            later = load.max()
            if c[i, k] - c[i, j] + capacity * (later - makespan) > 0:
                load[j] += p[i, j]
                load[k] -= p[i, k]
                continue
            makespan = later
        moved[i] = True
    return moved
