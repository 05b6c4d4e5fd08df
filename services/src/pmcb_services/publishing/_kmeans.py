# SPDX-License-Identifier: Apache-2.0
"""k-means of weighted points: what every set of centres of a release comes from.

Arthur, Vassilvitskii, "k-means++: The Advantages of Careful Seeding", SODA 2007; Lloyd, "Least
Squares Quantization in PCM", IEEE Trans. Information Theory 28, 1982.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Partition", "farthest_first", "nearest", "settled", "squares_to", "weighted_kmeans"]

STARTS = 20
MAX_ROUNDS = 300

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Partition:
    """Points divided among centres.

    Attributes:
        centres: shape (k, d), in the points' units.
        labels: shape (n,), the centre of each point, 0..k-1.
        cost: Σ w_i ‖x_i - c_label‖², or Σ w_i ‖x_i - c_label‖ where medians are sought.
    """

    centres: Floats
    labels: Labels
    cost: float


def squares_to(points: Floats, centres: Floats) -> Floats:
    """Squared distances of n points to k centres, shape (n, k), never below 0.

    >>> squares_to(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]])).tolist()
    [[25.0]]
    """
    found = points @ (-2.0 * centres.T)
    found += np.einsum("ij,ij->i", points, points)[:, None]
    found += np.einsum("ij,ij->i", centres, centres)
    return np.maximum(found, 0.0, out=found)


def nearest(points: Floats, centres: Floats) -> tuple[Labels, Floats]:
    """The nearest centre of each point, the first of equals, and its squared distance."""
    squares = squares_to(points, centres)
    labels = squares.argmin(axis=1)
    return labels, np.take_along_axis(squares, labels[:, None], axis=1)[:, 0]


def weighted_kmeans(
    points: Floats, weights: Floats, k: int, rng: np.random.Generator, *, starts: int = STARTS
) -> Partition:
    """The cheapest of several runs of Lloyd's rounds from k-means++ starts.

    Args:
        points: shape (n, d).
        weights: shape (n,), above 0.
        k: 1 or more. With n points or fewer asked for, each point is a centre.
        rng: public randomness.
        starts: how many runs.

    Three quarters of the weight at 0, one at 4: the mean is 1, the cost 3·1 + 1·9 = 12.

    >>> line, weights = np.array([[0.0], [4.0]]), np.array([3.0, 1.0])
    >>> found = weighted_kmeans(line, weights, 1, np.random.default_rng(0))
    >>> found.centres.tolist(), round(found.cost, 9)
    ([[1.0]], 12.0)
    """
    if k >= len(points):
        return Partition(points, np.arange(len(points)), 0.0)
    runs = (_lloyd(points, weights, _plus_plus(points, weights, k, rng)) for _ in range(starts))
    return min(runs, key=lambda run: run.cost)


def farthest_first(weights: Floats, squares: Floats, count: int) -> Labels:
    """The ``count`` points that cost most where they are: where centres without points go."""
    return np.argsort(-weights * squares, kind="stable")[:count]


def _plus_plus(points: Floats, weights: Floats, k: int, rng: np.random.Generator) -> Floats:
    """Starting points, each drawn by the cost it would save, the best of 2 + ln k draws."""
    trials = 2 + int(math.log(k))
    chosen = np.empty((k, points.shape[1]))
    chosen[0] = points[rng.choice(len(points), p=weights / weights.sum())]
    squares = squares_to(points, chosen[:1])[:, 0]
    for place in range(1, k):
        mass = np.cumsum(weights * squares)
        drawn = np.searchsorted(mass, rng.random(trials) * mass[-1], side="right")
        drawn = np.minimum(drawn, len(points) - 1)
        candidates = np.minimum(squares_to(points, points[drawn]), squares[:, None])
        best = int((weights @ candidates).argmin())
        chosen[place], squares = points[drawn[best]], candidates[:, best]
    return chosen


def settled(
    points: Floats, centres: Floats, moved: Callable[[Floats, Labels, Floats], Floats], rounds: int
) -> tuple[Floats, Labels, Floats]:
    """Centres move, points go to the nearest, until no point does: with labels and squares.

    Args:
        points: shape (n, d).
        centres: shape (k, d), where they begin.
        moved: from centres, labels and squared distances to the next centres.
        rounds: how many at the most.
    """
    labels, squares = nearest(points, centres)
    for _ in range(rounds):
        centres = moved(centres, labels, squares)
        before = labels
        labels, squares = nearest(points, centres)
        if np.array_equal(before, labels):
            break
    return centres, labels, squares


def _lloyd(points: Floats, weights: Floats, centres: Floats) -> Partition:
    def means(centres: Floats, labels: Labels, squares: Floats) -> Floats:
        return _means(points, weights, labels, squares, len(centres))

    centres, labels, squares = settled(points, centres, means, MAX_ROUNDS)
    return Partition(centres, labels, float(weights @ squares))


def _means(points: Floats, weights: Floats, labels: Labels, squares: Floats, k: int) -> Floats:
    mass = np.bincount(labels, weights, k)
    sums = np.stack([np.bincount(labels, weights * column, k) for column in points.T], axis=1)
    empty = mass <= 0.0
    means = sums / np.where(empty, 1.0, mass)[:, None]
    if empty.any():
        means[empty] = points[farthest_first(weights, squares, int(empty.sum()))]
    return means
