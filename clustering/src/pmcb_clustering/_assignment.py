# SPDX-License-Identifier: Apache-2.0
"""Assignment of users to levels of bounded size, at least cost, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pmcb_clustering._jit import kernel
from pmcb_clustering.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["bounded_assignment", "costs_of_leaving", "size_bounds", "squared_distances"]

QUANTUM = 2**40
"""Costs become integers up to this: with floats a cycle of -1e-17 never ends."""

FAR = 2**62


def size_bounds(n: int, n_levels: int) -> tuple[int, int]:
    """Least and greatest size of a level: within ten percent of n / T, and always feasible.

    >>> size_bounds(4039, 3), size_bounds(7, 3)
    ((1212, 1480), (2, 3))
    """
    low = min(n // n_levels, -(-9 * n // (10 * n_levels)))
    high = max(-(-n // n_levels), 11 * n // (10 * n_levels))
    return low, high


def squared_distances(
    rows: NDArray[np.float64], centres: Sequence[NDArray[np.float64]] | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Shape (n, T): of every row to every centre. Centre by centre, in little memory."""
    costs = np.empty((len(rows), len(centres)), np.float64)
    for label, centre in enumerate(centres):
        costs[:, label] = ((rows - centre) ** 2).sum(axis=1)
    return costs


def costs_of_leaving(
    rows: NDArray[np.float64], levels: NDArray[np.int64], n_levels: int
) -> NDArray[np.float64]:
    """Shape (n, T): squared distance to the mean of each level, nothing for staying.

    Levels are 1 .. T, every one carried by a row; who has 0 stays nowhere.
    """
    centres = [rows[levels == t].mean(axis=0) for t in range(1, n_levels + 1)]
    costs = squared_distances(rows, centres)
    known = np.flatnonzero(levels)
    costs[known, levels[known] - 1] = 0.0
    return costs


@kernel
def _shortest(
    lengths: NDArray[np.int64], sources: NDArray[np.bool_], before: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Bellman-Ford from several sources; ``before`` receives the predecessors."""
    n = len(lengths)
    reach = np.full(n, FAR, np.int64)
    for node in range(n):
        before[node] = -1
        if sources[node]:
            reach[node] = 0
    for _ in range(n):
        changed = False
        for a in range(n):
            if reach[a] == FAR:
                continue
            for b in range(n):
                if lengths[a, b] != FAR and reach[a] + lengths[a, b] < reach[b]:
                    reach[b] = reach[a] + lengths[a, b]
                    before[b] = a
                    changed = True
        if not changed:
            break
    return reach


class _Heaps(NamedTuple):
    """For each ordered pair of levels (a, b) a heap of users, the cheapest switch to b on top.

    All users of level a are in heap (a, b); who has left a stays in it until he comes to the top.
    The heaps lie in one pool of user numbers.
    """

    begin: NDArray[np.int64]  # (t, t): place in the pool
    length: NDArray[np.int64]  # (t, t)
    room: NDArray[np.int64]  # (t, t): places before the next heap begins
    end: NDArray[np.int64]  # (1,): where the free part of the pool begins


@kernel
def _cheaper(costs: NDArray[np.int64], one: int, other: int, a: int, b: int) -> bool:
    """Whether ``one`` switches from a to b before ``other``: at less cost, or earlier in line."""
    left, right = costs[one, b] - costs[one, a], costs[other, b] - costs[other, a]
    return left < right or (left == right and one < other)


@kernel
def _sift(
    heap: NDArray[np.int32], length: int, place: int, costs: NDArray[np.int64], a: int, b: int
) -> None:
    """Let the user at ``place`` sink until nobody below is cheaper."""
    user = heap[place]
    while 2 * place + 1 < length:
        child = 2 * place + 1
        if child + 1 < length and _cheaper(costs, heap[child + 1], heap[child], a, b):
            child += 1
        if not _cheaper(costs, heap[child], user, a, b):
            break
        heap[place] = heap[child]
        place = child
    heap[place] = user


@kernel
def _insert(
    pool: NDArray[np.int32], heaps: _Heaps, costs: NDArray[np.int64], a: int, b: int, user: int
) -> NDArray[np.int32]:
    """Put ``user`` into heap (a, b); the pool, a larger one if it was full."""
    begin, place = heaps.begin[a, b], heaps.length[a, b]
    if place == heaps.room[a, b]:
        end, room = heaps.end[0], 2 * place + 16
        if end + room > len(pool):
            larger = np.empty(end + room + len(pool) // 2, np.int32)
            larger[:end] = pool[:end]
            pool = larger
        pool[end : end + place] = pool[begin : begin + place]
        begin = end
        heaps.begin[a, b], heaps.room[a, b], heaps.end[0] = end, room, end + room
    heaps.length[a, b] = place + 1
    heap = pool[begin : begin + place + 1]
    while place > 0 and _cheaper(costs, user, heap[(place - 1) // 2], a, b):
        heap[place] = heap[(place - 1) // 2]
        place = (place - 1) // 2
    heap[place] = user
    return pool


@kernel
def _heaps_of(
    costs: NDArray[np.int64], label: NDArray[np.int64], size: NDArray[np.int64]
) -> tuple[NDArray[np.int32], _Heaps]:
    """A heap for each ordered pair of levels, with a little room for users to come."""
    n, t = costs.shape
    heaps = _Heaps(
        np.zeros((t, t), np.int64),
        np.zeros((t, t), np.int64),
        np.zeros((t, t), np.int64),
        np.zeros(1, np.int64),
    )
    for a in range(t):
        for b in range(t):
            if a != b:
                heaps.begin[a, b] = heaps.end[0]
                heaps.room[a, b] = size[a] + size[a] // 8 + 16
                heaps.end[0] += heaps.room[a, b]
    pool = np.empty(heaps.end[0], np.int32)
    for user in range(n):
        a = label[user]
        for b in range(t):
            if a != b:
                pool[heaps.begin[a, b] + heaps.length[a, b]] = user
                heaps.length[a, b] += 1
    for a in range(t):
        for b in range(t):
            heap = pool[heaps.begin[a, b] : heaps.begin[a, b] + heaps.length[a, b]]
            for place in range(len(heap) // 2 - 1, -1, -1):
                _sift(heap, len(heap), place, costs, a, b)
    return pool, heaps


@kernel
def _switch_lengths(
    costs: NDArray[np.int64],
    label: NDArray[np.int64],
    pool: NDArray[np.int32],
    heaps: _Heaps,
    lengths: NDArray[np.int64],
) -> None:
    """Cost of the cheapest switch for each pair of levels, whose user comes to the heap's top."""
    t = costs.shape[1]
    for a in range(t):
        for b in range(t):
            if a == b:
                continue
            heap, length = pool[heaps.begin[a, b] :], heaps.length[a, b]
            while length > 0 and label[heap[0]] != a:
                length -= 1
                heap[0] = heap[length]
                _sift(heap, length, 0, costs, a, b)
            heaps.length[a, b] = length
            lengths[a, b] = FAR
            if length > 0:
                lengths[a, b] = costs[heap[0], b] - costs[heap[0], a]


@kernel
def _deficit_nearest(reach: NDArray[np.int64], excess: NDArray[np.int64]) -> int:
    end = -1
    for node in range(len(reach)):
        if excess[node] < 0 and (end < 0 or reach[node] < reach[end]):
            end = node
    return end


@kernel
def _balance(costs: NDArray[np.int64], low: int, high: int) -> NDArray[np.int64]:
    """Successive shortest paths on the levels and a hub that takes low .. high users of each."""
    n, t = costs.shape
    hub = t
    label = np.empty(n, np.int64)
    size = np.zeros(t, np.int64)
    for user in range(n):
        label[user] = np.argmin(costs[user])
        size[label[user]] += 1
    pool, heaps = _heaps_of(costs, label, size)
    taken = np.minimum(np.maximum(size, low), high)  # flow from each level to the hub
    lengths = np.full((t + 1, t + 1), FAR, np.int64)
    before = np.empty(t + 1, np.int64)
    excess = np.empty(t + 1, np.int64)
    while True:
        excess[:t] = size - taken
        excess[hub] = taken.sum() - n
        if not excess.any():
            return label
        _switch_lengths(costs, label, pool, heaps, lengths)
        for a in range(t):
            lengths[a, hub] = 0 if taken[a] < high else FAR
            lengths[hub, a] = 0 if taken[a] > low else FAR
        reach = _shortest(lengths, excess > 0, before)
        node = _deficit_nearest(reach, excess)
        while before[node] >= 0:
            a, b = before[node], node
            node = a
            if b == hub:
                taken[a] += 1
            elif a == hub:
                taken[b] -= 1
            else:
                user = pool[heaps.begin[a, b]]
                label[user] = b
                size[a] -= 1
                size[b] += 1
                for c in range(t):
                    if c != b:
                        pool = _insert(pool, heaps, costs, b, c, user)


def bounded_assignment(
    costs: NDArray[np.float64], low: int, high: int, *, ties: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Labels of least total cost with every label carried by ``low`` .. ``high`` users.

    A minimum-cost flow on a residual graph of T + 1 nodes: one per level, and a hub that takes
    between ``low`` and ``high`` users from each. The length of an arc between two levels is the
    cost of the cheapest switch of a user. Everybody starts where they are cheapest; every step
    sends one user's worth of excess along a shortest path, which keeps the flow optimal.

    Args:
        costs: shape (n, T); at least 0.
        low: least users per label; low * T <= n.
        high: most users per label; high * T >= n.
        ties: shape (n,), a permutation: among equal users the one of lowest value moves first.

    Returns:
        shape (n,); 0 .. T - 1. Exact up to max(costs) / 2**40 per user.

    Raises:
        ParameterError: the bounds cannot be met.

    Three users prefer label 0, which takes two; the one who loses least gives way:

    >>> bounded_assignment(np.array([[0.0, 5.0], [0.0, 1.0], [0.0, 9.0]]), 1, 2).tolist()
    [0, 1, 0]
    """
    n, t = costs.shape
    if not 0 <= low <= high or low * t > n or high * t < n:
        message = f"{n} users do not fit into {t} levels of {low} to {high} users"
        raise ParameterError(message)
    order = np.arange(n) if ties is None else np.argsort(ties)
    peak = float(costs.max())
    quanta = costs[order]
    quanta *= QUANTUM / peak if peak > 0 else 0.0
    scaled = np.rint(quanta, out=quanta).astype(np.int64)
    del quanta
    labels = np.empty(n, np.int64)
    labels[order] = _balance(scaled, low, high)
    return labels
