# SPDX-License-Identifier: Apache-2.0
"""``pmcb audit verify``: is a refusal log still what the chaincode server wrote?"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

if TYPE_CHECKING:
    from ._refusal_check import RefusalCheck

__all__ = ["verify"]


class Settings(Protocol):
    """As much of the ``pmcb`` command's global options as is needed here."""

    @property
    def json(self) -> bool:
        """Whether to print JSON."""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--known",
    metavar="HASH",
    default="",
    help="The last hash of an earlier check; its line must still be there.",
)
@click.pass_context
def verify(ctx: click.Context, folder: Path, known: str) -> None:
    """Check the refusal log in FOLDER: nothing altered, missing, reordered or added.

    Exit code 1 when something is. The chain cannot show that lines were cut off at its end, nor
    what was never written: keep the last hash that this command prints elsewhere, and give it to
    the next check with --known; it also makes up for older days that were removed.
    """
    check = _check(folder, known)
    settings: Settings | None = ctx.obj
    if settings is not None and settings.json:
        click.echo(json.dumps(_document(check, folder)))
    else:
        _show(check, folder)
    ctx.exit(1 if check.damage else 0)


def _check(folder: Path, known: str) -> RefusalCheck:
    from ._refusal_check import RefusalCheck

    if known and not re.fullmatch("[0-9a-f]{64}", known):
        raise click.BadParameter("a hash is 64 lower-case hex digits", param_hint="--known")
    if not folder.is_dir():
        raise click.BadParameter(f"there is no folder {folder}", param_hint="FOLDER")
    try:
        check = RefusalCheck(folder, known=known)
    except OSError as error:
        reason = f"{error.filename} cannot be read: {error.strerror}"
        raise click.BadParameter(reason, param_hint="FOLDER") from error
    if not check.days:
        raise click.BadParameter(f"{folder} holds no refusal log", param_hint="FOLDER")
    return check


def _document(check: RefusalCheck, folder: Path) -> dict[str, object]:
    return {
        "folder": str(folder),
        "intact": not check.damage,
        "days": check.days,
        "lines": check.lines,
        "first": check.first,
        "last": check.last,
        "head": check.head,
        "torn": check.torn,
        "lost": check.lost,
        "codes": dict(sorted(check.codes.items())),
        "damage": [
            {"file": one.file, "line": one.line, "rule": one.rule.value, "why": one.sentence}
            for one in check.damage
        ],
    }


def _show(check: RefusalCheck, folder: Path) -> None:
    numbers = f", numbers {check.first:,} to {check.last:,}" if check.lines else ""
    click.echo(
        f"{folder}: {_counted(check.lines, 'line')} in {_counted(check.days, 'file')}{numbers}."
    )
    for code, number in check.codes.most_common():
        click.echo(f"  {number:>9,}  {code}")
    if check.torn:
        click.echo(f"Writes that were cut off and noted: {check.torn:,}.")
    if check.lost:
        click.echo(f"Refusals that found no room, as noted: {check.lost:,}.")
    for one in check.damage:
        click.echo(f"{one.file}, line {one.line}: {one.rule}: {one.sentence}.")
    if check.damage:
        click.echo("The log is not what was written.")
    else:
        click.echo(f"Intact. Last hash: {check.head}")


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
