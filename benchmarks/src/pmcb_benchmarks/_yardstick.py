# SPDX-License-Identifier: Apache-2.0
"""The contract that ledgers and bridges are measured with: three reads and two writes.

``node/yardstick/index.js`` is the same on the official Node shim; what one changes, the other must.
``python -m pmcb_benchmarks._yardstick`` serves it, set up as ``pmcb_chaincode serve`` is, but
without an operations endpoint: the shim has none.
"""

import asyncio
import os
from typing import Annotated, ClassVar

from pmcb_chaincode.bridge import (
    Context,
    Contract,
    JsonObject,
    loop_factory,
    query,
    serve,
    text,
    transaction,
)

Key = Annotated[str, text(64)]


class Yardstick(Contract):
    """Counters under names: who gives every transaction a name of its own meets no conflict.

    It asks for no role: what is measured is the way to the ledger and back, not a rule.
    """

    name: ClassVar[str] = "yardstick"

    @transaction()
    async def mark(self, ctx: Context, key: Key) -> JsonObject:
        """Read three counters, write two of them one higher: a mark that happens twice is seen."""
        names = [f"{part}.{key}" for part in ("one", "two", "three")]
        one, two, _ = [int(value or b"0") for value in await ctx.ledger.get_many(names)]
        ctx.ledger.put(names[0], str(one + 1).encode())
        ctx.ledger.put(names[1], str(two + 1).encode())
        return {"marks": one + 1}

    @query()
    async def get_marks(self, ctx: Context, key: Key) -> JsonObject:
        """How often a key was marked."""
        return {"marks": int(await ctx.ledger.get(f"one.{key}") or b"0")}


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(
            serve(
                Yardstick(),
                package_id=os.environ["CHAINCODE_ID"],
                address=os.environ["CHAINCODE_SERVER_ADDRESS"],
            )
        )
