# SPDX-License-Identifier: Apache-2.0
"""Rewards: escrow goes to receivers as verdicts are in, and what is left goes back."""

from typing import Annotated

from pmcb_chaincode.bridge import Code, Context, Id, Int, JsonObject, ListOf, Refusal, transaction

from ._assets import MAX_SLOTS, Claim, Submission, Subtask, SubtaskRecord, Task, Verdict
from ._credit import move
from ._credit_records import Closing, Payment
from ._governed import Governed
from ._tasks import load_subtasks

MAX_SETTLED = 100  # slots a call

Slots = Annotated[tuple[int, ...], ListOf(Int(0, MAX_SLOTS - 1), 1, MAX_SETTLED)]


class Rewards(Governed):
    """``settle_rewards`` and ``close_task``."""

    @transaction(roles=("releaser", "receiver", "verifier"))
    async def settle_rewards(
        self, ctx: Context, task: Id, subtask: Subtask, slots: Slots
    ) -> JsonObject:
        """Pay the holders of judged slots; anybody who takes part in tasks may ask for it.

        A majority of the task's verifiers decides. Where none was reached when the settle window
        after ``submit_until`` ends, the slot is paid: silence of verifiers is not the receiver's
        fault.
        """
        if len(set(slots)) != len(slots):
            raise Refusal(Code.BAD_ARGUMENT, "slots must name each slot once.")
        keys = [Task.key_of(task), SubtaskRecord.key_of(task, subtask)]
        keys += [Submission.key_of(task, subtask, slot) for slot in slots]
        keys += [Payment.key_of(task, subtask, slot) for slot in slots]
        task_data, part_data, *found = await ctx.ledger.get_many(keys)
        if part_data is None:
            raise Refusal(Code.NOT_FOUND, "There is no such subtask.")
        assert task_data is not None  # a subtask comes with its task
        record, part = Task.decode(task_data), SubtaskRecord.decode(part_data)
        due: list[tuple[int, Submission]] = []
        for slot, data, paid in zip(slots, found, found[len(slots) :], strict=False):
            submission = Submission.maybe(data)
            if submission is None:
                raise Refusal(Code.NOT_FOUND, f"Nothing was submitted for slot {slot}.")
            if paid is None:
                due.append((slot, submission))
        if not due:
            raise Refusal(Code.EXISTS, "These slots are settled already.")
        over = ctx.time_ms >= record.submit_until + self.governance.settle_window_s * 1000
        for slot, submission in due:
            accepted = await _decision(ctx, record, task, subtask, slot)
            if accepted is None and not over:
                raise Refusal(Code.VERDICT_PENDING, f"Slot {slot} is not decided yet.")
            amount = 0 if accepted is False else part.reward
            payment = Payment(amount=amount, to=submission.holder, at=ctx.time_ms)
            ctx.ledger.put(Payment.key_of(task, subtask, slot), payment.encode())
            move(ctx, submission.holder, amount, "reward", task)
        answer: JsonObject = {"task": task, "subtask": subtask, "slots": [slot for slot, _ in due]}
        ctx.set_event("RewardsSettled", {**answer, "v": 1})
        return answer

    @transaction(roles=("releaser", "authority"))
    async def close_task(self, ctx: Context, task: Id) -> JsonObject:
        """End a task when every submission is settled; the rest of the escrow goes back."""
        place = Closing.key_of(task)
        task_data, stored = await ctx.ledger.get_many([Task.key_of(task), place])
        record = Task.maybe(task_data)
        if record is None:
            raise Refusal(Code.NOT_FOUND, "There is no such task.")
        if ctx.caller.role == "releaser" and record.releaser != ctx.caller.uid:
            raise Refusal(Code.NOT_OWNER, "Only its releaser or an authority closes a task.")
        if stored is not None:
            return Closing.decode(stored).as_json()
        paid, unsubmitted = await _settled(ctx, task, record)
        done = record.status == "cancelled" and not unsubmitted
        if not done and ctx.time_ms < record.submit_until:
            raise Refusal(Code.TOO_EARLY, "Receivers may still submit.")
        closing = Closing(paid=paid, refunded=record.escrow - paid, at=ctx.time_ms)
        ctx.ledger.put(place, closing.encode())
        move(ctx, record.releaser, closing.refunded, "refund", task)
        ctx.set_event("TaskClosed", {"v": 1, "task": task})
        return closing.as_json()


async def _decision(ctx: Context, record: Task, task: str, subtask: int, slot: int) -> bool | None:
    """Whether more than half of the task's verifiers accept; None while neither side has it."""
    keys = [Verdict.key_of(task, subtask, slot, uid) for uid in record.verifiers]
    found = [Verdict.decode(data).verdict for data in await ctx.ledger.get_many(keys) if data]
    for word in ("accept", "reject"):
        if 2 * found.count(word) > len(record.verifiers):
            return word == "accept"
    return None


async def _settled(ctx: Context, task: str, record: Task) -> tuple[int, int]:
    """What was paid, and how many held slots have no submission. All slots are read by point.

    Raises:
        Refusal: ``UNSETTLED``, a submission is not settled.
    """
    paid = unsubmitted = 0
    for number, part in enumerate(await load_subtasks(ctx, task, record.subtasks)):
        places = [(task, number, slot) for slot in range(part.slots)]
        kinds = (Claim, Submission, Payment)
        found = await ctx.ledger.get_many([kind.key_of(*at) for kind in kinds for at in places])
        count = part.slots
        for claim, submission, payment in zip(
            found[:count], found[count : 2 * count], found[2 * count :], strict=True
        ):
            if submission is not None and payment is None:
                raise Refusal(Code.UNSETTLED, "A submission is not settled yet.")
            unsubmitted += claim is not None and submission is None
            paid += Payment.decode(payment).amount if payment else 0
    return paid, unsubmitted
