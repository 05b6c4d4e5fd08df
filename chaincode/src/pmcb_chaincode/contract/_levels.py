# SPDX-License-Identifier: Apache-2.0
"""Levels on the ledger: an authority publishes an epoch, a quorum of organisations approves it."""

import hashlib
from dataclasses import dataclass
from typing import Annotated

from pmcb_chaincode.bridge import (
    Code,
    Context,
    Hash,
    Int,
    Json,
    JsonObject,
    ListOf,
    Match,
    Refusal,
    Row,
    canonical_dumps,
    one_of,
    transaction,
)

from ._assets import (
    MAX_LEVELS,
    NAME,
    CurrentEpoch,
    Epoch,
    EpochApproval,
    EpochBatch,
    EpochHead,
    Level,
    Name,
    Ordinal,
    PersonLevel,
)
from ._governed import Governed

MAX_BATCHES = 2000
MAX_BATCH = 500
_COUNT = Int(0, MAX_BATCHES * MAX_BATCH)
_NAME = Match(NAME, "a name")

LevelReason = Annotated[str, one_of("misconduct", "error", "newcomer", "request")]
Entry = tuple[str, str, int, int]


@dataclass(frozen=True)
class Manifest:
    """What an epoch will hold: levels, receivers per level, provenance and the batches' hash."""

    levels: Annotated[int, Int(2, MAX_LEVELS)]
    per_level: Annotated[tuple[int, ...], ListOf(_COUNT, 2, MAX_LEVELS)]
    graph_hash: Hash
    params_hash: Hash
    assignment_hash: Hash
    batches: Annotated[int, Int(1, MAX_BATCHES)]
    count: Annotated[int, _COUNT]


Entries = Annotated[
    tuple[Entry, ...],
    ListOf(Row((_NAME, _NAME, Int(1, MAX_LEVELS), Int(0, 999_999))), 1, MAX_BATCH),
]


def batch_hash(entries: tuple[Entry, ...]) -> str:
    """SHA-256 of a batch's canonical JSON, sorted by (msp, person)."""
    return hashlib.sha256(canonical_dumps(entries)).hexdigest()


class Levels(Governed):
    """``open_epoch``, ``register_levels``, ``approve_epoch``, ``set_level``."""

    @transaction(roles=("authority",))
    async def open_epoch(
        self, ctx: Context, epoch: Epoch, manifest: Annotated[Manifest, Json(Manifest)]
    ) -> JsonObject:
        """Announce an epoch and what it will hold."""
        if len(manifest.per_level) != manifest.levels or sum(manifest.per_level) != manifest.count:
            raise Refusal(
                Code.BAD_ARGUMENT, "manifest: per_level must have one number a level, summing up."
            )
        keys = [EpochHead.key_of(epoch), EpochHead.key_of(epoch - 1)]
        stored, before = map(EpochHead.maybe, await ctx.ledger.get_many(keys))
        if stored is not None:
            offered = EpochHead(**vars(manifest), by=ctx.caller.uid, at=stored.at)
            if stored != offered:
                raise Refusal(Code.EXISTS, f"Epoch {epoch} was opened with other content.")
            return stored.as_json()
        if before is None and epoch != 1:
            raise Refusal(Code.EPOCH_ORDER, f"Open epoch {epoch - 1} first.")
        record = EpochHead(**vars(manifest), by=ctx.caller.uid, at=ctx.time_ms)
        ctx.ledger.put(keys[0], record.encode())
        ctx.set_event("EpochOpened", {"v": 1, "epoch": epoch})
        return record.as_json()

    @transaction(roles=("authority",))
    async def register_levels(
        self,
        ctx: Context,
        epoch: Epoch,
        batch: Annotated[int, Int(0, MAX_BATCHES - 1)],
        entries: Entries,
    ) -> JsonObject:
        """Enter one batch of levels; batches may be sent concurrently."""
        place = EpochBatch.key_of(epoch, batch)
        keys = [EpochHead.key_of(epoch), CurrentEpoch.KEY, place]
        head_data, current_data, stored_data = await ctx.ledger.get_many(keys)
        head = EpochHead.maybe(head_data)
        if head is None:
            raise Refusal(Code.NOT_FOUND, f"Epoch {epoch} is not open.")
        if head.by.split("/")[0] != ctx.caller.msp_id:
            raise Refusal(Code.NOT_OWNER, "Another organisation opened this epoch.")
        record = EpochBatch(count=len(entries), hash=batch_hash(entries))
        if stored_data is not None:
            if EpochBatch.decode(stored_data) != record:
                raise Refusal(Code.EXISTS, f"Batch {batch} was registered with other entries.")
            return record.as_json()
        _check_open(epoch, CurrentEpoch.maybe(current_data))
        _check_entries(entries, batch, head)
        places = [PersonLevel.key_of(epoch, f"{msp}/{person}") for msp, person, _, _ in entries]
        if any(data is not None for data in await ctx.ledger.get_many(places)):
            raise Refusal(Code.DUPLICATE_PERSON, "A person of this batch has a level already.")
        for key, (_, _, level, ordinal) in zip(places, entries, strict=True):
            ctx.ledger.put(key, PersonLevel(level=level, ordinal=ordinal).encode())
        ctx.ledger.put(place, record.encode())
        ctx.set_event(
            "LevelsRegistered", {"v": 1, "epoch": epoch, "batch": batch, "count": record.count}
        )
        return record.as_json()

    @transaction(roles=("authority",))
    async def approve_epoch(self, ctx: Context, epoch: Epoch) -> JsonObject:
        """Approve an epoch for the caller's organisation; the quorum's last makes it active."""
        caller = ctx.caller
        msps = self.governance.role_msps["authority"]
        keys = [EpochHead.key_of(epoch), CurrentEpoch.KEY]
        keys += [EpochApproval.key_of(epoch, msp) for msp in msps]
        head_data, current_data, *approvals = await ctx.ledger.get_many(keys)
        head = EpochHead.maybe(head_data)
        if head is None:
            raise Refusal(Code.NOT_FOUND, f"Epoch {epoch} is not open.")
        approved = {msp: data for msp, data in zip(msps, approvals, strict=True) if data}
        if caller.msp_id in approved:
            stored = EpochApproval.decode(approved[caller.msp_id])
            if stored.by != caller.uid:
                raise Refusal(Code.EXISTS, f"{caller.msp_id} has approved this epoch.")
            return stored.as_json()
        _check_open(epoch, CurrentEpoch.maybe(current_data))
        await _check_complete(ctx, epoch, head)
        record = EpochApproval(by=caller.uid, at=ctx.time_ms)
        ctx.ledger.put(EpochApproval.key_of(epoch, caller.msp_id), record.encode())
        if len(approved) + 1 < self.governance.epoch_quorum:
            ctx.set_event("EpochApproved", {"v": 1, "epoch": epoch, "msp": caller.msp_id})
        else:
            current = CurrentEpoch(epoch=epoch, levels=head.levels, since=ctx.time_ms)
            ctx.ledger.put(CurrentEpoch.KEY, current.encode())
            ctx.set_event("EpochActivated", {"v": 1, "epoch": epoch})
        return record.as_json()

    @transaction(roles=("authority",))
    async def set_level(
        self,
        ctx: Context,
        msp: Name,
        person: Name,
        level: Level,
        ordinal: Ordinal,
        reason: LevelReason,  # noqa: ARG002 - stands in the transaction, not in the state
    ) -> JsonObject:
        """Lower a person's level, or enter a newcomer at level 1; raising takes a new epoch."""
        current = await CurrentEpoch.load(ctx, CurrentEpoch.KEY)
        if current is None:
            raise Refusal(Code.NOT_FOUND, "No epoch is active.")
        if level > current.levels:
            raise Refusal(Code.BAD_ARGUMENT, f"level must be from 1 to {current.levels}.")
        uid = f"{msp}/{person}"
        place = PersonLevel.key_of(current.epoch, uid)
        stored = await PersonLevel.load(ctx, place)
        record = PersonLevel(level=level, ordinal=ordinal)
        if stored == record:
            return record.as_json()
        if stored is None and level == 1:
            if msp == ctx.caller.msp_id and self.has_two_authorities():
                raise Refusal(
                    Code.MSP_NOT_ALLOWED, "Another organisation's authority enters your newcomers."
                )
        elif stored is None or level >= stored.level:
            raise Refusal(Code.LEVEL_RAISE, "A level rises only through a new, approved epoch.")
        ctx.ledger.put(place, record.encode())
        before = stored.level if stored else 0
        ctx.set_event("LevelChanged", {"v": 1, "uid": uid, "from": before, "to": level})
        return record.as_json()


def _check_open(epoch: int, current: CurrentEpoch | None) -> None:
    if current is not None and epoch <= current.epoch:
        raise Refusal(Code.EPOCH_ACTIVE, f"Epoch {current.epoch} is active; {epoch} is closed.")


def _check_entries(entries: tuple[Entry, ...], batch: int, head: EpochHead) -> None:
    people = [(msp, person) for msp, person, _, _ in entries]
    if people != sorted(set(people)):
        raise Refusal(Code.BAD_ARGUMENT, "entries must be sorted by msp and person, each once.")
    if batch >= head.batches:
        raise Refusal(Code.BAD_ARGUMENT, f"batch must be below {head.batches}.")
    if any(level > head.levels for _, _, level, _ in entries):
        raise Refusal(Code.BAD_ARGUMENT, f"entries: levels go from 1 to {head.levels}.")


async def _check_complete(ctx: Context, epoch: int, head: EpochHead) -> None:
    """All batches are there, add up, and hash to what the epoch promised."""
    keys = [EpochBatch.key_of(epoch, batch) for batch in range(head.batches)]
    batches = [EpochBatch.decode(data) for data in await ctx.ledger.get_many(keys) if data]
    digest = hashlib.sha256(b"".join(bytes.fromhex(batch.hash) for batch in batches)).hexdigest()
    missing = head.batches - len(batches)
    if missing:
        raise Refusal(Code.EPOCH_INCOMPLETE, f"{missing} of {head.batches} batches are missing.")
    if sum(batch.count for batch in batches) != head.count or digest != head.assignment_hash:
        raise Refusal(Code.EPOCH_INCOMPLETE, "The batches do not match the epoch's manifest.")
