# SPDX-License-Identifier: Apache-2.0
"""Who must be there before receivers can accept: authorities, a releaser, a verifier, records."""

import hashlib
import json
import secrets
import time
from collections import Counter
from collections.abc import Sequence

from pmcb_client.gateway import Contract
from pmcb_client.levels_registry import Registration, publish_epoch
from pmcb_client.network_file import NetworkFile

from ._people import Enrolled, People

_DAY_MS = 24 * 3600 * 1000


class Stage:
    """Authorities, a releaser, a verifier and an institution of a measured network."""

    def __init__(self, file: NetworkFile, contracts: dict[str, Contract]) -> None:
        self.msps = [org.msp for org in file.orgs]
        self.contracts = contracts

    @classmethod
    async def set_up(cls, file: NetworkFile, people: People) -> "Stage":
        """Enrol them and announce their keys."""
        msps = [org.msp for org in file.orgs]
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
        return cls(file, contracts)

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
