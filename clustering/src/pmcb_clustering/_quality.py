# SPDX-License-Identifier: Apache-2.0
"""How good a classification is, and k-means on the same features beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import numpy as np
from sklearn.metrics import silhouette_score

from pmcb_clustering._features import mid_ranks
from pmcb_clustering._influence import influence, inversion_rate, rank_labels
from pmcb_clustering._partition import kmeans

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pmcb_clustering._similarity import SimilarityGraph

__all__ = [
    "BetweennessReport",
    "PartitionQuality",
    "Quality",
    "kmeans_quality",
    "measure_partition",
]

SILHOUETTE_SAMPLE = 2_000  # it takes all pairs


class PartitionQuality(TypedDict):
    """Figures of one partition into levels 1 .. T.

    ``balance`` is the largest level divided by the smallest; ``silhouette`` (-1 .. 1) is that of
    a seeded sample of 2,000 users and None where it is undefined; ``inversion_rate`` is the share
    of user pairs of different levels whose mean mid-ranks stand the other way round.
    """

    sizes: list[int]
    balance: float
    ratio_cut: float
    silhouette: float | None
    inversion_rate: float


class BetweennessReport(TypedDict):
    """How betweenness was obtained; see `Betweenness`."""

    method: str
    sources: int
    split_half: float | None


class Quality(PartitionQuality):
    """Figures of a classification.

    ``means`` holds the four mean metrics of each level (degree, betweenness as a fraction,
    clustering, entropy), ``influence`` each level's influence by both rules, ``kmeans`` the
    figures of k-means on the same features and similarity graph (None where these have fewer
    than T different rows), ``ratio_cut_to_kmeans`` the quotient of the two RatioCuts.
    """

    users: int
    ties: int
    self_loops: int
    repeats: int
    isolated: int
    distinct: int
    components: int
    betweenness: BetweennessReport
    means: list[list[float]]
    influence: dict[str, list[float]]
    kmeans: PartitionQuality | None
    ratio_cut_to_kmeans: float | None


def _silhouette(
    features: NDArray[np.float64], levels: NDArray[np.int64], random_state: int
) -> float | None:
    rng = np.random.default_rng(random_state)
    sample = rng.permutation(len(levels))[:SILHOUETTE_SAMPLE]
    chosen = levels[sample]
    if not 2 <= len(np.unique(chosen)) < len(chosen):
        return None
    return float(silhouette_score(features[sample], chosen))


def measure_partition(
    graph: SimilarityGraph,
    features: NDArray[np.float64],
    scores: NDArray[np.float64],
    levels: NDArray[np.int64],
    random_state: int,
) -> PartitionQuality:
    """Figures of ``levels``, shape (n,), 1 .. T, every level carried by a user."""
    sizes = np.bincount(levels)[1:]
    return {
        "sizes": sizes.tolist(),
        "balance": float(sizes.max() / sizes.min()),
        "ratio_cut": graph.ratio_cut(levels - 1),
        "silhouette": _silhouette(features, levels, random_state),
        "inversion_rate": inversion_rate(scores, levels),
    }


def kmeans_quality(
    graph: SimilarityGraph,
    features: NDArray[np.float64],
    metrics: NDArray[np.float64],
    n_levels: int,
    random_state: int,
) -> PartitionQuality | None:
    """The same figures for k-means on the same features and similarity graph."""
    if graph.distinct < n_levels:
        return None
    labels, _ = kmeans(features, n_levels, random_state)
    if len(np.unique(labels)) < n_levels:
        return None
    ranks = mid_ranks(metrics)
    levels = rank_labels(labels, influence(ranks, labels))
    return measure_partition(graph, features, ranks.mean(axis=1), levels, random_state)
