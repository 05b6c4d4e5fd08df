# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench caliper``: our load generator beside Caliper, on one Fabric network."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ._output import give, out_option

if TYPE_CHECKING:
    from pmcb_client.cli import Settings


@click.command()
@click.option(
    "--pairs", type=click.IntRange(1, 99), default=3, show_default=True,
    help="Rounds of each, in turn; every second pair begins with the other.",
)  # fmt: skip
@click.option(
    "--rate", type=click.IntRange(1, 5000), default=100, show_default=True,
    help="Transactions a second that both offer.",
)  # fmt: skip
@click.option(
    "--seconds", type=click.IntRange(1, 600), default=20, show_default=True,
    help="How long a round offers them.",
)  # fmt: skip
@out_option
@click.pass_obj
def caliper(settings: "Settings", *, pairs: int, rate: int, seconds: int, out: Path | None) -> None:
    """Let Caliper with its Fabric connector measure what our load generator measures, in turn.

    Brings up a network for itself, and removes it. A round beside which other processes took more
    than 10 % of the machine is dropped and run again, three times at most. Fabric's programs and
    Node with npm are needed.
    """
    from ._referee import measure

    document: dict[str, object] = {}
    try:
        measure(document, pairs=pairs, rate=rate, seconds=seconds)
    finally:
        # Minutes of measuring are not lost with what failed after them.
        if document.get("pairs") or document.get("dropped"):
            give(settings, document, out)
