# SPDX-License-Identifier: Apache-2.0
"""Queries: what the ledger says, to whom it may concern.

Limits by role are hygiene here: members of the channel can read its state.
"""

from typing import Annotated, TypeVar

from pmcb_chaincode.bridge import (
    Code,
    Context,
    Id,
    Int,
    JsonObject,
    JsonValue,
    Refusal,
    query,
    split_composite,
)

from ._assets import (
    AnnouncedKey,
    Claim,
    CurrentEpoch,
    EpochApproval,
    EpochBatch,
    EpochHead,
    Membership,
    Name,
    PersonLevel,
    Slot,
    Submission,
    Subtask,
    SubtaskRecord,
    Suspension,
    Task,
    Verdict,
)
from ._governed import Governed
from ._pages import Bookmark, PageSize, as_page, read_page
from ._tasks import load_subtasks

R = TypeVar("R")


class Queries(Governed):
    """Everything that only reads."""

    @query()
    async def get_governance(self, ctx: Context) -> JsonObject:  # noqa: ARG002
        """The rules that only an approved upgrade changes."""
        return self.governance.as_json()

    @query()
    async def get_key(self, ctx: Context, msp: Name, person: Name) -> JsonObject:
        """The key to seal to for a person."""
        record = await AnnouncedKey.load(ctx, AnnouncedKey.key_of(f"{msp}/{person}"))
        return _found(record, "This person has announced no key.").as_json()

    @query()
    async def get_epoch(
        self, ctx: Context, epoch: Annotated[int, Int(0, 99_999_999)]
    ) -> JsonObject:
        """An epoch, its registered batches and approvals; 0 asks for the active one."""
        current = await CurrentEpoch.load(ctx, CurrentEpoch.KEY)
        number = epoch or _found(current, "No epoch is active.").epoch
        head = _found(
            await EpochHead.load(ctx, EpochHead.key_of(number)), f"Epoch {number} is not open."
        )
        batches = [EpochBatch.key_of(number, batch) for batch in range(head.batches)]
        msps = self.governance.role_msps["authority"]
        approvals = [EpochApproval.key_of(number, msp) for msp in msps]
        found = await ctx.ledger.get_many(batches + approvals)
        return {
            **head.as_json(),
            "epoch": number,
            "registered": [n for n, data in enumerate(found[: head.batches]) if data],
            "approvals": [m for m, d in zip(msps, found[head.batches :], strict=True) if d],
            "active": current is not None and current.epoch == number,
        }

    @query()
    async def get_level(self, ctx: Context, msp: Name, person: Name) -> JsonObject:
        """A person's level in the active epoch, and whether the person is suspended."""
        uid = f"{msp}/{person}"
        current = await CurrentEpoch.load(ctx, CurrentEpoch.KEY)
        if current is None:
            raise Refusal(Code.NOT_FOUND, "No epoch is active.")
        keys = [PersonLevel.key_of(current.epoch, uid), Suspension.key_of(uid)]
        standing, suspension = await ctx.ledger.get_many(keys)
        record = _found(PersonLevel.maybe(standing), "This person has no level.")
        return {
            **record.as_json(),
            "epoch": current.epoch,
            "suspended": suspension is not None,
        }

    @query()
    async def get_task(self, ctx: Context, task: Id) -> JsonObject:
        """A task with its subtasks."""
        record = await _load_task(ctx, task)
        parts = await load_subtasks(ctx, task, record.subtasks)
        subtasks: list[JsonObject] = [
            {**part.as_json(), "subtask": number} for number, part in enumerate(parts)
        ]
        return {**record.as_json(), "task": task, "subtasks": subtasks}

    @query(roles=("receiver",))
    async def list_open_subtasks(
        self, ctx: Context, size: PageSize, bookmark: Bookmark
    ) -> JsonObject:
        """The open subtasks of the caller's level, soonest deadline first."""
        current = await CurrentEpoch.load(ctx, CurrentEpoch.KEY)
        standing = None
        if current is not None:
            key = PersonLevel.key_of(current.epoch, ctx.caller.uid)
            standing = await PersonLevel.load(ctx, key)
        if standing is None:
            raise Refusal(Code.NOT_LEVELED, "You have no level in the active epoch.")
        prefix = ("OP", f"{standing.level:02}")
        still_open = f"\x00OP\x00{standing.level:02}\x00{ctx.time_ms + 1:013}"
        rows, following = await read_page(ctx, prefix, 4, size, bookmark, since=still_open)
        places = [(task, int(n)) for _, _, _, task, n in (split_composite(r.key) for r in rows)]
        keys = [Task.key_of(task) for task, _ in places]
        keys += [SubtaskRecord.key_of(task, number) for task, number in places]
        found = await ctx.ledger.get_many(keys)
        items = [
            _open_view(task, number, Task.maybe(task_data), SubtaskRecord.maybe(part_data))
            for (task, number), task_data, part_data in zip(
                places, found[: len(places)], found[len(places) :], strict=True
            )
        ]
        return as_page(items, following)

    @query(roles=("receiver",))
    async def list_my_claims(self, ctx: Context, size: PageSize, bookmark: Bookmark) -> JsonObject:
        """The tasks the caller joined, with what was submitted and how it was judged."""
        prefix = ("MB", *ctx.caller.uid.split("/"))
        rows, following = await read_page(ctx, prefix, 3, size, bookmark)
        return as_page([await _my_claim(ctx, Membership.decode(r.value)) for r in rows], following)

    @query()
    async def list_claims(
        self, ctx: Context, task: Id, subtask: Subtask, size: PageSize, bookmark: Bookmark
    ) -> JsonObject:
        """Who holds which slot of a subtask."""
        await self._check_party(ctx, task, await _load_task(ctx, task))
        rows, following = await read_page(ctx, ("SL", task, f"{subtask:04}"), 3, size, bookmark)
        items: list[JsonObject] = [
            {**Claim.decode(row.value).as_json(), "slot": int(split_composite(row.key)[-1])}
            for row in rows
        ]
        return as_page(items, following)

    @query()
    async def get_claim(self, ctx: Context, task: Id, subtask: Subtask, slot: Slot) -> JsonObject:
        """One held slot."""
        await self._check_party(ctx, task, await _load_task(ctx, task))
        claim = await Claim.load(ctx, Claim.key_of(task, subtask, slot))
        return {
            **_found(claim, "Nobody holds this slot.").as_json(),
            "task": task,
            "subtask": subtask,
            "slot": slot,
        }

    @query()
    async def list_submissions(
        self, ctx: Context, task: Id, subtask: Subtask, size: PageSize, bookmark: Bookmark
    ) -> JsonObject:
        """What was submitted for a subtask, each with its verdicts."""
        record = await _load_task(ctx, task)
        await self._check_party(ctx, task, record)
        rows, following = await read_page(ctx, ("SB", task, f"{subtask:04}"), 3, size, bookmark)
        items: list[JsonObject] = []
        for row in rows:
            slot = int(split_composite(row.key)[-1])
            verdicts = await _verdicts(ctx, record, task, subtask, slot)
            fields = Submission.decode(row.value).as_json()
            items.append({**fields, "slot": slot, "verdicts": verdicts})
        return as_page(items, following)

    async def _check_party(self, ctx: Context, task_id: str, task: Task) -> None:
        """Releaser, verifiers, institution, authorities and holders see who takes part."""
        caller = ctx.caller
        if caller.uid in {task.releaser, task.institution, *task.verifiers}:
            return
        authorities = self.governance.role_msps["authority"]
        if caller.role == "authority" and caller.msp_id in authorities:
            return
        member = await Membership.load(ctx, Membership.key_of(caller.uid, task_id, task))
        if member is not None:  # of this task, or of another one of its series
            place = Claim.key_of(task_id, member.subtask, member.slot)
            claim = await Claim.load(ctx, place)
            if claim is not None and claim.holder == caller.uid:
                return
        raise Refusal(Code.NOT_OWNER, "Only those who take part in the task see this.")


def _found(record: R | None, sentence: str) -> R:
    if record is None:
        raise Refusal(Code.NOT_FOUND, sentence)
    return record


async def _load_task(ctx: Context, task: str) -> Task:
    return _found(await Task.load(ctx, Task.key_of(task)), "There is no such task.")


def _open_view(
    task_id: str, number: int, task: Task | None, part: SubtaskRecord | None
) -> JsonObject:
    assert task is not None
    assert part is not None
    return {
        **part.as_json(),
        "task": task_id,
        "subtask": number,
        "releaser": task.releaser,
        "accept_until": task.accept_until,
        "submit_until": task.submit_until,
        "notice_hash": task.notice_hash,
    }


async def _my_claim(ctx: Context, member: Membership) -> JsonObject:
    place = (member.task, member.subtask, member.slot)
    task = await _load_task(ctx, member.task)
    keys = [Claim.key_of(*place), Submission.key_of(*place)]
    claim_data, submission_data = await ctx.ledger.get_many(keys)
    claim, submission = Claim.maybe(claim_data), Submission.maybe(submission_data)
    held = claim is not None and claim.holder == ctx.caller.uid
    view: dict[str, JsonValue] = {**member.as_json(), "held": held}
    if held and submission is not None:
        view["submission"] = submission.as_json()
        view["verdicts"] = await _verdicts(ctx, task, *place)
    return view


async def _verdicts(
    ctx: Context, task: Task, task_id: str, subtask: int, slot: int
) -> list[JsonObject]:
    keys = [Verdict.key_of(task_id, subtask, slot, uid) for uid in task.verifiers]
    found = zip(task.verifiers, await ctx.ledger.get_many(keys), strict=True)
    return [{**Verdict.decode(data).as_json(), "by": uid} for uid, data in found if data]
