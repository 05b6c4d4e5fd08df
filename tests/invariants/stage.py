# SPDX-License-Identifier: Apache-2.0
"""Where the machine plays: a network with people, an active epoch and tasks, copied per play."""

import asyncio
import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Self, TypeAlias

from tests.invariants.certificates import issue

from pmcb_chaincode.contract import batch_hash
from pmcb_client.gateway import Contract, Identity, P256Signer, connect, open_channel
from pmcb_client.network_file import parse
from pmcb_network.embedded import EmbeddedNetwork

A, B = "HospitalAMSP", "HospitalBMSP"
START_MS = 1_800_000_000_000
HOUR_MS = 3_600_000

RECEIVERS = ((A, "a0"), (A, "a1"), (A, "a2"), (A, "a3"), (B, "b0"), (B, "b1"), (B, "b2"))
AUTHORITIES = ((A, "auth"), (B, "auth"), (A, "colleague"))
RELEASERS = ((A, "rel"), (B, "rel"))
# The last one is also a receiver: nobody may judge themselves.
VERIFIERS = ((B, "ver"), (A, "ver"), (B, "ver2"), (B, "b0"))
INSTITUTIONS = ((B, "inst"), (A, "inst"), (B, "inst2"))

# Levels of persons, one table an epoch may be filled with: T, then who has which level.
TABLES: tuple[tuple[int, dict[str, int]], ...] = (
    (2, {"a0": 1, "a1": 1, "a2": 2, "b0": 1, "b1": 2}),
    (2, {"a0": 2, "a1": 1, "a2": 1, "a3": 2, "b0": 2, "b1": 1, "b2": 1}),
    (3, {"a0": 1, "a1": 2, "a2": 3, "a3": 1, "b0": 1, "b1": 3}),
)
# Tasks: whose, in a series or not, (level, slots, reward) of each subtask, verifiers.
TASKS: tuple[tuple[int, bool, tuple[tuple[int, int, int], ...], tuple[int, ...]], ...] = (
    (0, True, ((1, 2, 3), (2, 1, 5), (1, 1, 0)), (0,)),
    (0, True, ((1, 3, 2), (2, 2, 4)), (0, 2, 3)),
    (1, True, ((1, 2, 3), (2, 2, 1)), (1,)),
    (0, False, ((1, 1, 6), (1, 2, 2), (2, 2, 0)), (3,)),
    (0, False, ((2, 1, 3), (1, 2, 4)), (0,)),
)
OPENED = 3
"""So many of them are published before a play begins."""
# What releasers have: the first one can pay for one of the two tasks that are left, not for both.
CREDIT = (37, 11)
ACCOUNTS = (*RELEASERS, *RECEIVERS[:2])


@dataclass(frozen=True)
class Player:
    """Somebody with a certificate, in one role."""

    msp: str
    name: str
    role: str
    contract: Contract

    def __str__(self) -> str:
        return f"{self.msp}/{self.name} as {self.role}"


Credentials: TypeAlias = dict[tuple[str, str, str], tuple[Identity, P256Signer]]


class Clock:
    """Milliseconds, moved by hand."""

    def __init__(self) -> None:
        self.now = START_MS

    def __call__(self) -> int:
        return self.now


class Stage:
    """One network with its people.

    The credentials are those of the folder's own CAs; a copy of the folder knows them too.
    """

    def __init__(self, folder: Path, credentials: Credentials) -> None:
        self.clock = Clock()
        self.network = EmbeddedNetwork(folder, clock=self.clock)
        self._credentials = credentials

    async def __aenter__(self) -> Self:
        await self.network.__aenter__()
        file = parse(self.network.network_file)
        self._channels = {org.msp: open_channel(org.gateway, org.tls_ca) for org in file.orgs}
        self.receivers = [self._player(*who, "receiver") for who in RECEIVERS]
        self.authorities = [self._player(*who, "authority") for who in AUTHORITIES]
        self.releasers = [self._player(*who, "releaser") for who in RELEASERS]
        self.verifiers = [self._player(*who, "verifier") for who in VERIFIERS]
        self.institutions = [self._player(*who, "institution") for who in INSTITUTIONS]
        return self

    async def __aexit__(self, *exc: object) -> None:
        for channel in self._channels.values():
            await channel.close(None)
        await self.network.__aexit__(None, None, None)

    def _player(self, msp: str, name: str, role: str) -> Player:
        if (msp, name, role) not in self._credentials:
            (ca,) = (o.ca for o in self.network._material.organizations if o.msp_id == msp)
            self._credentials[msp, name, role] = issue(ca, msp, name, role, START_MS)
        identity, signer = self._credentials[msp, name, role]
        gateway = connect(self._channels[msp], identity, signer, clock=self.clock)
        return Player(msp, name, role, gateway.network("pmcb").contract("pmcb"))


def text(value: object) -> str:
    """A JSON argument."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


def task_id(number: int) -> str:
    return f"{number:032x}"


def batches(table: int) -> list[list[list[Any]]]:
    """A table's rows, one batch for each organisation."""
    _, levels = TABLES[table]
    rows: list[list[list[Any]]] = []
    for msp in (A, B):
        people = sorted(name for org, name in RECEIVERS if org == msp and name in levels)
        rows.append([[msp, name, levels[name], n] for n, name in enumerate(people)])
    return rows


def manifest(table: int) -> str:
    """What an epoch promises that is filled with this table."""
    count, levels = TABLES[table]
    hashes = [batch_hash(tuple(map(tuple, batch))) for batch in batches(table)]
    made = {
        "levels": count,
        "per_level": [list(levels.values()).count(n) for n in range(1, count + 1)],
        "graph_hash": digest("graph"),
        "params_hash": digest("params"),
        "assignment_hash": hashlib.sha256(b"".join(map(bytes.fromhex, hashes))).hexdigest(),
        "batches": len(hashes),
        "count": len(levels),
    }
    return text(made)


def spec(number: int, now: int, *, levels: int, hours: int, **changes: Any) -> str:
    """A task of ``TASKS`` that takes claims for so many hours."""
    _, series, parts, verifiers = TASKS[number]
    made = {
        "series": task_id(0xF) if series else "",
        "levels": levels,
        "accept_until": now + hours * HOUR_MS,
        "submit_until": now + 2 * hours * HOUR_MS,
        "verifiers": ["/".join(VERIFIERS[n]) for n in verifiers],
        "institution": "/".join(INSTITUTIONS[0]),
        "results_to": "institution",
        "notice_hash": digest("notice"),
        "subtasks": [subtask(*part) for part in parts],
        **changes,
    }
    return text(made)


def subtask(level: int, slots: int, reward: int = 0) -> dict[str, Any]:
    return {"level": level, "slots": slots, "reward": reward, "envelope_hash": digest("e")}


async def set_up(template: Path, credentials: Credentials) -> None:
    """Fill the template: keys, the first table active, credit issued, tasks and a cohort open."""
    async with Stage(template, credentials) as stage:
        first, second = stage.authorities[:2]
        institution = stage.institutions[0]
        keys = [*stage.verifiers, institution]
        await asyncio.gather(*(player.contract.submit("announce_key") for player in keys))
        await first.contract.submit("open_epoch", "1", manifest(0))
        for number, batch in enumerate(batches(0)):
            await first.contract.submit("register_levels", "1", str(number), text(batch))
        for authority in (first, second):
            await authority.contract.submit("approve_epoch", "1")
        for who, amount in zip(RELEASERS, CREDIT, strict=True):
            await first.contract.submit("issue_credit", *who, str(amount), "start")
        opened = (task_id(0), "subject", "1", digest("schema"))
        await institution.contract.submit("open_cohort", *opened)
        for number, (owner, *_) in enumerate(TASKS[:OPENED]):
            made = spec(number, stage.clock.now, levels=2, hours=48)
            await stage.releasers[owner].contract.submit("publish_task", task_id(number), made)


class Plays:
    """Runs one play after the other, each on its own copy of the template.

    Networks close while the next play goes on: a CA's server takes a tenth of a second.
    """

    def __init__(self, runner: asyncio.Runner, template: Path) -> None:
        self.run = runner.run
        self._template = template
        self._credentials: Credentials = {}
        self._closing: list[asyncio.Task[None]] = []
        self.run(set_up(template, self._credentials))

    def open(self) -> Stage:
        """A stage as the template left it."""
        folder = Path(mkdtemp(dir=self._template.parent)) / "network"
        shutil.copytree(self._template, folder, ignore=shutil.ignore_patterns("ports.json"))
        stage = Stage(folder, self._credentials)
        return self.run(stage.__aenter__())

    def leave(self, stage: Stage) -> None:
        """Begin to close a stage."""

        async def begin() -> None:
            self._closing.append(asyncio.create_task(stage.__aexit__()))

        self.run(begin())

    def end(self) -> None:
        """Wait until all stages are closed."""

        async def gather() -> None:
            await asyncio.gather(*self._closing)

        self.run(gather())
