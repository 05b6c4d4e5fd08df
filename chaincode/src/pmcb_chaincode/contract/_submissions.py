# SPDX-License-Identifier: Apache-2.0
"""Submissions: a holder's content hash, and what the task's verifiers say of it."""

from dataclasses import replace
from typing import Annotated

from pmcb_chaincode.bridge import (
    Code,
    Context,
    Hash,
    Id,
    Int,
    JsonObject,
    Refusal,
    one_of,
    transaction,
)

from ._assets import (
    Claim,
    Slot,
    Submission,
    Subtask,
    Suspension,
    Task,
    Verdict,
)
from ._claims import load_membership
from ._credit_records import Closing
from ._governed import Governed

VerdictWord = Annotated[str, one_of("accept", "reject")]
VerdictReason = Annotated[
    str,
    one_of("ok", "schema", "range", "plausibility", "time", "duplicate", "variance", "truth"),
]


class Submissions(Governed):
    """``submit_data`` and ``verify_submission``."""

    @transaction(roles=("receiver",))
    async def submit_data(
        self,
        ctx: Context,
        task: Id,
        subtask: Subtask,
        content_hash: Hash,
        size: Annotated[int, Int(1, 2**40)],
    ) -> JsonObject:
        """Enter the hash and size (bytes) of the caller's data, once."""
        uid = ctx.caller.uid
        task_record, membership = await load_membership(ctx, task)
        if membership is None:
            raise Refusal(Code.NOT_HOLDER, "You hold no slot of this subtask.")
        slot = membership.slot
        place = Submission.key_of(task, subtask, slot)
        keys = [Claim.key_of(task, subtask, slot), place, Suspension.key_of(uid)]
        keys.append(Closing.key_of(task))
        claim_data, stored_data, suspension, closing = await ctx.ledger.get_many(keys)
        claim = Claim.maybe(claim_data)
        if claim is None or claim.holder != uid:
            raise Refusal(Code.NOT_HOLDER, "You hold no slot of this subtask.")
        record = Submission(holder=uid, content_hash=content_hash, size=size, at=ctx.time_ms)
        stored = Submission.maybe(stored_data)
        if stored is not None and replace(record, at=stored.at) == stored:
            return {**membership.as_json(), **stored.as_json()}
        if suspension is not None:
            raise Refusal(Code.SUSPENDED, "You are suspended.")
        if ctx.time_ms >= task_record.submit_until:
            raise Refusal(Code.DEADLINE_PASSED, "The time to submit is over.")
        if stored is not None:
            raise Refusal(Code.ALREADY_SUBMITTED, "Other data were submitted for this slot.")
        if closing is not None:
            raise Refusal(Code.TASK_CLOSED, "The task is closed.")
        ctx.ledger.put(place, record.encode())
        ctx.set_event("DataSubmitted", {"v": 1, **membership.as_json()})
        return {**membership.as_json(), **record.as_json()}

    @transaction(roles=("verifier",))
    async def verify_submission(
        self,
        ctx: Context,
        task: Id,
        subtask: Subtask,
        slot: Slot,
        verdict: VerdictWord,
        score: Annotated[int, Int(0, 100)],
        reason: VerdictReason,
        evidence_hash: Hash,
    ) -> JsonObject:
        """Judge a submission; one verdict a verifier, and it stands."""
        uid = ctx.caller.uid
        place = Verdict.key_of(task, subtask, slot, uid)
        keys = [Task.key_of(task), Submission.key_of(task, subtask, slot), place]
        keys.append(Closing.key_of(task))
        task_data, submission_data, stored_data, closing = await ctx.ledger.get_many(keys)
        record = Task.maybe(task_data)
        if record is None:
            raise Refusal(Code.NOT_FOUND, "There is no such task.")
        if uid not in record.verifiers:
            raise Refusal(Code.NOT_VERIFIER, "You are not among the task's verifiers.")
        submission = Submission.maybe(submission_data)
        if submission is None:
            raise Refusal(Code.NOT_FOUND, "Nothing was submitted for this slot.")
        if submission.holder == uid:
            raise Refusal(Code.SELF_VERDICT, "Nobody judges their own submission.")
        made = Verdict(
            verdict=verdict,
            score=score,
            reason=reason,
            evidence_hash=evidence_hash,
            at=ctx.time_ms,
        )
        stored = Verdict.maybe(stored_data)
        if stored is not None and replace(made, at=stored.at) == stored:
            return stored.as_json()
        if closing is not None:
            raise Refusal(Code.TASK_CLOSED, "The task is closed.")
        if stored is not None:
            raise Refusal(Code.EXISTS, "You gave another verdict, and it stands.")
        ctx.ledger.put(place, made.encode())
        ctx.set_event(
            "SubmissionVerified", {"v": 1, "task": task, "subtask": subtask, "slot": slot}
        )
        return made.as_json()
