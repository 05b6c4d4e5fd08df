# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench ledger``: transactions a second that a network takes under an open load."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ._output import give, out_option, picture

if TYPE_CHECKING:
    from pmcb_client.cli import Settings

PUBLISHED_RATES = (50.0, 100.0, 150.0, 200.0, 250.0, 300.0, 350.0, 400.0)
PUBLISHED_COUNTS = (500, 1000, 1500)
PUBLISHED_LEVELS = (3, 4, 5)


@click.command()
@click.option(
    "--network", type=click.Choice(["fabric", "embedded"]), default="fabric", show_default=True,
    help="Figures of the embedded one never stand beside Fabric's.",
)  # fmt: skip
@click.option(
    "--contract", type=click.Choice(["yardstick", "accept"]), default="accept", show_default=True,
    help="Marks of a contract of three reads and two writes, or acceptances of subtasks.",
)  # fmt: skip
@click.option(
    "--rate", "rates", type=click.FloatRange(0, 5000), multiple=True,
    help="Transactions a second that are offered; 0: all at once; default: 100. Repeatable.",
)  # fmt: skip
@click.option(
    "--count", "counts", type=click.IntRange(1, 20_000), multiple=True,
    help="How many transactions a run has; default: 1000. Repeatable.",
)  # fmt: skip
@click.option(
    "--levels", "all_levels", type=click.IntRange(2, 16), multiple=True,
    help="With accept: security levels; default: 3. Repeatable.",
)  # fmt: skip
@click.option(
    "--sweep",
    is_flag=True,
    help="All the publication's rates, counts and levels, where none are given.",
)
@click.option(
    "--clients", type=click.IntRange(1, 16), default=1, show_default=True,
    help="Processes that share the load, each with a connection of its own.",
)  # fmt: skip
@click.option(
    "--preset", type=click.Choice(["dev", "paper", "bft"]), help="Fabric's nodes; default: dev."
)
@click.option(
    "--endorsement", type=click.Choice(["MAJORITY", "OR", "AND"]),
    help="How many organisations endorse; default: the preset's own rule.",
)  # fmt: skip
@click.option("--block-timeout", metavar="TIME", help="As 250ms or 2s; default: the preset's own.")
@click.option("--block-messages", type=click.IntRange(1, 5000), help="Default: the preset's own.")
@click.option(
    "--commit", type=click.Choice(["status", "blocks"]), default="status", show_default=True,
    help="How a client learns of a commit.",
)  # fmt: skip
@click.option("--no-write-batch", is_flag=True, help="Peers offer no batches of reads and writes.")
@click.option(
    "--figure", type=click.Path(path_type=Path, dir_okay=False), callback=picture,
    help="Draw rate and latency over the offered rate here (.png or .svg).",
)  # fmt: skip
@out_option
@click.pass_obj
def ledger(
    settings: "Settings", /, rates: tuple[float, ...], counts: tuple[int, ...],
    all_levels: tuple[int, ...], *, sweep: bool, figure: Path | None, out: Path | None,
    **setting: Any,
) -> None:  # fmt: skip
    """Offer transactions at a fixed rate, whatever becomes of those before.

    Brings up a network for itself, and removes it. Every acknowledged transaction is looked for
    in the blocks. Fabric's programs are needed, but for --network embedded.
    """
    from ._ledger import Setting, measure
    from ._offered import Load

    rates = rates or (PUBLISHED_RATES if sweep else (100.0,))
    counts = counts or (PUBLISHED_COUNTS if sweep else (1000,))
    all_levels = all_levels or (PUBLISHED_LEVELS if sweep else (3,))
    asked = Setting(**setting)
    if asked.network == "embedded" and asked.shapes_fabric:
        raise click.UsageError(
            "--network embedded has no presets, endorsement, blocks or write batches to choose."
        )
    levels = all_levels if asked.contract == "accept" else (0,)
    loads = [Load(t, count, rate) for t in levels for count in counts for rate in rates]
    document: dict[str, object] = {}
    try:
        measure(asked, loads, document)
    finally:
        if document.get("runs"):  # minutes of measuring are not lost with what failed after them
            give(settings, document, out)
    if figure is not None:
        from ._panels import draw

        draw(document, figure)
