# SPDX-License-Identifier: Apache-2.0
"""What the commands of this package share: options, terminal, progress, the file that is read.

Heavy libraries are imported inside the functions: ``pmcb --help`` imports this module.
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
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from click.decorators import FC
    from rich.console import Console

    from pmcb_clustering import LevelClustering, SocialGraph
    from pmcb_clustering._page import Picture
    from pmcb_clustering._progress import Progress

__all__ = [
    "Settings", "Table", "announce", "check_exists", "check_folder", "emit", "is_page",
    "jobs_option", "memory_option", "mode_option", "page_option", "progress_bar", "read",
    "seed_option", "write_report",
]  # fmt: skip

Table = tuple["Sequence[str]", "Sequence[Sequence[str]]"]
"""Column names, and rows of as many cells."""

PIPED_WIDTH = 200  # tables must not be cut when the output goes to a file


class Settings(Protocol):
    """As much of the ``pmcb`` command's global options as is needed here."""

    @property
    def json(self) -> bool:
        """Whether to print JSON."""


seed_option = click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Random state."
)
mode_option = click.option(
    "--mode",
    type=click.Choice(["balanced", "spectral", "paper"]),
    default="balanced",
    show_default=True,
    help="How receivers are cut into subsets; only paper leaves their sizes unbounded.",
)
jobs_option = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    help="Threads; one per processor without it. The result does not depend on it.",
)
memory_option = click.option(
    "--memory-limit-mib",
    type=click.IntRange(min=1),
    default=8192,
    show_default=True,
    help="Refuse a graph that would need more memory.",
)


def page_option(name: str) -> Callable[[FC], FC]:
    """``--out`` of a report: ``name`` unless something else is said."""
    return click.option(
        "--out",
        type=click.Path(path_type=Path),
        default=Path(name),
        show_default=True,
        help="One page (.html), or a folder for the figures as PNG.",
    )


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPED_WIDTH
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar on stderr with step, share done and time left; silent when stderr is no terminal.

    What it gives takes a description and the share of the whole work that is done.
    """
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    silent = not sys.stderr.isatty()
    with Bar(*columns, console=_console(stderr=True), transient=True, disable=silent) as bar:
        task = bar.add_task("reading", total=1.0)
        yield lambda step, done: bar.update(task, description=step, completed=done)


def announce(graph: SocialGraph, clustering: LevelClustering) -> None:
    """Before the work: what it is about, and what it will take."""
    from pmcb_clustering._memory import fit_bytes

    estimate = fit_bytes(clustering, graph)
    click.echo(
        f"{graph.n_users:,} users, {graph.n_ties:,} ties; the work takes about "
        f"{max(1, round(estimate / 2**20)):,} MiB of memory.",
        err=True,
    )


def emit(
    settings: Settings | None,
    document: dict[str, object],
    tables: Sequence[Table],
    sentence: str,
) -> None:
    """The document under ``--json``, else tables and a sentence."""
    if settings is not None and settings.json:
        click.echo(json.dumps(document, ensure_ascii=False))
        return
    from rich.table import Table as Shown

    console = _console(stderr=False)
    for columns, rows in tables:
        table = Shown(box=None, pad_edge=False, header_style="bold")
        for name in columns:
            table.add_column(name, justify="right", overflow="fold")
        for row in rows:
            table.add_row(*row)
        console.print(table)
        console.print()
    console.print(sentence, soft_wrap=True)


def check_exists(path: Path) -> None:
    """Raise `GraphError` if ``path`` names nothing."""
    from pmcb_clustering.errors import GraphError

    if not path.exists():
        step = "Name an edge list or a GraphML file; `pmcb data list` shows the data sets at hand."
        raise GraphError("there is no such file", path=str(path), next_step=step)


def read(path: Path, memory_limit_mib: int) -> SocialGraph:
    """The graph in a file; what was left out is told on stderr."""
    import warnings

    from pmcb_clustering import read_graph

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        social = read_graph(path, memory_limit_bytes=memory_limit_mib * 2**20)
    for warning in caught:
        click.echo(f"Note: {warning.message}", err=True)
    return social


def write_report(out: Path, page: str, pictures: Mapping[str, Picture]) -> list[str]:
    """The page in one file, or without one the pictures in a folder; what was written."""
    from pmcb_clustering._files import write_atomic

    files = {out: page.encode()}
    if not page:
        out.mkdir(exist_ok=True)
        files = {out / name: picture.png for name, picture in pictures.items()}
    for path, data in files.items():
        write_atomic(path, data)
    return [str(path) for path in files]


def check_folder(folder: Path) -> None:
    """Before the work begins: its result must find a place."""
    if not folder.is_dir():
        raise click.BadParameter(f"the folder {folder} does not exist", param_hint="--out")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise click.BadParameter(f"the folder {folder} cannot be written", param_hint="--out")


def is_page(out: Path) -> bool:
    """Whether a report is one page; else ``out`` is a folder that is there or can be made."""
    page = out.suffix == ".html" and not out.is_dir()
    if not page and out.exists() and not out.is_dir():
        raise click.BadParameter(
            f"{out} is a file; name a folder or a .html file", param_hint="--out"
        )
    check_folder(out if out.is_dir() else out.parent)
    return page
