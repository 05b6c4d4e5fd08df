# SPDX-License-Identifier: Apache-2.0
"""What commands about a table share: its schema's options, and watching it being read."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

import click

if TYPE_CHECKING:
    from pmcb_services.publishing import Schema

Command = TypeVar("Command", bound=Callable[..., object])

TABLE = click.Path(exists=True, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def schema_options(command: Command) -> Command:
    """The options that make a schema; `Described` reads them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option(
        "--fields", type=FILE, required=True, help="fields.yaml: columns and public bounds."
    ),
    click.option("--subject", metavar="COLUMN", help="Whose row it is; else each row is a person."),
    click.option(
        "--weigh",
        type=click.Choice(["subject", "row"]),
        default="subject",
        show_default=True,
        help="With --subject: each person counts once, or each row alike.",
    ),
    click.option(
        "--cap", type=click.IntRange(1), help="Rows kept of one person; needed by --weigh row."
    ),
)


algorithm_option = click.option(
    "--algorithm",
    default="mpdp-k",
    show_default=True,
    help="By which; dp-kmeans and idp-kmeans are there to compare it with.",
)


@dataclass(frozen=True)
class Described:
    """The values of `schema_options`."""

    fields: Path
    subject: str | None
    weigh: Literal["subject", "row"]
    cap: int | None

    def schema(self) -> Schema:
        """The schema; SchemaError names the line or column that does not fit."""
        from pmcb_services.publishing import Schema

        return Schema.from_fields(self.fields, subject=self.subject, weigh=self.weigh, cap=self.cap)


@contextmanager
def warned() -> Iterator[None]:
    """Warnings become sentences on stderr."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        try:
            yield
        finally:
            for each in found:
                click.echo(f"Warning: {each.message}", err=True)
