# SPDX-License-Identifier: Apache-2.0
"""The smallest contract that loads a ledger: two reads and two writes a transaction."""

from typing import Annotated, ClassVar

from pmcb_chaincode.bridge import Context, Contract, Int, JsonObject, query, transaction

Number = Annotated[int, Int(0, 10**9)]


class Pairs(Contract):
    """Numbers under numbers."""

    name: ClassVar[str] = "pairs"

    @transaction()
    async def put_pair(self, ctx: Context, one: Number, other: Number, value: Number) -> None:
        """Read both keys, write both."""
        await ctx.ledger.get_many([f"k{one}", f"k{other}"])
        for key in (one, other):
            ctx.ledger.put(f"k{key}", str(value).encode())

    @query()
    async def get_one(self, ctx: Context, one: Number) -> JsonObject:
        """Read one key; -1 when it is absent."""
        return {"value": int(await ctx.ledger.get(f"k{one}") or b"-1")}

    @query()
    async def get_pair(self, ctx: Context, one: Number, other: Number) -> JsonObject:
        """Read both keys; -1 for one that is absent."""
        found = await ctx.ledger.get_many([f"k{one}", f"k{other}"])
        return {"values": [int(value or b"-1") for value in found]}
