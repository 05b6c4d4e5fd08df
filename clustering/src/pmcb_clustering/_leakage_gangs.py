# SPDX-License-Identifier: Apache-2.0
"""Colluders who know each other: connected gangs, simulated on the actual levels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.special import expit

from pmcb_clustering._checks import check_choice, check_range
from pmcb_clustering._executors import executor_or_threads
from pmcb_clustering._leakage import (
    MAX_COLLUDERS,
    Sharing,
    check_sizes,
    opening_chances,
    pool_leakage,
    worst_placement,
)
from pmcb_clustering._leakage_growth import grow_gangs
from pmcb_clustering._leakage_intervals import Estimate
from pmcb_clustering.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pmcb_clustering._executors import Executor
    from pmcb_clustering._graph import SocialGraph
    from pmcb_clustering._result import LevelAssignment

__all__ = ["GangLeakage", "Growth", "gang_leakage"]

CHUNK = 500
"""Trials that share a random stream, whatever the threads."""

MIN_TRIALS, MAX_TRIALS = 100, 10_000_000
Growth = Literal["members", "ties"]
Progress = Callable[[float], None]


@dataclass(frozen=True)
class GangLeakage:
    """What a connected gang of receivers reaches.

    Attributes:
        gang: how many users it has.
        reached: share of the gangs that have someone in exactly 1, 2, ..., T levels.
        coverage: share of the gangs that have someone in all levels, with Wilson's interval.
        opening: probability that the gang opens the task; exactly 0 where it is too small to
            hold enough shares of all levels.
    """

    gang: int
    reached: tuple[float, ...]
    coverage: Estimate
    opening: Estimate


@dataclass(frozen=True, eq=False)
class _Field:
    """What every trial needs: the graph, where its users stand, who can found a gang."""

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    level: NDArray[np.int64]  # shape (n,); 0 .. T - 1
    sizes: NDArray[np.int64]  # shape (T,)
    founders: NDArray[np.int64]
    thresholds: NDArray[np.int64]
    chances: tuple[NDArray[np.float64], ...]  # of each level, by how many of its users collude
    gang: int
    by_ties: bool = False
    seed: int = 0


def gang_leakage(
    assignment: LevelAssignment,
    graph: SocialGraph,
    gang: int,
    sharing: Sharing,
    *,
    growth: Growth = "members",
    trials: int = 20_000,
    random_state: int = 0,
    n_jobs: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> GangLeakage:
    """How often a connected gang reaches all levels, and opens a task shared over them.

    A gang begins with one user, each of those who are connected with g - 1 others or more being
    as likely. Then, until they are g, a member brings in one of their friends outside, each of
    these as likely. ``growth`` says which member: ``members``, each who has friends outside as
    likely; ``ties``, each in proportion to their number, so that the sociable recruit more.

    Given a gang with c_t users in level t, the chance that it opens the task is
    `pool_leakage`, exactly; no draw of receivers is simulated. What is simulated are the gangs:
    ``trials`` plain ones, and ``trials`` that prefer friends of the levels whose shares are still
    needed. With p and q the probabilities of a gang's way of growing, both kinds count with the
    weight 2 p / (p + q), which keeps the mean unbiased and no weight above 2 (the balance
    heuristic of Veach and Guibas, 1995). The coverage comes from the plain ones.

    Args:
        assignment: the levels of n users.
        graph: the graph they were made from.
        gang: g, 1 .. 1,000.
        sharing: over as many levels.
        growth: who recruits; see above.
        trials: 100 .. 10,000,000.
        random_state: seed, 0 .. 2**32 - 1.
        n_jobs: threads, None for one per processor; the result does not depend on it.
        executor: where the gangs grow instead of in threads.
        progress: called with the fraction done, 0 .. 1.

    Raises:
        ParameterError: a number is out of its range, or no g users are connected.
        ResultError: the levels are of another graph.

    >>> from pmcb_clustering import LevelClustering, generated_graph
    >>> graph = generated_graph(200, 1500, random_state=1)
    >>> levels = LevelClustering(3).fit(graph).assignment_
    >>> found = gang_leakage(levels, graph, 10, Sharing.majority(9, 3), trials=1000)
    >>> found.opening.value  # 10 users cannot hold 3 * 5 shares
    0.0
    """
    check_range("trials", trials, MIN_TRIALS, MAX_TRIALS)
    check_range("random_state", random_state, 0, 2**32 - 1)
    check_range("gang", gang, 1, MAX_COLLUDERS)
    check_choice("growth", growth, get_args(Growth))
    field = replace(
        _prepare(assignment, graph, gang, sharing), by_ties=growth == "ties", seed=random_state
    )
    sizes = field.sizes.tolist()
    most = pool_leakage(worst_placement(gang, sizes, sharing), sizes, sharing).task
    kinds = (False, True) if most > 0.0 else (False,)
    counts = [min(CHUNK, trials - first) for first in range(0, trials, CHUNK)]
    work = [(tilted, chunk, count) for tilted in kinds for chunk, count in enumerate(counts)]
    reached = np.zeros(sharing.levels + 1, np.int64)
    values: dict[bool, list[NDArray[np.float64]]] = {tilted: [] for tilted in kinds}
    with executor_or_threads(executor, n_jobs) as pool:
        results = pool.map(partial(_grow_chunk, field), *zip(*work, strict=True))
        for done, ((tilted, _, _), (levels, worth)) in enumerate(zip(work, results, strict=True)):
            if not tilted:
                reached += np.bincount(levels, minlength=len(reached))
            values[tilted].append(worth)
            if progress is not None:
                progress((done + 1) / len(work))
    strata = [np.concatenate(parts) for parts in values.values()]
    return GangLeakage(
        gang=gang,
        reached=tuple((reached[1:] / trials).tolist()),
        coverage=Estimate.proportion(int(reached[-1]), trials),
        opening=Estimate.weighted(strata, most) if most > 0.0 else Estimate.exactly(0.0),
    )


def _prepare(
    assignment: LevelAssignment, graph: SocialGraph, gang: int, sharing: Sharing
) -> _Field:
    assignment.check_graph(graph)
    canonical = graph.canonical()
    if sharing.levels != assignment.levels:
        raise ParameterError(
            f"the task is shared over {sharing.levels} levels; there are {assignment.levels}"
        )
    sizes = np.bincount(assignment.level)[1:]
    check_sizes(sizes.tolist(), sharing)
    return _Field(
        indptr=canonical.indptr,
        indices=canonical.indices,
        level=assignment.level - 1,
        sizes=sizes,
        founders=_founders(canonical, gang),
        thresholds=np.array(sharing.thresholds, np.int64),
        chances=tuple(
            np.array(opening_chances(size, min(size, gang), r, k))
            for size, (r, k) in zip(sizes.tolist(), sharing.by_level, strict=True)
        ),
        gang=gang,
    )


def _founders(graph: SocialGraph, gang: int) -> NDArray[np.int64]:
    """The users who are connected with enough others."""
    shape = (graph.n_users, graph.n_users)
    ones = np.ones(len(graph.indices), np.int8)
    ties = csr_array((ones, graph.indices, graph.indptr), shape=shape)
    _, part = connected_components(ties, directed=False)
    sizes = np.bincount(part)
    if gang > sizes.max():
        raise ParameterError(
            f"gang is {gang}; the largest connected part of the graph has {sizes.max():,} users"
        )
    return np.flatnonzero(sizes[part] >= gang)


def _grow_chunk(
    field: _Field, tilted: bool, chunk: int, trials: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The gangs of one random stream: the levels each reaches, and its weighted chance to open."""
    stream = np.random.default_rng([field.seed, int(tilted), chunk])
    counts = np.zeros((trials, len(field.sizes)), np.int64)
    log_ratio = grow_gangs(
        field.indptr,
        field.indices,
        field.level,
        field.founders,
        field.thresholds,
        stream.random((trials, field.gang)),
        field.by_ties,
        tilted,
        counts,
    )
    worth = 2.0 * expit(log_ratio)
    for chances, held in zip(field.chances, counts.T, strict=True):
        worth *= chances[held]
    return (counts > 0).sum(axis=1), worth
