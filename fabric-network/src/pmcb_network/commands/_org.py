# SPDX-License-Identifier: Apache-2.0
"""`pmcb network org`: what the hosts of one network hand to each other."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ._alone import alone, places_of
from ._settings import Settings, tell

if TYPE_CHECKING:
    from pmcb_network.fabric._exchange import Exchange


@click.group("org")
def org() -> None:
    """Carry an organisation's public material from its host to another one."""


@org.command("export")
@click.argument("msp", metavar="MSP")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@click.pass_obj
def export_(settings: Settings, msp: str, file: Path) -> None:
    """Write what other hosts need of the organisation MSP: certificates, and the channel.

    It holds no key. Compare the fingerprint of its root certificate where it is imported.
    """
    from pmcb_client.files import write_atomic
    from pmcb_network.fabric._bundle import fingerprint

    with alone(places_of(settings)):
        bundle = _exchange(settings).export(msp)
    try:
        write_atomic(file, bundle.dump(), mode=0o644)
    except OSError as error:
        raise click.FileError(str(file), error.strerror) from error
    root, channel = fingerprint(bundle.root), bool(bundle.block)
    more = "and the channel" if channel else "no channel yet"
    tell(
        settings,
        {"msp": msp, "file": str(file), "root_sha256": root, "channel": channel},
        f"{file} holds the certificates of {msp}, {more}, no key. Its root: SHA-256 {root}.",
    )


@org.command("import")
@click.argument(
    "file", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE"
)
@click.pass_obj
def import_(settings: Settings, file: Path) -> None:
    """Keep what another host exported; then `pmcb network up` goes on.

    A bundle of another network, or one that contradicts what is known here, changes nothing.
    """
    from pmcb_network.fabric._bundle import fingerprint, read

    bundle = read(file)
    with alone(places_of(settings)):
        channel = _exchange(settings).take(bundle)
    root = fingerprint(bundle.root)
    has = ", and so is the channel" if channel else "; the channel is not yet"
    tell(
        settings,
        {"msp": bundle.msp, "root_sha256": root, "channel": channel},
        f"{bundle.msp} is known here{has}. Its root: SHA-256 {root}.",
    )


def _exchange(settings: Settings) -> "Exchange":
    from pmcb_network.errors import WrongKind
    from pmcb_network.fabric._binaries import Binaries
    from pmcb_network.fabric._folder import folder_of, is_there, open_network

    folder = folder_of(places_of(settings))
    if not is_there(folder):
        raise WrongKind(
            f"there is no Fabric network in {settings.home}",
            next_step="make it: pmcb network up --fabric --topology FILE --host NAME",
        )
    return open_network(folder, Binaries({})).exchange
