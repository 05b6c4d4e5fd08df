# SPDX-License-Identifier: Apache-2.0
"""What the institution does that owns a store: build it, and say who may search it."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ._schema import Records, Schema
from .cloud import Cloud
from .errors import StoreExists
from .gateway import Contract, Folder, LedgerState, StoreLedger, Terms, patiently
from .gateway._store_ledger import asked
from .oblivious import ObliviousStore

if TYPE_CHECKING:
    from .worker import RetrievalClient

__all__ = ["build", "grant", "revoke"]

Fields = Mapping[str, object] | NDArray[np.void] | None


async def build(
    folder: Folder,
    cloud: Cloud,
    contract: Contract,
    schema: Schema,
    records: Records,
    carried: Fields = None,
    *,
    name: str,
    rounds: str = "doubling",
    layouts: str = "kd+1d",
) -> str:
    """Register, build and upload a store; killed anywhere, the same again goes on.

    Args:
        folder: gets keys, if it has none, and the store's folder once everything stands.
        cloud: where the store will lie.
        contract: the ledger's, as the institution sees it.
        schema: of the records.
        records: a column by name, or a table.
        carried: the carried fields, by name.
        name: of the store.
        rounds: the policy, see `ObliviousStore.create`.
        layouts: see there.

    Returns:
        the store's id on the ledger.

    Raises:
        InputError: records, schema or name do not fit; nothing was sent.
        StoreExists: there is a store of this name.
        CloudUnavailable, LedgerUnavailable: build it again.
    """
    codes = schema.encode(records)
    fields = schema.encode_carried(carried, len(codes))
    keys = folder.made_keys()
    about = f"{rounds}\0{layouts}\0".encode() + schema.digest + codes.tobytes() + fields.tobytes()
    mark = hmac.digest(keys.derive(name, "build"), about, "sha256").hex()
    made = folder.begun(name, mark)
    ledger = StoreLedger(contract, made.dataset)
    await ledger.register(made.about().version)
    state = LedgerState(made.database, ledger, asyncio.get_running_loop())

    def create() -> ObliviousStore:
        return ObliviousStore.create(
            cloud,
            schema,
            schema.decode(codes) if schema.missing == "refuse" else records,
            fields,
            name=name,
            keys=keys,
            rounds=rounds,
            layouts=layouts,
            state=state,
        )

    async def standing() -> ObliviousStore:
        try:
            return await asyncio.to_thread(create)
        except StoreExists:
            if not (await ledger.standing()).epoch:  # no epoch of this building: not this store
                raise
        return await asyncio.to_thread(lambda: ObliviousStore.open(cloud, name, keys, state=state))

    try:
        store = await patiently(standing, name)
        await asyncio.to_thread(store.close)
    finally:
        await state.close()
    folder.finish(made)
    return ledger.dataset


async def grant(
    contract: Contract,
    gateway: RetrievalClient,
    id: str,
    worker: str,
    stores: Sequence[str],
    *,
    terms: Terms,
    purpose: str,
    not_before: int,
    expires: int,
) -> None:
    """Let a worker search stores, for a time; the terms stand before the grant does.

    Args:
        contract: the ledger's, as the institution sees it.
        gateway: the institution's own.
        id: of the grant, 32 random hex digits.
        worker: ``msp/name``.
        stores: names.
        terms: of the grant, alike in all stores.
        purpose: diagnosis, treatment, monitoring, research or operation.
        not_before: milliseconds UTC.
        expires: the first one after it; at most 366 days ahead.

    Raises:
        AccessError: the ledger refuses.
        UnknownStore: the gateway serves no such store.
    """
    known = {each["name"]: each["dataset"] for each in await gateway.stores()}
    for name in stores:
        await gateway.set_terms(name, id, terms)
    scope = {
        "datasets": [known[name] for name in stores],
        "devices": {},
        "purpose": purpose,
        "not_before": not_before,
        "expires": expires,
    }
    msp, _, person = worker.partition("/")
    words = (id, msp, person, json.dumps(scope, sort_keys=True, separators=(",", ":")))
    await asked(lambda: contract.submit("grant_retrieval", *words))


async def revoke(contract: Contract, id: str, reason: str) -> None:
    """End a grant for good; gateways hear of it at once.

    Args:
        contract: the ledger's, as the institution sees it.
        id: of the grant.
        reason: ended, request, mistake, misconduct or compromised.

    Raises:
        AccessError: the ledger refuses.
    """
    await asked(lambda: contract.submit("revoke_grant", id, reason))
