# SPDX-License-Identifier: Apache-2.0
"""Claims: a receiver takes a slot of a subtask of its own level, and may give it back.

There is no counter, so no hot key. The authority numbers the persons of a level 0, 1, 2, ...; while
a subtask has at least as many slots as its level has receivers, no two persons start at the same
slot, and nobody's claim conflicts with another's. An epoch numbers them anew, and who holds a slot
keeps it: so from a slot that is taken everybody goes on by a way of their own.
"""

import hashlib
from collections.abc import Iterator
from math import gcd

from pmcb_chaincode.bridge import Code, Context, Id, JsonObject, Refusal, transaction

from ._assets import (
    Claim,
    CurrentEpoch,
    Membership,
    PersonLevel,
    Submission,
    Subtask,
    SubtaskRecord,
    Suspension,
    Task,
)
from ._credit_records import Closing
from ._governed import Governed
from ._sealed_records import Deal, WrappedKey

_SINGLE_READS = 8
_CHUNK = 64


class Claims(Governed):
    """``accept_subtask`` and ``withdraw_claim``."""

    @transaction(roles=("receiver",))
    async def accept_subtask(self, ctx: Context, task: Id, subtask: Subtask) -> JsonObject:
        """Take a slot; the level that counts is the registry's, now, and never an argument."""
        uid = ctx.caller.uid
        keys = [
            CurrentEpoch.KEY,
            Task.key_of(task),
            SubtaskRecord.key_of(task, subtask),
            Suspension.key_of(uid),
            Deal.key_of(task, subtask),
            Closing.key_of(task),
        ]
        found = await ctx.ledger.get_many(keys)
        current_data, task_data, part_data, suspension, *over = found
        if part_data is None:
            raise Refusal(Code.NOT_FOUND, "There is no such subtask.")
        assert task_data is not None  # a subtask comes with its task, under an active epoch
        assert current_data is not None
        current = CurrentEpoch.decode(current_data)
        record, part = Task.decode(task_data), SubtaskRecord.decode(part_data)
        if suspension is not None:
            raise Refusal(Code.SUSPENDED, "You are suspended.")
        member_key = Membership.key_of(uid, task, record)
        level_key = PersonLevel.key_of(current.epoch, uid)
        member, level_data = await ctx.ledger.get_many([member_key, level_key])
        if member is not None:
            return await _held(ctx, Membership.decode(member), task, subtask)
        _check_open(record, current, ctx.time_ms, is_over=any(over))
        key = ctx.caller.p256_key()
        standing = _check_level(PersonLevel.maybe(level_data), part)
        order = list(candidates(standing.ordinal, part.slots, uid))
        slot = await _free_slot(ctx, task, subtask, order)
        claim = Claim(
            holder=uid, level=standing.level, epoch=current.epoch, at=ctx.time_ms, key=key
        )
        membership = Membership(task=task, subtask=subtask, slot=slot)
        ctx.ledger.put(member_key, membership.encode())
        ctx.ledger.put(Claim.key_of(task, subtask, slot), claim.encode())
        ctx.set_event(
            "SubtaskAccepted",
            {"v": 1, **membership.as_json(), "uid": uid, "level": claim.level, "key": key},
        )
        return {**membership.as_json(), **claim.as_json()}

    @transaction(roles=("receiver",))
    async def withdraw_claim(self, ctx: Context, task: Id) -> JsonObject:
        """Give a slot back; no other subtask of the task or its series opens by that."""
        uid = ctx.caller.uid
        _, membership = await load_membership(ctx, task)
        if membership is None:
            raise Refusal(Code.NOT_HOLDER, "You hold no slot of this task.")
        place = Claim.key_of(task, membership.subtask, membership.slot)
        keys = [
            place,
            Submission.key_of(task, membership.subtask, membership.slot),
            Suspension.key_of(uid),
            WrappedKey.key_of(task, membership.subtask, membership.slot),
            Deal.key_of(task, membership.subtask),
        ]
        claim_data, submission, suspension, wrapped, deal = await ctx.ledger.get_many(keys)
        claim = Claim.maybe(claim_data)
        if claim is None or claim.holder != uid:
            return membership.as_json()
        if suspension is not None:
            raise Refusal(Code.SUSPENDED, "You are suspended; your slot stays used.")
        if submission is not None:
            raise Refusal(Code.ALREADY_SUBMITTED, "Data were submitted for this slot.")
        if wrapped is not None:
            raise Refusal(Code.KEY_DELIVERED, "You were sent the key; your slot stays used.")
        if deal is not None:
            raise Refusal(Code.SUBTASK_CLOSED, "The subtask's secret was shared with you.")
        ctx.ledger.delete(place)
        ctx.set_event("ClaimWithdrawn", {"v": 1, **membership.as_json()})
        return membership.as_json()


async def load_membership(ctx: Context, task: str) -> tuple[Task, Membership | None]:
    """A task, and the caller's membership in exactly this one, None where there is none.

    Raises:
        Refusal: ``NOT_FOUND``, there is no such task.
    """
    record = await Task.load(ctx, Task.key_of(task))
    if record is None:
        raise Refusal(Code.NOT_FOUND, "There is no such task.")
    key = Membership.key_of(ctx.caller.uid, task, record)
    membership = await Membership.load(ctx, key)
    return record, membership if membership and membership.task == task else None


async def _held(ctx: Context, membership: Membership, task: str, subtask: int) -> JsonObject:
    """A repeat gets the claim it made; joining anything else of the task or series is refused."""
    claim = await Claim.load(ctx, Claim.key_of(task, subtask, membership.slot))
    if claim is not None and claim.holder == ctx.caller.uid:  # nobody holds two of them
        return {**membership.as_json(), **claim.as_json()}
    raise Refusal(Code.ALREADY_MEMBER, "You already joined this task or its series.")


def _check_open(task: Task, current: CurrentEpoch, now: int, *, is_over: bool) -> None:
    if task.status != "open":
        raise Refusal(Code.TASK_CANCELLED, "The task was cancelled.")
    if now >= task.accept_until:
        raise Refusal(Code.DEADLINE_PASSED, "The time to accept is over.")
    if is_over:
        raise Refusal(Code.SUBTASK_CLOSED, "The subtask's secret was shared, or the task closed.")
    if current.levels != task.levels:
        raise Refusal(Code.LEVELS_CHANGED, "The levels changed since the task was published.")


def _check_level(standing: PersonLevel | None, part: SubtaskRecord) -> PersonLevel:
    if standing is None:
        raise Refusal(Code.NOT_LEVELED, "You have no level in the active epoch.")
    if standing.level != part.level:
        raise Refusal(
            Code.LEVEL_MISMATCH,
            f"Your level is {standing.level}, the subtask asks for level {part.level}.",
        )
    return standing


def candidates(ordinal: int, slots: int, uid: str) -> Iterator[int]:
    """The slots in the order in which a person tries them: each once.

    The first is the person's number; where the others begin and by which step they go on is drawn
    from the uid. Persons who find their first slots taken so do not meet at the next one.

    >>> list(candidates(1, 5, "HospitalAMSP/ann")), list(candidates(1, 5, "HospitalAMSP/bob"))
    ([1, 2, 3, 4, 0], [1, 4, 0, 2, 3])
    """
    home = ordinal % slots
    drawn = int.from_bytes(hashlib.sha256(uid.encode()).digest(), "big")
    start, step = drawn % slots, 1 + drawn // slots % slots
    while gcd(step, slots) != 1:
        step += 1
    yield home
    walk = ((start + turn * step) % slots for turn in range(slots))
    yield from (slot for slot in walk if slot != home)


async def _free_slot(ctx: Context, task: str, subtask: int, order: list[int]) -> int:
    """The first free slot: single reads first, since the home slot is nearly always free."""
    for slot in order[:_SINGLE_READS]:
        if await ctx.ledger.get(Claim.key_of(task, subtask, slot)) is None:
            return slot
    for start in range(_SINGLE_READS, len(order), _CHUNK):
        chunk = order[start : start + _CHUNK]
        found = await ctx.ledger.get_many([Claim.key_of(task, subtask, slot) for slot in chunk])
        for slot, data in zip(chunk, found, strict=True):
            if data is None:
                return slot
    raise Refusal(Code.CAPACITY_FULL, "Every slot of this subtask is held.")
