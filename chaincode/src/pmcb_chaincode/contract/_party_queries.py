# SPDX-License-Identifier: Apache-2.0
"""Queries for those who take part in a task: who holds what, and what was made of it.

Limits by role are hygiene here: members of the channel can read its state.
"""

from typing import TypeVar

from pmcb_chaincode.bridge import (
    Code,
    Context,
    Id,
    JsonObject,
    JsonValue,
    Refusal,
    query,
    split_composite,
)

from ._assets import (
    Claim,
    Membership,
    Record,
    Slot,
    Submission,
    Subtask,
    Suspension,
    Task,
    Verdict,
)
from ._credit_records import Payment
from ._governed import Governed
from ._pages import Bookmark, PageSize, as_page, read_page
from ._sealed_records import Deal, WrappedKey, WrappedShare

R = TypeVar("R")


class PartyQueries(Governed):
    """``list_claims``, ``get_claim``, ``list_submissions`` and ``get_sealed``."""

    @query()
    async def list_claims(
        self, ctx: Context, task: Id, subtask: Subtask, size: PageSize, bookmark: Bookmark
    ) -> JsonObject:
        """Who holds which slot of a subtask, whether the key was delivered there, and a hash.

        The hash is of the share that was dealt to the slot: co-holders check by it what is passed
        on to them. It covers 16 random bytes, and tells nothing of the share. ``suspended`` is
        there, and true, where the holder is: no deal may have a share for them.
        """
        await self._check_party(ctx, task, await load_task(ctx, task))
        rows, following = await read_page(ctx, ("SL", task, f"{subtask:04}"), 3, size, bookmark)
        claims = [Claim.decode(row.value) for row in rows]
        slots = [int(split_composite(row.key)[-1]) for row in rows]
        keys = [
            kind.key_of(task, subtask, slot)
            for kind in (WrappedKey, WrappedShare)
            for slot in slots
        ]
        keys += [Suspension.key_of(claim.holder) for claim in claims]
        state = await ctx.ledger.get_many(keys)
        count = len(rows)
        items: list[JsonObject] = []
        for claim, slot, key, share, suspension in zip(
            claims, slots, state[:count], state[count : 2 * count], state[2 * count :], strict=True
        ):
            item: dict[str, JsonValue] = {
                **claim.as_json(),
                "slot": slot,
                "delivered": key is not None,
            }
            if dealt := WrappedShare.maybe(share):
                item["share_hash"] = dealt.share_hash
            if suspension is not None:
                item["suspended"] = True
            items.append(item)
        return as_page(items, following)

    @query()
    async def get_claim(self, ctx: Context, task: Id, subtask: Subtask, slot: Slot) -> JsonObject:
        """One held slot."""
        await self._check_party(ctx, task, await load_task(ctx, task))
        claim = await Claim.load(ctx, Claim.key_of(task, subtask, slot))
        return {
            **found(claim, "Nobody holds this slot.").as_json(),
            "task": task,
            "subtask": subtask,
            "slot": slot,
        }

    @query()
    async def list_submissions(
        self, ctx: Context, task: Id, subtask: Subtask, size: PageSize, bookmark: Bookmark
    ) -> JsonObject:
        """What was submitted for a subtask, each with its verdicts and its payment."""
        record = await load_task(ctx, task)
        await self._check_party(ctx, task, record)
        rows, following = await read_page(ctx, ("SB", task, f"{subtask:04}"), 3, size, bookmark)
        items: list[JsonObject] = []
        for row in rows:
            slot = int(split_composite(row.key)[-1])
            verdicts = await verdicts_on(ctx, record, task, subtask, slot)
            paid = await Payment.load(ctx, Payment.key_of(task, subtask, slot))
            fields = {**Submission.decode(row.value).as_json(), "slot": slot, "verdicts": verdicts}
            items.append(fields if paid is None else {**fields, "payment": paid.as_json()})
        return as_page(items, following)

    @query()
    async def get_sealed(self, ctx: Context, task: Id, subtask: Subtask, slot: Slot) -> JsonObject:
        """What was sealed for the holder of a slot: key, share, and the deal it belongs to."""
        record = await load_task(ctx, task)
        place = (task, subtask, slot)
        keys = [Claim.key_of(*place), WrappedKey.key_of(*place), WrappedShare.key_of(*place)]
        state = await ctx.ledger.get_many([*keys, Deal.key_of(task, subtask)])
        claim = found(Claim.maybe(state[0]), "Nobody holds this slot.")
        if ctx.caller.uid not in {claim.holder, record.releaser}:
            raise Refusal(Code.NOT_HOLDER, "Only its holder and the releaser see what is sealed.")
        kinds: dict[str, type[Record]] = {"key": WrappedKey, "share": WrappedShare, "deal": Deal}
        sealed = zip(kinds.items(), state[1:], strict=True)
        return {name: kind.decode(data).as_json() for (name, kind), data in sealed if data}

    async def _check_party(self, ctx: Context, task_id: str, task: Task) -> None:
        """Releaser, verifiers, institution, authorities and holders see who takes part."""
        caller = ctx.caller
        if caller.uid in {task.releaser, task.institution, *task.verifiers}:
            return
        if self.is_authority(caller):
            return
        member = await Membership.load(ctx, Membership.key_of(caller.uid, task_id, task))
        if member is not None:  # of this task, or of another one of its series
            place = Claim.key_of(task_id, member.subtask, member.slot)
            claim = await Claim.load(ctx, place)
            if claim is not None and claim.holder == caller.uid:
                return
        raise Refusal(Code.NOT_OWNER, "Only those who take part in the task see this.")


def found(record: R | None, sentence: str) -> R:
    """The record; a refusal where there is none."""
    if record is None:
        raise Refusal(Code.NOT_FOUND, sentence)
    return record


async def load_task(ctx: Context, task: str) -> Task:
    """A task; a refusal where there is none."""
    return found(await Task.load(ctx, Task.key_of(task)), "There is no such task.")


async def verdicts_on(
    ctx: Context, task: Task, task_id: str, subtask: int, slot: int
) -> list[JsonObject]:
    """What a task's verifiers said of a slot's submission."""
    keys = [Verdict.key_of(task_id, subtask, slot, uid) for uid in task.verifiers]
    given = zip(task.verifiers, await ctx.ledger.get_many(keys), strict=True)
    return [{**Verdict.decode(data).as_json(), "by": uid} for uid, data in given if data]
