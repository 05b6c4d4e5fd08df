# SPDX-License-Identifier: Apache-2.0
"""Many receivers ask at once; and level by level, who is given a slot."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from pmcb_client.errors import Conflict, Refused
from pmcb_client.gateway import Contract, Retry

from ._network import RunningNetwork, network_process
from ._people import people_of
from ._stage import Stage

RECEIVERS = 400


async def accepts(folder: Path) -> dict[str, object]:
    """400 concurrent accepts of a 400-slot and of a 100-slot subtask; then the level matrices."""
    with network_process(folder, "pmcb") as network:
        async with people_of(network.file, network.registrars) as people:
            stage = await Stage.set_up(network.file, people)
            names = [f"r{number:03}" for number in range(RECEIVERS)]
            receivers = await people.enrol(stage.msps[0], names, "receiver")
            await stage.epoch(1, 2, [(name, 1) for name in names])
            contracts = [people.contract(receiver) for receiver in receivers]
            return {
                "slots_400": await _crowd(stage, contracts, 400),
                "slots_100": await _crowd(stage, contracts, 100),
                "matrix": [
                    await _matrix(network, stage, contracts, names, levels, epoch)
                    for epoch, levels in enumerate((3, 4, 5), 2)
                ],
            }


async def _crowd(stage: Stage, contracts: Iterable[Contract], slots: int) -> dict[str, object]:
    """Everybody asks at the same moment; conflicts are repeated, and counted."""
    task = await stage.task(2, slots)
    conflicts = 0

    async def ask(contract: Contract) -> str:
        nonlocal conflicts
        while True:
            try:
                await contract.submit("accept_subtask", task, "0", retry=Retry(conflicts=0))
            except Conflict:
                conflicts += 1
            except Refused as refused:
                return refused.code
            else:
                return "accepted"

    started = time.perf_counter()
    outcomes = Counter(await asyncio.gather(*map(ask, contracts)))
    return {
        "slots": slots,
        "outcomes": dict(sorted(outcomes.items())),
        "conflicts": conflicts,
        "holders": len(await stage.holders(task, 0)),
        "seconds": round(time.perf_counter() - started, 2),
    }


async def _matrix(
    network: RunningNetwork,
    stage: Stage,
    contracts: Sequence[Contract],
    names: Sequence[str],
    levels: int,
    epoch: int,
) -> dict[str, object]:
    """A receiver of every level asks for a subtask of every level.

    What a refusal writes is counted in blocks: without a new one, no key of any kind was written.
    """
    await stage.epoch(epoch, levels, [(names[n], n + 1) for n in range(levels)])
    task = await stage.task(levels, 4)
    off_diagonal: Counter[str] = Counter()
    before = network.height()
    for own in range(levels):
        for wanted in range(levels):
            if own != wanted:
                off_diagonal[await _answer(contracts[own], task, wanted)] += 1
    written = network.height() - before
    diagonal = Counter([await _answer(contracts[n], task, n) for n in range(levels)])
    return {
        "levels": levels,
        "diagonal": dict(diagonal),
        "off_diagonal": dict(off_diagonal),
        "blocks_written_off_diagonal": written,
    }


async def _answer(contract: Contract, task: str, subtask: int) -> str:
    try:
        await contract.submit("accept_subtask", task, str(subtask))
    except Refused as refused:
        return refused.code
    return "accepted"
