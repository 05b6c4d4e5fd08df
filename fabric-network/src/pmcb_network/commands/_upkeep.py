# SPDX-License-Identifier: Apache-2.0
"""`pmcb network crl`, `kill` and `export`: what an operator does beside up and down."""

from pathlib import Path

import click

from ._alone import alone, places_of
from ._settings import Settings, progress, tell


@click.command()
@click.argument("org", metavar="ORG")
@click.pass_obj
def crl(settings: Settings, org: str) -> None:
    """Tell all peers which certificates the CA of ORG has revoked; they refuse them then.

    Puts the CA's list into the channel's configuration, signed by the administrator of ORG, and
    waits until every peer goes by it. May be repeated: what peers know already changes nothing.
    """
    from pmcb_network._up import check_kind

    places = places_of(settings)
    if check_kind(places, embedded=False, fabric=False) == "embedded":
        tell(
            settings, {"org": org, "changed": False},
            "Nothing to do: the peers of the embedded network know at once what a CA revokes.",
        )  # fmt: skip
        return
    from pmcb_network.fabric import _upkeep

    with alone(places), progress() as say:
        done = _upkeep.crl(places, org, say)
    told = done.told
    who = "every peer that runs" if told.stopped else "every peer"
    count = f"{told.revoked:,} {'certificate' if told.revoked == 1 else 'certificates'}"
    if told.changed:
        sentence = f"{who.capitalize()} refuses {count} of {org} from now on."
    elif told.revoked:
        sentence = f"Nothing to do: {who} refuses the {count} of {org} already."
    else:
        sentence = f"Nothing to do: the CA of {org} has revoked nothing."
    if told.revoked and told.stopped:
        sentence += f" Not running, and told as soon as they run: {', '.join(told.stopped)}."
    if done.is_old:
        sentence += (
            f" The CA's list says that it ended on {done.ends:%Y-%m-%d}: peers look at its numbers"
            " only, but check the clock of the CA."
        )
    document: dict[str, object] = {
        "org": org,
        "changed": told.changed,
        "revoked": told.revoked,
        "stopped": list(told.stopped),
        "list_ends": done.ends.isoformat() if done.ends else "",
    }
    tell(settings, document, sentence)


@click.command()
@click.argument("node", required=False)
@click.pass_obj
def kill(settings: Settings, node: str | None) -> None:
    """End a NODE as a crash would, at once and without warning: a drill.

    The embedded network is one process and takes no name. `pmcb network up` brings back what died.
    """
    from pmcb_network._process import kill as end
    from pmcb_network._process import running
    from pmcb_network._up import check_kind
    from pmcb_network.errors import NotRunning

    places = places_of(settings)
    record, name = places.record, "the network"
    if check_kind(places, embedded=False, fabric=False) == "fabric":
        from pmcb_network.fabric import _control

        known = _control.nodes(places)
        if node not in known:
            raise click.UsageError(f"Name a node: {', '.join(known) or 'none was started yet'}.")
        record, name = known[node].record, node
    elif node is not None:
        raise click.UsageError("The embedded network is one process: it has no nodes.")
    process = running(record)
    if process is None:
        raise NotRunning(f"{name} does not run", next_step="start it with: pmcb network up")
    end(process)
    document: dict[str, object] = {"killed": name, "pid": process.pid}
    sentence = f"Killed {name} (process {process.pid}); bring it back with: pmcb network up"
    tell(settings, document, sentence)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@click.pass_obj
def export(settings: Settings, file: Path, *, force: bool) -> None:
    """Write what participants on other machines need to reach this network: no secret.

    They keep it as network.json in their home. It holds addresses, certificates, and the lists of
    revoked certificates that this home knows.
    """
    from pmcb_client.network_file import load, save
    from pmcb_network._local import local_addresses

    if file.exists() and not force:
        raise click.UsageError(f"{file} is there already; replace it with --force.")
    network = load(settings.home / "network.json")
    try:
        save(file, network)
    except OSError as error:
        raise click.FileError(str(file), error.strerror) from error
    local = local_addresses(network)
    if local:
        click.echo(
            f"Only this machine can reach {', '.join(local)}: participants elsewhere cannot use "
            "this file. A topology that names hosts makes a network for other machines.",
            err=True,
        )
    orgs = [org.msp for org in network.orgs]
    tell(
        settings, {"file": str(file), "orgs": orgs, "local": local},
        f"{file} says how to reach {', '.join(orgs)}; no secret is in it.",
    )  # fmt: skip
