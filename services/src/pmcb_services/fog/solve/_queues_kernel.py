# SPDX-License-Identifier: Apache-2.0
"""Annealing by what orders wait for each other: queues are kept, lateness is counted as it is."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._kernel import kernel
from ._random import State, below, bits

__all__ = ["Demand", "Queued", "rearrange"]

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]

_HALF = np.uint64(32)
_UNIT = 2.0**-32
_SWAPS = np.uint64(1)
_FAR = 20.0  # exp(-20) = 2e-9: rejected without looking further
_NOBODY = -1


class Demand(NamedTuple):
    """What does not change, in units in which K = 1; rows stand as servers run them.

    Attributes:
        times: (n, m), p_ij; inf where forbidden.
        costs: (n, m), what p_ij costs in energy.
        weights: (n,), of a unit of lateness.
        due: (n,).
        ready: (m,), R_j.
        servers: (n, kc), where each may go, the likeliest first; -1 after the last.
    """

    times: Floats
    costs: Floats
    weights: Floats
    due: Floats
    ready: Floats
    servers: Ids


class Queued(NamedTuple):
    """An assignment as it changes, and the cheapest that was seen.

    Attributes:
        place: (n,), each order's server.
        queue: (m, n), each server's orders as they run, the first ``held[j]`` of its row.
        held: (m,), how many.
        load, late: (m,), R_j + ET_j, and the weighted lateness on j.
        best: (n,), the cheapest assignment.
        tally: cost of ``place``; of ``best``; the makespan of ``place``.
        random: of the random numbers.
    """

    place: Ids
    queue: Ids
    held: Ids
    load: Floats
    late: Floats
    best: Ids
    tally: Floats
    random: State


@kernel
def lateness(j: int, out: int, into: int, demand: Demand, now: Queued) -> float:
    """The weighted lateness on j, without the order ``out``, with the order ``into``."""
    clock, total, waits = demand.ready[j], 0.0, into >= 0
    for at in range(now.held[j] + 1):
        i = now.queue[j, at] if at < now.held[j] else len(now.place)
        if waits and into < i:
            clock += demand.times[into, j]
            total += demand.weights[into] * max(0.0, clock - demand.due[into])
            waits = False
        if i == out or i == len(now.place):
            continue
        clock += demand.times[i, j]
        total += demand.weights[i] * max(0.0, clock - demand.due[i])
    return total


@kernel
def leave(i: int, j: int, now: Queued) -> None:
    """Order i is on server j no more."""
    at = 0
    while now.queue[j, at] != i:
        at += 1
    now.held[j] -= 1
    for behind in range(at, now.held[j]):
        now.queue[j, behind] = now.queue[j, behind + 1]


@kernel
def enter(i: int, j: int, now: Queued) -> None:
    """Order i is on server j."""
    at = now.held[j]
    while at > 0 and now.queue[j, at - 1] > i:
        now.queue[j, at] = now.queue[j, at - 1]
        at -= 1
    now.queue[j, at] = i
    now.held[j] += 1
    now.place[i] = j


@kernel
def begin(demand: Demand, now: Queued) -> None:
    """Fill in all but ``place`` and ``random``."""
    n, m = demand.times.shape
    now.load[:] = demand.ready
    now.held[:] = 0
    total = 0.0
    for i in range(n):
        j = now.place[i]
        enter(i, j, now)
        now.load[j] += demand.times[i, j]
        total += demand.costs[i, j]
    for j in range(m):
        now.late[j] = lateness(j, _NOBODY, _NOBODY, demand, now)
    now.best[:] = now.place
    now.tally[2] = now.load.max()
    now.tally[0] = total + now.late.sum() + now.tally[2]
    now.tally[1] = now.tally[0]


@kernel
def _makespan(j: int, less: float, k: int, more: float, now: Queued) -> float:
    """With these loads on j and k."""
    top = max(less, more)
    if max(now.load[j], now.load[k]) < now.tally[2]:
        return float(max(top, now.tally[2]))
    for other in range(len(now.load)):
        if (other - j) * (other - k) != 0:  # numba has no `in`
            top = max(top, now.load[other])
    return float(top)


@kernel
def rearrange(
    demand: Demand, now: Queued, heats: tuple[float, float], span: tuple[int, int, int]
) -> None:
    """Make the proposals from ``span[0]`` up to ``span[1]``, of ``span[2]`` in all.

    Each moves an order, or swaps it with one where it goes, at Metropolis odds on the cost; the
    temperature falls from ``heats[0]`` to ``heats[1]``, geometrically.
    """
    times, costs = demand.times, demand.costs
    free, wide = len(now.place), demand.servers.shape[1]
    for s in range(span[0], span[1]):
        heat = heats[0] * (heats[1] / heats[0]) ** (s / span[2])
        x = bits(now.random)
        i = int(below(free, bits(now.random)))
        u = np.float64(x >> _HALF) * _UNIT
        j, k = int(now.place[i]), int(demand.servers[i, int(u * u * wide)])
        if k < 0 or k == j:
            continue
        h = _NOBODY
        less, more = now.load[j] - times[i, j], now.load[k] + times[i, k]
        rise = costs[i, k] - costs[i, j]
        if x & _SWAPS and now.held[k] > 0:
            h = int(now.queue[k, below(now.held[k], bits(now.random))])
            if times[h, j] == np.inf:
                continue
            less += times[h, j]
            more -= times[h, k]
            rise += costs[h, j] - costs[h, k]
        makespan = _makespan(j, less, k, more, now)
        rise += makespan - now.tally[2] - now.late[j] - now.late[k]
        there = lateness(k, h, i, demand, now)
        if rise + there > _FAR * heat:
            continue
        here = lateness(j, i, h, demand, now)
        rise += here + there
        if rise > 0 and np.float64(bits(now.random) >> _HALF) * _UNIT >= math.exp(-rise / heat):
            continue
        leave(i, j, now)
        if h >= 0:
            leave(h, k, now)
            enter(h, j, now)
        enter(i, k, now)
        now.load[j], now.load[k] = less, more
        now.late[j], now.late[k] = here, there
        now.tally[2] = makespan
        now.tally[0] += rise
        if now.tally[0] < now.tally[1]:
            now.tally[1] = now.tally[0]
            now.best[:] = now.place
