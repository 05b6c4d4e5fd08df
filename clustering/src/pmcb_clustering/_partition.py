# SPDX-License-Identifier: Apache-2.0
"""Ways to cut the users into T subsets: k-means, bounded k-means, Fiedler intervals."""

from __future__ import annotations

import warnings
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from sklearn.cluster import KMeans, kmeans_plusplus
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from pmcb_clustering._assignment import bounded_assignment, squared_distances
from pmcb_clustering._executors import Executor, executor_or_threads
from pmcb_clustering._features import round_significant
from pmcb_clustering._refine import refine
from pmcb_clustering._spectrum import spectral_embedding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pmcb_clustering._similarity import SimilarityGraph

__all__ = ["bounded_kmeans", "fiedler_intervals", "kmeans", "least_ratio_cut"]

STARTS = 10
ROUNDS = 100
SETTLED = 100_000
"""Bounded k-means has settled when nobody of so many users moves any more."""

BINS = 200


def _lloyd(
    rows: NDArray[np.float64], start: NDArray[np.float64]
) -> tuple[NDArray[np.int32], NDArray[np.float64], float]:
    """Labels, centres and inertia that k-means comes to from the centres ``start``."""
    with threadpool_limits(1):  # sums must not depend on the threads of another process either
        model = KMeans(len(start), init=start, n_init=1).fit(rows)
    return model.labels_, model.cluster_centers_, model.inertia_


def kmeans(
    rows: NDArray[np.float64],
    n_levels: int,
    random_state: int,
    *,
    executor: Executor | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Labels, shape (n,), and centres, shape (T, d), of scikit-learn's k-means.

    The best of ten starts (k-means++), those of ``KMeans(n_init=10)``; the first of several that
    come to the same inertia. They are worked off by ``executor``, or threads; the result does
    not depend on it.
    """
    middle = rows.mean(axis=0)
    centred = rows - middle
    rng = np.random.RandomState(random_state)  # the kind scikit-learn draws from
    starts = [kmeans_plusplus(centred, n_levels, random_state=rng)[0] for _ in range(STARTS)]
    with warnings.catch_warnings(), threadpool_limits(1), executor_or_threads(executor) as pool:
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct rows than T
        found = list(pool.map(_lloyd, repeat(centred), starts))
    inertia = round_significant(np.array([each[2] for each in found], np.float64))
    labels, centres, _ = found[int(inertia.argmin())]
    return labels.astype(np.int64), np.asarray(centres + middle, np.float64)


def bounded_kmeans(
    rows: NDArray[np.float64],
    n_levels: int,
    bounds: tuple[int, int],
    ties: NDArray[np.int64],
    random_state: int,
    *,
    executor: Executor | None = None,
) -> NDArray[np.int64]:
    """K-means whose every assignment step keeps the sizes within bounds, at least cost.

    Starts from the centres of plain k-means; stops when no user moves, or, of more than a hundred
    thousand, not one in a hundred thousand.

    Args:
        rows: shape (n, d).
        n_levels: T.
        bounds: least and most users per label.
        ties: shape (n,), a permutation; decides between equal users.
        random_state: seed of plain k-means.
        executor: where its starts are worked off; None is threads.

    Returns:
        shape (n,); 0 .. T - 1.
    """
    _, centres = kmeans(rows, n_levels, random_state, executor=executor)
    labels = np.full(len(rows), -1, np.int64)
    for _ in range(ROUNDS):
        moved = bounded_assignment(squared_distances(rows, centres), *bounds, ties=ties)
        settled = np.count_nonzero(moved != labels) <= len(rows) // SETTLED
        labels = moved
        if settled:
            break
        centres = np.stack([rows[labels == label].mean(axis=0) for label in range(n_levels)])
    return labels


def fiedler_intervals(
    graph: SimilarityGraph, fiedler: NDArray[np.float64], n_levels: int, bounds: tuple[int, int]
) -> NDArray[np.int64] | None:
    """T intervals of the Fiedler order with the least RatioCut, cut between 200 bins.

    A dynamic programme over bins: the cost of an interval is its cut divided by its size.

    Args:
        graph: p points.
        fiedler: shape (p,); the second eigenvector.
        n_levels: T.
        bounds: least and most users per label.

    Returns:
        shape (n,); 0 .. T - 1, or None where no choice of bins keeps the bounds.
    """
    order = np.argsort(fiedler, kind="stable")
    n = int(graph.multiplicity.sum())
    bin_of = np.empty(len(order), np.int64)
    bin_of[order] = (np.cumsum(graph.multiplicity[order]) - 1) * BINS // n
    pick = sparse.csr_array(
        (np.ones(len(order)), (bin_of, np.arange(len(order)))), shape=(BINS, len(order))
    )
    between = (pick @ graph.weights @ pick.T).toarray()
    inside = np.zeros((BINS + 1, BINS + 1), np.float64)
    inside[1:, 1:] = between.cumsum(axis=0).cumsum(axis=1)
    users = np.concatenate([[0], np.cumsum(pick @ graph.multiplicity)])
    diagonal = inside.diagonal()
    within = diagonal[None, :] - inside - inside.T + diagonal[:, None]
    volume = inside[:, -1][None, :] - inside[:, -1][:, None]
    size = users[None, :] - users[:, None]
    allowed = (size >= max(1, bounds[0])) & (size <= bounds[1])
    cost = np.where(allowed, (volume - within) / np.where(allowed, size, 1), np.inf)
    best = cost[0]
    choices = []
    for _ in range(n_levels - 1):
        total = best[:, None] + cost
        choices.append(total.argmin(axis=0))
        best = total.min(axis=0)
    if not np.isfinite(best[-1]):
        return None
    cuts = [BINS]
    for choice in reversed(choices):
        cuts.append(int(choice[cuts[-1]]))
    label_of_bin = np.searchsorted(np.array(cuts[:0:-1]), np.arange(BINS), side="right")
    return label_of_bin[bin_of][graph.point_of]


def least_ratio_cut(
    graph: SimilarityGraph,
    features: NDArray[np.float64],
    n_levels: int,
    bounds: tuple[int, int],
    ties: NDArray[np.int64],
    random_state: int,
    *,
    coarse: SimilarityGraph | None = None,
    executor: Executor | None = None,
) -> NDArray[np.int64]:
    """The best of three bounded partitions, each refined: spectral, Fiedler intervals, k-means.

    Args:
        graph: p points.
        features: shape (n, 4); scaled.
        n_levels: T.
        bounds: least and most users per label.
        ties: shape (n,), a permutation.
        random_state: seed.
        coarse: a graph of the same users whose eigenvectors are taken, their landmarks' for
            instance; None is ``graph``.
        executor: where the starts of k-means are worked off; None is threads.

    Returns:
        shape (n,); 0 .. T - 1.
    """
    embedded = coarse or graph
    vectors = spectral_embedding(embedded, n_levels)
    candidates = [
        bounded_kmeans(rows, n_levels, bounds, ties, random_state, executor=executor)
        for rows in (features, vectors[embedded.point_of])
    ] + [
        fiedler_intervals(embedded, vectors[:, 1], n_levels, bounds),
    ]
    refined = [refine(graph, labels, *bounds) for labels in candidates if labels is not None]
    return min(refined, key=graph.ratio_cut)
