# SPDX-License-Identifier: Apache-2.0
"""A contract for what PMCB's own cannot show: private data, keys' policies, and ways to go wrong.

``python -m tests.scenarios.contracts MSP`` serves it to the peers of an organisation.
"""

import asyncio
import logging
import os
import sys
from collections import Counter
from collections.abc import Callable

from tests.chaincode.vault import Edge, Key, Names, Vault

from pmcb_chaincode._log_lines import LogLines
from pmcb_chaincode.bridge import (
    Code,
    Context,
    JsonObject,
    Refusal,
    serve,
    transaction,
)

# Private data of either organisation alone, and of both.
COLLECTIONS = [
    {
        "name": name,
        "policy": f"OR({', '.join(repr(f'{msp}.member') for msp in msps)})",
        "requiredPeerCount": len(msps) - 1,
        "maxPeerCount": len(msps) - 1,
        "blockToLive": 0,
        "memberOnlyRead": True,
        "memberOnlyWrite": True,
        "endorsementPolicy": {
            "signaturePolicy": f"AND({', '.join(repr(f'{msp}.peer') for msp in msps)})"
        },
    }
    for name, msps in {
        "own_a": ["HospitalAMSP"],
        "own_b": ["HospitalBMSP"],
        "shared": ["HospitalAMSP", "HospitalBMSP"],
    }.items()
]


class Whole(Vault):
    """The vault, and functions that not every organisation's peer runs alike."""

    name = "whole"

    def __init__(self, of: Callable[[Context], str]) -> None:
        """``of`` tells for which organisation's peer a transaction runs; no sound contract asks."""
        super().__init__()
        self._of = of

    @transaction()
    async def ping(self, ctx: Context) -> None:
        """Nothing, in a block of its own."""

    @transaction()
    async def differ(self, ctx: Context, key: Key) -> JsonObject:
        """Every organisation's peer writes something else."""
        ctx.ledger.put(key, self._of(ctx).encode())
        return {"key": key}

    @transaction()
    async def falter(self, ctx: Context, msps: Names) -> JsonObject:
        """The peers of these organisations refuse."""
        mine = self._of(ctx)
        if mine in msps:
            raise Refusal(Code.NOT_FOUND, "This peer refuses to endorse this.")
        return {"refusing": list(msps)}

    @transaction()
    async def change(self, ctx: Context, key: Key, value: Key) -> JsonObject:
        """Read, then write."""
        old = await ctx.ledger.get(key)
        ctx.ledger.put(key, value.encode())
        return {"old": (old or b"").decode()}

    @transaction()
    async def walk(self, ctx: Context, start: Key, end: Key) -> JsonObject:
        """Read a range, then write beyond it."""
        keys = [row.key async for row in ctx.ledger.range(start, end)]
        ctx.ledger.put(end, str(len(keys)).encode())
        return {"keys": list(keys)}

    @transaction()
    async def copy_private(self, ctx: Context, coll: Key, key: Key) -> JsonObject:
        """A private value becomes a public one: only a member's peer can endorse this."""
        value = await ctx.ledger.get_private(coll, key)
        ctx.ledger.put(key, value or b"-")
        return {"found": value is not None}

    @transaction()
    async def fail_with(self, ctx: Context, words: Key) -> None:
        """A defect that has the caller's words in its mouth."""
        raise RuntimeError(words + ctx.transient.get("words", b"").decode())

    @transaction()
    async def refuse_late(self, ctx: Context, key: Key, value: Edge) -> None:
        """Everything is written, told, and then refused."""
        ctx.ledger.put(key, value.encode())
        ctx.set_event("Told", {"value": value})
        raise Refusal(Code.EXISTS, "It was told before.")


class Turns:
    """On one process for all peers: the first run of a transaction is the first organisation's."""

    def __init__(self, *msps: str) -> None:
        self._msps = msps
        self._runs: Counter[str] = Counter()

    def __call__(self, ctx: Context) -> str:
        self._runs[ctx.tx_id] += 1
        return self._msps[self._runs[ctx.tx_id] - 1]


def main(msp: str) -> None:
    """Serve, and log as `pmcb_chaincode` does, every line of it."""
    handler = logging.StreamHandler()
    handler.setFormatter(LogLines())
    logging.basicConfig(level=logging.DEBUG, handlers=[handler])
    asyncio.run(
        serve(
            Whole(lambda _: msp),
            package_id=os.environ["CHAINCODE_ID"],
            address=os.environ["CHAINCODE_SERVER_ADDRESS"],
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
