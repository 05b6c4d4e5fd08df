# SPDX-License-Identifier: Apache-2.0
"""``pmcb levels classify`` and ``pmcb levels report``.

Heavy libraries are imported inside the commands: ``pmcb --help`` imports this module.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from pmcb_clustering import LevelAssignment, SocialGraph
    from pmcb_clustering._levels import Mode, Progress

__all__ = ["classify", "report"]

PIPED_WIDTH = 200  # tables must not be cut when the output goes to a file
REPORTED = (3, 4, 5)  # the numbers of levels in the paper's Fig. 5


class Settings(Protocol):
    """As much of the ``pmcb`` command's global options as is needed here."""

    @property
    def json(self) -> bool:
        """Whether to print JSON."""


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPED_WIDTH
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar on stderr; silent when stderr is no terminal."""
    from rich.progress import Progress as Bar

    silent = not sys.stderr.isatty()
    with Bar(console=_console(stderr=True), transient=True, disable=silent) as bar:
        task = bar.add_task("reading", total=1.0)
        yield lambda step, done: bar.update(task, description=step, completed=done)


def _emit(
    settings: Settings | None,
    document: dict[str, object],
    tables: Sequence[tuple[Sequence[str], Sequence[Sequence[str]]]],
    sentence: str,
) -> None:
    if settings is not None and settings.json:
        click.echo(json.dumps(document, ensure_ascii=False))
        return
    from rich.table import Table

    console = _console(stderr=False)
    for columns, rows in tables:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in columns:
            table.add_column(name, justify="right", overflow="fold")
        for row in rows:
            table.add_row(*row)
        console.print(table)
        console.print()
    console.print(sentence, soft_wrap=True)


def _check_exists(path: Path) -> None:
    from pmcb_clustering.errors import GraphError

    if not path.exists():
        step = "Name an edge list or a GraphML file; `pmcb data list` shows the data sets at hand."
        raise GraphError("there is no such file", path=str(path), next_step=step)


def _read(path: Path, memory_limit_mib: int) -> SocialGraph:
    import warnings

    from pmcb_clustering import read_graph

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        social = read_graph(path, memory_limit_bytes=memory_limit_mib * 2**20)
    for warning in caught:
        click.echo(f"Note: {warning.message}", err=True)
    return social


def _check_folder(folder: Path) -> None:
    """Before the work begins: its result must find a place."""
    if not folder.is_dir():
        raise click.BadParameter(f"the folder {folder} does not exist", param_hint="--out")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise click.BadParameter(f"the folder {folder} cannot be written", param_hint="--out")


def _result_file(out: Path) -> Path:
    """Where ``classify`` writes: ``out``, or ``levels.json`` in it if it is a folder."""
    path = out / "levels.json" if out.is_dir() else out
    if path.suffix != ".json":
        raise click.BadParameter("name a folder or a .json file", param_hint="--out")
    _check_folder(path.parent)
    return path


def _is_page(out: Path) -> bool:
    """Whether ``report`` writes one page; else ``out`` is a folder that is there or can be made."""
    page = out.suffix == ".html" and not out.is_dir()
    if not page and out.exists() and not out.is_dir():
        raise click.BadParameter(
            f"{out} is a file; name a folder or a .html file", param_hint="--out"
        )
    _check_folder(out if out.is_dir() else out.parent)
    return page


_seed = click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Random state."
)
_mode = click.option(
    "--mode",
    type=click.Choice(["balanced", "spectral", "paper"]),
    default="balanced",
    show_default=True,
    help="How receivers are cut into subsets; only paper leaves their sizes unbounded.",
)
_memory = click.option(
    "--memory-limit-mib",
    type=click.IntRange(min=1),
    default=8192,
    show_default=True,
    help="Refuse a graph that would need more memory.",
)


@click.command()
@click.argument("graph", type=click.Path(path_type=Path))
@click.option("--levels", "n_levels", type=int, required=True, help="T: 2 to 16.")
@_mode
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("levels.json"),
    show_default=True,
    help="Folder, or a file whose name ends in .json.",
)
@_seed
@_memory
@click.pass_context
def classify(
    ctx: click.Context,
    graph: Path,
    n_levels: int,
    mode: Mode,
    out: Path,
    seed: int,
    memory_limit_mib: int,
) -> None:
    """Classify the receivers of a social graph into security levels.

    GRAPH is an edge list (.txt, .edges, .edgelist, .tsv, .csv) or GraphML (.graphml), also
    compressed (.gz). The result names every user's level, 1 the least influential; `pmcb levels
    publish` takes it from there.
    """
    target = _result_file(out)
    _check_exists(graph)
    from pmcb_clustering import LevelClustering

    with _progress() as progress:
        social = _read(graph, memory_limit_mib)
        clustering = LevelClustering(
            n_levels, mode, random_state=seed, memory_limit_bytes=memory_limit_mib * 2**20
        )
        assignment = clustering.fit(social, progress=progress).assignment_
    assignment.to_json(target)
    document = {**assignment.as_document(), "file": str(target)}
    sentence = f"{len(assignment.users):,} users in {n_levels} levels: {target}"
    _emit(ctx.obj, document, _tables([assignment]), sentence)


def _tables(
    assignments: list[LevelAssignment],
) -> list[tuple[Sequence[str], Sequence[Sequence[str]]]]:
    from pmcb_clustering import _report

    levels = [(_report.LEVEL_COLUMNS, _report.level_rows(one)) for one in assignments]
    return [*levels, (_report.PARTITION_COLUMNS, _report.partition_rows(assignments))]


def _load(source: Path, mode: Mode, seed: int, memory_limit_mib: int) -> list[LevelAssignment]:
    """The result in ``source``, or the classifications of a graph for T = 3, 4, 5."""
    _check_exists(source)
    from pmcb_clustering import LevelAssignment, LevelClustering

    if source.suffix == ".json":
        return [LevelAssignment.from_json(source)]
    limit = memory_limit_mib * 2**20
    found = []
    with _progress() as progress:
        social = _read(source, memory_limit_mib)
        for t in REPORTED:
            clustering = LevelClustering(t, mode, random_state=seed, memory_limit_bytes=limit)
            progress(f"T = {t}", 0.0)
            found.append(clustering.fit(social, progress=progress).assignment_)
    return found


@click.command()
@click.argument("source", metavar="RESULT|GRAPH", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("report.html"),
    show_default=True,
    help="One page (.html), or a folder for the figures as PNG.",
)
@_mode
@_seed
@_memory
@click.pass_context
def report(
    ctx: click.Context, source: Path, out: Path, mode: Mode, seed: int, memory_limit_mib: int
) -> None:
    """Report on a classification: its levels, figures, and k-means beside it.

    A RESULT (levels.json) is reported as it is; a GRAPH is classified into 3, 4 and 5
    levels first (--mode and --seed speak of this case only).
    """
    page = _is_page(out)
    assignments = _load(source, mode, seed, memory_limit_mib)
    from pmcb_clustering import _report
    from pmcb_clustering._files import write_atomic

    figures = _report.render_figures(assignments)
    if page:
        files = {out: _report.render_page(assignments, figures).encode()}
    else:
        out.mkdir(exist_ok=True)
        files = {out / name: data for name, data in figures.items()}
    for path, data in files.items():
        write_atomic(path, data)
    document: dict[str, object] = {
        "files": [str(path) for path in files],
        "results": [one.as_document() for one in assignments],
    }
    _emit(ctx.obj, document, _tables(assignments), f"Written: {', '.join(map(str, files))}")
