# SPDX-License-Identifier: Apache-2.0
"""Receivers into security levels: the whole way from a social graph to an assignment."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Self

import networkx as nx
import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from pmcb_clustering._assignment import size_bounds
from pmcb_clustering._betweenness import PIVOTS, Method
from pmcb_clustering._epochs import previous_levels, share_kept, warm_labels
from pmcb_clustering._executors import Executor, processors
from pmcb_clustering._features import Scaling, scale_features
from pmcb_clustering._graph import SocialGraph, check_memory
from pmcb_clustering._influence import InfluenceRule, influences, rank_labels
from pmcb_clustering._landmarks import LANDMARKS_ABOVE, landmark_graph
from pmcb_clustering._memory import fit_bytes
from pmcb_clustering._metrics import Measured, measure
from pmcb_clustering._newcomers import Electorate, with_newcomer
from pmcb_clustering._parameters import Mode, check_parameters
from pmcb_clustering._partition import bounded_kmeans, kmeans, least_ratio_cut
from pmcb_clustering._quality import Quality, describe
from pmcb_clustering._reading import MEMORY_LIMIT_BYTES
from pmcb_clustering._refine import refine
from pmcb_clustering._result import LevelAssignment
from pmcb_clustering._similarity import NEIGHBOURS, SimilarityGraph, similarity_graph
from pmcb_clustering._social import with_ties
from pmcb_clustering._spectrum import spectral_embedding
from pmcb_clustering._sybil import apply_gate, trusted_places, two_core
from pmcb_clustering._tie_breaks import salted_order
from pmcb_clustering.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LevelClustering", "Progress"]

Progress = Callable[[str, float], None]
"""Told the name of the step and the fraction of it that is done."""

UNRECORDED = ("executor", "n_jobs", "memory_limit_bytes")  # they do not decide the result


@dataclass
class LevelClustering:
    """Classifies the receivers of a social graph into T security levels of nearly equal size.

    ``balanced`` (default)
        k-means with bounded sizes on robust features, then local search on RatioCut: the best of
        the three in stability, and within a few percent of the least RatioCut.
    ``spectral``
        the least RatioCut of three bounded partitions, the spectral one among them; above 60,000
        points the eigenvectors are those of 4,000 landmarks.
    ``paper``
        Algorithms 1 to 3 of Peng et al. on rank-scaled features: similarity graph, the first T
        eigenvectors of its Laplacian, k-means on their rows. Sizes are not bounded.

    The two others keep every level within ten percent of n / T. From one epoch to the next,
    ``fit(graph, previous=...)`` changes as few levels as the new graph allows.

    >>> from pmcb_clustering import LevelClustering, generated_graph
    >>> graph = generated_graph(200, 1500, random_state=1)
    >>> clustering = LevelClustering(n_levels=4).fit(graph)
    >>> clustering.levels_.shape, sorted(set(clustering.levels_.tolist()))
    ((200,), [1, 2, 3, 4])
    >>> clustering.quality_["balance"] <= 1.25
    True

    Args:
        n_levels: T, 2 .. 16, at most n.
        mode: see above.
        scaling: of the features (see `scale_features`); None is ``rank`` for ``paper``, else
            ``robust``.
        weights: factor of each scaled feature.
        neighbours: K of the similarity graph, 1 .. 1000.
        sigma: one scale of the similarity for all users, as in eq. (1); None is each user's own.
        influence: what ranks the subsets: mean mid-rank, or the paper's eq. (2).
        order_margin: 0 .. 1, share of the influences' span by which two levels of a previous
            result must contradict their order to change places.
        social_weight: how much ties count beside resemblance in the local search, 0 .. 1000; at 1
            friends share levels wherever sizes allow, so a gang sees fewer subtasks of a task.
            The price is RatioCut: levels are less alike inside.
        trusted: users known to be real. With them, accounts that trust hardly reaches (SybilRank)
            are held at the lowest levels, hanging trees lift nobody (metrics are those of the
            2-core), and with a previous result nobody rises by more than one level.
        betweenness: ``auto`` is exact up to 20,000 users, above from ``pivots`` sources.
        pivots: at least 2.
        random_state: seed, 0 .. 2**32 - 1. The same graph and parameters give the same levels.
        n_jobs: threads, None for one per processor; the result does not depend on it.
        executor: where sources of betweenness and starts of k-means are worked off, anything with
            the ``map`` of ``concurrent.futures``; None is threads. Nothing depends on it, either.
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
    order_margin: float = 0.02
    social_weight: float = 0.0
    trusted: tuple[str, ...] = ()
    betweenness: Method = "auto"
    pivots: int = PIVOTS
    random_state: int = 0
    n_jobs: int | None = None
    executor: Executor | None = None
    memory_limit_bytes: int = MEMORY_LIMIT_BYTES
    levels_: NDArray[np.int64] = field(init=False, repr=False, compare=False)
    labels_: NDArray[np.int64] = field(init=False, repr=False, compare=False)
    assignment_: LevelAssignment = field(init=False, repr=False, compare=False)
    quality_: Quality = field(init=False, repr=False, compare=False)
    _graph: SocialGraph = field(init=False, repr=False, compare=False)
    _metrics: NDArray[np.float64] = field(init=False, repr=False, compare=False)

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

    def fit(
        self,
        graph: SocialGraph | nx.Graph[Any],
        *,
        previous: LevelAssignment | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Classify the users of ``graph``.

        Args:
            graph: the ties of today.
            previous: the last epoch's result. Its levels are only refined, so that few users
                change theirs, and their order stands unless influence clearly contradicts it.
            progress: told of every step.

        Raises:
            ParameterError: T or another parameter is out of its range, or the previous result
                does not fit.
            GraphError: the graph is empty or directed.
            GraphTooLarge: the memory estimate is above the limit; nothing has been started.
        """
        social = SocialGraph.from_networkx(graph) if isinstance(graph, nx.Graph) else graph
        check_parameters(self, social.n_users, warm=previous is not None)
        check_memory(fit_bytes(self, social), self.memory_limit_bytes)
        canonical = social.canonical()
        with threadpool_limits(1):  # sums of BLAS and OpenMP depend on the number of threads
            self._classify(canonical, previous, progress or (lambda _step, _done: None))
        self.levels_ = np.empty(social.n_users, np.int64)
        self.levels_[social.canonical_order] = self.assignment_.level
        self.labels_ = self.levels_ - 1
        self.quality_ = self.assignment_.quality
        return self

    def predict_newcomer(self, neighbours: Iterable[str]) -> int:
        """The level of somebody who has joined since, by the vote of the ten most alike.

        It is a forecast: on the ledger a newcomer starts at level 1. The newcomer's metrics are
        those in the graph with its ties added, so this takes as long as the metrics did.

        Args:
            neighbours: users of the graph, at least one; else `ParameterError`.
        """
        measured = self._measure(with_newcomer(self._graph, neighbours))
        return Electorate(self._metrics, self.assignment_.level).vote(measured.metrics[-1])

    def _measure(self, graph: SocialGraph, progress: Progress | None = None) -> Measured:
        return measure(
            two_core(graph) if self.trusted else graph,
            self.betweenness,
            pivots=self.pivots,
            random_state=self.random_state,
            n_jobs=self.n_jobs,
            executor=self.executor,
            progress=lambda done: progress("metrics", done) if progress else None,
        )

    def _classify(
        self, graph: SocialGraph, previous: LevelAssignment | None, progress: Progress
    ) -> None:
        before = None
        if previous is not None:
            before = previous_levels(previous, graph.users, self.n_levels)
        seeds = trusted_places(graph.users, self.trusted)
        measured = self._measure(graph, progress)
        progress("similarity graph", 0.0)
        scaling = self.scaling or ("rank" if self.mode == "paper" else "robust")
        features = scale_features(measured.metrics, scaling, weights=self.weights)
        similar = similarity_graph(
            features,
            self.n_levels,
            neighbours=self.neighbours,
            sigma=self.sigma,
            workers=self.n_jobs or processors(),
        )
        progress("partition", 0.0)
        ties = salted_order(graph.users, self.random_state)
        labels = self._partition(similar, features, graph, before, ties)
        progress("quality", 0.0)
        values = influences(measured, labels)[self.influence]
        margin = 0.0 if before is None else self.order_margin
        level = rank_labels(labels, values, margin=margin)
        held_back = None
        if self.trusted:
            level, held_back = apply_gate(level, graph, seeds, features, before, ties)
        quality = describe(
            graph,
            measured,
            similar,
            features,
            level,
            influences(measured, level - 1),
            kept=None if before is None else share_kept(before, level),
            held_back=held_back,
            random_state=self.random_state,
        )
        progress("quality", 1.0)
        self._graph, self._metrics = graph, measured.metrics
        self.assignment_ = LevelAssignment(
            users=graph.users,
            level=level,
            levels=self.n_levels,
            mode=self.mode,
            seed=self.random_state,
            graph_hash=graph.graph_hash,
            params=self._recorded(scaling, previous),
            influence=tuple(quality["influence"][self.influence]),
            quality=quality,
            metrics=measured.fractions,
        )

    def _partition(
        self,
        similar: SimilarityGraph,
        features: NDArray[np.float64],
        graph: SocialGraph,
        before: NDArray[np.int64] | None,
        ties: NDArray[np.int64],
    ) -> NDArray[np.int64]:
        t, seed = self.n_levels, self.random_state
        bounds = size_bounds(len(features), t)
        overlaid = with_ties(similar, graph, self.social_weight)
        if before is not None:
            return refine(overlaid, warm_labels(features, before, t, bounds, ties), *bounds)
        run = self.executor
        few = similar.distinct < max(t, self.neighbours + 1)
        if self.mode == "balanced" or few:
            start = bounded_kmeans(features, t, bounds, ties, seed, executor=run)
            return refine(overlaid, start, *bounds)
        spectrum = similar
        if len(similar.multiplicity) > LANDMARKS_ABOVE:
            spectrum = landmark_graph(
                similar,
                t,
                neighbours=self.neighbours,
                sigma=self.sigma,
                random_state=seed,
                workers=self.n_jobs or processors(),
            )
        if self.mode == "paper":
            rows = spectral_embedding(spectrum, t)[spectrum.point_of]
            return kmeans(rows, t, seed, executor=run)[0]
        labels = least_ratio_cut(
            similar, features, t, bounds, ties, seed, coarse=spectrum, executor=run
        )
        return labels if overlaid is similar else refine(overlaid, labels, *bounds)

    def _recorded(self, scaling: Scaling, previous: LevelAssignment | None) -> dict[str, object]:
        kept = {name: value for name, value in self.get_params().items() if name not in UNRECORDED}
        return {
            **kept,
            "scaling": scaling,
            "weights": list(self.weights),
            "trusted": sorted(self.trusted),
            "previous": None if previous is None else previous.result_hash,
        }
