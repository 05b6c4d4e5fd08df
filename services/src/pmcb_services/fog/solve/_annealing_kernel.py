# SPDX-License-Identifier: Apache-2.0
"""The annealing loop: moves and swaps between servers on a smooth stand-in for the cost."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._kernel import kernel
from ._random import State, below, bits

__all__ = ["EVERY", "Choices", "Ground", "Standing", "anneal", "nearest", "within"]

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]

EVERY = 1000
"""Proposals between two temperatures."""

_SWAPS = np.uint64(0.7 * 2**12)
_TWELVE = np.uint64(0xFFF)
_TWENTY = np.uint64(0xFFFFF)
_HALF = np.uint64(32)
_FAR = 20.0  # exp(-20) = 2e-9: rejected without asking
_UNIT = 2.0**-32


class Ground(NamedTuple):
    """What an annealing does not change, in units in which K = 1.

    Attributes:
        table: (n, m, 2), p_ij and r_ij; inf where forbidden.
        prices: (m,), lambda.
        stress: (m,), what a load above the level is punished by.
        level: the load at which a server is full.
    """

    table: Floats
    prices: Floats
    stress: Floats
    level: float


class Choices(NamedTuple):
    """Where orders may go.

    Attributes:
        servers: (n, kc), by r_ij.
        width: (n,), how many of them.
        active: the orders that have a choice.
    """

    servers: Ids
    width: Ids
    active: Ids


class Standing(NamedTuple):
    """An assignment as it changes, and the cheapest that was seen.

    Attributes:
        place: (n,), each order's server.
        load: (m,), R_j + ET_j.
        members: (m, n), each server's orders, the first ``held[j]`` of its row.
        position: (n,), where an order stands there.
        held: (m,), how many.
        best: (n,), the cheapest assignment.
        stale: (n,), orders, the first ``tally[2]``, that may be elsewhere in ``best``.
        fresh: (n,), whether an order is not among these.
        tally: sum of c_ij of ``place``; cost of ``best``; orders in ``stale``.
        random: of the random numbers.
    """

    place: Ids
    load: Floats
    members: Ids
    position: Ids
    held: Ids
    best: Ids
    stale: Ids
    fresh: NDArray[np.bool_]
    tally: Floats
    random: State


@kernel
def nearest(table: Floats, servers: Ids) -> None:
    """Fill in each order's servers of least r_ij, (n, kc), ascending; -1 after the last."""
    n, m, _ = table.shape
    most = servers.shape[1]
    least = np.empty(most)
    servers[:] = -1
    for i in range(n):
        filled = 0
        for j in range(m):
            r = table[i, j, 1]
            if r == np.inf or (filled == most and r >= least[filled - 1]):
                continue
            at = filled if filled < most else most - 1
            while at > 0 and least[at - 1] > r:
                least[at] = least[at - 1]
                servers[i, at] = servers[i, at - 1]
                at -= 1
            least[at] = r
            servers[i, at] = j
            filled = min(filled + 1, most)


@kernel
def within(table: Floats, servers: Ids, widest: float) -> Ids:
    """(n,): how many of the servers found by `nearest` have r_ij up to ``widest``, or are first."""
    n, most = servers.shape
    width = np.ones(n, np.int32)
    for i in range(n):
        while width[i] < most:
            j = servers[i, width[i]]
            if j < 0 or table[i, j, 1] > widest:
                break
            width[i] += 1
    return width


@kernel
def _move(i: int, j: int, k: int, now: Standing) -> None:
    now.held[j] -= 1
    last = now.members[j, now.held[j]]
    now.members[j, now.position[i]] = last
    now.position[last] = now.position[i]
    now.members[k, now.held[k]] = i
    now.position[i] = now.held[k]
    now.held[k] += 1
    now.place[i] = k


@kernel
def _swap(i: int, h: int, now: Standing) -> None:
    j, k = now.place[i], now.place[h]
    now.members[j, now.position[i]] = h
    now.members[k, now.position[h]] = i
    now.position[i], now.position[h] = now.position[h], now.position[i]
    now.place[i], now.place[h] = k, j


@kernel
def _mark(i: int, now: Standing) -> None:
    if now.fresh[i]:
        now.fresh[i] = False
        now.stale[int(now.tally[2])] = i
        now.tally[2] += 1


@kernel
def _keep(cost: float, now: Standing) -> None:
    """Only what changed is copied: over all, no more than was accepted."""
    now.tally[1] = cost
    for at in range(int(now.tally[2])):
        i = now.stale[at]
        now.best[i] = now.place[i]
        now.fresh[i] = True
    now.tally[2] = 0


@kernel
def _over(load: float, level: float) -> float:
    return (load - level) ** 2 if load > level else 0.0


@kernel
def _accepts(worse: float, heat: float, state: State) -> bool:
    if worse <= 0:
        return True
    if worse > _FAR * heat:
        return False
    return bool(np.float64(bits(state) >> _HALF) * _UNIT < math.exp(-worse / heat))


@kernel
def _fullest(critical: int, j: int, less: float, k: int, more: float, load: Floats) -> int:
    """The server of the greatest load, after j and k changed."""
    if (j == critical and less < 0) or (k == critical and more < 0):
        return int(np.argmax(load))
    if load[j] > load[critical]:
        critical = j
    return k if load[k] > load[critical] else critical


@kernel
def anneal(
    ground: Ground,
    choices: Choices,
    now: Standing,
    schedule: tuple[float, float, float, float],
    span: tuple[int, int, int],
) -> None:
    """Make the proposals from ``span[0]`` up to ``span[1]``, of ``span[2]`` in all.

    Each either moves an order i from its server j to one of its choices k, or swaps it with an
    order h on k, at Metropolis odds on::

        H = sum_i r_i,a_i + w/2·sum_j stress_j·max(0, load_j - level)²

    Args:
        ground: the instance.
        choices: where orders may go.
        now: what stands; changed.
        schedule: first and last temperature, first and last w; both change geometrically.
        span: of proposals.
    """
    table, _, stress, level = ground
    load, held, state = now.load, now.held, now.random
    hot, cold, soft, hard = schedule
    free = np.uint64(len(choices.active))
    critical = int(np.argmax(load))
    heat, pressure = hot, np.empty(len(load))
    for s in range(span[0], span[1]):
        if s % EVERY == 0 or s == span[0]:
            done = (s - s % EVERY) / span[2]
            heat = hot * (cold / hot) ** done
            pressure = 0.5 * soft * (hard / soft) ** done * stress
        x = bits(state)
        i = choices.active[((x >> _HALF) * free) >> _HALF]
        j = now.place[i]
        u = np.float64(x & _TWENTY) * 2.0**-20
        k = choices.servers[i, int(u * u * choices.width[i])]
        if k == j:
            continue
        h = -1
        less, more = -table[i, j, 0], table[i, k, 0]
        rise = table[i, k, 1] - table[i, j, 1]
        if (x >> np.uint64(20)) & _TWELVE < _SWAPS and held[k] > 0:
            h = now.members[k, below(held[k], bits(state))]
            less += table[h, j, 0]
            more -= table[h, k, 0]
            rise += table[h, j, 1] - table[h, k, 1]
        if rise > _FAR * heat:  # infinite where h may not run on j
            continue
        worse = rise + pressure[j] * (_over(load[j] + less, level) - _over(load[j], level))
        worse += pressure[k] * (_over(load[k] + more, level) - _over(load[k], level))
        if not _accepts(worse, heat, state):
            continue
        if h < 0:
            _move(i, j, k, now)
        else:
            _swap(i, h, now)
            _mark(h, now)
        _mark(i, now)
        now.tally[0] += rise - ground.prices[j] * less - ground.prices[k] * more
        load[j] += less
        load[k] += more
        critical = _fullest(critical, j, less, k, more, load)
        if now.tally[0] + load[critical] < now.tally[1]:
            _keep(now.tally[0] + load[critical], now)
