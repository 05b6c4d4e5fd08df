# SPDX-License-Identifier: Apache-2.0
"""A contract for what only whole peers do: private data, key-level policies, history, invoking.

``python -m tests.chaincode.vault`` serves it as ``pmcb_chaincode`` is served: ``CHAINCODE_ID`` and
``CHAINCODE_SERVER_ADDRESS`` say as what and where.
"""

import asyncio
import hashlib
import os
from typing import Annotated

from pmcb_chaincode.bridge import (
    Code,
    Context,
    Contract,
    Int,
    JsonObject,
    ListOf,
    Match,
    Refusal,
    composite,
    endorsed_by,
    query,
    serve,
    text,
    transaction,
)

Key = Annotated[str, text(200)]
Coll = Annotated[str, Match(r"[A-Za-z0-9_-]{0,64}", "a collection's name")]
Edge = Annotated[str, Match(r"[ -~]{0,200}", "a key, or empty")]
Names = Annotated[tuple[str, ...], ListOf(text(64), 0, 5000)]


class Vault(Contract):
    """Public and private values under keys."""

    name = "vault"

    @transaction()
    async def put(self, ctx: Context, key: Key, value: Key) -> None:
        """Write a public value."""
        ctx.ledger.put(key, value.encode())

    @transaction()
    async def delete(self, ctx: Context, key: Key) -> None:
        """Delete a public value."""
        ctx.ledger.delete(key)

    @query()
    async def get(self, ctx: Context, key: Key) -> JsonObject:
        """A public value."""
        return _shown(await ctx.ledger.get(key))

    @query()
    async def history(self, ctx: Context, key: Key) -> JsonObject:
        """What became of a public key, the newest first."""
        rows: list[JsonObject] = [
            {
                "tx": row.tx_id,
                "value": row.value.decode(),
                "time_ms": row.time_ms,
                "deleted": row.deleted,
            }
            async for row in ctx.ledger.history(key)
        ]
        return {"history": rows}

    @transaction()
    async def last_change(self, ctx: Context, key: Key) -> JsonObject:
        """Abandon a history after its first row, then write."""
        async for row in ctx.ledger.history(key):
            ctx.ledger.put("last", row.tx_id.encode())
            return {"tx": row.tx_id}
        return {"tx": ""}

    @transaction()
    async def put_private(self, ctx: Context, coll: Coll, key: Key) -> None:
        """Write the transient ``value`` into a collection."""
        ctx.ledger.put_private(coll, key, ctx.transient.get("value", b""))

    @transaction()
    async def put_many_private(
        self, ctx: Context, coll: Coll, count: Annotated[int, Int(0, 5000)]
    ) -> None:
        """Write many keys, composite ones, with one value."""
        for number in range(count):
            ctx.ledger.put_private(coll, composite("ROW", f"{number:05}"), ctx.transient["value"])

    @transaction()
    async def delete_private(self, ctx: Context, coll: Coll, key: Key) -> None:
        """Delete a key of a collection."""
        ctx.ledger.delete_private(coll, key)

    @transaction()
    async def purge_private(self, ctx: Context, coll: Coll, key: Key) -> None:
        """Delete a key of a collection and its past."""
        ctx.ledger.purge_private(coll, key)

    @query()
    async def get_private(self, ctx: Context, coll: Coll, key: Key) -> JsonObject:
        """A private value; only to be evaluated, on a member's peer."""
        return _shown(await ctx.ledger.get_private(coll, key))

    @query()
    async def get_many_private(self, ctx: Context, coll: Coll, keys: Names) -> JsonObject:
        """Private values in the order of their keys."""
        found = await ctx.ledger.get_many(keys, coll)
        return {"values": [_shown(value) for value in found]}

    @query()
    async def hash_private(self, ctx: Context, coll: Coll, key: Key) -> JsonObject:
        """The hash of a private value, which every peer of the channel knows."""
        found = await ctx.ledger.get_private_hash(coll, key)
        return {"found": found is not None, "sha256": (found or b"").hex()}

    @query()
    async def verify_private(self, ctx: Context, coll: Coll, key: Key) -> JsonObject:
        """Whether the transient ``value`` is the private one, as somebody outside can ask."""
        found = await ctx.ledger.get_private_hash(coll, key)
        return {"same": found == hashlib.sha256(ctx.transient["value"]).digest()}

    @query()
    async def list_private(self, ctx: Context, coll: Coll, start: Edge, end: Edge) -> JsonObject:
        """The keys of a collection's range."""
        return {"keys": [row.key async for row in ctx.ledger.range(start, end, coll)]}

    @query()
    async def count_private(self, ctx: Context, coll: Coll) -> JsonObject:
        """How many composite keys a collection holds."""
        return {"count": len([row async for row in ctx.ledger.by_prefix("ROW", coll=coll)])}

    @transaction()
    async def list_and_write(self, ctx: Context, coll: Coll) -> None:
        """A peer refuses to write after a private range, so the bridge refuses the range."""
        ctx.ledger.put("k", b"v")
        ctx.ledger.range(coll=coll)

    @transaction()
    async def set_policy(self, ctx: Context, key: Key, msps: Names) -> None:
        """Ask these organisations for every later write of a key."""
        ctx.ledger.set_policy(key, endorsed_by(*msps))

    @query()
    async def get_policy(self, ctx: Context, key: Key) -> JsonObject:
        """A key's own policy as stored, in hex; empty without one."""
        return {"policy": (await ctx.ledger.get_policy(key) or b"").hex()}

    @transaction()
    async def everything(self, ctx: Context, coll: Coll) -> None:
        """Each kind of write, in an order of its own."""
        ctx.ledger.put("a", b"1")
        ctx.ledger.put_private(coll, "a", b"2")
        ctx.ledger.set_policy("a", endorsed_by("Org1MSP"))
        ctx.ledger.purge_private(coll, "a")
        ctx.ledger.delete("a")
        ctx.ledger.delete_private(coll, "a")
        ctx.ledger.put_private(coll, "a", b"3")

    @transaction()
    async def invoke(self, ctx: Context, name: Edge, args: Names, channel: Edge) -> JsonObject:
        """Call another chaincode and hand its answer on; its refusal is ours."""
        answer = await ctx.ledger.invoke(name, args, channel)
        if answer.status >= Code.BAD_ARGUMENT.status:
            raise Refusal(Code.NOT_FOUND, "The other chaincode refused.")
        ctx.ledger.put("invoked", name.encode())
        return {"status": answer.status, "message": answer.message, **_shown(answer.payload)}

    @query()
    async def hash_transient(self, ctx: Context) -> JsonObject:
        """What reached the contract as transient data: names and hashes."""
        named = sorted(ctx.transient.items())
        return {"hashes": [[name, hashlib.sha256(value).hexdigest()] for name, value in named]}


def _shown(value: bytes | None) -> dict[str, str | bool]:
    return {"found": value is not None, "value": (value or b"").decode()}


if __name__ == "__main__":
    asyncio.run(
        serve(
            Vault(),
            package_id=os.environ["CHAINCODE_ID"],
            address=os.environ["CHAINCODE_SERVER_ADDRESS"],
        )
    )
