# SPDX-License-Identifier: Apache-2.0
"""Queries: what the ledger says, to whom it may concern.

Limits by role are hygiene here: members of the channel can read its state.
"""

from typing import Annotated

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
    Submission,
    SubtaskRecord,
    Suspension,
    Task,
)
from ._credit import balance
from ._credit_records import Closing, Payment
from ._governed import Governed
from ._pages import Bookmark, PageSize, as_page, read_page
from ._party_queries import found, load_task, verdicts_on
from ._sealed_records import Deal
from ._tasks import load_subtasks


class Queries(Governed):
    """The rules, people and their levels, tasks, and what the caller holds."""

    @query()
    async def get_governance(self, ctx: Context) -> JsonObject:  # noqa: ARG002
        """The rules that only an approved upgrade changes."""
        return self.governance.as_json()

    @query()
    async def get_key(self, ctx: Context, msp: Name, person: Name) -> JsonObject:
        """The key to seal to for a person."""
        record = await AnnouncedKey.load(ctx, AnnouncedKey.key_of(f"{msp}/{person}"))
        return found(record, "This person has announced no key.").as_json()

    @query()
    async def get_epoch(
        self, ctx: Context, epoch: Annotated[int, Int(0, 99_999_999)]
    ) -> JsonObject:
        """An epoch, its registered batches and approvals; 0 asks for the active one."""
        current = await CurrentEpoch.load(ctx, CurrentEpoch.KEY)
        number = epoch or found(current, "No epoch is active.").epoch
        head = found(
            await EpochHead.load(ctx, EpochHead.key_of(number)), f"Epoch {number} is not open."
        )
        batches = [EpochBatch.key_of(number, batch) for batch in range(head.batches)]
        msps = self.governance.role_msps["authority"]
        approvals = [EpochApproval.key_of(number, msp) for msp in msps]
        state = await ctx.ledger.get_many(batches + approvals)
        return {
            **head.as_json(),
            "epoch": number,
            "registered": [n for n, data in enumerate(state[: head.batches]) if data],
            "approvals": [m for m, d in zip(msps, state[head.batches :], strict=True) if d],
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
        record = found(PersonLevel.maybe(standing), "This person has no level.")
        return {
            **record.as_json(),
            "epoch": current.epoch,
            "suspended": suspension is not None,
        }

    @query()
    async def get_task(self, ctx: Context, task: Id) -> JsonObject:
        """A task with its subtasks: whether their secrets were shared, and the task closed."""
        record = await load_task(ctx, task)
        parts = await load_subtasks(ctx, task, record.subtasks)
        deals = [Deal.key_of(task, number) for number in range(record.subtasks)]
        closing_data, *dealt = await ctx.ledger.get_many([Closing.key_of(task), *deals])
        closing = Closing.maybe(closing_data)
        subtasks: list[JsonObject] = [
            {**part.as_json(), "subtask": number, "dealt": deal is not None}
            for number, (part, deal) in enumerate(zip(parts, dealt, strict=True))
        ]
        view = {**record.as_json(), "task": task, "subtasks": subtasks}
        return view if closing is None else {**view, "closed": closing.as_json()}

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
    async def get_balance(self, ctx: Context, msp: Name, person: Name) -> JsonObject:
        """A person's credit: their own business, and the authorities'."""
        uid = f"{msp}/{person}"
        if uid != ctx.caller.uid and not self.is_authority(ctx.caller):
            raise Refusal(Code.NOT_OWNER, "Only the person and authorities see an account.")
        return {"uid": uid, "balance": await balance(ctx, uid)}


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
    task = await load_task(ctx, member.task)
    keys = [kind.key_of(*place) for kind in (Claim, Submission, Payment)]
    claim_data, submission_data, payment_data = await ctx.ledger.get_many(keys)
    claim, submission = Claim.maybe(claim_data), Submission.maybe(submission_data)
    payment = Payment.maybe(payment_data)
    held = claim is not None and claim.holder == ctx.caller.uid
    view: dict[str, JsonValue] = {**member.as_json(), "held": held}
    if held and submission is not None:
        view["submission"] = submission.as_json()
        view["verdicts"] = await verdicts_on(ctx, task, *place)
    if held and payment is not None:
        view["payment"] = payment.as_json()
    return view
