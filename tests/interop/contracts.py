# SPDX-License-Identifier: Apache-2.0
"""The small contract, with the ways to go wrong that Fabric's own client scenarios have."""

from collections import Counter

from tests.network.contracts import Key, Notes, Number

from pmcb_chaincode.bridge import Code, Context, JsonObject, Refusal, transaction


class Parity(Notes):
    """Some functions count the peers that run them, as no sound contract does."""

    def __init__(self) -> None:
        super().__init__()
        self._runs: Counter[str] = Counter()

    @transaction()
    async def differ(self, ctx: Context, key: Key) -> JsonObject:
        """Every peer writes something else."""
        self._runs[ctx.tx_id] += 1
        ctx.ledger.put(key, str(self._runs[ctx.tx_id]).encode())
        return {"key": key}

    @transaction()
    async def falter(self, ctx: Context, sound: Number) -> JsonObject:
        """So many peers endorse; all others refuse."""
        self._runs[ctx.tx_id] += 1
        if self._runs[ctx.tx_id] > sound:
            raise Refusal(Code.NOT_FOUND, "This peer refuses to endorse this.")
        return {"sound": sound}

    @transaction()
    async def tell_once(self, ctx: Context, value: Key) -> None:
        """An event for whoever comes first."""
        if await ctx.ledger.get("once"):
            raise Refusal(Code.EXISTS, "It was told before.")
        ctx.ledger.put("once", value.encode())
        ctx.set_event("Told", {"value": value})
