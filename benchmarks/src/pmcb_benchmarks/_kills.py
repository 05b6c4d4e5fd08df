# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the network at random moments under load: is all that was acknowledged still there?"""

import asyncio
import itertools
import json
import random
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pmcb_client.errors import LedgerUnavailable, OutcomeUnknown
from pmcb_client.network_file import parse
from pmcb_network import LedgerDamaged
from pmcb_network.embedded import ORGS, EmbeddedNetwork

from ._network import RunningNetwork, network_process
from ._pairs import Pairs
from ._people import people_of

_WORKERS = 16
_LATEST_S = 1.5
_FIRST_WITHIN_S = 30.0
# How a worker's last call may end when the network is killed under it.
_EXPECTED = (asyncio.CancelledError, LedgerUnavailable, OutcomeUnknown)


async def kills(
    folder: Path, *, count: int, seed: int, advance: Callable[[int], None]
) -> dict[str, object]:
    """Kill, reopen, verify the chain, and read back every acknowledged write; ``count`` times."""
    numbers = random.Random(seed)
    acknowledged: dict[int, int] = {}
    missing = broken = height = 0
    for turn in range(count):
        with network_process(folder, "pairs") as network:
            written = await _load_until_killed(network, turn, numbers)
        async with EmbeddedNetwork(folder, contract=Pairs()) as reopened:
            try:
                height = reopened.verify()
            except LedgerDamaged:
                broken += 1
            acknowledged |= written
            # Each time what this turn wrote; in the end everything that was ever acknowledged.
            asked = acknowledged if turn == count - 1 else written
            missing += await _missing(reopened, asked)
        advance(turn + 1)
    return {
        "kills": count,
        "acknowledged": len(acknowledged),
        "missing": missing,
        "broken_chains": broken,
        "height": height,
    }


async def _load_until_killed(
    network: RunningNetwork, turn: int, numbers: random.Random
) -> dict[int, int]:
    """The writes that were acknowledged before the process died: first key and value.

    The process dies at a random moment after the first of them.
    """
    acknowledged: dict[int, int] = {}
    first = asyncio.Event()
    async with people_of(network.file, network.registrars) as people:
        (client,) = await people.enrol(network.file.orgs[0].msp, [f"load{turn}"], "releaser")
        contract = people.contract(client)

        async def work(worker: int) -> None:
            # Keys of its own for every write: what stands there can only be this one.
            for key in itertools.count(turn * 10_000_000 + worker * 100_000, 2):
                await contract.submit("put_pair", str(key), str(key + 1), str(turn))
                acknowledged[key] = turn
                first.set()

        loads = [asyncio.create_task(work(worker)) for worker in range(_WORKERS)]
        begun = asyncio.create_task(first.wait())
        await asyncio.wait(
            [begun, *loads], timeout=_FIRST_WITHIN_S, return_when=asyncio.FIRST_COMPLETED
        )
        begun.cancel()
        await asyncio.sleep(numbers.uniform(0.0, _LATEST_S))
        network.process.kill()
        network.process.wait()
        for load in loads:
            load.cancel()
        _check(await asyncio.gather(*loads, return_exceptions=True), acknowledged)
    return acknowledged


def _check(ends: Sequence[BaseException | None], acknowledged: Mapping[int, int]) -> None:
    """A turn tests something only when writes were acknowledged and nothing else went wrong."""
    for end in ends:
        if end is not None and not isinstance(end, _EXPECTED):
            raise end
    if not acknowledged:
        raise RuntimeError("no write was acknowledged before the network was killed")


async def _missing(network: EmbeddedNetwork, asked: Mapping[int, int]) -> int:
    """How many of these writes are not there, both keys of each."""
    async with people_of(parse(network.network_file), network.registrars) as people:
        (reader,) = await people.enrol(ORGS[0], [f"reader-{secrets.token_hex(8)}"], "releaser")
        contract = people.contract(reader)
        missing = 0
        for key, value in asked.items():
            found = json.loads(await contract.evaluate("get_pair", str(key), str(key + 1)))
            missing += found["values"] != [value, value]
        return missing
