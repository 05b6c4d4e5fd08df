# SPDX-License-Identifier: Apache-2.0
"""The command: run the story, show a table, write the report."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pmcb_client.cli import Settings


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
    help="Where the report, the release, the levels and the task file are left.",
)
@click.option("--fabric", is_flag=True, help="On Fabric's own peers, orderer and CAs.")
@click.option("--keep", is_flag=True, help="Keep the network, the wallet and the answers, too.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Seed of graph and clustering.",
)
@click.pass_obj
def demo(settings: "Settings", folder: Path, fabric: bool, keep: bool, seed: int) -> None:
    """Tell the whole story on a network of its own, with a table and report.html at the end.

    A social graph is classified into three levels, the levels go to the ledger, a task is split,
    sealed and published, receivers accept what is theirs and are refused what is not, answers are
    sealed, sent, judged and paid, and a majority opens a shared secret. A worker searches
    encrypted records on a cloud that learns neither the records nor the questions. What was
    collected goes into a table, of which an analyst gets a differentially private release, under
    a budget on the ledger. Answers and searches travel as orders of a fog; in the end they are
    planned as if they had come at once, with a proof of how good the plan is. Under two minutes;
    nothing is left running.

    The network is embedded in this process; with --fabric it is Fabric itself, whose programs
    must be at hand (`pmcb network binaries fetch`).
    """
    import asyncio

    from pmcb_client.terminal import emit, table

    from . import _network
    from ._folder import demo_folder
    from ._report import write_report
    from ._story import Story

    def tell(said: str) -> None:
        click.echo(said, err=True)

    if fabric:
        _network.check_programs()
    with demo_folder(folder, keep=keep) as held:
        network = _network.fabric(held, tell) if fabric else _network.embedded(held)
        story = Story(held, settings.home, network, seed=seed, tell=tell)
        asyncio.run(story.run())
        report = held / "report.html"
        write_report(report, story.result, story.assignment)
    result = story.result
    rows = [(step.title, step.outcome, f"{step.seconds:.1f}") for step in result.steps]
    emit(
        settings,
        {**asdict(result), "report": str(report)},
        table(("step", "outcome", "seconds"), rows),
        f"The report with its pictures: {report}",
    )
