# SPDX-License-Identifier: Apache-2.0
"""Receivers into security levels: the whole way from a social graph to an assignment."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

import networkx as nx
import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from pmcb_clustering._assignment import size_bounds
from pmcb_clustering._betweenness import PIVOTS, Betweenness, Method, betweenness, processors
from pmcb_clustering._features import Scaling, mid_ranks, round_significant, scale_features
from pmcb_clustering._graph import SocialGraph, check_memory
from pmcb_clustering._influence import InfluenceRule, influence, rank_labels
from pmcb_clustering._metrics import pairs_without
from pmcb_clustering._partition import bounded_kmeans, kmeans, least_ratio_cut
from pmcb_clustering._quality import Quality, kmeans_quality, measure_partition
from pmcb_clustering._reading import MEMORY_LIMIT_BYTES
from pmcb_clustering._refine import refine
from pmcb_clustering._result import LevelAssignment
from pmcb_clustering._similarity import NEIGHBOURS, SimilarityGraph, similarity_graph
from pmcb_clustering._spectrum import spectral_embedding
from pmcb_clustering._support import local_metrics
from pmcb_clustering.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LevelClustering", "Mode", "Progress"]

Mode = Literal["balanced", "spectral", "paper"]
Progress = Callable[[str, float], None]
"""Told the name of the step and the fraction of it that is done."""

MAX_LEVELS = 16
SPECTRAL_LIMIT = 60_000  # points; 50,000 take a minute to factorise and iterate
UNRECORDED = ("n_jobs", "memory_limit_bytes")  # they do not decide the result


@dataclass
class LevelClustering:
    """Classifies the receivers of a social graph into T security levels of nearly equal size.

    ``balanced`` (default)
        k-means with bounded sizes on robust features, then local search on RatioCut: the best of
        the three in stability, and within a few percent of the least RatioCut.
    ``spectral``
        the least RatioCut of three bounded partitions, the spectral one among them.
    ``paper``
        Algorithms 1 to 3 of Peng et al. on rank-scaled features: similarity graph, the first T
        eigenvectors of its Laplacian, k-means on their rows. Sizes are not bounded.

    The two others keep every level within ten percent of n / T.

    >>> from pmcb_clustering import LevelClustering, generated_graph
    >>> graph = generated_graph(200, 1500, random_state=1)
    >>> clustering = LevelClustering(n_levels=4).fit(graph)
    >>> clustering.levels_.shape, sorted(set(clustering.levels_.tolist()))
    ((200,), [1, 2, 3, 4])
    >>> assignment = clustering.assignment_
    >>> assignment.quality["balance"] <= 1.25
    True
    >>> assignment.to_json("levels.json")  # doctest: +SKIP

    Args:
        n_levels: T, 2 .. 16, at most n.
        mode: see above.
        scaling: of the features (see `scale_features`); None is ``rank`` for ``paper``, else
            ``robust``.
        weights: factor of each scaled feature.
        neighbours: K of the similarity graph, 1 .. 1000.
        sigma: one scale of the similarity for all users, as in eq. (1); None is each user's own.
        influence: what ranks the subsets: mean mid-rank, or the paper's eq. (2).
        betweenness: ``auto`` is exact up to 20,000 users, above from ``pivots`` sources.
        pivots: at least 2.
        random_state: seed, 0 .. 2**32 - 1. The same graph and parameters give the same levels.
        n_jobs: threads, None for one per processor; the result does not depend on it.
        memory_limit_bytes: refuse graphs whose estimate is above.

    Attributes:
        levels_: shape (n,); 1 .. T in the graph's node order, 1 the least influential.
        labels_: levels_ - 1.
        assignment_: the result as a document: users, levels, hashes, quality.
        quality_: the same as ``assignment_.quality``.
    """

    n_levels: int = 3
    mode: Mode = "balanced"
    scaling: Scaling | None = None
    weights: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    neighbours: int = NEIGHBOURS
    sigma: float | None = None
    influence: InfluenceRule = "mean-rank"
    betweenness: Method = "auto"
    pivots: int = PIVOTS
    random_state: int = 0
    n_jobs: int | None = None
    memory_limit_bytes: int = MEMORY_LIMIT_BYTES
    levels_: NDArray[np.int64] = field(init=False, repr=False, compare=False)
    labels_: NDArray[np.int64] = field(init=False, repr=False, compare=False)
    assignment_: LevelAssignment = field(init=False, repr=False, compare=False)
    quality_: Quality = field(init=False, repr=False, compare=False)

    def get_params(self, deep: bool = True) -> dict[str, object]:  # noqa: ARG002 - scikit-learn's
        """The parameters by name."""
        return {item.name: getattr(self, item.name) for item in fields(self) if item.init}

    def set_params(self, **params: object) -> Self:
        """Change parameters by name."""
        for name, value in params.items():
            if name not in self.get_params():
                raise ParameterError(f"there is no parameter {name!r}")
            setattr(self, name, value)
        return self

    def fit_predict(self, graph: SocialGraph | nx.Graph[Any]) -> NDArray[np.int64]:
        """Shape (n,): labels 0 .. T - 1 in the graph's node order."""
        return self.fit(graph).labels_

    def fit(self, graph: SocialGraph | nx.Graph[Any], *, progress: Progress | None = None) -> Self:
        """Classify the users of ``graph``.

        Raises:
            ParameterError: T or another parameter is out of its range.
            GraphError: the graph is empty or directed.
            GraphTooLarge: the memory estimate is above the limit; nothing has been started.
        """
        social = SocialGraph.from_networkx(graph) if isinstance(graph, nx.Graph) else graph
        self._check(social.n_users)
        estimate = _estimate_bytes(social, self.n_levels, self.n_jobs or processors())
        check_memory(estimate, self.memory_limit_bytes)
        canonical = social.canonical()
        with threadpool_limits(1):  # sums of BLAS and OpenMP depend on the number of threads
            assignment = self._classify(canonical, progress or (lambda _step, _done: None))
        self.levels_ = np.empty(social.n_users, np.int64)
        self.levels_[social.canonical_order] = assignment.level
        self.labels_ = self.levels_ - 1
        self.assignment_ = assignment
        self.quality_ = assignment.quality
        return self

    def _check(self, n_users: int) -> None:
        most = min(MAX_LEVELS, n_users)
        if not 2 <= self.n_levels <= most:
            raise ParameterError(
                f"{self.n_levels} levels were asked for; T must be from 2 to {most} "
                f"for {n_users} users"
            )
        _check_choice("mode", self.mode, get_args(Mode))
        _check_choice("influence", self.influence, get_args(InfluenceRule))
        if self.scaling is not None:
            _check_choice("scaling", self.scaling, get_args(Scaling))
        _check_range("neighbours", self.neighbours, 1, 1_000)
        _check_range("pivots", self.pivots, 2, 2**31)
        _check_range("random_state", self.random_state, 0, 2**32 - 1)
        if self.sigma is not None and not 0.0 < self.sigma < np.inf:
            raise ParameterError(f"sigma is {self.sigma}; it must be greater than 0")

    def _classify(self, graph: SocialGraph, progress: Progress) -> LevelAssignment:
        between = betweenness(
            graph,
            self.betweenness,
            pivots=self.pivots,
            random_state=self.random_state,
            n_jobs=self.n_jobs,
            progress=lambda done: progress("metrics", done),
        )
        progress("similarity graph", 0.0)
        metrics = np.empty((graph.n_users, 4), np.float64)
        metrics[:, [0, 2, 3]] = local_metrics(graph.indptr, graph.indices, 1.0)
        metrics[:, 1] = between.counts
        metrics = round_significant(metrics)
        scaling = self.scaling or ("rank" if self.mode == "paper" else "robust")
        features = scale_features(metrics, scaling, weights=self.weights)
        similar = similarity_graph(
            features,
            self.n_levels,
            neighbours=self.neighbours,
            sigma=self.sigma,
            workers=self.n_jobs or processors(),
        )
        progress("partition", 0.0)
        labels = self._partition(similar, features, graph.users)
        progress("quality", 0.0)
        fractions = metrics / [1.0, pairs_without(graph.n_users), 1.0, 1.0]
        by_rule = {
            "mean-rank": influence(mid_ranks(metrics), labels) / 4.0,
            "paper-raw": influence(fractions, labels),
        }
        level = rank_labels(labels, by_rule[self.influence])
        ascending = {
            rule: [float(values[labels[level == t + 1][0]]) for t in range(self.n_levels)]
            for rule, values in by_rule.items()
        }
        progress("quality", 1.0)
        return LevelAssignment(
            users=graph.users,
            level=level,
            levels=self.n_levels,
            mode=self.mode,
            seed=self.random_state,
            graph_hash=graph.graph_hash,
            params=self._recorded(scaling),
            influence=tuple(ascending[self.influence]),
            quality=self._quality(graph, between, similar, features, fractions, level, ascending),
            metrics=fractions,
        )

    def _partition(
        self, similar: SimilarityGraph, features: NDArray[np.float64], users: tuple[str, ...]
    ) -> NDArray[np.int64]:
        t, seed = self.n_levels, self.random_state
        bounds = size_bounds(len(features), t)
        ties = _salted_order(users, seed)
        if self.mode != "balanced" and len(similar.multiplicity) > SPECTRAL_LIMIT:
            raise ParameterError(
                f"mode {self.mode!r} takes up to {SPECTRAL_LIMIT:,} different users, "
                f"here are {len(similar.multiplicity):,}",
                next_step="Use mode 'balanced'.",
            )
        few = similar.distinct < max(t, self.neighbours + 1)
        if self.mode == "paper" and not few:
            rows = spectral_embedding(similar, t)[similar.point_of]
            return kmeans(rows, t, seed)[0]
        if self.mode == "spectral" and not few:
            return least_ratio_cut(similar, features, t, bounds, ties, seed)
        return refine(similar, bounded_kmeans(features, t, bounds, ties, seed), *bounds)

    def _quality(
        self,
        graph: SocialGraph,
        between: Betweenness,
        similar: SimilarityGraph,
        features: NDArray[np.float64],
        fractions: NDArray[np.float64],
        level: NDArray[np.int64],
        influences: dict[str, list[float]],
    ) -> Quality:
        scores = mid_ranks(fractions).mean(axis=1)
        ours = measure_partition(similar, features, scores, level, self.random_state)
        plain = kmeans_quality(similar, features, fractions, self.n_levels, self.random_state)
        means = [fractions[level == t + 1].mean(axis=0).tolist() for t in range(self.n_levels)]
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
            "means": means,
            "influence": influences,
            "kmeans": plain,
            "ratio_cut_to_kmeans": ours["ratio_cut"] / plain["ratio_cut"]
            if plain and plain["ratio_cut"] > 0
            else None,
        }

    def _recorded(self, scaling: Scaling) -> dict[str, object]:
        kept = {name: value for name, value in self.get_params().items() if name not in UNRECORDED}
        return {**kept, "scaling": scaling, "weights": list(self.weights)}


def _check_range(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise ParameterError(f"{name} is {value}; it must be from {least} to {most:,}")


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ParameterError(f"{name} is {value!r}; it must be one of {', '.join(choices)}")


def _salted_order(users: tuple[str, ...], seed: int) -> NDArray[np.int64]:
    """Shape (n,): each user's place in the order of a salted hash, which splits equal users."""
    salt = seed.to_bytes(16, "little")
    digests = [hashlib.blake2b(user.encode(), key=salt, digest_size=16).digest() for user in users]
    place = np.empty(len(users), np.int64)
    place[sorted(range(len(users)), key=digests.__getitem__)] = np.arange(len(users))
    return place


def _estimate_bytes(graph: SocialGraph, n_levels: int, threads: int) -> int:
    """Peak memory of a fit: rounded up from runs on generated graphs of up to 100,000 users."""
    per_user = 3_000 + 10 * n_levels**2 + 50 * threads
    return graph.n_users * per_user + len(graph.indices) * 40
