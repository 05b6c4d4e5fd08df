# SPDX-License-Identifier: Apache-2.0
"""How steady levels are, and what each mode costs: the same graph classified again and again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from pmcb_clustering._epochs import levels_of, share_kept
from pmcb_clustering._graph import SocialGraph
from pmcb_clustering._levels import LevelClustering
from pmcb_clustering._progress import within
from pmcb_clustering.errors import ResultError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pmcb_clustering._metrics import Measured
    from pmcb_clustering._progress import Progress
    from pmcb_clustering._result import LevelAssignment

__all__ = ["LOST_TIES", "Stability", "Trial", "Trials", "kept_share", "without_ties"]

LOST_TIES = 0.01
"""Share of the ties taken away, at random, to see who changes level."""


@dataclass(frozen=True)
class Stability:
    """Share of the users who keep their level, 0 .. 1, each None where it says nothing.

    Attributes:
        sampled: with betweenness from pivots instead of exact; None where it was sampled anyway,
            and for a result that began from a previous one.
        cold: with one percent of the ties gone, classified afresh.
        warm: with the same ties gone, beginning from the levels as they were; None for mode
            ``paper``, which cannot.
    """

    sampled: float | None
    cold: float | None
    warm: float | None


@dataclass(frozen=True)
class Trial:
    """One classification, with what it took.

    Attributes:
        assignment: its result.
        seconds: spent on similarity graph and partition; None for a result that was read.
        stability: None where it was not measured.
    """

    assignment: LevelAssignment
    seconds: float | None = None
    stability: Stability | None = None


def without_ties(graph: SocialGraph, share: float, *, random_state: int = 0) -> SocialGraph:
    """The graph without a random share of its ties, at least one; all users stay.

    Raises:
        GraphError: no tie is left.
    """
    ties = graph.ties
    lost = max(1, round(share * len(ties)))
    kept = np.random.default_rng(random_state).permutation(len(ties))[lost:]
    return SocialGraph.from_arrays(graph.users, ties[np.sort(kept)])


def kept_share(before: LevelAssignment, after: LevelAssignment) -> float:
    """Share of the users of both results who are in the same level."""
    return share_kept(levels_of(before, after.users), after.level)


@dataclass
class _Memory:
    """Metrics by graph and the way they were measured, and what the first of them took."""

    known: dict[tuple[object, ...], Measured] = field(default_factory=dict)
    seconds: float | None = None


class _Recalling(LevelClustering):
    """Classifies as its parent does, and measures no graph twice: metrics take the most time."""

    memory: _Memory

    def _measure(self, graph: SocialGraph, progress: Progress | None = None) -> Measured:
        settings = (self.betweenness, self.pivots, bool(self.trusted), self.random_state)
        key = (graph.graph_hash, *settings)
        if key not in self.memory.known:
            began = time.perf_counter()
            self.memory.known[key] = super()._measure(graph, progress)
            if self.memory.seconds is None:
                self.memory.seconds = time.perf_counter() - began
        return self.memory.known[key]


class _Stopwatch:
    """Hands progress on, and times similarity graph and partition."""

    def __init__(self, progress: Progress) -> None:
        self.progress, self.seconds = progress, 0.0
        self._began: float | None = None

    def __call__(self, step: str, done: float) -> None:
        if step == "similarity graph":
            self._began = time.perf_counter()
        elif step == "quality" and self._began is not None:
            self.seconds, self._began = time.perf_counter() - self._began, None
        self.progress(step, done)


class Trials:
    """Classifications of one graph, and of its twin without one percent of the ties.

    Metrics are computed once per graph and way of betweenness, and shared.

    Args:
        graph: what is classified.
        settings: parameters of `LevelClustering` that all classifications share.
    """

    def __init__(self, graph: SocialGraph, settings: Mapping[str, object]) -> None:
        self._graph, self._settings = graph, settings
        self._memory = _Memory()

    @property
    def metrics_seconds(self) -> float | None:
        """What the metrics of the graph took; None as long as nothing was classified."""
        return self._memory.seconds

    @cached_property
    def _twin(self) -> SocialGraph | None:
        enough = self._graph.n_ties > 1
        return without_ties(self._graph, LOST_TIES) if enough else None

    def run(self, progress: Progress, **parameters: object) -> Trial:
        """Classify the graph; ``parameters`` are further ones of `LevelClustering`."""
        watch = _Stopwatch(progress)
        assignment = self.clustering(**parameters).fit(self._graph, progress=watch).assignment_
        return Trial(assignment, watch.seconds)

    def disturb(self, trial: Trial, progress: Progress) -> Trial:
        """The trial with its stability: who keeps the level when something small changes.

        Progress is told as the share of this work.

        Raises:
            ResultError: its parameters are none of this package's.
        """
        before = trial.assignment
        parameters = _parameters(before)
        alone = before.params.get("previous") is None
        sampled = cold = warm = None
        if alone and before.quality["betweenness"]["method"] == "exact":
            again = self.clustering(**{**parameters, "betweenness": "pivots"})
            told = within(progress, 0.0, 0.4)
            sampled = kept_share(before, again.fit(self._graph, progress=told).assignment_)
        if self._twin is not None:
            again = self.clustering(**parameters)
            told = within(progress, 0.4, 0.8)
            cold = kept_share(before, again.fit(self._twin, progress=told).assignment_)
            if before.mode != "paper":
                told = within(progress, 0.8, 1.0)
                again.fit(self._twin, previous=before, progress=told)
                warm = kept_share(before, again.assignment_)
        return replace(trial, stability=Stability(sampled, cold, warm))

    def clustering(self, **parameters: object) -> LevelClustering:
        """One that measures no graph anew which another of these trials has measured."""
        made = _Recalling(**cast("dict[str, Any]", {**self._settings, **parameters}))
        made.memory = self._memory
        return made


def _parameters(assignment: LevelAssignment) -> dict[str, object]:
    """The arguments of `LevelClustering` that gave this result."""
    known = {item.name for item in fields(LevelClustering) if item.init}
    found = {name: value for name, value in assignment.params.items() if name in known}
    if found.get("n_levels") != assignment.levels or found.get("mode") != assignment.mode:
        raise ResultError("the result does not tell the parameters it was made with")
    tuples = ("weights", "trusted")
    return found | {name: tuple(cast("list[str]", found[name])) for name in tuples if name in found}
