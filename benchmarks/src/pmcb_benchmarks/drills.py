# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench drills``: kill -9 on Fabric under load, an upgrade under load, quiet, then load."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ._output import give, out_option

if TYPE_CHECKING:
    from pmcb_client.cli import Settings


def _number(_: click.Context, option: click.Parameter, value: float) -> float:
    """The value, unless it is what no range keeps out."""
    if math.isnan(value):
        raise click.BadParameter("it must be a number", param=option)
    return value


@click.command()
@click.option(
    "--rounds",
    "count",
    type=click.IntRange(1, 999),
    default=100,
    show_default=True,
    help="How often something is killed, every kind as often as any other.",
)
@click.option(
    "--rate",
    type=click.FloatRange(1, 1000),
    callback=_number,
    default=100.0,
    show_default=True,
    help="Transactions a second that the client offers.",
)
@click.option(
    "--quiet-minutes",
    "quiet_minutes",
    type=click.FloatRange(0, 60),
    callback=_number,
    default=10.0,
    show_default=True,
    help="How long the network idles before a hundred transactions at once; 0: not at all.",
)
@click.option(
    "--upgrade/--no-upgrade",
    "upgrades",
    default=True,
    show_default=True,
    help="Upgrade the contract under load, too.",
)
@click.option("--seed", default=1, show_default=True)
@out_option
@click.pass_obj
def drills(
    settings: "Settings",
    *,
    count: int,
    rate: float,
    quiet_minutes: float,
    upgrades: bool,
    seed: int,
    out: Path | None,
) -> None:
    """Kill -9 peers, orderers, chaincode servers, CAs and clients of Fabric under load.

    What died is brought back by the network's own `up`. At the end the blocks and the state of
    every peer are held against what the client was told. Fabric's programs are needed.
    """
    import asyncio
    import tempfile

    from pmcb_client.terminal import progress

    from ._drill import drill
    from ._machine import machine
    from ._site import site
    from ._victims import plan

    networks: dict[str, object] = {}
    document: dict[str, object] = {
        "benchmark": "drills",
        "seed": seed,
        "rate": rate,
        "machine": machine(["grpcio", "pmcb-chaincode", "pmcb-network", "uvloop"]),
        "networks": networks,
    }
    with tempfile.TemporaryDirectory(prefix="pmcb-drills-") as name:
        for preset, victims in plan(count, seed).items():
            click.echo(f"Bringing up {preset} ...", err=True)
            with (
                site(Path(name) / preset, preset) as found,
                progress(f"kill -9 ({preset})", len(victims)) as advance,
            ):
                networks[preset] = asyncio.run(
                    drill(
                        found,
                        victims,
                        rate=rate,
                        seed=seed,
                        quiet_minutes=0 if preset == "bft" else quiet_minutes,
                        upgrades=upgrades and preset != "bft",
                        advance=advance,
                    )
                )
    give(settings, document, out)
