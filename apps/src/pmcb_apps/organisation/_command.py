# SPDX-License-Identifier: Apache-2.0
"""The commands ``pmcb up``, ``down`` and ``status``.

Heavy libraries are imported inside the commands: ``pmcb --help`` imports this module.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pmcb_client.commands.acting import run_until_stopped
from pmcb_client.terminal import emit, table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from pmcb_client.cli import Settings

    from ._state import State

__all__ = ["down", "status", "up"]

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("path", metavar="[FILE]", type=_FILE, default="organisation.toml")
@click.option("--foreground", is_flag=True, help="Stay attached; end with Ctrl-C.")
@click.option(
    "--wait",
    type=click.FloatRange(min=1),
    default=120.0,
    show_default=True,
    metavar="SECONDS",
    help="Give up when not all services are ready within this time.",
)
@click.option(
    "--print",
    "shown",
    type=click.Choice(["example", "systemd", "container"]),
    help="Start nothing; print an example of FILE, a systemd unit or a container file.",
)
@click.pass_obj
def up(settings: Settings, path: Path, *, foreground: bool, wait: float, shown: str | None) -> None:
    """Start all services that FILE names (organisation.toml), and keep them running.

    The network comes first, where FILE says how to start it; who is not enrolled yet is. A service
    that ends is started again. `pmcb status` shows them, `pmcb down` ends them.
    """
    from pmcb_network.commands._settings import progress

    from . import _units
    from ._control import Control
    from ._plan import Plan
    from ._supervisor import Supervisor

    if shown == "example":
        click.echo(_units.example(), nl=False)
        return
    plan = Plan.load(path)
    if shown is not None:
        text = (
            _units.container(plan) if shown == "container" else _units.systemd(plan, settings.home)
        )
        click.echo(text, nl=False)
        return
    control = Control(settings.home)
    if foreground:
        run_until_stopped(Supervisor(plan, control.places, _tell).run())
        return
    with progress() as say:
        started = control.up(plan, within_s=wait, say=say)
    found = control.state()
    sentence = (
        "All of them run."
        if started
        else "They run already; a changed file takes effect after `pmcb down`."
    )
    emit(settings, {"started": started, **found}, sentence, _services(found))


@click.command()
@click.pass_obj
def down(settings: Settings) -> None:
    """End all services that `pmcb up` started, and the network, if that started it.

    Everything they hold is kept.
    """
    from ._control import Control

    ended = Control(settings.home).down()
    said = "Nothing ran." if ended is None else f"{ended} processes ended."
    emit(settings, {"ended": ended or 0}, said)


@click.command()
@click.pass_context
def status(ctx: click.Context) -> None:
    """Show every service: whether it is ready, its memory, where it listens. Exit code 3 if not."""
    from ._control import Control

    settings: Settings = ctx.obj
    found = Control(settings.home).state()
    ready = "All are ready." if found["ready"] else "Not all are ready."
    said = f"{ready} Together they hold {found['memory_mib']:,.0f} MiB."
    emit(settings, found, _services(found), said)
    if not found["ready"]:
        ctx.exit(3)


def _services(found: dict[str, Any]) -> RenderableType:
    columns = ("name", "standing", "ready", "pid", "memory_mib", "url", "restarts")
    rows = [[each[column] for column in columns] for each in found["services"]]
    return table(("service", "standing", "ready", "process", "MiB", "address", "restarts"), rows)


def _tell(state: State) -> None:
    reason = f": {state.reason}" if state.reason else ""
    click.echo(f"{state.name} {state.standing}{reason}", err=True)
