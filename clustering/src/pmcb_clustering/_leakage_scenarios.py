# SPDX-License-Identifier: Apache-2.0
"""Who might collude, and how likely they open a task: the models side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pmcb_clustering._checks import check_range
from pmcb_clustering._leakage import (
    MAX_COLLUDERS,
    Leakage,
    Sharing,
    independent_leakage,
    pool_leakage,
    spread_leakage,
    worst_placement,
)
from pmcb_clustering._leakage_gangs import Growth, gang_leakage
from pmcb_clustering._leakage_intervals import Estimate
from pmcb_clustering.errors import ParameterError

if TYPE_CHECKING:
    from pmcb_clustering._executors import Executor
    from pmcb_clustering._graph import SocialGraph
    from pmcb_clustering._progress import Progress
    from pmcb_clustering._result import LevelAssignment

__all__ = ["LeakageScenario", "leakage_scenarios"]


@dataclass(frozen=True)
class LeakageScenario:
    """One answer to who colludes, and the probability that they open a whole task.

    Attributes:
        who: a few words.
        levels: T.
        shared: where more than half of a level's receivers are needed.
        copies: where each receiver holds its level's whole subtask.
        coverage: connected gangs only: the share of them with someone in all levels.
        reached: connected gangs only: the shares with someone in exactly 1, 2, ..., T levels.
    """

    who: str
    levels: int
    shared: Estimate
    copies: Estimate
    coverage: Estimate | None = None
    reached: tuple[float, ...] = ()


def leakage_scenarios(
    losses: Sequence[float],
    receivers: int,
    *,
    assignment: LevelAssignment | None = None,
    graph: SocialGraph | None = None,
    gangs: Sequence[int] = (10,),
    growth: Growth = "members",
    trials: int = 20_000,
    random_state: int = 0,
    n_jobs: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> list[LeakageScenario]:
    """All models for one task, each with the subtasks shared and as copies.

    Args:
        losses: p_t of level 1, 2, ..., T; 0 .. 1.
        receivers: of every level, 1 .. 100.
        assignment: with it come the models of a finite pool: p_t N_t colluders in each level
            (rounded), and ``gangs`` of colluders anywhere and placed for the worst.
        graph: with it come the connected gangs; needs an assignment made from it.
        gangs: sizes, each 1 .. 1,000, at most N.
        growth: who of a connected gang recruits (see `gang_leakage`).
        trials: simulated gangs of each kind.
        random_state: seed of the simulation.
        n_jobs: threads of the simulation, None for one per processor.
        executor: where the gangs grow instead of in threads.
        progress: told which gangs are simulated, and the share of all simulations that is done.

    Raises:
        ParameterError: a number is out of its range, or a level has too few receivers.
        ResultError: the assignment is of another graph.
    """
    levels = len(losses)
    both = (Sharing.majority(receivers, levels), Sharing.copies(receivers, levels))

    def exact(who: str, model: Callable[[Sharing], Leakage]) -> LeakageScenario:
        shared, copies = (Estimate.exactly(model(sharing).task) for sharing in both)
        return LeakageScenario(who, levels, shared, copies)

    found = [exact("each receiver by itself", lambda way: independent_leakage(losses, way))]
    if assignment is None:
        return found
    if levels != assignment.levels:
        raise ParameterError(f"{levels} losses are given; there are {assignment.levels} levels")
    sizes: list[int] = np.bincount(assignment.level)[1:].tolist()
    users = len(assignment.users)
    for gang in gangs:
        check_range("gang", gang, 1, min(MAX_COLLUDERS, users))
    pool = [round(loss * size) for loss, size in zip(losses, sizes, strict=True)]
    found.append(exact("a fixed share of each level", lambda way: pool_leakage(pool, sizes, way)))
    tell = _shares(progress, gangs)
    for gang in gangs:

        def placed(way: Sharing, gang: int = gang) -> Leakage:
            return pool_leakage(worst_placement(gang, sizes, way), sizes, way)

        def spread(way: Sharing, gang: int = gang) -> Leakage:
            return spread_leakage(gang, users, way)

        found.append(exact(f"{gang} anywhere", spread))
        if graph is not None:
            shared, copies = (
                gang_leakage(
                    assignment,
                    graph,
                    gang,
                    way,
                    growth=growth,
                    trials=trials,
                    random_state=random_state,
                    n_jobs=n_jobs,
                    executor=executor,
                    progress=next(tell),
                )
                for way in both
            )
            found.append(
                LeakageScenario(
                    f"{gang} who are connected",
                    levels,
                    shared.opening,
                    copies.opening,
                    shared.coverage,
                    shared.reached,
                )
            )
        found.append(exact(f"{gang} placed for the worst", placed))
    return found


def _shares(
    progress: Progress | None, gangs: Sequence[int]
) -> Iterator[Callable[[float], None] | None]:
    """For one simulation after another, two of each gang: its stretch of the whole work."""
    costs = [gang * (gang + 50) for gang in gangs for _ in range(2)]  # as measured, roughly
    for number, cost in enumerate(costs):
        before, name = sum(costs[:number]), f"gangs of {gangs[number // 2]:,}"

        def told(done: float, before: int = before, cost: int = cost, name: str = name) -> None:
            assert progress is not None
            progress(name, (before + done * cost) / sum(costs))

        yield None if progress is None else told
