# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench crowdsensing``: sealing, a bad link, and kill -9 of whoever handles answers."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ._output import give, out_option

if TYPE_CHECKING:
    from pmcb_client.cli import Settings


@click.command()
@click.option(
    "--kills",
    type=click.IntRange(0, 9999),
    default=200,
    show_default=True,
    help="How often sender, agent, verifier and store are killed, each.",
)
@click.option(
    "--answers",
    type=click.IntRange(1, 100_000),
    default=1000,
    show_default=True,
    help="How many go through the bad link.",
)
@click.option("--seed", default=1, show_default=True)
@out_option
@click.pass_obj
def crowdsensing(
    settings: "Settings", *, kills: int, answers: int, seed: int, out: Path | None
) -> None:
    """Measure what becomes of answers: the cost of sealing, a link that fails, kill -9.

    About ten minutes with 200 kills of each; nothing is left running.
    """
    import asyncio
    import tempfile

    from pmcb_client.terminal import progress

    from ._agents import kill_agents
    from ._lossy_link import bad_link
    from ._machine import machine
    from ._sealing_speed import sealing_speed

    document: dict[str, object] = {
        "benchmark": "crowdsensing",
        "seed": seed,
        "machine": machine(["cryptography", "obstore", "pmcb-client", "pmcb-services"]),
        "sealing": sealing_speed(rounds=200),
    }
    with tempfile.TemporaryDirectory(prefix="pmcb-crowdsensing-") as name:
        (Path(name) / "link").mkdir()
        with progress("answers through a bad link", answers) as advance:
            document["link"] = asyncio.run(
                bad_link(Path(name) / "link", count=answers, seed=seed, advance=advance)
            )
        if kills:
            (Path(name) / "kills").mkdir()
            with progress("kill -9", 4 * kills) as advance:
                document["kills"] = asyncio.run(
                    kill_agents(Path(name) / "kills", kills=kills, seed=seed, advance=advance)
                )
    give(settings, document, out)
