# SPDX-License-Identifier: Apache-2.0
"""k-medians of weighted points: medoids that are nobody's record.

Weiszfeld, "Sur le point pour lequel la somme des distances de n points donnés est minimum", Tohoku
Mathematical Journal 43, 1937.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._kmeans import Partition, farthest_first, settled, weighted_kmeans

__all__ = ["geometric_median", "weighted_kmedians"]

STARTS = 8
MAX_ROUNDS = 50
STEPS = 60
NEAR = 1e-9
"""Closer than this a point counts as so far away: its pull stays finite."""

Floats = NDArray[np.float64]


def geometric_median(points: Floats, weights: Floats, start: Floats) -> Floats:
    """The place with the least Σ w_i ‖x_i - z‖, shape (d,), by Weiszfeld's steps.

    Args:
        points: shape (n, d), n at least 1.
        weights: shape (n,), above 0.
        start: shape (d,), where the steps begin.

    More than half of the weight in one place holds the median there.

    >>> line = np.array([[0.0], [10.0]])
    >>> median = geometric_median(line, np.array([3.0, 1.0]), np.array([2.5]))
    >>> median.round(6).tolist()
    [0.0]
    """
    place = start
    for _ in range(STEPS):
        gaps = points - place
        pull = weights / np.maximum(np.sqrt(np.einsum("ij,ij->i", gaps, gaps)), NEAR)
        step = pull @ gaps / pull.sum()
        place = place + step
        if np.abs(step).max() < NEAR:
            break
    return place


def weighted_kmedians(
    points: Floats, weights: Floats, k: int, rng: np.random.Generator, *, starts: int = STARTS
) -> Partition:
    """Lloyd's rounds with geometric medians for means, the cheapest of several runs.

    Args:
        points: shape (n, d).
        weights: shape (n,), above 0.
        k: 1 or more. With n points or fewer asked for, each point is a centre.
        rng: public randomness.
        starts: how many runs, each from the centres of a k-means.
    """
    if k >= len(points):
        return Partition(points, np.arange(len(points)), 0.0)
    begins = (weighted_kmeans(points, weights, k, rng, starts=1).centres for _ in range(starts))
    return min((_rounds(points, weights, centres) for centres in begins), key=lambda run: run.cost)


def _rounds(points: Floats, weights: Floats, centres: Floats) -> Partition:
    def medians(centres: Floats, labels: NDArray[np.int64], squares: Floats) -> Floats:
        return _medians(points, weights, labels, squares, centres)

    centres, labels, squares = settled(points, centres, medians, MAX_ROUNDS)
    return Partition(centres, labels, float(weights @ np.sqrt(squares)))


def _medians(
    points: Floats, weights: Floats, labels: NDArray[np.int64], squares: Floats, centres: Floats
) -> Floats:
    found = centres.copy()
    empty = [j for j in range(len(centres)) if not np.any(labels == j)]
    for j in set(range(len(centres))) - set(empty):
        own = labels == j
        found[j] = geometric_median(points[own], weights[own], centres[j])
    found[empty] = points[farthest_first(weights, np.sqrt(squares), len(empty))]
    return found
