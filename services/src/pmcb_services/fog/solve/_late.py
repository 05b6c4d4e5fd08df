# SPDX-License-Identifier: Apache-2.0
"""Lateness that queues cause, as rows of a linear programme."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from pmcb_services.fog.model import Instance

__all__ = ["Late", "late"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Late:
    """Seconds L_i by which order i is later than c says, as it waits for others.

    A server runs its orders in one order of all, whichever it has. So for each pair of i and j,
    with ``h < i`` for those that run before, and s_ij = max(0, d_i - R_j - p_ij) to spare::

        sum_{h < i} p_hj x_hj - L_i + u_ij x_ij <= s_ij + u_ij

    u_ij is the most by which i could be late on j; where it is 0, or lateness costs nothing, there
    is no row.

    Attributes:
        weights: (k,), what a second of each L_i costs.
        waited: (rows, count), of the pairs' x: p_hj, and u_ij.
        orders: (rows, k), -1 for the row's L_i.
        most: (rows,), the right sides.
    """

    weights: Floats
    waited: csr_array
    orders: csr_array
    most: Floats


def late(instance: Instance, pairs: Ints, best: float) -> Late:
    """The rows of an instance.

    Args:
        instance: without deadlines there are none.
        pairs: (count, 2), order and server: no others are used.
        best: cost of a known plan; no dearer one needs to fit.
    """
    if instance.deadlines is None or instance.lateness_weights is None:
        return Late(np.zeros(0), csr_array((0, len(pairs))), csr_array((0, 0)), np.zeros(0))
    due, weights = instance.deadlines, instance.lateness_weights
    rank = np.empty(instance.n, np.int64)
    rank[instance.precedence] = np.arange(instance.n)
    latest = np.inf  # when the last order ends in a plan that is cheaper than the best
    if instance.capacity > 0:
        latest = (best - instance.cost.min(axis=1).sum()) / instance.capacity
    rows: list[tuple[Ints, Floats]] = []
    owners: list[int] = []
    most: list[float] = []
    for j in range(instance.m):
        own = np.flatnonzero(pairs[:, 1] == j)
        own = own[np.argsort(rank[pairs[own, 0]])]
        times = instance.etc[pairs[own, 0], j]
        for at, before in enumerate(np.cumsum(times) - times):
            i = int(pairs[own[at], 0])
            spare = max(0.0, due[i] - instance.ready[j] - times[at])
            worst = min(float(before), latest - instance.ready[j]) - spare
            if weights[i] > 0 and worst > 0:
                rows.append((own[: at + 1], np.append(times[:at], worst)))
                owners.append(i)
                most.append(spare + worst)
    dated, column = np.unique(np.array(owners, np.int64), return_inverse=True)
    count = np.arange(len(rows))
    where = np.repeat(count, [len(columns) for columns, _ in rows])
    columns = np.concatenate([np.zeros(0, np.int64), *(columns for columns, _ in rows)])
    values = np.concatenate([np.zeros(0), *(values for _, values in rows)])
    return Late(
        weights[dated],
        csr_array((values, (where, columns)), shape=(len(rows), len(pairs))),
        csr_array((-np.ones(len(rows)), (count, column)), shape=(len(rows), len(dated))),
        np.array(most),
    )
