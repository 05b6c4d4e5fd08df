# SPDX-License-Identifier: Apache-2.0
"""Queries of grants and stores: what a gateway asks before it serves a worker."""

from collections.abc import Callable

from pmcb_chaincode.bridge import Context, Id, JsonObject, JsonValue, query, split_composite

from ._assets import Name, Uid
from ._budget_records import Dataset
from ._governed import Governed
from ._party_queries import found
from ._retrieval_records import Grant, StoreAnchor, StoreEpoch


class RetrievalQueries(Governed):
    """``check_grant``, ``check_device`` and ``get_store``."""

    @query()
    async def check_grant(
        self, ctx: Context, worker_msp: Name, worker: Name, dataset: Id
    ) -> JsonObject:
        """Whether a worker may search a dataset now."""
        uid = f"{worker_msp}/{worker}"
        return await _check(ctx, uid, lambda grant: dataset in grant.datasets)

    @query()
    async def check_device(
        self, ctx: Context, worker_msp: Name, worker: Name, device: Uid, command: Name
    ) -> JsonObject:
        """Whether a worker may give a device a command now."""
        uid = f"{worker_msp}/{worker}"
        return await _check(ctx, uid, lambda grant: command in grant.devices.get(device, ()))

    @query()
    async def get_store(self, ctx: Context, dataset: Id) -> JsonObject:
        """A store's last claimed epoch and newest anchor; what there is none of is left out."""
        keys = [kind.key_of(dataset) for kind in (Dataset, StoreEpoch, StoreAnchor)]
        dataset_data, epoch_data, anchor_data = await ctx.ledger.get_many(keys)
        found(Dataset.maybe(dataset_data), "There is no such dataset.")
        view: dict[str, JsonValue] = {"dataset": dataset}
        if epoch := StoreEpoch.maybe(epoch_data):
            view["epoch"] = epoch.as_json()
        if anchor := StoreAnchor.maybe(anchor_data):
            view["anchor"] = anchor.as_json()
        return view


async def _check(ctx: Context, uid: str, covers: Callable[[Grant], bool]) -> JsonObject:
    """The grant in force that lasts longest of those that cover it; of equals, the first by id."""
    rows = [row async for row in ctx.ledger.by_prefix("GX", *uid.split("/"))]
    names = [split_composite(row.key)[-1] for row in rows]
    grants = map(_grant, await ctx.ledger.get_many([Grant.key_of(name) for name in names]))
    held = [
        (grant.expires, name)
        for name, grant in zip(names, grants, strict=True)
        if grant.holds_at(ctx.time_ms) and covers(grant)
    ]
    expires, name = max(held, key=lambda one: one[0], default=(0, ""))
    return {"allowed": bool(held), "grant": name, "expires": expires}


def _grant(data: bytes | None) -> Grant:
    assert data is not None  # a grant stands as long as its place in the index
    return Grant.decode(data)
