# SPDX-License-Identifier: Apache-2.0
"""``pmcb task``: split, publish, look at and cancel tasks."""

import json
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pmcb_client.cli import Settings
from pmcb_client.terminal import confirm, emit, table

from ._arguments import FILE, moment, task_argument
from .acting import Acting, acting, run

if TYPE_CHECKING:
    from pmcb_client.tasks import SubtaskPreview, TaskFile


def _finite(_: click.Context, __: click.Parameter, value: float) -> float:
    if math.isnan(value):  # which no range keeps out
        raise click.BadParameter("nan is no chance.")
    return value


_collusion = click.option(
    "--collusion",
    type=click.FloatRange(0, 1),
    callback=_finite,
    default=0.1,
    show_default=True,
    help="Chance that one receiver colludes: an assumption of yours, from which P_t follows.",
)


@click.group("task")
def group() -> None:
    """Tasks of a releaser: split, publish, look at, cancel."""


@group.command()
@click.argument("file", type=FILE)
@_collusion
@click.pass_obj
def split(settings: Settings, file: Path, collusion: float) -> None:
    """Show the subtasks that publishing FILE would make; nothing is sent."""
    from pmcb_client.tasks import read_task_file

    task = read_task_file(file)

    async def work() -> tuple[int, tuple["SubtaskPreview", ...]]:
        async with acting(settings) as me:
            return await _preview(me, task, collusion)

    epoch, parts = run(work())
    emit(settings, _document(epoch, collusion, parts), *_shown(task, epoch, collusion, parts))


@group.command()
@click.argument("file", type=FILE)
@_collusion
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def publish(settings: Settings, file: Path, collusion: float, yes: bool) -> None:
    """Show the subtasks of FILE, ask, and publish the task.

    The questions stay in this home; their hashes go to the ledger. May be repeated when the
    outcome was in doubt: it is the same task then.
    """
    from pmcb_client.tasks import TaskRecord, prepare, read_task_file
    from pmcb_client.tasks import publish as send

    task = read_task_file(file)
    folder = settings.home / "tasks"

    async def work() -> tuple[dict[str, object], TaskRecord]:
        async with acting(settings, "releaser") as me:
            epoch, parts = await _preview(me, task, collusion)
            if not settings.json:
                emit(settings, {}, *_shown(task, epoch, collusion, parts))
            confirm(settings, "Publish this task?", yes=yes)
            now_ms = time.time_ns() // 1_000_000
            record = prepare(folder, task, parts, releaser=me.identity.uid, now_ms=now_ms)
            return _document(epoch, collusion, parts), await send(me.contract, folder, record)

    preview, record = run(work())
    place = folder / record.task
    emit(
        settings,
        {"task": record.task, "folder": str(place), "spec": record.spec, **preview},
        f"Published task {record.task}; its questions are in {place}.",
    )


async def _preview(
    me: Acting, task: "TaskFile", collusion: float
) -> tuple[int, tuple["SubtaskPreview", ...]]:
    from pmcb_client.levels_registry import active_epoch
    from pmcb_client.tasks import preview

    epoch = await active_epoch(me.contract)
    return epoch["epoch"], preview(task, epoch["per_level"], collusion=collusion)


def _document(epoch: int, collusion: float, parts: Sequence["SubtaskPreview"]) -> dict[str, object]:
    subtasks = [
        {
            "subtask": part.subtask,
            "level": part.level,
            "questions": [question.id for question in part.questions],
            "sensitivity": part.sensitivity,
            "slots": part.slots,
            "available": part.available,
            "majority_collusion": part.majority_collusion,
        }
        for part in parts
    ]
    return {"epoch": epoch, "collusion": collusion, "subtasks": subtasks}


def _shown(
    task: "TaskFile", epoch: int, collusion: float, parts: Sequence["SubtaskPreview"]
) -> list[Any]:
    columns = ("subtask", "level", "questions", "sensitivity", "slots", "available", "P_t")
    rows = [
        [
            part.subtask,
            part.level,
            ", ".join(question.id for question in part.questions),
            part.sensitivity,
            part.slots,
            part.available,
            part.majority_collusion,
        ]
        for part in parts
    ]
    shown: list[Any] = [f"{task.title}, under the levels of epoch {epoch}", table(columns, rows)]
    shown.append(
        "P_t: chance that a majority of the subtask's receivers collude, "
        f"if each does with chance {collusion:g}."
    )
    shown += [
        f"Level {part.level} has only {part.available:,} persons for {part.slots:,} slots."
        for part in parts
        if part.available < part.slots
    ]
    secret = [question.id for question in task.questions if question.secret]
    if secret:
        shown.append(f"The secrets of {', '.join(secret)} stay in this home: nobody gets a share.")
    return shown


@group.command("list")
@click.pass_obj
def list_(settings: Settings) -> None:
    """Show the tasks of this home, with their state on the ledger."""
    from pmcb_client.errors import Refused
    from pmcb_client.tasks import records

    kept = list(records(settings.home / "tasks"))

    async def work() -> list[dict[str, object]]:
        rows: list[dict[str, object]] = []
        async with acting(settings) as me:
            for record in kept:
                try:
                    status = json.loads(await me.contract.evaluate("get_task", record.task))[
                        "status"
                    ]
                except Refused:
                    status = "not published"
                rows.append(
                    {
                        "task": record.task,
                        "title": record.title,
                        "releaser": record.releaser,
                        "status": status,
                        "subtasks": len(record.spec["subtasks"]),
                        "accept_until": record.spec["accept_until"],
                        "submit_until": record.spec["submit_until"],
                    }
                )
        return rows

    rows = run(work()) if kept else []
    columns = ("task", "title", "releaser", "status", "subtasks")
    shown = table(
        (*columns, "accept until"),
        [[*(row[c] for c in columns), moment(int(str(row["accept_until"])))] for row in rows],
    )
    emit(settings, {"tasks": rows}, shown if rows else "No task was published from this home.")


@group.command()
@task_argument
@click.pass_obj
def show(settings: Settings, task: str) -> None:
    """Show TASK: subtasks, and who takes part where the ledger tells you."""
    from pmcb_client.errors import Refused
    from pmcb_client.receiver import listing

    async def listed(me: Acting, function: str, subtask: int) -> list[dict[str, Any]] | None:
        try:
            return [item async for item in listing(me.contract, function, task, str(subtask))]
        except Refused:  # only those who take part see this
            return None

    async def work() -> dict[str, Any]:
        async with acting(settings) as me:
            found: dict[str, Any] = json.loads(await me.contract.evaluate("get_task", task))
            for part in found["subtasks"]:
                part["claims"] = await listed(me, "list_claims", part["subtask"])
                part["submissions"] = await listed(me, "list_submissions", part["subtask"])
            return found

    found = run(work())
    rows = [
        [
            part["subtask"],
            part["level"],
            part["slots"],
            None if part["claims"] is None else len(part["claims"]),
            None if part["submissions"] is None else len(part["submissions"]),
            part["reward"],
            part["envelope_hash"],
        ]
        for part in found["subtasks"]
    ]
    columns = ("subtask", "level", "slots", "held", "submitted", "reward", "envelope")
    emit(settings, found, described(found), table(columns, rows))


def described(task: dict[str, Any], subtask: int | None = None) -> Any:
    """What a task's record says, and that of one of its subtasks, as a table."""
    parts = [part for part in task["subtasks"] if part["subtask"] == subtask]
    return table(
        ("", ""),
        [
            ["task", task["task"]],
            ["status", task["status"]],
            ["releaser", task["releaser"]],
            ["accept until", moment(task["accept_until"])],
            ["submit until", moment(task["submit_until"])],
            ["verifiers", ", ".join(task["verifiers"])],
            ["institution", task["institution"]],
            ["results to", task["results_to"]],
            ["notice", task["notice_hash"]],
            *([name, part[name]] for part in parts for name in ("subtask", "level", "reward")),
        ],
    )


@group.command()
@task_argument
@click.option(
    "--reason",
    type=click.Choice(["mistake", "ethics", "not_needed", "complete"]),
    required=True,
    help="Stands on the ledger.",
)
@click.pass_obj
def cancel(settings: Settings, task: str, reason: str) -> None:
    """Cancel TASK: nobody accepts it any more; who holds a slot may still submit."""

    async def work() -> None:
        async with acting(settings, "releaser") as me:
            await me.contract.submit("cancel_task", task, reason)

    run(work())
    emit(settings, {"task": task, "status": "cancelled"}, f"Task {task} is cancelled.")
