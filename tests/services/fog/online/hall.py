# SPDX-License-Identifier: Apache-2.0
"""A gateway whose fog workers are played by the tests, without a broker between."""

import asyncio
import base64
import itertools
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from tests.client.http_identity.people import NOW_MS, Ca, network

from pmcb_client.errors import LedgerUnavailable
from pmcb_client.http_identity import RequestChecker
from pmcb_client.network_file import FogGateway
from pmcb_services.fog.client import FogClient, audience, submission
from pmcb_services.fog.online import (
    Address,
    Database,
    Gateway,
    GatewaySettings,
    Store,
    Vault,
    fog_application,
)
from pmcb_services.fog.online._inner import InnerRequest
from pmcb_services.fog.online._messages import (
    RPC,
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
from pmcb_services.fog.online._replanning import Replanning

A, B = Ca("HospitalAMSP"), Ca("HospitalBMSP")
DATASET = "ab" * 16
DEVICE = "HospitalAMSP/pump1"
PEOPLE = {
    "operator": A.person("operator", "institution"),
    "authority": B.person("authority", "authority", serial=8),
    "rival": B.person("rival", "institution", serial=9),
    "worker": A.person("worker", "worker", serial=10),
    "other": A.person("other", "worker", serial=11),
    "receiver": B.person("receiver", "receiver", serial=12),
}
UID = PEOPLE["operator"].uid
NOWHERE = Address(url="nats://127.0.0.1:1")
_numbers = itertools.count()


class Ledger:
    """Grants everything to whom it is told; may be away."""

    def __init__(self) -> None:
        self.granted = {"worker"}
        self.is_away = False
        self.asked = 0
        self.question: tuple[str, ...] = ()

    async def evaluate(self, function: str, *args: str) -> bytes:
        """``check_grant`` and ``check_device``."""
        self.asked += 1
        self.question = (function, *args)
        if self.is_away:
            raise LedgerUnavailable("away")
        held = b"true" if args[1] in self.granted else b"false"
        return b'{"allowed": %s, "grant": "g", "expires": 9999999999999}' % held

    async def submit(self, function: str, *args: str) -> bytes:
        """Nothing is written."""
        raise NotImplementedError


class Clock:
    """Seconds that a test moves on."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        """For leases."""
        return self.seconds

    def now_ms(self) -> int:
        """UTC."""
        return NOW_MS + int(self.seconds * 1000)


@dataclass
class Server:
    """A fog worker that a test plays."""

    hall: "Hall"
    name: str
    incarnation: int

    async def claim(self, order: str, epoch: int = 1, token: str = "t") -> Any:
        """Claimed or Refused."""
        asked = Claim(
            order=order, epoch=epoch, server=self.name, incarnation=self.incarnation, token=token
        )
        return await self.hall.ask("claim", asked, Claimed, Refused)

    async def commit(self, order: str, epoch: int = 1, outcome: Any = "done", **how: Any) -> Any:
        """Committed or Refused."""
        said: dict[str, Any] = {"digest": "d", "result": b"result", **how}
        asked = Commit(
            order=order,
            epoch=epoch,
            server=self.name,
            incarnation=self.incarnation,
            outcome=outcome,
            **said,
        )
        return await self.hall.ask("commit", asked, Committed, Refused)

    async def beat(self, *orders: tuple[str, int]) -> Any:
        """Beaten or Refused."""
        asked = Beat(server=self.name, incarnation=self.incarnation, orders=orders)
        return await self.hall.ask("beat", asked, Beaten, Refused)


@dataclass
class Hall:
    """The gateway that runs, and what stands around it."""

    database: Database
    key: bytes = bytes(32)
    settings: GatewaySettings = field(default_factory=GatewaySettings)
    ledger: Ledger = field(default_factory=Ledger)
    clock: Clock = field(default_factory=Clock)
    gateway: Gateway = field(init=False)
    store: Store = field(init=False)
    app: Any = field(init=False)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Hall"]:
        """It runs meanwhile."""
        async with Store(self.database) as self.store:
            made = Gateway(
                self.store,
                Vault(self.key),
                self.ledger,
                _no_events,
                NOWHERE,
                owner=A.msp,
                settings=self.settings,
                clock=self.clock.now_ms,
                monotonic=self.clock.monotonic,
            )
            checker = RequestChecker(network(A, B), audience=audience(UID), clock=self.clock.now_ms)
            async with made as self.gateway:
                self.app = fog_application(self.gateway, checker)
                yield self

    def client(self, who: str) -> FogClient:
        """Somebody's way to it."""
        return FogClient(
            replace(network(A, B), fog=(FogGateway("http://localhost", UID, ""),)),
            PEOPLE[who],
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False),
            clock=self.clock.now_ms,
        )

    async def ask(self, name: str, message: Any, *kinds: Any) -> Any:
        """What the gateway answers a fog worker."""
        assert self.gateway.shift is not None
        answer = await self.gateway.shift.rpc.answer(RPC + name, encode(message))
        return decode(answer, *kinds)

    async def server(self, name: str, *, token: str = "", **how: Any) -> Server:
        """A fog worker registers."""
        said: dict[str, Any] = {"kinds": (), "speed_mips": 1000.0, **how}
        token = token or f"token{next(_numbers)}"
        asked = Register(server=name, token=token, **said)
        found = await self.ask("register", asked, Registered)
        return Server(self, name, found.incarnation)

    async def submit(self, id: str, kind: str = "compute.test", **fields: Any) -> Any:
        """The operator's test order, or a worker's for a device or a store."""
        who = fields.pop("who", "operator" if kind == "compute.test" else "worker")
        return await self.client(who).submit(order(id, kind, **fields))

    async def state(self, id: str) -> str:
        """Of an order, as it stands in the store."""
        found = await self.store.read(lambda session: session.get(id))
        return found.state.value

    async def becomes(self, id: str, state: str, *, epoch: int | None = None) -> Any:
        """The order, once it is in this state."""
        async with asyncio.timeout(20):
            while True:
                found = await self.store.read(lambda session: session.get(id))
                if found.state == state and epoch in {None, found.epoch}:
                    return found
                await asyncio.sleep(0.01)

    async def pass_s(self, seconds: float) -> None:
        """Time passes, and everybody notices."""
        self.clock.seconds += seconds
        await asyncio.sleep(0.15)


def plan_nothing(monkeypatch: Any) -> None:
    """Orders stay where they were put first; no planner is started."""

    async def never(_: Replanning) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Replanning, "run", never)


def order(id: str, kind: str = "compute.test", **fields: Any) -> dict[str, Any]:
    """One that may be taken."""
    said: dict[str, Any] = {
        "retrieval.query": {"subject": DATASET},
        "device.control": {"subject": DEVICE, "command": "start"},
        "device.add": {"subject": DEVICE},
        "device.remove": {"subject": DEVICE},
    }.get(kind, {})
    payload = b"payload"
    if kind in {"retrieval.query", "upload.submission", "upload.observation"}:
        payload = inner().encode()
    return submission(id, kind, fields.pop("payload", payload), **{**said, **fields})


def inner(**how: Any) -> InnerRequest:
    """A worker's own request to a store."""
    said: dict[str, Any] = {"audience": "retrieval/x", "lifetime_s": 600, **how}
    return InnerRequest.sign(
        "POST", "/v1/stores/s/query", b"{}", PEOPLE["worker"], clock=lambda: NOW_MS, **said
    )


def result_of(found: dict[str, Any]) -> bytes:
    """Of an order's document."""
    return base64.b64decode(found["result"])


async def _no_events() -> AsyncGenerator[Any, None]:
    await asyncio.Event().wait()
    yield
