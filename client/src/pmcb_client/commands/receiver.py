# SPDX-License-Identifier: Apache-2.0
"""``pmcb receiver``: find, accept, answer and leave subtasks."""

import hashlib
import json
from pathlib import Path
from typing import Any

import click

from pmcb_client.cli import Settings
from pmcb_client.terminal import confirm, emit, table
from pmcb_client.usage_errors import InputError

from ._arguments import FILE, SUBTASK, moment, subtask_argument, task_argument
from .acting import acting, run
from .task import described


@click.group("receiver")
def group() -> None:
    """Subtasks of a receiver: find, accept, answer, leave."""


@group.command()
@click.pass_obj
def tasks(settings: Settings) -> None:
    """Show the open subtasks of your level, soonest deadline first."""
    from pmcb_client.receiver import open_subtasks

    async def work() -> list[dict[str, Any]]:
        async with acting(settings, "receiver") as me:
            return await open_subtasks(me.contract)

    found = run(work())
    columns = ("task", "subtask", "level", "slots", "reward", "releaser", "accept until")
    rows = [
        [*(item[column] for column in columns[:-1]), moment(item["accept_until"])] for item in found
    ]
    shown = table(columns, rows) if rows else "No subtask of your level is open."
    emit(settings, {"subtasks": found}, shown)


@group.command()
@task_argument
@subtask_argument
@click.option("--notice", type=FILE, help="The task's notice: checked against its hash and shown.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def accept(settings: Settings, task: str, subtask: int, notice: Path | None, yes: bool) -> None:
    """Take a slot of SUBTASK of TASK, after showing what you agree to."""
    from pmcb_client.receiver import accept as take

    async def work() -> dict[str, Any]:
        async with acting(settings, "receiver") as me:
            found = json.loads(await me.contract.evaluate("get_task", task))
            text = _checked(notice, found["notice_hash"])
            if not settings.json:
                emit(settings, {}, described(found, subtask), *text)
            confirm(settings, f"Accept subtask {subtask} of this task?", yes=yes)
            return await take(me.contract, task, subtask)

    claim = run(work())
    emit(
        settings,
        claim,
        f"You hold slot {claim['slot']} of subtask {subtask} of task {task}, at level "
        f"{claim['level']}.",
    )


def _checked(notice: Path | None, expected: str) -> list[str]:
    if notice is None:
        return ["Ask the releaser for the notice, and read it here with --notice FILE."]
    content = notice.read_bytes()
    if hashlib.sha256(content).hexdigest() != expected:
        raise InputError(
            f"{notice.name} is not this task's notice.",
            next_step="Ask the releaser for the notice whose hash `pmcb task show` prints.",
        )
    return [content.decode(errors="replace")]


def _subtask_or_auto(ctx: click.Context, param: click.Parameter, value: str) -> int | None:
    return None if value == "auto" else int(SUBTASK(value, param, ctx))


@group.command()
@task_argument
@click.argument("subtask", metavar="SUBTASK|auto", callback=_subtask_or_auto)
@click.option("--file", "source", type=FILE, required=True, help="The answer, at most 3 MiB.")
@click.pass_obj
def submit(settings: Settings, task: str, subtask: int | None, source: Path) -> None:
    """Enter the hash of your answer to SUBTASK of TASK; auto finds the subtask you hold.

    The answer itself stays in this home, salted. The same file may be submitted again.
    """
    from pmcb_client.errors import Refused
    from pmcb_client.receiver import Kept, held_subtask, keep
    from pmcb_client.receiver import submit as enter

    async def work() -> tuple[dict[str, Any], Kept]:
        async with acting(settings, "receiver") as me:
            number = await held_subtask(me.contract, task) if subtask is None else subtask
            owner = f"{me.identity.msp_id}.{me.identity.enrollment_id}"
            folder = settings.home / "receiver" / owner / task
            kept = keep(folder, source, {"task": task, "subtask": number})
            try:
                answer = await enter(
                    me.contract, task, number, content_hash=kept.hash, size_bytes=kept.size
                )
            except Refused:
                kept.discard()  # health data that nobody takes need not lie about
                raise
            return answer, kept

    submission, kept = run(work())
    emit(
        settings,
        {**submission, "file": str(kept.path)},
        f"Submitted {kept.size:,} bytes for slot {submission['slot']} of subtask "
        f"{submission['subtask']}; they are kept in {kept.path}.",
    )


@group.command()
@click.pass_obj
def status(settings: Settings) -> None:
    """Show the tasks you joined: slots, submissions, verdicts."""
    from pmcb_client.receiver import my_claims

    async def work() -> list[dict[str, Any]]:
        async with acting(settings, "receiver") as me:
            return await my_claims(me.contract)

    found = run(work())
    columns = ("task", "subtask", "slot", "held", "submitted", "verdicts")
    rows = [
        [
            item["task"],
            item["subtask"],
            item["slot"],
            "yes" if item["held"] else "withdrawn",
            moment(item["submission"]["at"]) if "submission" in item else None,
            ", ".join(f"{one['verdict']} ({one['reason']})" for one in item.get("verdicts", ())),
        ]
        for item in found
    ]
    shown = table(columns, rows) if rows else "You joined no task."
    emit(settings, {"claims": found}, shown)


@group.command()
@task_argument
@click.pass_obj
def withdraw(settings: Settings, task: str) -> None:
    """Give back your slot of TASK; no other subtask of it opens to you by that."""
    from pmcb_client.receiver import withdraw as leave

    async def work() -> None:
        async with acting(settings, "receiver") as me:
            await leave(me.contract, task)

    run(work())
    emit(settings, {"task": task, "held": False}, f"You hold no slot of task {task}.")
