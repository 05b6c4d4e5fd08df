# SPDX-License-Identifier: Apache-2.0
"""``pmcb task``: split, publish, look after, look at, cancel and close tasks."""

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
from ._task_shown import (
    described,
    preview_document,
    preview_shown,
    slots_shown,
    subtasks_shown,
)
from .acting import Acting, acting, run, run_until_stopped

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
    """Tasks of a releaser: split, publish, look after, look at, cancel, close."""


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
    document = preview_document(epoch, collusion, parts)
    emit(settings, document, *preview_shown(task, epoch, collusion, parts))


@group.command()
@click.argument("file", type=FILE)
@_collusion
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def publish(settings: Settings, file: Path, collusion: float, yes: bool) -> None:
    """Show the subtasks of FILE, ask, and publish the task.

    Questions and secrets are sealed and go to the content store with the notice, their hashes to
    the ledger; keys stay in this home. May be repeated when the outcome was in doubt: it is the
    same task then.
    """
    from pmcb_client.content import ContentClient
    from pmcb_client.tasks import TaskRecord, announced_keys, prepare, read_task_file
    from pmcb_client.tasks import publish as send

    task = read_task_file(file)
    folder = settings.home / "tasks"

    async def work() -> tuple[dict[str, object], TaskRecord]:
        async with (
            acting(settings, "releaser") as me,
            ContentClient(me.network, me.identity) as store,
        ):
            epoch, parts = await _preview(me, task, collusion)
            uid = me.identity.uid
            funds = await _funds(me, folder, task, parts)
            if not settings.json:
                emit(settings, {}, *preview_shown(task, epoch, collusion, parts), *funds)
            confirm(settings, "Publish this task?", yes=yes)
            keys = await announced_keys(me.contract, (*task.verifiers, task.institution, uid))
            now_ms = _now_ms()
            record = prepare(folder, task, parts, releaser=uid, recipients=keys, now_ms=now_ms)
            record = await send(me.contract, store, folder, record)
            return preview_document(epoch, collusion, parts), record

    preview, record = run(work())
    place = folder / record.task
    emit(
        settings,
        {"task": record.task, "folder": str(place), "spec": record.spec, **preview},
        f"Published task {record.task}; its keys are in {place}. "
        "`pmcb task serve` hands them out and settles rewards.",
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


async def _funds(
    me: Acting, folder: Path, task: "TaskFile", parts: Sequence["SubtaskPreview"]
) -> list[str]:
    """What publishing would set aside, of how much; asked before anything is uploaded.

    Raises:
        Refused: the caller is no releaser, or has too little credit.
    """
    from pmcb_client.errors import Refused
    from pmcb_client.tasks import doubted, escrow

    if me.identity.role != "releaser":
        raise Refused("ROLE_REQUIRED", status=403, reason="Only a releaser publishes tasks.")
    uid, needed = me.identity.uid, escrow(parts, task)
    if doubted(folder, task.digest, levels=len(parts), releaser=uid) or not needed:
        return []  # in doubt: it may be set aside already
    found = json.loads(await me.contract.evaluate("get_balance", *uid.split("/")))
    if found["balance"] < needed:
        raise Refused(
            "CREDIT_SHORT",
            status=409,
            reason=f"The rewards sum to {needed:,}, your credit is {found['balance']:,}.",
        )
    return [f"Sets aside {needed:,} of your {found['balance']:,} credits for rewards."]


async def _preview(
    me: Acting, task: "TaskFile", collusion: float
) -> tuple[int, tuple["SubtaskPreview", ...]]:
    from pmcb_client.levels_registry import active_epoch
    from pmcb_client.tasks import preview

    epoch = await active_epoch(me.contract)
    return epoch["epoch"], preview(task, epoch["per_level"], collusion=collusion)


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
    emit(settings, found, described(found), subtasks_shown(found), *slots_shown(found))


@group.command()
@click.option("--allow-small", is_flag=True, help="Share secrets among one or two holders, too.")
@click.pass_obj
def serve(settings: Settings, allow_small: bool) -> None:
    """Look after your tasks until Ctrl-C: keys, shares of secrets, rewards, results.

    May be stopped and started at any moment; the ledger tells what is left to do.
    """
    from pmcb_client.content import ContentClient
    from pmcb_client.network_file import load
    from pmcb_client.tasks import Action, TaskAgent

    def tell(action: Action) -> None:
        emit(settings, action.as_document(), str(action))

    async def work() -> None:
        async with acting(settings, "releaser") as me:
            agent = TaskAgent(
                settings.home / "tasks",
                me.identity,
                me.contract,
                lambda: ContentClient(load(settings.home / "network.json"), me.identity),
                clock=_now_ms,
                tell=tell,
                allow_small=allow_small,
            )
            document = {"uid": me.identity.uid}
            emit(settings, document, f"Looking after the tasks of {me.identity.uid}.")
            await agent.serve(me.channel, me.network.chaincode)

    run_until_stopped(work())


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


@group.command()
@task_argument
@click.pass_obj
def close(settings: Settings, task: str) -> None:
    """Close TASK when every submission is settled; what is left of its credits goes back."""

    async def work() -> dict[str, Any]:
        async with acting(settings, "releaser") as me:
            closing: dict[str, Any] = json.loads(await me.contract.submit("close_task", task))
            return closing

    closing = run(work())
    emit(
        settings,
        {"task": task, **closing},
        f"Task {task} is closed: {closing['paid']:,} credits were paid to receivers, "
        f"{closing['refunded']:,} went back.",
    )
