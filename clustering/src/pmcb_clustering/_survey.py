# SPDX-License-Identifier: Apache-2.0
"""The work behind a report: classify, disturb, classify again, lay out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from pmcb_clustering._generated import generated_graph
from pmcb_clustering._layout import graph_layout
from pmcb_clustering._levels import LevelClustering
from pmcb_clustering._parameters import Mode
from pmcb_clustering._progress import stretch, within
from pmcb_clustering._report import Findings
from pmcb_clustering._stability import Trial, Trials

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pmcb_clustering._graph import SocialGraph
    from pmcb_clustering._progress import Progress
    from pmcb_clustering._result import LevelAssignment

__all__ = ["COMPARED_LIMIT", "REPORTED", "examine", "survey"]

REPORTED = (3, 4, 5)
"""The numbers of levels in the paper's Fig. 5."""

COMPARED_LIMIT = 50_000
"""Users up to which modes are compared and stability is measured without being asked: that takes
36 classifications, half a minute for ego-Facebook (4,039 users) and for email-Enron (36,692)."""


@dataclass
class _Plan:
    """Stretches of the whole work, each by its weight in seconds on ego-Facebook."""

    progress: Progress
    total: float
    done: float = 0.0

    def stretch(self, weight: float, label: str) -> Progress:
        begin = self.done / self.total
        self.done += weight
        return stretch(self.progress, begin, min(1.0, self.done / self.total), label=label)


def _warm_up() -> None:
    """Compile what is still to be compiled: seconds shall be those of the work."""
    for mode in get_args(Mode):
        LevelClustering(2, mode, betweenness="exact", n_jobs=1).fit(generated_graph(60, 150))


def _unmeasured(users: int) -> str:
    return (
        f"Modes were not compared and stability was not measured: there are {users:,} users, and "
        f"above {COMPARED_LIMIT:,} that is done only when asked for (--compare)."
    )


def survey(
    graph: SocialGraph,
    source: str,
    settings: Mapping[str, object],
    *,
    mode: Mode,
    compare: bool | None,
    progress: Progress,
) -> Findings:
    """Classify into 3, 4 and 5 levels; compare all modes and measure stability if it is small.

    Args:
        graph: to classify.
        source: name to show.
        settings: parameters of `LevelClustering` for all classifications.
        mode: the one reported.
        compare: whether to compare; None: up to `COMPARED_LIMIT` users.
        progress: told of every step, with the share of the whole work.
    """
    everything = graph.n_users <= COMPARED_LIMIT if compare is None else compare
    if everything:
        _warm_up()
    modes = get_args(Mode) if everything else (mode,)
    cases = [(t, one) for t in REPORTED for one in modes]
    plan = _Plan(progress, 9.0 + (2.0 if everything else 1.0) * len(cases) + 4.0 * everything)
    trials, found = Trials(graph, settings), []
    for place, (t, one) in enumerate(cases):
        label = f"T = {t}, {one}: "
        told = within(plan.stretch(1.0 + 4.0 * (place == 0), label), 0.0, 1.0)
        trial = trials.run(told, n_levels=t, mode=one)
        if everything:
            trial = trials.disturb(trial, plan.stretch(1.0 + 4.0 * (place == 0), label))
        found.append(trial)
    progress("drawing", plan.done / plan.total)
    return Findings(
        source,
        tuple(trial for trial in found if trial.assignment.mode == mode),
        modes=tuple(found) if everything else (),
        layout=graph_layout(graph),
        metrics_seconds=trials.metrics_seconds,
        left_out=() if everything else (_unmeasured(graph.n_users),),
    )


def examine(
    assignment: LevelAssignment,
    source: str,
    graph: SocialGraph | None,
    settings: Mapping[str, object],
    *,
    compare: bool | None,
    progress: Progress,
) -> Findings:
    """Report on a result as it is; with its graph, draw that and measure stability.

    Raises:
        ResultError: the result was made from another graph.
    """
    if graph is None:
        missing = (
            "The social graph was not named (--graph): it is not drawn, and stability was not "
            "measured."
        )
        return Findings(source, (Trial(assignment),), left_out=(missing,))
    assignment.check_graph(graph)
    trial = Trial(assignment)
    wanted = graph.n_users <= COMPARED_LIMIT if compare is None else compare
    if wanted:
        trials = Trials(graph, settings)
        trial = trials.disturb(trial, stretch(progress, 0.2, 0.9))
    progress("drawing", 0.9)
    left_out = () if wanted else (_unmeasured(graph.n_users),)
    return Findings(source, (trial,), layout=graph_layout(graph), left_out=left_out)
