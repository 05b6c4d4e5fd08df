# SPDX-License-Identifier: Apache-2.0
"""A contract small enough to see through, for the network's own tests."""

import asyncio
from typing import Annotated

from pmcb_chaincode.bridge import (
    Code,
    Context,
    Contract,
    Int,
    JsonObject,
    Refusal,
    canonical_dumps,
    query,
    text,
    transaction,
)

Key = Annotated[str, text(1000)]
Text = Annotated[str, text(1000)]
Long = Annotated[str, text(100_000)]
Number = Annotated[int, Int(0, 10_000)]


class Notes(Contract):
    """Notes under keys; numbers that are moved from one key to another."""

    name = "notes"

    def __init__(self) -> None:
        self.blocked = asyncio.Event()
        self.entered = asyncio.Event()

    @transaction()
    async def put(self, ctx: Context, key: Key, value: Text) -> JsonObject:
        ctx.ledger.put(key, value.encode())
        return {"key": key}

    @transaction()
    async def put_after_reading(self, ctx: Context, key: Key, value: Text) -> JsonObject:
        old = await ctx.ledger.get(key)
        ctx.ledger.put(key, value.encode())
        seen = await ctx.ledger.get(key)
        return {"old": (old or b"").decode(), "seen": (seen or b"").decode()}

    @transaction()
    async def delete(self, ctx: Context, key: Key) -> None:
        ctx.ledger.delete(key)

    @query()
    async def get(self, ctx: Context, key: Key) -> JsonObject:
        value = await ctx.ledger.get(key)
        if value is None:
            raise Refusal(Code.NOT_FOUND, "There is no such note.")
        return {"value": value.decode()}

    @transaction()
    async def move(self, ctx: Context, source: Key, target: Key, amount: Number) -> JsonObject:
        """Two reads, two writes: what the speed targets count."""
        found = await ctx.ledger.get_many([source, target])
        have, there = (int(value) if value else 0 for value in found)
        ctx.ledger.put(source, canonical_dumps(have - amount))
        ctx.ledger.put(target, canonical_dumps(there + amount))
        return {"have": have - amount}

    @transaction()
    async def count(self, ctx: Context, start: Text, end: Text, into: Key) -> JsonObject:
        """Walks a range to its end and writes the number of rows."""
        rows = [row.key async for row in ctx.ledger.range(start, end)]
        ctx.ledger.put(into, str(len(rows)).encode())
        return {"keys": list(rows)}

    @query()
    async def page(self, ctx: Context, start: Text, size: Number) -> JsonObject:
        page = await ctx.ledger.page(start, "z", size=size)
        return {"keys": [row.key for row in page.items], "bookmark": page.bookmark}

    @query()
    async def history(self, ctx: Context, key: Key) -> JsonObject:
        return {"history": await _history(ctx, key)}

    @transaction()
    async def keep_history(self, ctx: Context, key: Key, into: Key) -> None:
        ctx.ledger.put(into, canonical_dumps(await _history(ctx, key)))

    @transaction()
    async def tell(self, ctx: Context, value: Long) -> None:
        ctx.set_event("Told", {"value": value})
        ctx.ledger.put("told", value.encode())

    @query()
    async def whoami(self, ctx: Context) -> JsonObject:
        transient = {name: value.decode() for name, value in ctx.transient.items()}
        return {"uid": ctx.caller.uid, "time": ctx.time_ms, "transient": transient}

    @query()
    async def wait(self, ctx: Context) -> None:
        """Hangs until the test says so: a contract that gives no answer."""
        self.entered.set()
        await self.blocked.wait()


async def _history(ctx: Context, key: str) -> list[JsonObject]:
    return [
        {
            "tx": row.tx_id,
            "value": row.value.decode(),
            "time": row.time_ms,
            "deleted": row.deleted,
        }
        async for row in ctx.ledger.history(key)
    ]
