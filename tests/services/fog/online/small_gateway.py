# SPDX-License-Identifier: Apache-2.0
"""A gateway in a few lines, which keeps orders in a dictionary, for tests of fog workers."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from tests.services.fog.online.waiting import until

from pmcb_services.fog.online._broker import Broker
from pmcb_services.fog.online._connection import Connection
from pmcb_services.fog.online._messages import (
    Beat,
    Beaten,
    Claim,
    Claimed,
    Commit,
    Committed,
    Refused,
    Register,
    Registered,
    decode,
    encode,
)
from pmcb_services.fog.online._stream import Stream

STALE = Refused(code="STALE_EPOCH", message="not yours")


@dataclass
class Kept:
    """An order, and what became of it."""

    claimed: Claimed
    server: str
    token: str = ""
    commits: list[Commit] = field(default_factory=list)


class SmallGateway:
    """Answers one server's worker; ``deaf`` counts requests by kind that it leaves unanswered.

    Attributes:
        lost: orders that the next beats call lost.
        beats, claims: how many there were.
    """

    def __init__(self, connection: Connection, broker: Broker):
        self.broker = broker
        self.stream = Stream(connection)
        self.connection = connection
        self.here = Registered(incarnation=1, lease_s=3.0, beat_s=0.1)
        self.orders: dict[str, Kept] = {}
        self.registers: list[Register] = []
        self.lost: set[str] = set()
        self.deaf: dict[str, int] = {}
        self.fenced = False
        self.beats: list[Beat] = []
        self.claims: list[Claim] = []
        self.news = asyncio.Event()

    async def open(self) -> None:
        """Once the broker is there."""
        await until(lambda: self.connection.connected, "the broker")
        await self.stream.ensure()
        await self.connection.answer("fog.rpc.*", self.answer)

    async def order(self, name: str, *, server: str = "ward-1", epoch: int = 1, **changes) -> None:
        """Offer one."""
        whole: dict[str, Any] = {
            "order": name,
            "epoch": epoch,
            "kind": "compute.test",
            "subject": "",
            "command": "",
            "predicted_s": 0.01,
            "deadline_ms": 0,
            "attempt": 1,
            "on_unknown": "rerun",
            "payload": b"",
        }
        self.orders[name] = Kept(Claimed(**whole | changes), server)
        await self.stream.offer(name, server, epoch)

    async def committed(self, name: str) -> Commit:
        """The commit of an order, once it is there."""
        while not self.orders[name].commits:
            self.news.clear()
            await self.news.wait()
        return self.orders[name].commits[0]

    async def answer(self, subject: str, data: bytes) -> bytes:
        """What a request gets."""
        asked = decode(data, Register, Claim, Beat, Commit)
        kind = subject.rpartition(".")[2]
        if self.deaf.get(kind, 0) > 0:
            self.deaf[kind] -= 1
            await asyncio.sleep(60)
        reply = getattr(self, f"_{kind}")(asked)
        self.news.set()
        return encode(reply)

    def _register(self, asked: Register) -> Registered:
        self.registers.append(asked)
        return self.here

    def _claim(self, asked: Claim) -> Claimed | Refused:
        self.claims.append(asked)
        kept = self.orders.get(asked.order)
        if kept is None or kept.claimed.epoch != asked.epoch or kept.token not in {"", asked.token}:
            return STALE
        kept.token = asked.token
        return kept.claimed

    def _beat(self, asked: Beat) -> Beaten | Refused:
        self.beats.append(asked)
        if self.fenced:
            return STALE
        return Beaten(lost=tuple(pair for pair in asked.orders if pair[0] in self.lost))

    def _commit(self, asked: Commit) -> Committed | Refused:
        kept = self.orders.get(asked.order)
        if kept is None or kept.claimed.epoch != asked.epoch:
            return STALE
        kept.commits.append(asked)
        return Committed(state=asked.outcome.upper())
