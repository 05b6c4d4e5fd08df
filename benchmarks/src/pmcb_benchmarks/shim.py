# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench shim``: the Python bridge against the official Node shim, on one Fabric network."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ._output import give, out_option

if TYPE_CHECKING:
    from pmcb_client.cli import Settings


@click.command()
@click.option(
    "--pairs", type=click.IntRange(1, 99), default=5, show_default=True,
    help="Rounds of each, in turn; every second pair begins with the other.",
)  # fmt: skip
@click.option(
    "--rate", type=click.IntRange(1, 5000), default=300, show_default=True,
    help="Transactions a second that are offered.",
)  # fmt: skip
@click.option(
    "--seconds", type=click.IntRange(1, 600), default=10, show_default=True,
    help="How long a round offers them; until all are answered it may take longer.",
)  # fmt: skip
@click.option("--no-write-batch", is_flag=True, help="Peers offer no batches of reads and writes.")
@out_option
@click.pass_obj
def shim(
    settings: "Settings", *, pairs: int, rate: int, seconds: int, no_write_batch: bool,
    out: Path | None,
) -> None:  # fmt: skip
    """Measure the same contract on our bridge and on Node's shim, in turn.

    Brings up a network for itself, and removes it. A round beside which other processes took more
    than 10 % of the machine is dropped and run again, three times at most. Fabric's programs and
    Node with npm are needed.
    """
    from ._shim import measure

    batch = not no_write_batch
    document: dict[str, object] = {}
    try:
        measure(document, pairs=pairs, rate=rate, seconds=seconds, write_batch=batch)
    finally:
        # Minutes of measuring are not lost with what failed after them.
        if document.get("pairs") or document.get("dropped"):
            give(settings, document, out)
