# SPDX-License-Identifier: Apache-2.0
"""``pmcb publishing audit``: try to tell neighbouring tables apart."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import click

from pmcb_client.terminal import emit, progress, table

if TYPE_CHECKING:
    from pmcb_client.cli import Settings


@click.command()
@click.option(
    "--runs",
    type=click.IntRange(min=4),
    default=4000,
    show_default=True,
    help="On each of two tables of a pair; 40000 certify more of epsilon.",
)
@click.option("--epsilon", default="1", show_default=True, help="What every run is told to cost.")
@click.pass_context
def audit(context: click.Context, runs: int, epsilon: str) -> None:
    """Try to tell tables apart that differ by one record; no data are needed.

    For each of several pairs of made-up tables, noise is drawn anew in many runs. What they certify
    must not exceed epsilon: exit code 1 says that it does, at a confidence of 99.99 %.
    """
    from pmcb_services.publishing import audit as auditing
    from pmcb_services.publishing import parse_epsilon

    settings: Settings = context.obj
    cost = parse_epsilon(epsilon)
    chosen = auditing.pairs()
    with progress("Auditing", 2 * runs * len(chosen)) as advance:
        done = count(1)
        found = [
            auditing.audit(pair, cost, runs, advance=lambda: advance(next(done))) for pair in chosen
        ]
    document = [
        {
            "pair": finding.pair,
            "nominal": str(finding.nominal),
            "certified": finding.certified,
            "certified_9999": finding.sure,
            "exceeds": finding.exceeds,
        }
        for finding in found
    ]
    rows = [
        [each.pair, each.certified, float(each.nominal), "EXCEEDS" if each.exceeds else "below"]
        for each in found
    ]
    shown = table(("pair", "certified epsilon", "nominal", "at 99.99 %"), rows)
    emit(settings, {"runs": runs, "pairs": document}, shown)
    if any(finding.exceeds for finding in found):
        context.exit(1)
