# SPDX-License-Identifier: Apache-2.0
"""An institution's gateway: the real application, ledger and store, without a socket between."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import httpx
import numpy as np
from tests.scenarios.site import identity_of
from tests.scenarios.world import DAY_MS, ORG_B, Person, World, new_id

from pmcb_client.http_identity import RequestChecker
from pmcb_client.network_file import RetrievalGateway
from pmcb_services.retrieval import Attribute, Carried, Schema
from pmcb_services.retrieval.cloud import Cloud, MemoryCloud
from pmcb_services.retrieval.gateway import (
    Folder,
    Gateway,
    StoreLedger,
    Terms,
    Trail,
    gateway_application,
)
from pmcb_services.retrieval.institution import build, grant, revoke
from pmcb_services.retrieval.worker import RetrievalClient, audience

SCHEMA = Schema(
    "signs",
    [Attribute("HR", 0, 255, 1), Attribute("SBP", 0, 255, 1), Attribute("Temp", 30, 42.75, 0.05)],
    [Carried("patient", "uint32")],
    patient="patient",
)
STORE = "signs"
ROWS = 300


def records(rows: int = ROWS) -> tuple[dict[str, Any], dict[str, Any]]:
    """Plain columns, and whose they are."""
    rng = np.random.default_rng(7)
    signs = {
        "HR": rng.integers(40, 180, rows),
        "SBP": rng.integers(60, 200, rows),
        "Temp": np.round(35 + rng.integers(0, 120, rows) / 20, 2),
    }
    return signs, {"patient": np.arange(rows) // 3}


def brute_force(ranges: dict[str, tuple[Any, Any]], rows: int = ROWS) -> list[int]:
    """Ids of the records inside all ranges."""
    inside = np.ones(rows, dtype=bool)
    for name, (low, high) in ranges.items():
        column = records(rows)[0][name]
        inside &= (column >= (low if low is not None else -np.inf)) & (
            column <= (high if high is not None else np.inf)
        )
    return np.flatnonzero(inside).tolist()


@dataclass
class Ward:
    """The gateway of one institution with one store, and a worker of the other hospital.

    Attributes:
        world: with the ledger and its people.
        folder: of the institution.
        institution, worker: enrolled.
        cloud: of the store.
        gateway: the one that runs.
    """

    world: World
    folder: Folder
    institution: Person
    worker: Person
    cloud: Cloud = field(default_factory=MemoryCloud)
    gateway: Gateway = field(init=False)
    app: Any = field(init=False)

    @classmethod
    async def of(cls, world: World, path: Path) -> Self:
        """With everybody enrolled, and no store."""
        institution = await world.person("keeper", "institution", ORG_B)
        worker = await world.person(f"w{new_id()[:8]}", "worker")
        return cls(world, Folder(path / "retrieval"), institution, worker)

    async def build(self, rows: int = ROWS, **how: Any) -> str:
        """The store's id on the ledger."""
        signs, carried = records(rows)
        how = {"name": STORE, **how}
        contract = how.pop("contract", self.institution.contract)
        return await build(self.folder, self.cloud, contract, SCHEMA, signs, carried, **how)

    def make(self, *, contract: Any = None, folder: Folder | None = None) -> Gateway:
        """A gateway on the folder; not entered."""
        return Gateway(
            folder or self.folder,
            self.cloud,
            contract or self.institution.contract,
            self.institution.events,
            owner=self.institution.msp,
            clock=self.world.now,
        )

    @asynccontextmanager
    async def started(self, **how: Any) -> AsyncIterator[None]:
        """The gateway runs meanwhile."""
        uid = self.institution.uid
        file, now = self.world.place.file, self.world.now
        self.gateway = self.make(**how)
        checker = RequestChecker(file, audience=audience(uid), clock=now)
        self.app = gateway_application(self.gateway, checker)
        async with self.gateway:
            yield

    def client(self, who: Person) -> RetrievalClient:
        """Somebody's way to it; to be entered, or used as it is."""
        place = RetrievalGateway("http://localhost", self.institution.uid, "")
        return RetrievalClient(
            replace(self.world.place.file, retrieval=(place,)),
            identity_of(who),
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False),
            clock=self.world.now,
        )

    @property
    def owns(self) -> RetrievalClient:
        """The institution's."""
        return self.client(self.institution)

    @property
    def asks(self) -> RetrievalClient:
        """The worker's."""
        return self.client(self.worker)

    async def grant(
        self, terms: Terms | None = None, *, stores: Sequence[str] = (STORE,), days: float = 1
    ) -> str:
        """The id of a new grant for the worker."""
        made, now = new_id(), self.world.now()
        await grant(
            self.institution.contract,
            self.owns,
            made,
            self.worker.uid,
            stores,
            terms=terms or Terms(),
            purpose="diagnosis",
            not_before=now,
            expires=now + int(days * DAY_MS),
        )
        return made

    def trail(self, name: str = STORE) -> Trail:
        """The store's audit trail, as the institution reads it."""
        key = self.folder.keys().derive(name, "audit")
        return Trail(self.folder.store(name).database, key, clock=self.world.now)

    async def anchored(self, name: str = STORE) -> str:
        """The newest head of the trail that the ledger was told."""
        place = self.folder.store(name)
        return (await StoreLedger(self.institution.contract, place.dataset).standing()).audit_head

    async def revoke(self, made: str) -> None:
        """End it."""
        await revoke(self.institution.contract, made, "ended")
