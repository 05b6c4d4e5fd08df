# SPDX-License-Identifier: Apache-2.0
"""`pmcb network`: starts, stops and shows the network of this home."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmcb_network.fabric._topology_file import DEFAULT_PRESET, PRESETS

from . import _fabric
from ._alone import alone, places_of
from ._binaries import binaries
from ._contract import deploy, upgrade
from ._doctor import doctor
from ._org import org
from ._settings import Settings, progress, tell
from ._upkeep import crl, export, kill

if TYPE_CHECKING:
    from pmcb_network._launch import Places


@click.group("network")
def group() -> None:
    """Start, stop and look at the network."""


group.add_command(binaries)
group.add_command(org)
group.add_command(crl)
group.add_command(doctor)
group.add_command(kill)
group.add_command(export)
group.add_command(upgrade)
group.add_command(deploy)


def _kind(places: "Places", *, embedded: bool = False, fabric: bool = False) -> str:
    """Which kind of network is meant: the one that is there, the one that is asked for."""
    from pmcb_network._up import check_kind

    return check_kind(places, embedded=embedded, fabric=fabric)


@group.command()
@click.option("--embedded", is_flag=True, help="One process on this machine (the default).")
@click.option("--fabric", is_flag=True, help="Fabric's own peers, orderers and CAs.")
@click.option(
    "--preset",
    type=click.Choice(PRESETS),
    help=f"With --fabric: which shipped topology; default: {DEFAULT_PRESET}.",
)
@click.option(
    "--topology",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="With --fabric: a topology of your own.",
)
@click.option(
    "--governance", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
    help="With --fabric: the contract's governance.json; default: every organisation alike.",
)  # fmt: skip
@click.option(
    "--chaincode", metavar="HOST:PORT", help="Dial this chaincode server of this machine."
)
@click.option(
    "--port-base", type=int, metavar="N", help="Use ports N, N+1, ...; default: free ones."
)
@click.option(
    "--host", metavar="NAME",
    help="With --fabric: which of the topology's hosts this is; only its nodes are started.",
)  # fmt: skip
@click.option("--foreground", is_flag=True, help="Stay attached; end with Ctrl-C.")
@click.option(
    "--wait", type=click.FloatRange(min=1), default=60.0, show_default=True, metavar="SECONDS",
    help="Give up when it does not answer within this time.",
)  # fmt: skip
@click.pass_obj
def up(
    settings: Settings,
    *,
    embedded: bool,
    fabric: bool,
    preset: str | None,
    topology: Path | None,
    governance: Path | None,
    chaincode: str | None,
    port_base: int | None,
    host: str | None,
    foreground: bool,
    wait: float,
) -> None:
    """Start the network and wait until it answers.

    Writes network.json into the home and puts each organisation's registrar into the wallet.
    A network that already runs is left as it is.
    """
    from pmcb_network import _launch, _up

    places = places_of(settings)
    if _kind(places, embedded=embedded, fabric=fabric) == "fabric":
        if chaincode is not None or foreground:
            raise click.UsageError("--chaincode and --foreground go with --embedded.")
        if preset is not None and topology is not None:
            raise click.UsageError("Give a --preset or a --topology, not both.")
        with alone(places), progress() as say:
            _fabric.up(
                settings, places, preset, topology, governance, port_base, host,
                wait_s=wait, say=say,
            )  # fmt: skip
        return
    if any(each is not None for each in (preset, topology, governance, host)):
        raise click.UsageError("--preset, --topology, --governance and --host go with --fabric.")
    if chaincode is not None:
        _up.check_address(chaincode)
    with alone(places) as let_others_in:
        found = _up.already(places)
        if found is not None:
            sentence = f"The network already runs as process {found['pid']}: {_up.where(found)}."
            tell(settings, {"state": "running", **found}, sentence)
            return
        _up.check_ports(places, port_base)
        click.echo(_up.NOT_A_BLOCKCHAIN, err=True)
        if foreground:
            _up.foreground(
                places,
                chaincode=chaincode,
                port_base=port_base,
                within_s=wait,
                started=let_others_in,
            )
            return
        with progress() as say:
            _launch.start(places, chaincode=chaincode, port_base=port_base, within_s=wait, say=say)
        found = _launch.state(places)
        sentence = f"The network runs as process {found['pid']}: {_up.where(found)}."
        tell(settings, {"state": "started", **found}, sentence)


@group.command()
@click.pass_obj
def down(settings: Settings) -> None:
    """Stop the network; everything it holds is kept."""
    from pmcb_network._process import running, stop

    places = places_of(settings)
    if _kind(places) == "fabric":
        with alone(places), progress() as say:
            _fabric.down(settings, places, say)
        return
    with alone(places):
        process = running(places.record)
        if process is None:
            tell(settings, {"state": "stopped", "stopped": False}, "No network runs here.")
            return
        gentle = stop(process)
        places.record.unlink(missing_ok=True)
        places.serving.unlink(missing_ok=True)
    how = "" if gentle else " It did not end by itself and was killed; the ledger is whole."
    tell(
        settings, {"state": "stopped", "stopped": True, "killed": not gentle},
        f"The network (process {process.pid}) stopped.{how}",
    )  # fmt: skip


@group.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def reset(settings: Settings, *, yes: bool) -> None:
    """Stop the network and remove its ledger, its CAs and the identities they issued."""
    from pmcb_network import _reset

    places = places_of(settings)
    if not yes and settings.json:
        raise click.UsageError("Nobody can be asked under --json: repeat it with --yes.")
    if not yes:
        what = f"Remove the network in {places.folder}, its ledger, and the identities it issued?"
        click.confirm(what, abort=True, err=True)
    with alone(places):
        removed = _reset.reset(places)
    tell(
        settings, {"state": "removed", "identities": removed},
        f"The network was removed, and {len(removed)} identities of its CAs from the wallet.",
    )  # fmt: skip


@group.command()
@click.pass_context
def status(ctx: click.Context) -> None:
    """Show whether the network runs, where, and how many blocks it has. Exit code 3 if not."""
    from pmcb_network import _launch, _up

    settings: Settings = ctx.obj
    places = places_of(settings)
    if _kind(places) == "fabric":
        _fabric.status(ctx, places)
        return
    found = _launch.state(places)
    if not found["running"]:
        sentence = f"No network runs in {settings.home}; start it with: pmcb network up"
    elif found["answers"]:
        sentence = (
            f"The network runs as process {found['pid']}, {found['height']} blocks: "
            f"{_up.where(found)}."
        )
    else:
        sentence = f"Process {found['pid']} does not serve: {found['reason'] or 'it is starting'}."
    tell(settings, found, sentence)
    if not found["answers"]:
        ctx.exit(3)


@group.command()
@click.argument("node", required=False)
@click.option("--lines", type=click.IntRange(min=0), default=20, show_default=True, metavar="N")
@click.option("--follow", is_flag=True, help="Go on with new lines; end with Ctrl-C.")
@click.pass_obj
def logs(settings: Settings, node: str | None, *, lines: int, follow: bool) -> None:
    """Show the last lines of the network's log, on Fabric of one NODE."""
    from pmcb_network import _log

    places = places_of(settings)
    log = places.log
    if _kind(places) == "fabric":
        log = _fabric.log_of(places, node)
    elif node is not None:
        raise click.UsageError("The embedded network is one process: it has no nodes.")
    if not follow:
        for line in _log.tail(log, lines):
            click.echo(line)
        return
    for line in _log.follow(log, lines):
        click.echo(line, nl=False)
