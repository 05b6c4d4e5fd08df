# SPDX-License-Identifier: Apache-2.0
"""The people and things a story is told with, on whichever network stands behind it."""

import hashlib
import json
import secrets
import time
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Self

import pytest
from tests.scenarios.place import Enrolled, Place

from pmcb_chaincode.contract import Code, batch_hash
from pmcb_client.enrolment import CaClient
from pmcb_client.gateway import (
    ChaincodeEvent,
    Contract,
    Gateway,
    Network,
    Refused,
    Timeouts,
    Transaction,
    connect,
    connect_network,
    open_channel,
)

ORG_A, ORG_B = "HospitalAMSP", "HospitalBMSP"
DAY_MS = 24 * 3600 * 1000
PATIENT = Timeouts(evaluate_s=60, endorse_s=60, submit_s=60)  # as busy as the machine may be


@dataclass(frozen=True)
class Person:
    """An enrolled identity with its way to the contract."""

    msp: str
    name: str
    role: str
    credentials: Enrolled
    contract: Contract
    world: "World" = field(repr=False, compare=False)

    @property
    def uid(self) -> str:
        return f"{self.msp}/{self.name}"

    def events(self, **how: Any) -> AsyncGenerator[ChaincodeEvent, None]:
        """The contract's events, as this person's organisation tells them."""
        network = self.world.network((self.msp, self.name, self.role))
        return network.chaincode_events(self.world.place.file.chaincode, **how)

    @asynccontextmanager
    async def connected(self, **how: Any) -> AsyncGenerator[Network, None]:
        """The channel, through a connection of this person's own that is made in another way."""
        place = self.world.place.file
        async with connect_network(place, self.credentials, clock=self.world.now, **how) as gateway:
            yield gateway.network(place.channel)

    @asynccontextmanager
    async def offline(self) -> AsyncGenerator[Gateway, None]:
        """A gateway on a machine that has this person's certificate, not the key."""
        org = self.world.place.file.org(self.msp)
        channel = open_channel(org.gateway, org.tls_ca)
        try:
            async with connect(channel, self.credentials.identity, clock=self.world.now) as gateway:
                yield gateway
        finally:
            await channel.close(None)

    def with_signer_of(self, other: "Person") -> "Person":
        """Somebody who claims to be this person and has another's key."""
        forged = Enrolled(self.credentials.identity, other.credentials.signer)
        return replace(self, credentials=forged)

    async def submit(self, function: str, *args: object) -> dict[str, Any]:
        await self.world.catch_up(self)
        return _json(await self.contract.submit(function, *map(_wire, args)))

    async def endorsed(self, function: str, *args: object) -> Transaction:
        """Endorsed on the ledger as it stands, and not handed in."""
        await self.world.catch_up(self)
        return await self.contract.proposal(function, *map(_wire, args)).endorse()

    async def ask(self, function: str, *args: object) -> dict[str, Any]:
        await self.world.catch_up(self)
        return _json(await self.contract.evaluate(function, *map(_wire, args)))


class World:
    """One story: its clock, its people, its epoch and tasks."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.offset_ms = 0
        self._channels: dict[str, Any] = {}
        self._turn = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        for channel in self._channels.values():
            await channel.close(None)

    def now(self) -> int:
        return time.time_ns() // 1_000_000 + self.offset_ms

    async def person(self, name: str, role: str = "receiver", msp: str = ORG_A) -> Person:
        """Somebody with this role; enrolled once a run."""
        key = (msp, f"{name}.{self.place.run}", role)
        if key not in self.place.enrolled:
            self.place.enrolled[key] = await self._enrol(*key)
        return Person(msp, key[1], role, self.place.enrolled[key], self.contract(key), self)

    async def people(self, count: int, msp: str = ORG_A, group: str = "r") -> list[Person]:
        """Receivers ``group0``, ``group1``, ..."""
        return [await self.person(f"{group}{n}", msp=msp) for n in range(count)]

    async def authorities(self) -> tuple[Person, Person]:
        return (
            await self.person("authority", "authority"),
            await self.person("authority", "authority", ORG_B),
        )

    async def catch_up(self, person: Person) -> None:
        """Before the turn goes to the other organisation, let its peer reach the same block.

        A commit is told by the submitter's own peer, and another's may be a moment behind. Blocks
        come in one order, so a transaction of its own that is committed there comes after.
        """
        if self.place.kind == "fabric" and self._turn not in {"", person.msp}:
            await person.contract.submit("ping")
        self._turn = person.msp

    def contract(self, key: tuple[str, str, str]) -> Contract:
        return self.network(key).contract(self.place.file.chaincode)

    def network(self, key: tuple[str, str, str]) -> Network:
        org = self.place.file.org(key[0])
        if org.msp not in self._channels:
            self._channels[org.msp] = open_channel(org.gateway, org.tls_ca)
        credentials = self.place.enrolled[key]
        gateway = connect(
            self._channels[org.msp],
            credentials.identity,
            credentials.signer,
            PATIENT,
            clock=self.now,
        )
        return gateway.network(self.place.file.channel)

    async def _enrol(self, msp: str, name: str, role: str) -> Enrolled:
        org = self.place.file.org(msp)
        async with CaClient(org.ca_url, org.tls_ca, org.ca_name) as ca:
            if msp not in self.place.registrar_ids:
                registrar = await ca.enroll(*self.place.registrars[msp])
                self.place.registrar_ids[msp] = Enrolled.of(msp, registrar)
            attributes = {"pmcb.role": role} if role else {}
            secret = await ca.register(self.place.registrar_ids[msp], name, attributes)
            return Enrolled.of(msp, await ca.enroll(name, secret))

    async def next_epoch(self) -> int:
        """The first number that no epoch was opened under."""
        authority, _ = await self.authorities()
        number = 1
        with suppress(Refused):
            number = (await authority.ask("get_epoch", 0))["epoch"] + 1
        while True:
            try:
                await authority.ask("get_epoch", number)
            except Refused:
                return number
            number += 1

    async def epoch(self, levels: int, people: Mapping[Person, int]) -> int:
        """Open, fill and approve an epoch in which these people have these levels."""
        first, second = await self.authorities()
        number = await self.next_epoch()
        rows = entries(people)
        await first.submit("open_epoch", number, manifest(levels, [rows]))
        await first.submit("register_levels", number, 0, rows)
        await first.submit("approve_epoch", number)
        await second.submit("approve_epoch", number)
        return number

    async def parties(self) -> tuple[Person, Person, Person]:
        """A releaser, a verifier of the other organisation, an institution, keys announced."""
        releaser = await self.person("releaser", "releaser")
        verifier = await self.person("verifier", "verifier", ORG_B)
        institution = await self.person("institution", "institution", ORG_B)
        for one in (releaser, verifier, institution):
            await one.submit("announce_key")
        return releaser, verifier, institution

    async def spec(self, **changes: Any) -> dict[str, Any]:
        """A sound task for three levels, one subtask each, with what a test changes in it."""
        _, verifier, institution = await self.parties()
        levels = changes.get("levels", 3)
        slots = changes.pop("slots", 4)
        return {
            "series": "",
            "levels": levels,
            "accept_until": self.now() + DAY_MS,
            "submit_until": self.now() + 2 * DAY_MS,
            "verifiers": [verifier.uid],
            "institution": institution.uid,
            "results_to": "institution",
            "notice_hash": digest("notice"),
            "subtasks": [subtask(level, slots=slots) for level in range(1, levels + 1)],
            **changes,
        }

    async def task(self, **changes: Any) -> str:
        """The id of a published task; subtask n is of level n + 1."""
        releaser, _, _ = await self.parties()
        name = new_id()
        await releaser.submit("publish_task", name, await self.spec(**changes))
        return name


def subtask(level: int, *, slots: int = 4, reward: int = 0) -> dict[str, Any]:
    return {
        "level": level,
        "slots": slots,
        "reward": reward,
        "envelope_hash": digest(f"envelope {level}"),
    }


def entries(people: Mapping[Person, int]) -> list[list[Any]]:
    """Registry rows, sorted, with ordinals counted per level."""
    counted: dict[int, int] = {}
    rows = []
    for person, level in sorted(people.items(), key=lambda item: (item[0].msp, item[0].name)):
        rows.append([person.msp, person.name, level, counted.get(level, 0)])
        counted[level] = counted.get(level, 0) + 1
    return rows


def manifest(levels: int, batches: Sequence[Sequence[Sequence[Any]]]) -> dict[str, Any]:
    """What an epoch with these batches promises."""
    rows = [row for batch in batches for row in batch]
    hashes = [batch_hash(tuple(map(tuple, batch))) for batch in batches]
    joined = b"".join(map(bytes.fromhex, hashes))
    return {
        "levels": levels,
        "per_level": [sum(row[2] == level for row in rows) for level in range(1, levels + 1)],
        "graph_hash": digest("graph"),
        "params_hash": digest("params"),
        "assignment_hash": hashlib.sha256(joined).hexdigest(),
        "batches": len(batches),
        "count": len(rows),
    }


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def new_id() -> str:
    return secrets.token_hex(16)


@contextmanager
def refused(code: str) -> Iterator[pytest.ExceptionInfo[Refused]]:
    """The block is refused with this code and the status that belongs to it."""
    with pytest.raises(Refused) as caught:
        yield caught
    assert (caught.value.code, caught.value.status) == (code, Code[code].status)


def holders(listing: Mapping[str, Any]) -> set[str]:
    return {item["holder"] for item in listing["items"]}


def outcomes(results: Iterable[object]) -> list[str]:
    """What happened to each of several calls: ``ok``, a refusal's code, or an error's class."""
    return [
        "ok"
        if not isinstance(result, BaseException)
        else result.code
        if isinstance(result, Refused)
        else type(result).__name__
        for result in results
    ]


def _wire(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _json(answer: bytes) -> dict[str, Any]:
    return json.loads(answer) if answer else {}
