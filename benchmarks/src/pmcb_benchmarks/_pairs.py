# SPDX-License-Identifier: Apache-2.0
"""The smallest contract that loads a ledger: two reads and two writes a transaction."""

from typing import Annotated, ClassVar

from pmcb_chaincode.bridge import Context, Contract, Int, JsonObject, query, transaction

Number = Annotated[int, Int(0, 10**9)]
Span = Annotated[int, Int(1, 1000)]


class Pairs(Contract):
    """Counters under numbers: an effect that happens twice is seen."""

    name: ClassVar[str] = "pairs"

    @transaction()
    async def add_pair(self, ctx: Context, one: Number, other: Number) -> None:
        """Read both counters, write both one higher."""
        keys = (f"k{one}", f"k{other}")
        for key, value in zip(keys, await ctx.ledger.get_many(keys), strict=True):
            ctx.ledger.put(key, str(int(value or b"0") + 1).encode())

    @query()
    async def get_one(self, ctx: Context, one: Number) -> JsonObject:
        """Read one counter."""
        return {"value": int(await ctx.ledger.get(f"k{one}") or b"0")}

    @query()
    async def get_span(self, ctx: Context, first: Number, count: Span) -> JsonObject:
        """Read the counters of consecutive numbers."""
        found = await ctx.ledger.get_many([f"k{first + n}" for n in range(count)])
        return {"values": [int(value or b"0") for value in found]}
