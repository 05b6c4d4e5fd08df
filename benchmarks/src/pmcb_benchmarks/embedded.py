# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench embedded``: what the embedded network takes, and what it never loses."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ._output import give, out_option

if TYPE_CHECKING:
    from pmcb_client.cli import Settings


@click.command()
@click.option(
    "--seconds",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="Length of the submit load.",
)
@click.option(
    "--kills",
    "count",
    type=click.IntRange(1, 999),
    default=200,
    show_default=True,
    help="How often to kill -9 network, chaincode server or client.",
)
@click.option(
    "--tasks",
    type=click.IntRange(min=100),
    default=2_000,
    show_default=True,
    help="Size of the grown ledger; 50 receivers a task.",
)
@click.option("--seed", default=1, show_default=True)
@out_option
@click.pass_obj
def embedded(
    settings: "Settings", seconds: int, count: int, tasks: int, seed: int, out: Path | None
) -> None:
    """Measure the embedded network: throughput, crowds, level matrices, a grown ledger, kill -9.

    Its timings never stand beside published ones: it is one process, and no blockchain.
    """
    import asyncio
    import tempfile

    from pmcb_client.terminal import progress

    from ._accepts import accepts
    from ._kills import kills
    from ._machine import machine
    from ._size import size
    from ._throughput import throughput

    document: dict[str, object] = {
        "benchmark": "embedded",
        "seed": seed,
        "machine": machine(["cryptography", "grpcio", "lmdb", "pmcb-network", "uvloop"]),
    }
    with tempfile.TemporaryDirectory(prefix="pmcb-bench-") as name:
        folder = Path(name)
        click.echo("Throughput ...", err=True)
        document["throughput"] = asyncio.run(
            throughput(folder / "throughput", seconds=seconds, seed=seed)
        )
        click.echo("Crowds and level matrices ...", err=True)
        document["accepts"] = asyncio.run(accepts(folder / "accepts"))
        with progress("tasks", tasks) as advance:
            document["size"] = asyncio.run(
                size(folder / "size", receivers=50 * tasks, tasks=tasks, advance=advance)
            )
        with progress("kill -9", count) as advance:
            document["kills"] = asyncio.run(
                kills(folder / "kills", count=count, seed=seed, advance=advance)
            )
    give(settings, document, out)
