# SPDX-License-Identifier: Apache-2.0
"""Tasks: a releaser publishes leveled subtasks, and may stop new claims."""

from dataclasses import dataclass, replace
from typing import Annotated

from pmcb_chaincode.bridge import (
    Code,
    Context,
    Hash,
    Id,
    Int,
    Json,
    JsonObject,
    ListOf,
    Match,
    Refusal,
    one_of,
    transaction,
)

from ._assets import (
    MAX_LEVELS,
    MAX_SLOTS,
    MAX_SUBTASKS,
    NAME,
    AnnouncedKey,
    CurrentEpoch,
    SubtaskRecord,
    Task,
    Uid,
    open_key,
)
from ._credit import balance, move
from ._credit_records import Closing
from ._governed import Governed
from ._sealed_records import Deal

MAX_DURATION_MS = 366 * 24 * 3600 * 1000
_VERIFIER_COUNTS = frozenset({1, 3, 5})
_UID = Match(f"{NAME}/{NAME}", "msp/enrollment")

CancelReason = Annotated[str, one_of("mistake", "ethics", "not_needed", "complete")]


@dataclass(frozen=True)
class SubtaskSpec:
    """A subtask as its releaser describes it."""

    level: Annotated[int, Int(1, MAX_LEVELS)]
    slots: Annotated[int, Int(1, MAX_SLOTS)]
    reward: Annotated[int, Int(0, 10**12)]
    envelope_hash: Hash


@dataclass(frozen=True)
class TaskSpec:
    """A task as its releaser describes it; times are milliseconds UTC, ``series`` may be empty."""

    series: Annotated[str, Match("([0-9a-f]{32})?", "empty or 32 lower-case hexadecimal digits")]
    levels: Annotated[int, Int(2, MAX_LEVELS)]
    accept_until: Annotated[int, Int(0, 10**13 - 1)]
    submit_until: Annotated[int, Int(0, 10**13 - 1)]
    verifiers: Annotated[tuple[str, ...], ListOf(_UID, 0, 5)]
    institution: Uid
    results_to: Annotated[str, one_of("institution", "releaser")]
    notice_hash: Hash
    subtasks: Annotated[tuple[SubtaskSpec, ...], ListOf(Json(SubtaskSpec), 1, MAX_SUBTASKS)]


class Tasks(Governed):
    """``publish_task`` and ``cancel_task``."""

    @transaction(roles=("releaser",))
    async def publish_task(
        self, ctx: Context, task: Id, spec: Annotated[TaskSpec, Json(TaskSpec)]
    ) -> JsonObject:
        """Publish a task; its questions stay with the releaser, sealed."""
        parties = (*spec.verifiers, spec.institution)
        keys = [Task.key_of(task), CurrentEpoch.KEY, *map(AnnouncedKey.key_of, parties)]
        task_data, current_data, *party_data = await ctx.ledger.get_many(keys)
        record, parts = _records(ctx.caller.uid, spec)
        if task_data is not None:
            return await _stored(ctx, task, Task.decode(task_data), record, parts)
        current = CurrentEpoch.maybe(current_data)
        if current is None or current.levels != spec.levels:
            raise Refusal(Code.LEVELS_CHANGED, "The active epoch has another number of levels.")
        _check_spec(spec, ctx.time_ms)
        _check_parties(spec, ctx.caller.msp_id, list(map(AnnouncedKey.maybe, party_data)))
        if record.escrow > 0:
            credit = await balance(ctx, ctx.caller.uid)
            if credit < record.escrow:
                raise Refusal(
                    Code.CREDIT_SHORT,
                    f"The rewards sum to {record.escrow}, the credit is {credit}.",
                )
        move(ctx, ctx.caller.uid, -record.escrow, "escrow", task)
        ctx.ledger.put(keys[0], record.encode())
        for number, part in enumerate(parts):
            ctx.ledger.put(SubtaskRecord.key_of(task, number), part.encode())
            ctx.ledger.put(open_key(part.level, spec.accept_until, task, number), b"1")
        ctx.set_event(
            "TaskPublished",
            {"v": 1, "task": task, "levels": spec.levels, "subtasks": len(parts)},
        )
        return record.as_json()

    @transaction(roles=("releaser",))
    async def cancel_task(
        self,
        ctx: Context,
        task: Id,
        reason: CancelReason,  # noqa: ARG002 - stands in the transaction, not in the state
    ) -> JsonObject:
        """Stop new claims; claims already made go on."""
        found, closing = await ctx.ledger.get_many([Task.key_of(task), Closing.key_of(task)])
        stored = Task.maybe(found)
        if stored is None:
            raise Refusal(Code.NOT_FOUND, "There is no such task.")
        if stored.releaser != ctx.caller.uid:
            raise Refusal(Code.NOT_OWNER, "Only its releaser cancels a task.")
        if stored.status == "cancelled":
            return stored.as_json()
        if closing is not None:
            raise Refusal(Code.TASK_CLOSED, "The task is closed.")
        record = replace(stored, status="cancelled")
        ctx.ledger.put(Task.key_of(task), record.encode())
        parts = await load_subtasks(ctx, task, stored.subtasks)
        dealt = await ctx.ledger.get_many(
            [Deal.key_of(task, number) for number in range(len(parts))]
        )
        for number, (part, over) in enumerate(zip(parts, dealt, strict=True)):
            if over is None:  # a deal took the subtask off the list
                ctx.ledger.delete(open_key(part.level, stored.accept_until, task, number))
        ctx.set_event("TaskCancelled", {"v": 1, "task": task})
        return record.as_json()


async def load_subtasks(ctx: Context, task: str, count: int) -> list[SubtaskRecord]:
    """All subtasks of a task, in order."""
    keys = [SubtaskRecord.key_of(task, number) for number in range(count)]
    return [SubtaskRecord.decode(data) for data in await ctx.ledger.get_many(keys) if data]


def _records(releaser: str, spec: TaskSpec) -> tuple[Task, list[SubtaskRecord]]:
    fields = {**vars(spec), "subtasks": len(spec.subtasks)}
    escrow = sum(part.slots * part.reward for part in spec.subtasks)
    task = Task(**fields, releaser=releaser, escrow=escrow, status="open")
    return task, [SubtaskRecord(**vars(part)) for part in spec.subtasks]


async def _stored(
    ctx: Context, task: str, stored: Task, offered: Task, parts: list[SubtaskRecord]
) -> JsonObject:
    """The answer to a repeat; other content under the same id is refused."""
    same = replace(stored, status="open") == offered
    if not same or await load_subtasks(ctx, task, stored.subtasks) != parts:
        raise Refusal(Code.EXISTS, "A task with this id exists with other content.")
    return stored.as_json()


def _check_spec(spec: TaskSpec, now: int) -> None:
    if not now < spec.accept_until <= spec.submit_until <= now + MAX_DURATION_MS:
        raise Refusal(
            Code.BAD_ARGUMENT,
            "spec: now < accept_until <= submit_until must hold, within 366 days.",
        )
    if any(part.level > spec.levels for part in spec.subtasks):
        raise Refusal(Code.BAD_ARGUMENT, f"spec: subtask levels go from 1 to {spec.levels}.")
    if sum(part.slots for part in spec.subtasks) > MAX_SLOTS:
        raise Refusal(Code.BAD_ARGUMENT, f"spec: a task has at most {MAX_SLOTS} slots in all.")


def _check_parties(spec: TaskSpec, releaser_msp: str, keys: list[AnnouncedKey | None]) -> None:
    """Verifiers are independent of the releaser, and everyone to seal for has a key here."""
    *verifiers, institution = keys
    names = spec.verifiers
    if len(names) not in _VERIFIER_COUNTS or len(set(names)) != len(names):
        raise Refusal(Code.PARTY_UNFIT, "A task names 1, 3 or 5 distinct verifiers.")
    if any(name.split("/")[0] == releaser_msp for name in names):
        raise Refusal(Code.PARTY_UNFIT, "No verifier may be of the releaser's organisation.")
    if any(key is None or key.role != "verifier" for key in verifiers):
        raise Refusal(Code.PARTY_UNFIT, "A verifier has announced no key in that role.")
    if institution is None or institution.role != "institution":
        raise Refusal(Code.PARTY_UNFIT, "The institution has announced no key in that role.")
