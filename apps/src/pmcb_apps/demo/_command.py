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
@click.option("--keep", is_flag=True, help="Keep the network, the wallet and the answers, too.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Seed of graph and clustering.",
)
@click.pass_obj
def demo(settings: "Settings", folder: Path, keep: bool, seed: int) -> None:
    """Tell the whole story on an embedded network, with a table and report.html at the end.

    A social graph is classified into three levels, the levels go to the ledger, a task is split,
    sealed and published, receivers accept what is theirs and are refused what is not, answers are
    sealed, sent, judged and paid, and a majority opens a shared secret. A worker searches
    encrypted records on a cloud that learns neither the records nor the questions. What was
    collected goes into a table, of which an analyst gets a differentially private release, under
    a budget on the ledger. In the end all these requests are planned as orders of a fog, with a
    proof of how good the plan is. Under two minutes; nothing is left running.
    """
    import asyncio

    from pmcb_client.terminal import emit, table

    from ._folder import demo_folder
    from ._report import write_report
    from ._story import Story

    with demo_folder(folder, keep=keep) as held:
        story = Story(held, settings.home, seed=seed, tell=lambda said: click.echo(said, err=True))
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
