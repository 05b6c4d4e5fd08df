# SPDX-License-Identifier: Apache-2.0
"""``pmcb verifier``: judge submissions by hand."""

import json
from pathlib import Path
from typing import Any

import click

from pmcb_client.cli import Settings
from pmcb_client.terminal import emit

from ._arguments import FILE, SLOT, subtask_argument, task_argument
from .acting import acting, run

_NO_EVIDENCE = "0" * 64
_REASONS = ["ok", "schema", "range", "plausibility", "time", "duplicate", "variance", "truth"]


@click.group("verifier")
def group() -> None:
    """Judge what receivers submitted."""


@group.command()
@task_argument
@subtask_argument
@click.argument("slot", type=SLOT)
@click.argument("verdict", type=click.Choice(["accept", "reject"]))
@click.option("--score", type=click.IntRange(0, 100), required=True, help="Reliability, 0 to 100.")
@click.option("--reason", type=click.Choice(_REASONS), required=True, help="The rule that decided.")
@click.option("--evidence", type=FILE, help="A file to keep; its salted hash goes to the ledger.")
@click.pass_obj
def judge(
    settings: Settings,
    task: str,
    subtask: int,
    slot: int,
    verdict: str,
    score: int,
    reason: str,
    evidence: Path | None,
) -> None:
    """Give your verdict on what was submitted for SLOT of SUBTASK of TASK. It stands."""
    from pmcb_client.evidence import keep_file

    async def work() -> dict[str, Any]:
        async with acting(settings, "verifier") as me:
            digest = _NO_EVIDENCE
            if evidence is not None:
                owner = f"{me.identity.msp_id}.{me.identity.enrollment_id}"
                folder = settings.home / "verifier" / owner / task
                place: dict[str, str | int] = {"task": task, "subtask": subtask, "slot": slot}
                digest = keep_file(folder, evidence, place).hash
            args = (task, str(subtask), str(slot), verdict, str(score), reason, digest)
            answer: dict[str, Any] = json.loads(
                await me.contract.submit("verify_submission", *args)
            )
            return answer

    given = run(work())
    emit(
        settings,
        {"task": task, "subtask": subtask, "slot": slot, **given},
        f"Your verdict on slot {slot} of subtask {subtask} stands: {verdict} ({reason}).",
    )
