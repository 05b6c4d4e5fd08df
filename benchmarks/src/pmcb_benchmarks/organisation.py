# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench organisation``: everything that `pmcb up` runs, as its people meet it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ._output import give, out_option

if TYPE_CHECKING:
    from pmcb_client.cli import Settings

    from ._organisation_site import Site


@click.command()
@click.option(
    "--answers",
    type=click.IntRange(1, 1000),
    default=30,
    show_default=True,
    help="How many are followed until a search finds them.",
)
@click.option(
    "--rate",
    type=click.FloatRange(1, 1000),
    default=50.0,
    show_default=True,
    help="Orders a second.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(1, 3600),
    default=60.0,
    show_default=True,
    help="How long they come.",
)
@click.option("--seed", type=click.IntRange(0, 2**31), default=1, show_default=True)
@out_option
@click.pass_obj
def organisation(
    settings: Settings, *, answers: int, rate: float, seconds: float, seed: int, out: Path | None
) -> None:
    """Measure a whole organisation: memory, from an answer to a hit, under mixed load.

    All services of one organisation run as `pmcb up` runs them on the embedded network, with two
    fog workers, and everybody who works with them. Five minutes; do nothing else meanwhile.
    """
    import asyncio
    import tempfile

    from ._machine import machine
    from ._organisation_site import ROLES, organisation_site

    document = {
        "benchmark": "organisation",
        "seed": seed,
        "machine": machine(["pmcb-apps", "pmcb-network", "pmcb-services"]),
    }
    with (
        tempfile.TemporaryDirectory(prefix="pmcb-organisation-") as name,
        organisation_site(Path(name), extra=ROLES) as site,
    ):
        document |= asyncio.run(
            _measured(site, answers=answers, rate=rate, seconds=seconds, seed=seed)
        )
    give(settings, document, out)


async def _measured(
    site: Site, *, answers: int, rate: float, seconds: float, seed: int
) -> dict[str, Any]:
    from pmcb_client.terminal import progress

    from ._organisation_answers import answers_found
    from ._organisation_load import mixed_load
    from ._organisation_people import people_of_site

    async with people_of_site(site) as people:
        held = site.memory()
        with progress("answers", answers) as advance:
            found = await answers_found(site, people, count=answers, seed=seed, advance=advance)
        with progress("orders", round(rate * seconds)) as advance:
            load = await mixed_load(
                site, people, rate=rate, seconds=seconds, seed=seed, advance=advance
            )
    return {"answers": found, "load": load, "memory": held}
