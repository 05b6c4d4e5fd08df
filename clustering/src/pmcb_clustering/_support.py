# SPDX-License-Identifier: Apache-2.0
"""Triangle support: how many neighbours the two ends of every tie share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pmcb_clustering._jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["local_metrics", "triangle_support"]


@kernel
def triangle_support(indptr: NDArray[np.int64], indices: NDArray[np.int32]) -> NDArray[np.int32]:
    """Common neighbours t_uv of the two ends of every tie, beside ``indices``.

    For each v its neighbourhood is marked; every neighbour u of lower (degree, id) counts its
    marked neighbours, so the shorter list is always the one walked: O(m * arboricity).
    Every tie is counted from one end; the other end's slot is the next free one in row u,
    since both the rows and the walk over v ascend.

    Args:
        indptr: shape (n + 1,); row starts.
        indices: shape (2m,); neighbours, ascending in each row.

    Returns:
        shape (2m,); 0 .. n - 2.
    """
    n = len(indptr) - 1
    support = np.zeros(len(indices), np.int32)
    marked = np.zeros(n, np.bool_)
    twin = indptr[:-1].copy()
    for v in range(n):
        start, end = indptr[v], indptr[v + 1]
        for slot in range(start, end):
            marked[indices[slot]] = True
        degree = end - start
        for slot in range(start, end):
            u = indices[slot]
            opposite = twin[u]
            twin[u] += 1
            degree_u = indptr[u + 1] - indptr[u]
            if degree_u < degree or (degree_u == degree and u < v):
                common = 0
                for other in range(indptr[u], indptr[u + 1]):
                    if marked[indices[other]]:
                        common += 1
                support[slot] = common
                support[opposite] = common
        for slot in range(start, end):
            marked[indices[slot]] = False
    return support


@kernel
def local_metrics(
    indptr: NDArray[np.int64], indices: NDArray[np.int32], alpha: float
) -> NDArray[np.float64]:
    """Degree, clustering coefficient and neighbourhood entropy of every user, in one pass.

    In the closed neighbourhood G(v) a neighbour u has degree 1 + t_uv and v has d_v. With
    p_i = d_i^alpha / sum_j d_j^alpha and the natural logarithm

        I_f(G(v)) = - sum_i p_i ln p_i,      Lc(v) = sum_u t_uv / (d_v (d_v - 1)).

    For alpha = 1: I_f = ln(2d + 2T) - [d ln d + sum_u (1 + t) ln(1 + t)] / (2d + 2T), where
    2T = sum_u t_uv. A user without neighbours has all three at 0.

    Args:
        indptr: shape (n + 1,); row starts.
        indices: shape (2m,); neighbours, ascending in each row.
        alpha: exponent of the degree, greater than 0; 1 in the paper.

    Returns:
        shape (n, 3); degree 0 .. n - 1, Lc 0 .. 1, I_f 0 .. ln n.
    """
    n = len(indptr) - 1
    support = triangle_support(indptr, indices)
    metrics = np.zeros((n, 3), np.float64)
    for v in range(n):
        degree = indptr[v + 1] - indptr[v]
        if degree == 0:
            continue
        ties = 0
        mass = degree**alpha
        weighted_logs = alpha * mass * np.log(degree)
        for slot in range(indptr[v], indptr[v + 1]):
            ties += support[slot]
            if support[slot] == 0:
                mass += 1.0
            else:
                share = (1.0 + support[slot]) ** alpha
                mass += share
                weighted_logs += alpha * share * np.log(1.0 + support[slot])
        metrics[v, 0] = degree
        if degree > 1:
            metrics[v, 1] = ties / (degree * (degree - 1))
        metrics[v, 2] = np.log(mass) - weighted_logs / mass
    return metrics
