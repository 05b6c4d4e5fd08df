# SPDX-License-Identifier: Apache-2.0
"""Where a benchmark leaves its figures: a JSON file, or standard output."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pmcb_client.cli import Settings


def _writable(_: click.Context, option: click.Parameter, out: Path | None) -> Path | None:
    """Looked at before the run: minutes of measuring must not be lost."""
    if out is None:
        return None
    if not out.parent.is_dir():
        raise click.BadParameter(f"the folder {out.parent} does not exist", param=option)
    if not os.access(out if out.exists() else out.parent, os.W_OK):
        raise click.BadParameter(f"{out} cannot be written", param=option)
    return out


def picture(context: click.Context, option: click.Parameter, path: Path | None) -> Path | None:
    """A callback for where a picture goes: looked at before the run, too."""
    if path is not None and path.suffix not in {".png", ".svg"}:
        raise click.BadParameter(f"{path} ends neither in .png nor in .svg", param=option)
    return _writable(context, option, path)


out_option = click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=_writable,
    help="Write JSON here.",
)


def give(settings: "Settings", document: Mapping[str, Any], out: Path | None) -> None:
    """Write the document to ``out``; print it when there is none, or under ``--json``.

    Raises:
        SchemaError: it is not what its schema says; it is written all the same, and not lost.
    """
    from .reproduction._schema import check_benchmark

    text = json.dumps(document, indent=1, sort_keys=True)
    if out is None or settings.json:
        click.echo(text)
    if out is not None:
        out.write_text(text + "\n")
        check_benchmark(document)
