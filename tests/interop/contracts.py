# SPDX-License-Identifier: Apache-2.0
"""The small contract, with an event that conflicts with itself."""

from tests.network.contracts import Key, Notes

from pmcb_chaincode.bridge import Code, Context, Refusal, transaction


class Parity(Notes):
    """Notes that are told once."""

    @transaction()
    async def tell_once(self, ctx: Context, value: Key) -> None:
        """An event for whoever comes first."""
        if await ctx.ledger.get("once"):
            raise Refusal(Code.EXISTS, "It was told before.")
        ctx.ledger.put("once", value.encode())
        ctx.set_event("Told", {"value": value})
