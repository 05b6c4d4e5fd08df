# SPDX-License-Identifier: Apache-2.0
"""Suspension: who may take part at all, across epochs."""

from typing import Annotated

from pmcb_chaincode.bridge import Code, Context, JsonObject, Refusal, one_of, transaction

from ._assets import Name, Suspension
from ._governed import Governed

StandingReason = Annotated[
    str, one_of("misconduct", "compromised", "investigation", "request", "cleared")
]


class Standing(Governed):
    """``suspend`` and ``reinstate``."""

    @transaction(roles=("authority",))
    async def suspend(
        self,
        ctx: Context,
        msp: Name,
        person: Name,
        reason: StandingReason,  # noqa: ARG002 - stands in the transaction, not in the state
    ) -> JsonObject:
        """Stop a person from accepting and submitting; slots that the person holds stay used."""
        uid = f"{msp}/{person}"
        place = Suspension.key_of(uid)
        stored = await Suspension.load(ctx, place)
        if stored is not None:
            if stored.by != ctx.caller.uid:
                raise Refusal(Code.EXISTS, "Another authority suspended this person.")
            return stored.as_json()
        record = Suspension(by=ctx.caller.uid, at=ctx.time_ms)
        ctx.ledger.put(place, record.encode())
        ctx.set_event("PersonSuspended", {"v": 1, "uid": uid})
        return record.as_json()

    @transaction(roles=("authority",))
    async def reinstate(
        self,
        ctx: Context,
        msp: Name,
        person: Name,
        reason: StandingReason,  # noqa: ARG002 - stands in the transaction, not in the state
    ) -> JsonObject:
        """Lift a suspension; where two organisations have authorities, the other one does."""
        uid = f"{msp}/{person}"
        place = Suspension.key_of(uid)
        stored = await Suspension.load(ctx, place)
        if stored is None:
            return {"uid": uid}
        if stored.by.split("/")[0] == ctx.caller.msp_id and self.has_two_authorities():
            raise Refusal(
                Code.MSP_NOT_ALLOWED, "The organisation that suspended cannot also reinstate."
            )
        ctx.ledger.delete(place)
        ctx.set_event("PersonReinstated", {"v": 1, "uid": uid})
        return {"uid": uid}
