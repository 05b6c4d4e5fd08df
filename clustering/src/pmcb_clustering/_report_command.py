# SPDX-License-Identifier: Apache-2.0
"""``pmcb levels report``: one page on a classification, or its figures as files."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmcb_clustering import _terminal

if TYPE_CHECKING:
    from pmcb_clustering._parameters import Mode
    from pmcb_clustering._report import Findings

__all__ = ["report"]


@click.command()
@click.argument("source", metavar="RESULT|GRAPH", type=click.Path(path_type=Path))
@click.option(
    "--graph",
    type=click.Path(path_type=Path),
    help="The graph that RESULT was made from; with it, it is drawn and stability is measured.",
)
@click.option(
    "--compare/--no-compare",
    default=None,
    help="Compare all modes and measure stability; without either, up to 50,000 users.",
)
@_terminal.page_option("report.html")
@_terminal.mode_option
@_terminal.seed_option
@_terminal.jobs_option
@_terminal.memory_option
@click.pass_context
def report(
    ctx: click.Context,
    source: Path,
    graph: Path | None,
    compare: bool | None,
    out: Path,
    mode: Mode,
    seed: int,
    jobs: int | None,
    memory_limit_mib: int,
) -> None:
    """Report on a classification: its levels, drawn and in figures, and k-means beside it.

    A RESULT (levels.json) is reported as it is; a GRAPH is classified into 3, 4 and 5
    levels first (--mode and --seed speak of this case only). Of a graph of up to 50,000
    users, all modes are compared, and it is measured how many users keep their level when
    a little changes.
    """
    page = _terminal.is_page(out)
    _terminal.check_exists(source)
    read = source.suffix == ".json"
    if graph is not None:
        if not read:
            raise click.UsageError("--graph goes with a RESULT (levels.json)")
        _terminal.check_exists(graph)
    from pmcb_clustering import LevelAssignment, LevelClustering, _page, _report
    from pmcb_clustering._survey import REPORTED, examine, survey

    assignment = LevelAssignment.from_json(source) if read else None
    settings = {"n_jobs": jobs, "memory_limit_bytes": memory_limit_mib * 2**20}
    with _terminal.progress_bar() as progress:
        social = None
        if path := graph if read else source:
            social = _terminal.read(path, memory_limit_mib)
            levels = max(REPORTED) if assignment is None else assignment.levels
            _terminal.announce(social, LevelClustering(levels, mode, n_jobs=jobs))
        if assignment is not None:
            findings = examine(
                assignment, source.name, social, settings, compare=compare, progress=progress
            )
        else:
            assert social is not None
            settings["random_state"] = seed
            findings = survey(
                social, source.name, settings, mode=mode, compare=compare, progress=progress
            )
        progress("figures", 0.95)
        pictures = _page.draw_figures(findings)
        html = _page.render_page(findings, pictures) if page else ""
        written = _terminal.write_report(out, html, pictures)
    _terminal.emit(
        ctx.obj,
        _document(findings, written),
        _report.tables(findings),
        f"Written: {', '.join(written)}",
    )


def _document(findings: Findings, written: list[str]) -> dict[str, object]:
    return {
        "files": written,
        "results": [one.as_document() for one in findings.assignments],
        "modes": [
            {
                "levels": trial.assignment.levels,
                "mode": trial.assignment.mode,
                "balance": trial.assignment.quality["balance"],
                "ratio_cut_to_kmeans": trial.assignment.quality["ratio_cut_to_kmeans"],
                "seconds": trial.seconds,
                "kept": None if trial.stability is None else asdict(trial.stability),
            }
            for trial in findings.modes or findings.trials
        ],
        "metrics_seconds": findings.metrics_seconds,
        "left_out": list(findings.left_out),
    }
