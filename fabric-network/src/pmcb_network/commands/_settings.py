# SPDX-License-Identifier: Apache-2.0
"""What the commands know of `pmcb`, and how they say what they did."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import click


class Settings(Protocol):
    """What of `pmcb_client.cli.Settings` is used here."""

    @property
    def home(self) -> Path:
        """This user's folder."""

    @property
    def json(self) -> bool:
        """Whether to print JSON."""


def tell(settings: Settings, document: dict[str, object], sentence: str) -> None:
    """One JSON document under `--json`, else a sentence."""
    click.echo(json.dumps(document) if settings.json else sentence)


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Gives what says how far something is, on stderr: in one line of a terminal, else in many."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False, markup=False)
    if not console.is_terminal:
        yield lambda text: console.print(text, soft_wrap=True)
        return
    with console.status("") as status:
        yield status.update
