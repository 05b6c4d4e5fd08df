# SPDX-License-Identifier: Apache-2.0
"""A client in a process of its own: so many transactions a second, a line for what became of each.

It prints ``ok N FROM TO``, or ``none`` (told that nothing was ordered), ``doubt`` (told nothing) or
``failed``, and why. No two transactions touch the same key: N stands for the counters 2N and 2N + 1
of the contract ``pairs``, or for a person of ``pmcb``. FROM and TO are seconds of the clock that
all processes of a machine share. SIGTERM ends it when all are told.
"""

import asyncio
import itertools
import signal
import sys
import time
from pathlib import Path

from pmcb_client.errors import (
    Busy,
    EndorseError,
    LedgerError,
    LedgerUnavailable,
    OutcomeUnknown,
    SubmitError,
)
from pmcb_client.gateway import Contract, connect_network
from pmcb_client.wallet import Wallet

RATE = 100
LABEL = "load"
PERSON = "load"


def call_of(contract: str, number: int) -> tuple[str, ...]:
    """The function and arguments of a transaction."""
    if contract == "pairs":
        return ("add_pair", str(2 * number), str(2 * number + 1))
    return ("suspend", "HospitalBMSP", f"{PERSON}{number}", "investigation")


async def _one(contract: Contract, call: tuple[str, ...]) -> tuple[str, str]:
    """A word for what the client was told, and the error's class and words."""
    try:
        await contract.submit(*call)
    except (LedgerUnavailable, EndorseError, SubmitError, Busy) as error:
        return "none", f"{type(error).__name__}: {error}"
    except LedgerError as error:
        word = "doubt" if isinstance(error, OutcomeUnknown) else "failed"
        return word, f"{type(error).__name__}: {error}"
    return "ok", ""


async def _load(folder: Path, chaincode: str, first: int, rate: float) -> None:
    """At fixed moments, whatever became of the transactions before."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ended.set)

    async def tell(contract: Contract, number: int) -> None:
        began = time.monotonic()
        word, details = await _one(contract, call_of(chaincode, number))
        line = f"{word} {number} {began:.3f} {time.monotonic():.3f} {details}"
        print(line.rstrip(), flush=True)  # noqa: T201 - the parent reads it

    identity = Wallet(folder / "wallet").get(LABEL)
    async with connect_network(folder / "network.json", identity) as gateway:
        contract = gateway.network("pmcb").contract(chaincode)
        next_at = loop.time()
        async with asyncio.TaskGroup() as running:
            for number in itertools.count(first):
                running.create_task(tell(contract, number))
                next_at += 1 / rate
                await asyncio.sleep(next_at - loop.time())
                if ended.is_set():
                    return


if __name__ == "__main__":
    asyncio.run(_load(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
