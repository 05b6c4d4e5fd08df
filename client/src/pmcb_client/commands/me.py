# SPDX-License-Identifier: Apache-2.0
"""``pmcb me``: what a person may know of itself, on one page."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from pmcb_client.cli import Settings
from pmcb_client.terminal import emit, table

from ._arguments import moment
from ._identities import described
from .acting import Acting, acting, run

if TYPE_CHECKING:
    from rich.console import RenderableType

    from pmcb_client.receiver import Parcel


@click.command()
@click.pass_obj
def me(settings: Settings) -> None:
    """Show what the ledger and this home say of you.

    Certificate and level; tasks taken with their notices; what you uploaded, and for whom it is
    sealed; verdicts, rewards and balance; what you were refused here, and by which rule.
    """

    async def work() -> dict[str, Any]:
        async with acting(settings) as who:
            return await _page(settings, who)

    page = run(work())
    emit(settings, page, *_shown(page))


async def _page(settings: Settings, who: Acting) -> dict[str, Any]:
    from pmcb_client.receiver import Outbox, receiver_folder, refusals

    identity, folder = who.identity, receiver_folder(settings.home, who.identity)
    person = (identity.msp_id, identity.enrollment_id)
    tasks: list[dict[str, Any]] = []
    if identity.role == "receiver":
        parcels = {parcel.task: parcel for parcel in Outbox(folder / "outbox.sqlite3").all()}
        tasks = await _tasks(who, parcels)
    balance = json.loads(await who.contract.evaluate("get_balance", *person))
    return {
        "certificate": described(identity, who.network),
        "level": await _level(who, *person),
        "balance": balance["balance"],
        "tasks": tasks,
        "refusals": [asdict(refusal) for refusal in refusals(folder)],
    }


async def _level(who: Acting, *person: str) -> dict[str, Any] | None:
    """The level in the active epoch; None where there is none."""
    from pmcb_client.errors import Refused

    try:
        found: dict[str, Any] = json.loads(await who.contract.evaluate("get_level", *person))
    except Refused as refused:
        if refused.code != "NOT_FOUND":
            raise
        return None
    return found


async def _tasks(who: Acting, parcels: Mapping[str, "Parcel"]) -> list[dict[str, Any]]:
    """The tasks taken, with their notices, and those for whom the answers are sealed."""
    from pmcb_client.receiver import my_claims

    tasks = []
    for claim in await my_claims(who.contract):
        record = json.loads(await who.contract.evaluate("get_task", claim["task"]))
        parcel = parcels.get(claim["task"])
        uploaded = None if parcel is None else {**asdict(parcel), "readers": list(parcel.readers)}
        tasks.append({**claim, "notice_hash": record["notice_hash"], "answer": uploaded})
    return tasks


def _shown(page: Mapping[str, Any]) -> list["RenderableType"]:
    level, certificate = page["level"], page["certificate"]
    standing = "none" if level is None else f"{level['level']}, epoch {level['epoch']}"
    if level is not None and level["suspended"]:
        standing += ", suspended"
    rows = [
        ["person", certificate["uid"]],
        ["role", certificate["role"]],
        ["certificate", f"{certificate['serial']}, {certificate['state']}"],
        ["expires", certificate["expires"]],
        ["level", standing],
        ["balance", page["balance"]],
    ]
    shown: list[RenderableType] = [table(("", ""), rows)]
    for task in page["tasks"]:
        shown += ["", f"Task {task['task']}", _task_table(task)]
    if page["refusals"]:
        columns = ("when", "tried", "task", "rule")
        refused = [
            [moment(one["at"]), one["act"], one["task"], one["code"]] for one in page["refusals"]
        ]
        shown += ["", "What you were refused here", table(columns, refused)]
    return shown


def _task_table(task: Mapping[str, Any]) -> "RenderableType":
    held = "" if task["held"] else ", given back"
    sealed_for = ", ".join(task["answer"]["readers"]) if task["answer"] else None
    verdicts = ", ".join(f"{one['verdict']} ({one['reason']})" for one in task.get("verdicts", ()))
    rows = [
        ["subtask", f"{task['subtask']}, slot {task['slot']}{held}"],
        ["notice", task["notice_hash"]],
        ["answer", _answered(task)],
        ["sealed for", sealed_for],
        ["verdicts", verdicts],
        ["paid", task["payment"]["amount"] if "payment" in task else None],
    ]
    return table(("", ""), rows)


def _answered(task: Mapping[str, Any]) -> str | None:
    if "submission" in task:
        return f"{task['submission']['size']:,} bytes, {moment(task['submission']['at'])}"
    return task["answer"]["state"] if task["answer"] else None
