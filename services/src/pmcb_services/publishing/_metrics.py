# SPDX-License-Identifier: Apache-2.0
"""How good a clustering is: what analysts pay for, and what stays where the data are.

Caliński, Harabasz, "A Dendrite Method for Cluster Analysis", Communications in Statistics 3, 1974;
Kuhn, "The Hungarian Method for the Assignment Problem", Naval Research Logistics Quarterly 2, 1955.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._kmeans import nearest, weighted_kmeans

__all__ = [
    "InternalMetrics",
    "accuracy",
    "calinski_harabasz",
    "cost",
    "f_measure",
    "internal_metrics",
]

REFERENCE_STARTS = 50
BANNER = "INTERNAL: computed from the data without noise; not to leave the institution"

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


def calinski_harabasz(persons: float, k: int, within: float, total: float) -> float:
    """CH = ((total - within)/(k - 1)) / (within/(n - k)), with clusters' means for centres.

    NaN where it has no meaning: one cluster, no more persons than clusters, nothing within.

    >>> calinski_harabasz(12, 2, 5.0, 15.0)
    20.0
    """
    if k < 2 or persons <= k or within <= 0.0:
        return float("nan")
    return ((total - within) / (k - 1)) / (within / (persons - k))


def cost(points: Floats, weights: Floats, centres: Floats) -> float:
    """Σ w·min ‖x - c‖², in squared units of the points."""
    return float(weights @ nearest(points, centres)[1])


def f_measure(reference: Labels, found: Labels) -> float:
    """Σ_i (n_i/n)·max_j 2pr/(p + r), which is Σ_i (n_i/n)·max_j 2·n_ij/(n_i + n_j).

    Args:
        reference: shape (n,), the cluster of each point, 0 or more.
        found: shape (n,), likewise.

    Of two pairs one is found and one is split: (2·1 + 2·(2/3))/4.

    >>> round(f_measure(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2])), 4)
    0.8333
    """
    table = _overlaps(reference, found)
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    scores = 2.0 * table / np.maximum(rows[:, None] + columns, 1)
    return float(rows @ scores.max(axis=1) / rows.sum())


def accuracy(reference: Labels, found: Labels) -> float:
    """The part of the points that agree when clusters are matched one to one as well as can be.

    >>> accuracy(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 2]))
    0.75
    """
    table = _overlaps(reference, found)
    side = max(table.shape)
    square = np.zeros((side, side))
    square[: table.shape[0], : table.shape[1]] = table
    match = _matching(-square)
    return float(square[np.arange(side), match].sum() / len(reference))


@dataclass(frozen=True)
class InternalMetrics:
    """What only the institution may see.

    Attributes:
        f_measure: against k-means without noise, 0..1.
        accuracy: likewise.
        cost_ratio: cost over that of k-means without noise.
        internal: always true, for whoever stores it.
        banner: what to show above it.
    """

    f_measure: float
    accuracy: float
    cost_ratio: float
    internal: bool = True
    banner: str = BANNER


def internal_metrics(
    points: Floats,
    weights: Floats,
    centres: Floats,
    rng: np.random.Generator,
    *,
    starts: int = REFERENCE_STARTS,
) -> InternalMetrics:
    """Compare centres with the best of ``starts`` runs of k-means on the data themselves.

    Args:
        points: shape (n, d), encoded rows.
        weights: shape (n,), persons.
        centres: shape (k, d), released.
        rng: public randomness of the starts.
        starts: how many runs.
    """
    reference = weighted_kmeans(points, weights, len(centres), rng, starts=starts)
    found, squares = nearest(points, centres)
    paid, least = float(weights @ squares), reference.cost
    ratio = paid / least if least > 0.0 else (1.0 if paid <= 0.0 else float("inf"))
    return InternalMetrics(
        f_measure(reference.labels, found), accuracy(reference.labels, found), ratio
    )


def _overlaps(reference: Labels, found: Labels) -> Labels:
    shape = (int(reference.max()) + 1, int(found.max()) + 1)
    flat = np.bincount(reference * shape[1] + found, minlength=shape[0] * shape[1])
    return flat.reshape(shape)


def _matching(costs: Floats) -> Labels:
    """The column of each row of a square matrix, at the least total cost (Kuhn; potentials)."""
    side = len(costs)
    of_row, of_column = np.zeros(side), np.zeros(side)
    row_of = np.full(side, -1)
    for row in range(side):
        _augment(costs, row, of_row, of_column, row_of)
    match = np.empty(side, dtype=np.int64)
    match[row_of] = np.arange(side)
    return match


def _augment(
    costs: Floats, row: int, of_row: Floats, of_column: Floats, row_of: NDArray[np.int64]
) -> None:
    """Give one more row a column along the shortest path of exchanges."""
    side = len(costs)
    slack, came_from = np.full(side, np.inf), np.full(side, -1)
    done = np.zeros(side, dtype=np.bool_)
    column, current = -1, row
    while current >= 0:
        reduced = costs[current] - of_row[current] - of_column
        closer = ~done & (reduced < slack)
        slack[closer], came_from[closer] = reduced[closer], column
        column = int(np.where(done, np.inf, slack).argmin())
        step = slack[column]
        of_row[row] += step
        of_row[row_of[done]] += step
        of_column[done] -= step
        slack[~done] -= step
        done[column] = True
        current = int(row_of[column])
    while column >= 0:
        before = int(came_from[column])
        row_of[column] = row if before < 0 else row_of[before]
        column = before
