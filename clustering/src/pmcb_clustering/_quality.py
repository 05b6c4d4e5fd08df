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
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pmcb_clustering._graph import SocialGraph
    from pmcb_clustering._metrics import Measured
    from pmcb_clustering._similarity import SimilarityGraph

__all__ = [
    "BetweennessReport",
    "PartitionQuality",
    "Quality",
    "describe",
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
    than T different rows), ``ratio_cut_to_kmeans`` the quotient of the two RatioCuts, ``kept``
    the share of the last epoch's users who keep their level (None without a previous result),
    ``held_back`` how many users the gate suspects (None without trusted people).
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
    kept: float | None
    held_back: int | None


def _silhouette(
    features: NDArray[np.float64], levels: NDArray[np.int64], random_state: int
) -> float | None:
    rng = np.random.default_rng(random_state)
    sample = rng.permutation(len(levels))[:SILHOUETTE_SAMPLE]
    chosen = levels[sample]
    if not 2 <= len(np.unique(chosen)) < len(chosen):
        return None
    return float(silhouette_score(features[sample], chosen))


def _measure_partition(
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


def _kmeans_quality(
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
    return _measure_partition(graph, features, ranks.mean(axis=1), levels, random_state)


def describe(
    graph: SocialGraph,
    measured: Measured,
    similar: SimilarityGraph,
    features: NDArray[np.float64],
    level: NDArray[np.int64],
    influences: Mapping[str, NDArray[np.float64]],
    *,
    kept: float | None,
    held_back: int | None,
    random_state: int,
) -> Quality:
    """All figures of a classification, shape (n,), 1 .. T; ``influences`` by rule and level."""
    fractions, between = measured.fractions, measured.between
    scores = mid_ranks(fractions).mean(axis=1)
    n_levels = int(level.max())
    ours = _measure_partition(similar, features, scores, level, random_state)
    plain = _kmeans_quality(similar, features, fractions, n_levels, random_state)
    return {
        **ours,
        "users": graph.n_users,
        "ties": graph.n_ties,
        "self_loops": graph.self_loops,
        "repeats": graph.repeats,
        "isolated": int((graph.degrees == 0).sum()),
        "distinct": similar.distinct,
        "components": similar.components,
        "betweenness": {
            "method": between.method,
            "sources": between.sources,
            "split_half": between.split_half,
        },
        "means": [fractions[level == t + 1].mean(axis=0).tolist() for t in range(n_levels)],
        "influence": {rule: values.tolist() for rule, values in influences.items()},
        "kmeans": plain,
        "ratio_cut_to_kmeans": ours["ratio_cut"] / plain["ratio_cut"]
        if plain and plain["ratio_cut"] > 0
        else None,
        "kept": kept,
        "held_back": held_back,
    }
