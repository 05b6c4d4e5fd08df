# SPDX-License-Identifier: Apache-2.0
"""How good levels are: each mode beside k-means, with every seed, balance on every graph."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ._levels_graphs import Figures, Named

if TYPE_CHECKING:
    from pmcb_clustering import LevelAssignment, SocialGraph
    from pmcb_clustering._stability import Trial

LEVELS = (3, 4, 5)  # the numbers of levels in the paper's Fig. 5
MODES = ("balanced", "spectral", "paper")
BALANCED = range(2, 9)


def silent(_step: str, _done: float) -> None:
    """No progress is shown: the steps are told one level above."""


def modes(graph: "SocialGraph", seed: int) -> list[Figures]:
    """Every mode beside k-means, what it takes, and who keeps the level when little changes."""
    from pmcb_clustering._stability import Trials

    trials = Trials(graph, {"random_state": seed})
    return [
        _mode(trials.disturb(trials.run(silent, mode=mode, n_levels=t), silent))
        for mode in MODES
        for t in LEVELS
    ]


def _mode(trial: "Trial") -> Figures:
    assert trial.stability is not None
    return {
        **figures(trial.assignment),
        "mode": trial.assignment.mode,
        "partition_s": trial.seconds,
        "kept_with_pivots": trial.stability.sampled,
        "kept_cold": trial.stability.cold,
        "kept_warm": trial.stability.warm,
        "result_hash": trial.assignment.result_hash,
    }


def figures(assignment: "LevelAssignment") -> Figures:
    """Sizes, balance and RatioCut of a classification, and the same of k-means."""
    quality, plain = assignment.quality, assignment.quality["kmeans"]
    return {
        "levels": assignment.levels,
        "seed": assignment.seed,
        "sizes": quality["sizes"],
        "balance": quality["balance"],
        "ratio_cut": quality["ratio_cut"],
        "ratio_cut_to_kmeans": quality["ratio_cut_to_kmeans"],
        "inversion_rate": quality["inversion_rate"],
        "kmeans_balance": None if plain is None else plain["balance"],
    }


def seeds(graph: "SocialGraph", chosen: Sequence[int]) -> list[Figures]:
    """With each seed: RatioCut beside k-means, and who keeps the level with 256 pivots."""
    from pmcb_clustering._stability import Trials, kept_share

    rows = []
    for seed in chosen:
        trials = Trials(graph, {"random_state": seed})
        for t in LEVELS:
            exact = trials.run(silent, n_levels=t).assignment
            sampled = trials.run(silent, n_levels=t, betweenness="pivots").assignment
            rows.append(figures(exact) | {"kept_with_pivots": kept_share(exact, sampled)})
    return rows


def sampled(graphs: Iterable[Named], seed: int) -> list[Figures]:
    """Who keeps the level with 256 pivots where betweenness would not be exact by itself."""
    from pmcb_clustering._stability import Trials, kept_share

    rows: list[Figures] = []
    for one in graphs:
        trials = Trials(one.graph, {"random_state": seed})
        for t in LEVELS:
            exact = trials.run(silent, n_levels=t, betweenness="exact").assignment
            pivots = trials.run(silent, n_levels=t, betweenness="pivots").assignment
            between = pivots.quality["betweenness"]
            rows.append(
                {
                    "graph": one.document,
                    "levels": t,
                    "seed": seed,
                    "kept_with_pivots": kept_share(exact, pivots),
                    "split_half": between["split_half"],
                }
            )
    return rows


def balances(graphs: Iterable[Named], seed: int) -> list[Figures]:
    """Largest level over smallest on every graph, T from 2 to 8."""
    return [_balance(one, seed) for one in graphs]


def _balance(one: Named, seed: int) -> Figures:
    from pmcb_clustering._stability import Trials

    trials = Trials(one.graph, {"random_state": seed})
    found = [trials.run(silent, n_levels=t).assignment for t in BALANCED]
    metrics = found[0].metrics
    assert metrics is not None
    _, alike = np.unique(metrics, axis=0, return_counts=True)
    return {
        "graph": one.document,
        "most_alike": int(alike.max()),
        "levels": [figures(assignment) for assignment in found],
    }
