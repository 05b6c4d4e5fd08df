# SPDX-License-Identifier: Apache-2.0
"""``pmcb levels leakage``. Heavy libraries are imported inside: ``pmcb --help`` imports this."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmcb_clustering import _terminal

if TYPE_CHECKING:
    from pmcb_clustering import LevelAssignment, PaperFig8
    from pmcb_clustering._leakage_gangs import Growth

__all__ = ["leakage"]

REPORTED = (3, 4, 5)  # the numbers of levels in the paper


def _read_result(result: Path | None, graph: Path | None) -> LevelAssignment | None:
    if result is None:
        if graph is not None:
            raise click.UsageError("--graph goes with a RESULT (levels.json)")
        return None
    from pmcb_clustering import LevelAssignment

    if graph is not None:
        _terminal.check_exists(graph)
    return LevelAssignment.from_json(result)


def _tasks(
    losses: tuple[float, ...], assignment: LevelAssignment | None
) -> list[tuple[float, ...]]:
    """The losses of each task that is reported, one for each of its levels."""
    from pmcb_clustering._leakage import PAPER_LOSSES

    if losses:
        return [losses]
    if assignment is None:
        return [PAPER_LOSSES[:count] for count in REPORTED]
    if assignment.levels > len(PAPER_LOSSES):
        raise click.UsageError(
            f"give --loss {assignment.levels} times, once a level: the paper has losses for "
            f"{len(PAPER_LOSSES)} levels only"
        )
    return [PAPER_LOSSES[: assignment.levels]]


@click.command()
@click.argument("result", required=False, type=click.Path(path_type=Path))
@click.option(
    "--graph",
    type=click.Path(path_type=Path),
    help="The graph that RESULT was made from; with it, gangs of friends are simulated.",
)
@click.option(
    "--receivers",
    type=click.IntRange(1, 100),
    default=9,
    show_default=True,
    help="How many receivers share each level's subtask; more than half open it.",
)
@click.option(
    "--loss",
    "losses",
    type=click.FloatRange(0.0, 1.0),
    multiple=True,
    help="Probability that a receiver gives away what it holds, once a level from level 1 on; "
    "default: the paper's .1, .2, .3, .4, .5.",
)
@click.option(
    "--gang",
    "gangs",
    type=click.IntRange(1, 1_000),
    multiple=True,
    default=(10,),
    show_default=True,
    help="How many users collude. Repeatable.",
)
@click.option(
    "--growth",
    type=click.Choice(["members", "ties"]),
    default="members",
    show_default=True,
    help="Who brings the next friend into a gang: each member as likely, or each tie.",
)
@click.option(
    "--trials",
    type=click.IntRange(100, 10_000_000),
    default=20_000,
    show_default=True,
    help="Gangs that are simulated, of each kind.",
)
@click.option(
    "--published",
    type=click.Path(path_type=Path),
    help="Points of the paper's Fig. 8(a), where you have them: a CSV file with the columns "
    "levels,n,leakage.",
)
@_terminal.page_option("leakage.html")
@_terminal.seed_option
@_terminal.jobs_option
@_terminal.memory_option
@click.pass_context
def leakage(
    ctx: click.Context,
    result: Path | None,
    graph: Path | None,
    receivers: int,
    losses: tuple[float, ...],
    gangs: tuple[int, ...],
    growth: Growth,
    trials: int,
    published: Path | None,
    out: Path,
    seed: int,
    jobs: int | None,
    memory_limit_mib: int,
) -> None:
    """Tell how likely colluding receivers read a whole task.

    Without RESULT: receivers who each give their share away by themselves, for 3, 4 and 5
    levels, and the paper's Fig. 8. With RESULT (levels.json): a finite number of colluders
    among its users, too; with --graph also gangs of users who know each other.
    """
    page = _terminal.is_page(out)
    assignment = _read_result(result, graph)
    tasks = _tasks(losses, assignment)
    from pmcb_clustering import _leakage_page, leakage_scenarios

    fig8 = _fig8(losses, published)
    with _terminal.progress_bar() as progress:
        social = None
        if assignment is not None and graph is not None:
            social = _terminal.read(graph, memory_limit_mib)
            assignment.check_graph(social)
        scenarios = [
            leakage_scenarios(
                each,
                receivers,
                assignment=assignment,
                graph=social,
                gangs=gangs,
                growth=growth,
                trials=trials,
                random_state=seed,
                n_jobs=jobs,
                progress=progress,
            )
            for each in tasks
        ]
    study = _leakage_page.Study(
        receivers=receivers,
        losses=tuple(tasks),
        scenarios=tuple(one for each in scenarios for one in each),
        fig8=fig8,
        provenance={}
        if assignment is None
        else {"graph_hash": assignment.graph_hash, "result_hash": assignment.result_hash},
        growth=growth,
        trials=trials,
        seed=seed,
    )
    pictures = _leakage_page.draw_figures(study)
    html = _leakage_page.render_page(study, pictures) if page else ""
    written = _terminal.write_report(out, html, pictures)
    _terminal.emit(
        ctx.obj,
        {**_leakage_page.as_document(study), "files": written},
        _leakage_page.tables(study),
        "\n".join([*study.remarks, f"Written: {', '.join(written)}"]),
    )


def _fig8(losses: tuple[float, ...], published: Path | None) -> PaperFig8 | None:
    """With the paper's losses where none are given; the figure begins at three levels."""
    from pmcb_clustering import paper_fig8
    from pmcb_clustering._leakage import PAPER_LOSSES
    from pmcb_clustering._leakage_fig8 import read_published

    points = None if published is None else read_published(published)
    chosen = losses or PAPER_LOSSES
    return paper_fig8(chosen, published=points) if len(chosen) >= min(REPORTED) else None
