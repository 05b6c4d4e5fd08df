# SPDX-License-Identifier: Apache-2.0
"""``pmcb levels classify``: every receiver's level, from a file with the social graph."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmcb_clustering import _terminal
from pmcb_clustering._progress import within

if TYPE_CHECKING:
    from pmcb_clustering import LevelAssignment
    from pmcb_clustering._betweenness import Method
    from pmcb_clustering._features import Scaling
    from pmcb_clustering._influence import InfluenceRule
    from pmcb_clustering._parameters import Mode

__all__ = ["classify"]

TABLES = (".csv", ".parquet")


def _targets(out: Path) -> tuple[Path, Path | None]:
    """Where the result goes, and the table of users if one is asked for.

    ``levels.csv`` asks for both levels.json and levels.csv.
    """
    path = out / "levels.json" if out.is_dir() else out
    if path.suffix != ".json" and path.suffix not in TABLES:
        raise click.BadParameter(
            "name a folder, or a .json, .csv or .parquet file", param_hint="--out"
        )
    _terminal.check_folder(path.parent)
    if path.suffix == ".parquet" and find_spec("pyarrow") is None:
        raise click.BadParameter(
            "writing Parquet takes the library pyarrow: install pmcb-clustering[parquet], "
            "or name a .csv file",
            param_hint="--out",
        )
    return path.with_suffix(".json"), None if path.suffix == ".json" else path


def _trusted(path: Path) -> tuple[str, ...]:
    """One user a line; blank lines do not count."""
    from pmcb_clustering.errors import ParameterError

    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ParameterError(f"{path.name} cannot be read: {reason}") from error
    except UnicodeDecodeError as error:
        raise ParameterError(f"{path.name} is not text in UTF-8") from error
    users = tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not users:
        raise ParameterError(
            f"{path.name} names nobody", next_step="Write one trusted user on each line."
        )
    return users


@click.command()
@click.argument("graph", type=click.Path(path_type=Path))
@click.option("--levels", "n_levels", type=int, required=True, help="T: 2 to 16.")
@_terminal.mode_option
@click.option(
    "--scaling",
    type=click.Choice(["robust", "rank", "logz", "raw"]),
    help="Of the four metrics; without it robust, and rank for mode paper.",
)
@click.option(
    "--influence",
    type=click.Choice(["mean-rank", "paper-raw"]),
    default="mean-rank",
    show_default=True,
    help="What puts the subsets in order: mean mid-rank, or equation (2) of the paper.",
)
@click.option(
    "--social-weight",
    type=click.FloatRange(min=0.0),
    default=0.0,
    show_default=True,
    help="How much ties count beside resemblance; at 1 friends share a level where sizes allow.",
)
@click.option(
    "--previous",
    metavar="RESULT",
    type=click.Path(path_type=Path),
    help="The last epoch's levels.json: as few users as possible change their level.",
)
@click.option(
    "--trusted",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Users known to be real, one a line: accounts that trust hardly reaches stay low.",
)
@click.option(
    "--betweenness",
    type=click.Choice(["auto", "exact", "pivots"]),
    default="auto",
    show_default=True,
    help="auto is exact up to 20,000 users.",
)
@click.option(
    "--pivots",
    type=click.IntRange(min=2),
    default=256,
    show_default=True,
    help="Sources from which betweenness is estimated.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("levels.json"),
    show_default=True,
    help="Folder or .json file; .csv or .parquet adds a table of users beside the .json.",
)
@_terminal.seed_option
@_terminal.jobs_option
@_terminal.memory_option
@click.pass_context
def classify(
    ctx: click.Context,
    graph: Path,
    n_levels: int,
    mode: Mode,
    scaling: Scaling | None,
    influence: InfluenceRule,
    social_weight: float,
    previous: Path | None,
    trusted: Path | None,
    betweenness: Method,
    pivots: int,
    out: Path,
    seed: int,
    jobs: int | None,
    memory_limit_mib: int,
) -> None:
    """Classify the receivers of a social graph into security levels.

    GRAPH is an edge list (.txt, .edges, .edgelist, .tsv, .csv) or GraphML (.graphml), also
    compressed (.gz), or a table of ties (.parquet). The result names every user's level, 1 the
    least influential; `pmcb levels publish` takes it from there.
    """
    target, table = _targets(out)
    _terminal.check_exists(graph)
    from pmcb_clustering import LevelAssignment, LevelClustering

    clustering = LevelClustering(
        n_levels,
        mode,
        scaling=scaling,
        influence=influence,
        social_weight=social_weight,
        trusted=() if trusted is None else _trusted(trusted),
        betweenness=betweenness,
        pivots=pivots,
        random_state=seed,
        n_jobs=jobs,
        memory_limit_bytes=memory_limit_mib * 2**20,
    )
    before = None if previous is None else LevelAssignment.from_json(previous)
    with _terminal.progress_bar() as progress:
        social = _terminal.read(graph, memory_limit_mib)
        _terminal.announce(social, clustering)
        told = within(progress, 0.03, 1.0)
        assignment = clustering.fit(social, previous=before, progress=told).assignment_
    if table is not None:
        write = assignment.to_csv if table.suffix == ".csv" else assignment.to_parquet
        write(table)
    assignment.to_json(target)
    written = [str(path) for path in (target, table) if path is not None]
    document = {**assignment.as_document(), "file": str(target), "files": written}
    sentence = f"{_outcome(assignment)}: {', '.join(written)}"
    from pmcb_clustering._report import Findings, tables
    from pmcb_clustering._stability import Trial

    findings = Findings(graph.name, (Trial(assignment),))
    _terminal.emit(ctx.obj, document, tables(findings), sentence)


def _outcome(assignment: LevelAssignment) -> str:
    text = f"{len(assignment.users):,} users in {assignment.levels} levels"
    kept, held_back = assignment.quality["kept"], assignment.quality["held_back"]
    if kept is not None:
        text += f", {kept:.1%} of those of the previous result as they were"
    if held_back is not None:
        text += f", {held_back:,} held back"
    return text
