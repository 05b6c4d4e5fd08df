# SPDX-License-Identifier: Apache-2.0
"""What the commands know of `pmcb`, and how they say what they did."""

import json
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
