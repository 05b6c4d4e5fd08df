# SPDX-License-Identifier: Apache-2.0
"""``pmcb levels``: the level registry. Other packages add commands to this group."""

import json
from pathlib import Path
from typing import Any

import click

from pmcb_client.cli import Settings
from pmcb_client.people import Person, read_people
from pmcb_client.terminal import emit, progress, table

from ._arguments import FILE, moment, optional_person, person_argument
from .acting import acting, run

_LEVEL_REASONS = click.Choice(["misconduct", "error", "newcomer", "request"])
_STANDING_REASONS = click.Choice(
    ["misconduct", "compromised", "investigation", "request", "cleared"]
)
_MAX_ORDINAL = 999_999


@click.group("levels")
def group() -> None:
    """Security levels: classify receivers, publish and approve, look up, lower, suspend."""


@group.command()
@click.argument("result", type=FILE)
@click.option(
    "--people",
    type=FILE,
    required=True,
    help="CSV file node,msp,enrollment_id; it stays on this machine.",
)
@click.option(
    "--epoch", type=click.IntRange(1, 99_999_999), help="Publish as this epoch, not as the next."
)
@click.pass_obj
def publish(settings: Settings, result: Path, people: Path, epoch: int | None) -> None:
    """Publish RESULT, the levels.json of `pmcb levels classify`, as a new epoch.

    Nodes that are no person are left out. May be repeated after any interruption: it goes on
    where it stopped. Authorities then approve the epoch.
    """
    from pmcb_client.levels_registry import pick_epoch, publish_epoch, read_levels, register

    with progress("Reading", 3) as advance:  # a million people take a while
        levels = read_levels(result)
        advance(1)
        known = read_people(people)
        advance(2)
        registration = register(levels, known)
        advance(3)

    async def work() -> dict[str, Any]:
        async with acting(settings, "authority") as me:
            number = epoch or await pick_epoch(me.contract, registration)
            with progress("Registering", len(registration.batches)) as advance:
                return await publish_epoch(me.contract, registration, number, on_batch=advance)

    published = run(work())
    approve = f"it waits for approvals: `pmcb levels approve {published['epoch']}`"
    state = "it is active" if published["active"] else approve
    emit(
        settings,
        {**published, "dropped": registration.dropped},
        f"Epoch {published['epoch']} holds {published['count']:,} persons in "
        f"{published['levels']} levels; nodes that are no person: {registration.dropped:,}; "
        f"{state}.",
    )


@group.command()
@click.argument("epoch", type=click.IntRange(1, 99_999_999), required=False)
@click.pass_obj
def approve(settings: Settings, epoch: int | None) -> None:
    """Approve EPOCH for your organisation; a quorum makes it active.

    Without EPOCH the one that waits for approvals; where several do, one must be named.
    """
    from pmcb_client.levels_registry import epoch_to_approve, get_epoch

    async def work() -> dict[str, Any]:
        async with acting(settings, "authority") as me:
            number = epoch or await epoch_to_approve(me.contract)
            await me.contract.submit("approve_epoch", str(number))
            return await get_epoch(me.contract, number) or {}

    approved = run(work())
    state = "It is active." if approved["active"] else "It waits for more approvals."
    by = ", ".join(approved["approvals"])
    emit(settings, approved, f"Epoch {approved['epoch']} is approved by {by}. {state}")


@group.command()
@optional_person
@click.pass_obj
def show(settings: Settings, uid: Person | None) -> None:
    """Show the active epoch and those that wait, or the level of the person UID (MSP/NAME)."""
    if uid is not None:
        _show_person(settings, uid)
        return
    from pmcb_client.levels_registry import get_epoch, pending_epochs

    async def work() -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
        async with acting(settings) as me:
            return await get_epoch(me.contract, 0), await pending_epochs(me.contract)

    active, pending = run(work())
    epochs = [active, *pending] if active else pending
    columns = (
        "epoch", "state", "persons", "per level", "batches", "opened by", "approved by", "opened",
    )  # fmt: skip
    rows = [
        [
            str(epoch["epoch"]),
            "active" if epoch["active"] else "pending",
            epoch["count"],
            " ".join(f"{count:,}" for count in epoch["per_level"]),
            f"{len(epoch['registered'])} of {epoch['batches']}",
            epoch["by"],
            ", ".join(epoch["approvals"]),
            moment(epoch["at"]),
        ]
        for epoch in epochs
    ]
    shown = table(columns, rows) if rows else "No epoch was opened."
    emit(settings, {"active": active, "pending": pending}, shown)


def _show_person(settings: Settings, person: Person) -> None:
    async def work() -> dict[str, Any]:
        async with acting(settings) as me:
            found = await me.contract.evaluate("get_level", person.msp, person.enrollment_id)
            return {"uid": person.uid, **json.loads(found)}

    standing = run(work())
    suspended = " and is suspended" if standing["suspended"] else ""
    emit(
        settings,
        standing,
        f"{person.uid} has level {standing['level']} in epoch {standing['epoch']}{suspended}.",
    )


@group.command("set")
@person_argument
@click.argument("level", type=click.IntRange(1, 16))
@click.option("--reason", type=_LEVEL_REASONS, required=True, help="Stands on the ledger.")
@click.pass_obj
def set_(settings: Settings, uid: Person, level: int, reason: str) -> None:
    """Lower the person UID (MSP/NAME) to LEVEL, or enter a newcomer at level 1."""

    async def work() -> dict[str, Any]:
        async with acting(settings, "authority") as me:
            ordinal = await _ordinal(me.contract, uid, level)
            args = (uid.msp, uid.enrollment_id, str(level), str(ordinal), reason)
            answer: dict[str, Any] = json.loads(await me.contract.submit("set_level", *args))
            return answer

    stands = run(work())
    emit(settings, {"uid": uid.uid, **stands}, f"{uid.uid} has level {stands['level']} now.")


async def _ordinal(contract: Any, person: Person, level: int) -> int:
    """The person's own ordinal if the level stands already, else the next after the epoch's.

    Several who are lowered share it: they start at one slot and walk on, nothing worse.
    """
    from pmcb_client.errors import Refused
    from pmcb_client.levels_registry import get_epoch

    try:
        found = await contract.evaluate("get_level", person.msp, person.enrollment_id)
        standing = json.loads(found)
    except Refused:
        standing = {}
    if standing.get("level") == level:
        return int(standing["ordinal"])
    epoch = await get_epoch(contract, 0)
    counts = epoch["per_level"] if epoch else []
    return min(counts[level - 1], _MAX_ORDINAL) if level <= len(counts) else 0


@group.command()
@person_argument
@click.option("--reason", type=_STANDING_REASONS, required=True, help="Stands on the ledger.")
@click.pass_obj
def suspend(settings: Settings, uid: Person, reason: str) -> None:
    """Suspend the person UID (MSP/NAME): no accepting, no submitting, in any epoch."""
    _stand(settings, "suspend", uid, reason)
    emit(settings, {"uid": uid.uid, "suspended": True}, f"{uid.uid} is suspended.")


@group.command()
@person_argument
@click.option("--reason", type=_STANDING_REASONS, required=True, help="Stands on the ledger.")
@click.pass_obj
def reinstate(settings: Settings, uid: Person, reason: str) -> None:
    """Lift the suspension of UID (MSP/NAME); another organisation's authority than suspended."""
    _stand(settings, "reinstate", uid, reason)
    emit(settings, {"uid": uid.uid, "suspended": False}, f"{uid.uid} is not suspended.")


def _stand(settings: Settings, function: str, person: Person, reason: str) -> None:
    async def work() -> None:
        async with acting(settings, "authority") as me:
            await me.contract.submit(function, person.msp, person.enrollment_id, reason)

    run(work())
