# SPDX-License-Identifier: Apache-2.0
"""A client in a process of its own: 100 transactions a second, a line for what became of each.

It prints ``ok N``, ``none N`` (told that nothing was ordered), ``doubt N`` (told nothing) or
``failed N CLASS`` for the counters 2N and 2N + 1, which no other transaction touches.
"""

import asyncio
import itertools
import sys
from pathlib import Path

from pmcb_client.errors import EndorseError, LedgerError, LedgerUnavailable, OutcomeUnknown
from pmcb_client.gateway import Contract, connect_network
from pmcb_client.wallet import Wallet

RATE = 100
LABEL = "load"


async def _one(contract: Contract, number: int) -> str:
    try:
        await contract.submit("add_pair", str(2 * number), str(2 * number + 1))
    except (LedgerUnavailable, EndorseError):
        return f"none {number}"
    except OutcomeUnknown:
        return f"doubt {number}"
    except LedgerError as error:
        return f"failed {number} {type(error).__name__}"
    return f"ok {number}"


async def _load(folder: Path, first: int) -> None:
    """At fixed moments, whatever became of the transactions before, until killed."""

    async def tell(number: int) -> None:
        print(await _one(contract, number), flush=True)  # noqa: T201 - the parent reads it

    identity = Wallet(folder / "wallet").get(LABEL)
    async with connect_network(folder / "network.json", identity) as gateway:
        contract = gateway.network("pmcb").contract("pairs")
        loop = asyncio.get_running_loop()
        next_at = loop.time()
        async with asyncio.TaskGroup() as running:
            for number in itertools.count(first):
                running.create_task(tell(number))
                next_at += 1 / RATE
                await asyncio.sleep(next_at - loop.time())


if __name__ == "__main__":
    asyncio.run(_load(Path(sys.argv[1]), int(sys.argv[2])))
