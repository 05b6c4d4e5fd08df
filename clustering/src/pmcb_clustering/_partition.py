# SPDX-License-Identifier: Apache-2.0
"""Ways to cut the users into T subsets: k-means, bounded k-means, Fiedler intervals."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from pmcb_clustering._assignment import bounded_assignment
from pmcb_clustering._refine import refine
from pmcb_clustering._spectrum import spectral_embedding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pmcb_clustering._similarity import SimilarityGraph

__all__ = ["bounded_kmeans", "fiedler_intervals", "kmeans", "least_ratio_cut"]

STARTS = 10  # scikit-learn's k-means is the best of so many
ROUNDS = 100
BINS = 200


def kmeans(
    rows: NDArray[np.float64], n_levels: int, random_state: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Labels, shape (n,), and centres, shape (T, d), of scikit-learn's k-means."""
    model = KMeans(n_levels, n_init=STARTS, random_state=random_state)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct rows than T
        labels = model.fit_predict(rows)
    return labels.astype(np.int64), np.asarray(model.cluster_centers_, np.float64)


def bounded_kmeans(
    rows: NDArray[np.float64],
    n_levels: int,
    bounds: tuple[int, int],
    ties: NDArray[np.int64],
    random_state: int,
) -> NDArray[np.int64]:
    """K-means whose every assignment step keeps the sizes within bounds, at least cost.

    Starts from the centres of plain k-means; stops when no user moves.

    Args:
        rows: shape (n, d).
        n_levels: T.
        bounds: least and most users per label.
        ties: shape (n,), a permutation; decides between equal users.
        random_state: seed of plain k-means.

    Returns:
        shape (n,); 0 .. T - 1.
    """
    _, centres = kmeans(rows, n_levels, random_state)
    labels = np.full(len(rows), -1, np.int64)
    for _ in range(ROUNDS):
        costs = np.stack([((rows - centre) ** 2).sum(axis=1) for centre in centres], axis=1)
        moved = bounded_assignment(costs, *bounds, ties=ties)
        if np.array_equal(moved, labels):
            break
        labels = moved
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
) -> NDArray[np.int64]:
    """The best of three bounded partitions, each refined: spectral, Fiedler intervals, k-means.

    Args:
        graph: p points.
        features: shape (n, 4); scaled.
        n_levels: T.
        bounds: least and most users per label.
        ties: shape (n,), a permutation.
        random_state: seed.

    Returns:
        shape (n,); 0 .. T - 1.
    """
    vectors = spectral_embedding(graph, n_levels)
    candidates = [
        bounded_kmeans(features, n_levels, bounds, ties, random_state),
        bounded_kmeans(vectors[graph.point_of], n_levels, bounds, ties, random_state),
        fiedler_intervals(graph, vectors[:, 1], n_levels, bounds),
    ]
    refined = [refine(graph, labels, *bounds) for labels in candidates if labels is not None]
    return min(refined, key=graph.ratio_cut)
