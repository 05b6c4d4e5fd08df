# SPDX-License-Identifier: Apache-2.0
"""Keys and shares: what a releaser hands to the holders of a subtask's slots, sealed to each.

A secret is shared so that more than half of the holders open it and no half of them can (Shamir
1979; Peng et al. share a subtask's content among its receivers). The contract sees wraps, hashes
and a commitment, and checks that everybody who holds a slot, and nobody else, gets a share.
"""

from dataclasses import dataclass
from typing import Annotated

from pmcb_chaincode.bridge import (
    Bool,
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
    transaction,
)

from ._assets import (
    MAX_SLOTS,
    Claim,
    Slot,
    Subtask,
    SubtaskRecord,
    Suspension,
    Task,
    Uid,
    open_key,
)
from ._governed import Governed
from ._sealed_records import Deal, WrappedKey, WrappedShare

MAX_KEYS = 200  # a call; a releaser who follows acceptances rarely has more at once

# A wrap is version, point, ciphertext and tag: 50 bytes more than what is inside, which is a key
# of 32 bytes, or a share of 16 with its index and salt.
_KEY_WRAP = Match("01[0-9a-f]{162}", "a wrapped key, 164 lower-case hexadecimal digits")
_SHARE_WRAP = Match("01[0-9a-f]{166}", "a wrapped share, 168 lower-case hexadecimal digits")


@dataclass(frozen=True)
class KeyItem:
    """The key of the envelope, for one holder."""

    slot: Slot
    to: Uid
    wrapped: Annotated[str, _KEY_WRAP]


@dataclass(frozen=True)
class ShareItem:
    """One share of the secret, for one holder; ``index`` is its place among all shares."""

    slot: Slot
    to: Uid
    index: Annotated[int, Int(1, MAX_SLOTS)]
    share: Annotated[str, _SHARE_WRAP]
    share_hash: Hash


@dataclass(frozen=True)
class DealSpec:
    """A secret shared among the holders; ``close_early`` ends accepting before its time."""

    n: Annotated[int, Int(0, MAX_SLOTS)]
    threshold: Annotated[int, Int(1, MAX_SLOTS)]
    commitment: Hash
    blob_hash: Hash
    close_early: Annotated[bool, Bool()]
    items: Annotated[tuple[ShareItem, ...], ListOf(Json(ShareItem), 0, MAX_SLOTS)]


class Sharing(Governed):
    """``deliver_keys`` and ``deliver_shares``."""

    @transaction(roles=("releaser",))
    async def deliver_keys(
        self,
        ctx: Context,
        task: Id,
        subtask: Subtask,
        items: Annotated[tuple[KeyItem, ...], ListOf(Json(KeyItem), 1, MAX_KEYS)],
    ) -> JsonObject:
        """Hand the envelope's key to holders; who has it already keeps the one it has."""
        await _own_subtask(ctx, task, subtask)
        slots = [item.slot for item in items]
        if len(set(slots)) != len(slots):
            raise Refusal(Code.BAD_ARGUMENT, "items must name each slot once.")
        keys = [Claim.key_of(task, subtask, slot) for slot in slots]
        keys += [WrappedKey.key_of(task, subtask, slot) for slot in slots]
        keys += [Suspension.key_of(item.to) for item in items]
        found = await ctx.ledger.get_many(keys)
        count = len(items)
        fresh: list[KeyItem] = []
        for item, claim, stored, suspension in zip(
            items, found[:count], found[count : 2 * count], found[2 * count :], strict=True
        ):
            _check_holder(Claim.maybe(claim), item.slot, item.to)
            if stored is None and suspension is not None:
                raise Refusal(Code.SUSPENDED, f"The holder of slot {item.slot} is suspended.")
            if stored is None:
                fresh.append(item)
        for item in fresh:
            record = WrappedKey(to=item.to, wrapped=item.wrapped, at=ctx.time_ms)
            ctx.ledger.put(WrappedKey.key_of(task, subtask, item.slot), record.encode())
        answer: JsonObject = {"task": task, "subtask": subtask, "slots": slots}
        if fresh:
            delivered = [item.slot for item in fresh]
            ctx.set_event("KeysDelivered", {**answer, "v": 1, "slots": delivered})
        return answer

    @transaction(roles=("releaser",))
    async def deliver_shares(
        self,
        ctx: Context,
        task: Id,
        subtask: Subtask,
        deal: Annotated[DealSpec, Json(DealSpec)],
    ) -> JsonObject:
        """Share the subtask's secret among its holders, once; accepting and withdrawing end."""
        record, part = await _own_subtask(ctx, task, subtask)
        place = Deal.key_of(task, subtask)
        slots = [Claim.key_of(task, subtask, slot) for slot in range(part.slots)]
        stored, *claims = await ctx.ledger.get_many([place, *slots])
        if stored is not None:
            raise Refusal(Code.ALREADY_DEALT, "The secret of this subtask was shared already.")
        held = [(slot, Claim.decode(data).holder) for slot, data in enumerate(claims) if data]
        over = ctx.time_ms >= record.accept_until or len(held) == part.slots or deal.close_early
        if not over:
            raise Refusal(Code.STILL_OPEN, "The subtask is still open, and has free slots.")
        absent = await ctx.ledger.get_many([Suspension.key_of(holder) for _, holder in held])
        _check_deal(deal, held, [suspension is not None for suspension in absent])
        header = Deal(
            n=deal.n,
            threshold=deal.threshold,
            commitment=deal.commitment,
            blob_hash=deal.blob_hash,
            at=ctx.time_ms,
        )
        ctx.ledger.put(place, header.encode())
        if record.status == "open":  # cancelling took it off the list
            ctx.ledger.delete(open_key(part.level, record.accept_until, task, subtask))
        for item in deal.items:
            share = WrappedShare(
                to=item.to, index=item.index, share=item.share, share_hash=item.share_hash
            )
            ctx.ledger.put(WrappedShare.key_of(task, subtask, item.slot), share.encode())
        answer: JsonObject = {
            "task": task,
            "subtask": subtask,
            "n": deal.n,
            "threshold": deal.threshold,
        }
        ctx.set_event("SharesDelivered", {**answer, "v": 1})
        return answer


async def _own_subtask(ctx: Context, task: str, subtask: int) -> tuple[Task, SubtaskRecord]:
    """A task of the caller's, and its subtask."""
    keys = [Task.key_of(task), SubtaskRecord.key_of(task, subtask)]
    task_data, part_data = await ctx.ledger.get_many(keys)
    if part_data is None:
        raise Refusal(Code.NOT_FOUND, "There is no such subtask.")
    assert task_data is not None  # a subtask comes with its task
    record, part = Task.decode(task_data), SubtaskRecord.decode(part_data)
    if record.releaser != ctx.caller.uid:
        raise Refusal(Code.NOT_OWNER, "Only its releaser hands out what a task holds.")
    return record, part


def _check_holder(claim: Claim | None, slot: int, uid: str) -> None:
    if claim is None or claim.holder != uid:
        raise Refusal(Code.NOT_HOLDER, f"Slot {slot} is not held by that person.")


def _check_deal(deal: DealSpec, held: list[tuple[int, str]], suspended: list[bool]) -> None:
    """Shares are numbered over all holders; each gets its own, but who is suspended gets none."""
    if deal.n != len(held) or deal.threshold != deal.n // 2 + 1:
        raise Refusal(
            Code.DEAL_MISMATCH,
            f"{len(held)} slots are held: n must be {len(held)}, "
            f"the threshold {len(held) // 2 + 1}.",
        )
    due = [
        (slot, holder, index)
        for index, ((slot, holder), is_out) in enumerate(zip(held, suspended, strict=True), start=1)
        if not is_out
    ]
    if [(item.slot, item.to, item.index) for item in deal.items] != due:
        raise Refusal(
            Code.DEAL_MISMATCH,
            "Every holder who is not suspended must get the share of its place, in order.",
        )
