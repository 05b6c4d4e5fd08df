# SPDX-License-Identifier: Apache-2.0
"""Grants: an institution lets a worker search its datasets and command its devices, for a time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from pmcb_chaincode.bridge import (
    Code,
    Context,
    Id,
    Int,
    Json,
    JsonObject,
    ListOf,
    MapOf,
    Match,
    Refusal,
    one_of,
    transaction,
)

from ._assets import NAME, Name
from ._budget_records import Dataset
from ._governed import Governed
from ._retrieval_records import Grant
from ._stores import check_own
from ._tasks import MAX_DURATION_MS

MAX_GRANTED = 32
MAX_COMMANDS = 32

_ID = Match("[0-9a-f]{32}", "32 lower-case hexadecimal digits")
_DEVICE = Match(f"{NAME}/{NAME}", "msp/device")
_COMMANDS = ListOf(Match(NAME, "a command's name"), 1, MAX_COMMANDS)
Time = Annotated[int, Int(0, 10**13 - 1)]
# Words, since a free text could name a patient.
Purpose = Annotated[str, one_of("diagnosis", "treatment", "monitoring", "research", "operation")]
RevokeReason = Annotated[str, one_of("ended", "request", "mistake", "misconduct", "compromised")]


@dataclass(frozen=True)
class Scope:
    """What a grant covers; times are milliseconds UTC, ``expires`` is the first one after it."""

    datasets: Annotated[tuple[str, ...], ListOf(_ID, 0, MAX_GRANTED)]
    devices: Annotated[Mapping[str, tuple[str, ...]], MapOf(_DEVICE, _COMMANDS, 0, MAX_GRANTED)]
    purpose: Purpose
    not_before: Time
    expires: Time


class Grants(Governed):
    """``grant_retrieval`` and ``revoke_grant``."""

    @transaction(roles=("institution",))
    async def grant_retrieval(
        self,
        ctx: Context,
        grant: Id,
        worker_msp: Name,
        worker: Name,
        scope: Annotated[Scope, Json(Scope)],
    ) -> JsonObject:
        """Let a worker search datasets and command devices of the caller's organisation."""
        _check_scope(scope)
        place = Grant.key_of(grant)
        keys = [place, *map(Dataset.key_of, scope.datasets)]
        stored_data, *dataset_data = await ctx.ledger.get_many(keys)
        for data in dataset_data:
            check_own(ctx, data)
        if any(device.split("/")[0] != ctx.caller.msp_id for device in scope.devices):
            raise Refusal(Code.NOT_OWNER, "A device belongs to another organisation.")
        uid = f"{worker_msp}/{worker}"
        made = Grant(owner=ctx.caller.msp_id, worker=uid, **vars(scope), revoked="")
        if stored_data is not None:
            if stored_data != made.encode():
                raise Refusal(Code.EXISTS, "This grant was made with other content, or revoked.")
            return made.as_json()
        if scope.expires > ctx.time_ms + MAX_DURATION_MS:
            raise Refusal(Code.BAD_ARGUMENT, "scope: expires must be at most 366 days ahead.")
        ctx.ledger.put(place, made.encode())
        ctx.ledger.put(Grant.index_of(uid, grant), b"1")
        ctx.set_event("RetrievalGranted", {"v": 1, "grant": grant, "uid": uid})
        return made.as_json()

    @transaction(roles=("institution",))
    async def revoke_grant(self, ctx: Context, grant: Id, reason: RevokeReason) -> JsonObject:
        """End a grant before its time, for good."""
        place = Grant.key_of(grant)
        stored = await Grant.load(ctx, place)
        if stored is None:
            raise Refusal(Code.NOT_FOUND, "There is no such grant.")
        if stored.owner != ctx.caller.msp_id:
            raise Refusal(Code.NOT_OWNER, "The grant was made by another organisation.")
        made = replace(stored, revoked=reason)
        if stored.revoked:
            if stored != made:
                raise Refusal(Code.EXISTS, "This grant was revoked for another reason.")
            return stored.as_json()
        ctx.ledger.put(place, made.encode())
        ctx.set_event("RetrievalRevoked", {"v": 1, "grant": grant, "uid": stored.worker})
        return made.as_json()


def _check_scope(scope: Scope) -> None:
    if not 1 <= len(scope.datasets) + len(scope.devices) <= MAX_GRANTED:
        raise Refusal(
            Code.BAD_ARGUMENT, f"scope: name 1 to {MAX_GRANTED} datasets and devices in all."
        )
    for named in (scope.datasets, *scope.devices.values()):
        if len(set(named)) != len(named):
            raise Refusal(Code.BAD_ARGUMENT, "scope: name each dataset and command once.")
    if scope.not_before >= scope.expires:
        raise Refusal(Code.BAD_ARGUMENT, "scope: not_before must lie before expires.")
