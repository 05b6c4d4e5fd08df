# SPDX-License-Identifier: Apache-2.0
"""Assignment of users to levels of bounded size, at least cost, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pmcb_clustering._jit import kernel
from pmcb_clustering.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["bounded_assignment", "size_bounds"]

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


@kernel
def _places(orders: NDArray[np.int32]) -> NDArray[np.int32]:
    """Where each user stands in each order."""
    places = np.empty_like(orders)
    for a in range(orders.shape[0]):
        for b in range(orders.shape[1]):
            for rank in range(orders.shape[2]):
                places[a, b, orders[a, b, rank]] = rank
    return places


@kernel
def _switch_lengths(
    costs: NDArray[np.int64],
    orders: NDArray[np.int32],
    label: NDArray[np.int64],
    first: NDArray[np.int64],
    lengths: NDArray[np.int64],
) -> None:
    """Cost of the cheapest switch for each pair of levels; ``first`` moves on to its user."""
    n, t = costs.shape
    for a in range(t):
        for b in range(t):
            if a != b:
                rank = first[a, b]
                while rank < n and label[orders[a, b, rank]] != a:
                    rank += 1
                first[a, b] = rank
                lengths[a, b] = FAR
                if rank < n:
                    user = orders[a, b, rank]
                    lengths[a, b] = costs[user, b] - costs[user, a]


@kernel
def _deficit_nearest(reach: NDArray[np.int64], excess: NDArray[np.int64]) -> int:
    end = -1
    for node in range(len(reach)):
        if excess[node] < 0 and (end < 0 or reach[node] < reach[end]):
            end = node
    return end


@kernel
def _balance(
    costs: NDArray[np.int64], orders: NDArray[np.int32], low: int, high: int
) -> NDArray[np.int64]:
    """Successive shortest paths on the levels and a hub that takes low .. high users of each.

    ``orders[a, b]`` holds all users by the cost of a switch from a to b. ``first[a, b]`` is a
    rank in it below which nobody belongs to a, so the cheapest switch is found by going on.
    """
    n, t = costs.shape
    hub = t
    label = np.empty(n, np.int64)
    size = np.zeros(t, np.int64)
    for user in range(n):
        label[user] = np.argmin(costs[user])
        size[label[user]] += 1
    places = _places(orders)
    first = np.zeros((t, t), np.int64)
    taken = np.minimum(np.maximum(size, low), high)  # flow from each level to the hub
    lengths = np.full((t + 1, t + 1), FAR, np.int64)
    before = np.empty(t + 1, np.int64)
    excess = np.empty(t + 1, np.int64)
    while True:
        excess[:t] = size - taken
        excess[hub] = taken.sum() - n
        if not excess.any():
            return label
        _switch_lengths(costs, orders, label, first, lengths)
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
                user = orders[a, b, first[a, b]]
                label[user] = b
                size[a] -= 1
                size[b] += 1
                first[b] = np.minimum(first[b], places[b, :, user])


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
    scaled = np.rint(costs * (QUANTUM / peak if peak > 0 else 0.0)).astype(np.int64)[order]
    orders = np.empty((t, t, n), np.int32)
    for a in range(t):
        for b in range(t):
            orders[a, b] = np.argsort(scaled[:, b] - scaled[:, a], kind="stable")
    labels = np.empty(n, np.int64)
    labels[order] = _balance(scaled, orders, low, high)
    return labels
