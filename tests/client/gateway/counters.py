# SPDX-License-Identifier: Apache-2.0
"""A contract small enough to see through: counters under names."""

from typing import Annotated

from pmcb_chaincode.bridge import (
    Code,
    Context,
    Contract,
    Int,
    JsonObject,
    Refusal,
    query,
    text,
    transaction,
)

Name = Annotated[str, text(64)]


class Counters(Contract):
    """Each call of ``add`` reads a counter, writes it one higher, and tells."""

    name = "counters"

    def __init__(self) -> None:
        super().__init__()
        self._asked = 0

    @transaction()
    async def add(self, ctx: Context, name: Name) -> JsonObject:
        value = await self._value(ctx, name) + 1
        ctx.ledger.put(name, str(value).encode())
        ctx.set_event("Added", {"name": name, "value": value})
        return {"value": value}

    @transaction()
    async def rename(self, ctx: Context, name: Name, to: Name) -> JsonObject:
        if await ctx.ledger.get(name) is None:
            raise Refusal(Code.NOT_FOUND, "There is no such counter.")
        ctx.ledger.put(to, b"0")
        return {"to": to}

    @transaction()
    async def drift(self, ctx: Context, name: Name) -> JsonObject:
        """What no contract may do: each endorser gets another answer."""
        self._asked += 1
        ctx.ledger.put(name, str(self._asked).encode())
        return {"value": self._asked}

    @transaction()
    async def falter(self, ctx: Context, every: Annotated[int, Int(1, 9)]) -> None:
        """Fails at each ``every``-th endorser."""
        self._asked += 1
        if self._asked % every == 0:
            raise RuntimeError("out of order")

    @query()
    async def value(self, ctx: Context, name: Name) -> JsonObject:
        if await ctx.ledger.get(name) is None:
            raise Refusal(Code.NOT_FOUND, "There is no such counter.")
        return {"value": await self._value(ctx, name)}

    @query()
    async def caller(self, ctx: Context) -> JsonObject:
        secret = ctx.transient.get("secret", b"").decode()
        return {"uid": ctx.caller.uid, "time": ctx.time_ms, "secret": secret}

    async def _value(self, ctx: Context, name: str) -> int:
        return int(await ctx.ledger.get(name) or b"0")
