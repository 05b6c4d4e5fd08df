# SPDX-License-Identifier: Apache-2.0
"""What commands print: one JSON document, or a table and a sentence; progress on stderr."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import click

from .usage_errors import Declined, InputError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

Document = Mapping[str, object]
_PIPED_WIDTH = 200  # ids must not be cut when the output goes to a file


class Printing(Protocol):
    """As much of `pmcb_client.cli.Settings` as printing needs."""

    @property
    def json(self) -> bool:
        """Whether to print JSON."""


def emit(settings: Printing, document: Document, *shown: "RenderableType") -> None:
    """Print ``document`` under ``--json``, else what is ``shown``: sentences and tables.

    Texts are printed as they are: no markup is read in them.
    """
    if settings.json:
        click.echo(json.dumps(document, ensure_ascii=False))
        return
    console = _console(stderr=False)
    for part in shown:
        console.print(part, soft_wrap=isinstance(part, str))


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> "RenderableType":
    """A table; ``-`` stands for nothing, numbers are set to the right; "" names no column."""
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, header_style="bold", show_header=any(columns))
    for index, name in enumerate(columns):
        numbers = bool(rows) and all(type(row[index]) in {int, float} for row in rows)
        made.add_column(name, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(_cell(value)) for value in row))
    return made


def _cell(value: object) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, float):
        return f"{value:.3g}"
    return f"{value:,}" if type(value) is int else str(value)


@contextmanager
def progress(what: str, total: int) -> Iterator["Advance"]:
    """A bar on stderr while something long runs; silent when stderr is no terminal."""
    from rich.progress import Progress

    with Progress(
        console=_console(stderr=True), transient=True, disable=not sys.stderr.isatty()
    ) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)


class Advance(Protocol):
    """Told how much is done."""

    def __call__(self, done: int, /) -> None:
        """``done`` of the total."""


def confirm(settings: Printing, question: str, *, yes: bool) -> None:
    """Ask on stderr; go on only after ``y``.

    Raises:
        Declined: the answer was no.
        InputError: there is nobody to ask and ``--yes`` was not given.
    """
    if yes:
        return
    if settings.json:
        raise InputError("Nobody can be asked under --json.", next_step="Repeat it with --yes.")
    try:
        agreed = click.confirm(question, err=True)
    except click.Abort as abort:
        if isinstance(abort.__context__, EOFError):
            raise InputError(
                "Nobody is there to answer.", next_step="Repeat it with --yes."
            ) from abort
        raise
    if not agreed:
        raise Declined("Nothing was sent.")


def _console(*, stderr: bool) -> "Console":
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _PIPED_WIDTH
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)
