# SPDX-License-Identifier: Apache-2.0
"""Many receivers ask at once; and level by level, who is given a slot."""

import asyncio
import hashlib
import json
import secrets
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from pmcb_client.errors import Conflict, Refused
from pmcb_client.gateway import Contract, Retry
from pmcb_client.levels_registry import Registration, publish_epoch

from ._network import RunningNetwork, network_process
from ._people import Enrolled, People, people_of

RECEIVERS = 400
_DAY_MS = 24 * 3600 * 1000


async def accepts(folder: Path) -> dict[str, object]:
    """400 concurrent accepts of a 400-slot and of a 100-slot subtask; then the level matrices."""
    with network_process(folder, "pmcb") as network:
        async with people_of(network.file, network.registrars) as people:
            stage = await Stage.set_up(network, people)
            names = [f"r{number:03}" for number in range(RECEIVERS)]
            receivers = await people.enrol(stage.msps[0], names, "receiver")
            await stage.epoch(1, 2, [(name, 1) for name in names])
            contracts = [people.contract(receiver) for receiver in receivers]
            return {
                "slots_400": await _crowd(stage, contracts, 400),
                "slots_100": await _crowd(stage, contracts, 100),
                "matrix": [
                    await _matrix(stage, contracts, names, levels, epoch)
                    for epoch, levels in enumerate((3, 4, 5), 2)
                ],
            }


class Stage:
    """Authorities, a releaser, a verifier and an institution of a measured network."""

    def __init__(self, network: RunningNetwork, contracts: dict[str, Contract]) -> None:
        self.network = network
        self.msps = [org.msp for org in network.file.orgs]
        self.contracts = contracts

    @classmethod
    async def set_up(cls, network: RunningNetwork, people: People) -> "Stage":
        """Enrol them and announce their keys."""
        msps = [org.msp for org in network.file.orgs]
        wanted = {
            "authority.a": (msps[0], "authority"),
            "authority.b": (msps[1], "authority"),
            "releaser": (msps[0], "releaser"),
            "verifier": (msps[1], "verifier"),
            "records": (msps[1], "institution"),
        }
        contracts = {}
        for name, (msp, role) in wanted.items():
            enrolled: Enrolled = (await people.enrol(msp, [name], role))[0]
            contracts[name] = people.contract(enrolled)
            await contracts[name].submit("announce_key")
        return cls(network, contracts)

    async def epoch(self, number: int, levels: int, people: Sequence[tuple[str, int]]) -> None:
        """Publish and approve levels for receivers of the first organisation."""
        counted: Counter[int] = Counter()
        entries = []
        for name, level in sorted(people):
            entries.append((self.msps[0], name, level, counted[level]))
            counted[level] += 1
        proof = hashlib.sha256(b"benchmark").hexdigest()
        registration = Registration(levels, tuple(entries), proof, proof)
        await publish_epoch(self.contracts["authority.a"], registration, number)
        for name in ("authority.a", "authority.b"):
            await self.contracts[name].submit("approve_epoch", str(number))

    async def task(self, levels: int, slots: int) -> str:
        """Publish a task with one subtask a level."""
        now = time.time_ns() // 1_000_000
        proof = hashlib.sha256(b"benchmark").hexdigest()
        part = {"slots": slots, "reward": 0, "envelope_hash": proof}
        spec = {
            "series": "",
            "levels": levels,
            "accept_until": now + _DAY_MS,
            "submit_until": now + _DAY_MS,
            "verifiers": [f"{self.msps[1]}/verifier"],
            "institution": f"{self.msps[1]}/records",
            "results_to": "institution",
            "notice_hash": proof,
            "subtasks": [{**part, "level": level} for level in range(1, levels + 1)],
        }
        task = secrets.token_hex(16)
        await self.contracts["releaser"].submit("publish_task", task, json.dumps(spec))
        return task

    async def holders(self, task: str, subtask: int) -> set[str]:
        """Who holds a slot of a subtask."""
        found: set[str] = set()
        bookmark = ""
        while True:
            arguments = (task, str(subtask), "200", bookmark)
            page = json.loads(await self.contracts["releaser"].evaluate("list_claims", *arguments))
            found |= {item["holder"] for item in page["items"]}
            bookmark = page["bookmark"]
            if not bookmark:
                return found


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
    stage: Stage, contracts: Sequence[Contract], names: Sequence[str], levels: int, epoch: int
) -> dict[str, object]:
    """A receiver of every level asks for a subtask of every level.

    What a refusal writes is counted in blocks: without a new one, no key of any kind was written.
    """
    await stage.epoch(epoch, levels, [(names[n], n + 1) for n in range(levels)])
    task = await stage.task(levels, 4)
    off_diagonal: Counter[str] = Counter()
    before = stage.network.height()
    for own in range(levels):
        for wanted in range(levels):
            if own != wanted:
                off_diagonal[await _answer(contracts[own], task, wanted)] += 1
    written = stage.network.height() - before
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
