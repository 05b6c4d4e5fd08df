# SPDX-License-Identifier: Apache-2.0
"""Stores: which epoch of an encrypted store is claimed, and which root of it is the newest.

A cloud that keeps a store could show an old root, and two writers could work on one epoch. What
the ledger says can do neither: a number is claimed once, and a version never falls.
"""

from dataclasses import replace
from typing import Annotated

from pmcb_chaincode.bridge import Code, Context, Hash, Id, Int, JsonObject, Refusal, transaction

from ._budget_records import Dataset
from ._governed import Governed
from ._retrieval_records import StoreAnchor, StoreEpoch

Number = Annotated[int, Int(1)]
Version = Annotated[int, Int()]


class Stores(Governed):
    """``claim_store_epoch`` and ``anchor_store``."""

    @transaction(roles=("institution",))
    async def claim_store_epoch(self, ctx: Context, dataset: Id, number: Number) -> JsonObject:
        """Claim the next epoch of a store, once.

        A repeat is refused, here alone: two writers may share an identity, and the one who came
        second must notice. After a doubt, ``get_store`` names the transaction that claimed.
        """
        place = StoreEpoch.key_of(dataset)
        dataset_data, stored_data = await ctx.ledger.get_many([Dataset.key_of(dataset), place])
        check_own(ctx, dataset_data)
        stored = StoreEpoch.maybe(stored_data)
        last = stored.number if stored else 0
        if number <= last:
            raise Refusal(Code.EXISTS, f"Epoch {number} of this store was claimed.")
        if number != last + 1:
            raise Refusal(Code.EPOCH_ORDER, f"Claim epoch {last + 1} first.")
        made = StoreEpoch(number=number, tx=ctx.tx_id, at=ctx.time_ms)
        ctx.ledger.put(place, made.encode())
        ctx.set_event("StoreEpochClaimed", {"v": 1, "dataset": dataset, "number": number})
        return made.as_json()

    @transaction(roles=("institution",))
    async def anchor_store(
        self, ctx: Context, dataset: Id, version: Version, digest: Hash, audit_head: Hash
    ) -> JsonObject:
        """Say which root of a store is the newest, and where its audit trail ends."""
        place = StoreAnchor.key_of(dataset)
        dataset_data, stored_data = await ctx.ledger.get_many([Dataset.key_of(dataset), place])
        check_own(ctx, dataset_data)
        made = StoreAnchor(version=version, digest=digest, audit_head=audit_head, at=ctx.time_ms)
        stored = StoreAnchor.maybe(stored_data)
        if stored is not None:
            if stored == replace(made, at=stored.at):
                return stored.as_json()
            if version < stored.version:
                raise Refusal(Code.VERSION, f"Version {stored.version} of this store was anchored.")
        ctx.ledger.put(place, made.encode())
        ctx.set_event("StoreAnchored", {"v": 1, "dataset": dataset, "version": version})
        return made.as_json()


def check_own(ctx: Context, data: bytes | None) -> None:
    """There is such a dataset, and it is the caller's organisation's."""
    dataset = Dataset.maybe(data)
    if dataset is None:
        raise Refusal(Code.NOT_FOUND, "There is no such dataset.")
    if dataset.owner != ctx.caller.msp_id:
        raise Refusal(Code.NOT_OWNER, "The dataset belongs to another organisation.")
