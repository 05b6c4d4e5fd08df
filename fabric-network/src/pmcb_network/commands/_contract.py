# SPDX-License-Identifier: Apache-2.0
"""`pmcb network upgrade` and `deploy`: the contracts on a Fabric network's channel."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmcb_network.fabric._topology import Endorsement

from ._alone import alone, places_of
from ._settings import Settings, progress, tell

if TYPE_CHECKING:
    from pmcb_network._launch import Places

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


def _fabric_places(settings: Settings) -> "Places":
    """Where the home's network is, which must be Fabric."""
    from pmcb_network.errors import WrongKind
    from pmcb_network.fabric._folder import folder_of, is_there

    places = places_of(settings)
    if not is_there(folder_of(places)):
        raise WrongKind(
            "this home has no Fabric network",
            next_step="make one with: pmcb network up --fabric",
        )
    return places


@click.command()
@click.option(
    "--governance", type=_FILE, metavar="FILE",
    help="Other rules for the contract: a governance.json; default: those that stand.",
)  # fmt: skip
@click.option(
    "--wait", type=click.FloatRange(min=1), default=60.0, show_default=True, metavar="SECONDS",
    help="Keep both contracts served when the new one does not answer within this time.",
)  # fmt: skip
@click.pass_obj
def upgrade(settings: Settings, *, governance: Path | None, wait: float) -> None:
    """Replace the contract on a Fabric network by the one that is installed here.

    Its servers start beside the old ones, which go on until the new one has committed a
    transaction through every gateway: clients may keep working. Repeat it after an error; where
    there are several hosts, on each of them.
    """
    from pmcb_network.fabric import _upgrade

    places = _fabric_places(settings)
    with alone(places), progress() as say:
        done = _upgrade.upgrade(places, governance, say, within_s=wait)
    document: dict[str, object] = {
        "state": "upgraded" if done.is_new else "unchanged",
        "label": done.label,
        "replaced": done.replaced,
        "sequence": done.sequence,
        "stopped": done.stopped,
    }
    sentence = f"The contract {done.label} stands already; nothing was done."
    if done.label != done.replaced:
        sentence = (
            f"The contract is {done.label} now, definition {done.sequence} of the channel; it "
            f"replaced {done.replaced or 'none'}."
        )
    elif done.is_new:
        sentence = (
            f"The contract {done.label} stands already; {done.stopped} servers of another one "
            f"were still running and were stopped."
        )
    tell(settings, document, sentence)


@click.command()
@click.argument("name")
@click.option("--label", required=True, help="Of its package: a new one for every other code.")
@click.option(
    "--server", "servers", multiple=True, metavar="WHO=HOST:PORT",
    help="Its chaincode server for all peers of an organisation (MSP=...) or for one "
    "(peer0.MSP=...); once for each.",
)  # fmt: skip
@click.option(
    "--policy", type=click.Choice([each.value for each in Endorsement]),
    help="How many organisations endorse; default: as the channel says.",
)  # fmt: skip
@click.option(
    "--collections", type=_FILE, metavar="FILE",
    help="Its private data collections, in Fabric's JSON.",
)  # fmt: skip
@click.option(
    "--package-id", "only_id", is_flag=True,
    help="Only print the package id, which the servers need as CHAINCODE_ID.",
)  # fmt: skip
@click.pass_obj
def deploy(
    settings: Settings,
    *,
    name: str,
    label: str,
    servers: tuple[str, ...],
    policy: str | None,
    collections: Path | None,
    only_id: bool,
) -> None:
    """Put a contract of your own on a Fabric network's channel as NAME.

    You run its servers, on this machine; they must answer already, and as what they serve is
    asked first. A new --label under the same NAME replaces the code: start its servers beside the
    old ones, and stop those afterwards. Repeating it changes nothing.
    """
    from pmcb_network.fabric import _deploy

    if only_id:
        package_id = _deploy.id_of(name, label)
        tell(settings, {"name": name, "label": label, "package_id": package_id}, package_id)
        return
    places = _fabric_places(settings)
    asked = Endorsement(policy) if policy is not None else None
    wish = _deploy.Wish(name, label, servers, asked, collections)
    with alone(places), progress() as say:
        done = _deploy.deploy(places, wish, say)
    state = "deployed" if done.is_new else "moved" if done.is_moved else "unchanged"
    document: dict[str, object] = {
        "state": state,
        "name": name,
        "label": label,
        "package_id": done.package_id,
        "sequence": done.sequence,
    }
    words = {
        "deployed": f"stands on the channel, definition {done.sequence}.",
        "moved": "stands already; its servers are dialled at other addresses from now on.",
        "unchanged": "stands already; nothing was done.",
    }
    tell(settings, document, f"The contract {name} ({label}) {words[state]}")
