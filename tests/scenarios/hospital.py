# SPDX-License-Identifier: Apache-2.0
"""All services of one institution, its judge's and a releaser's agent beside, on a real ledger."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
from tests.client.tasks.office import Office
from tests.scenarios.fog import on_a_socket
from tests.scenarios.site import identity_of
from tests.scenarios.world import DAY_MS, Person, new_id

from pmcb_client.fields import parse_fields
from pmcb_client.http_identity import RequestChecker
from pmcb_client.inbox import Inbox, follow
from pmcb_client.network_file import (
    IntakeService,
    NetworkFile,
    PublishingService,
    RetrievalGateway,
    load,
    update,
)
from pmcb_services.fog.client import FogClient
from pmcb_services.fog.online._buffer import Buffer
from pmcb_services.fog.online._collector import Collector
from pmcb_services.fog.online._reading import Reading
from pmcb_services.intake import AUDIENCE, Feed, Feeds, Intake, Taking, intake_application
from pmcb_services.intake import EVENTS as VERDICTS
from pmcb_services.publishing import Ledger, Publishing, PublishingClient, publishing_application
from pmcb_services.publishing._service import audience as publishing_audience
from pmcb_services.retrieval import Attribute, Carried, Schema
from pmcb_services.retrieval.cloud import MemoryCloud
from pmcb_services.retrieval.gateway import (
    Folder,
    Gateway,
    StoreLedger,
    Terms,
    Trail,
    gateway_application,
)
from pmcb_services.retrieval.institution import build, grant
from pmcb_services.retrieval.worker import RetrievalClient, audience
from pmcb_services.verification import EVENTS as SUBMISSIONS
from pmcb_services.verification import Findings, Verifying

STORE, OWN = "pulse", 200
SCHEMA = Schema(
    STORE, [Attribute("heart_rate", 0, 255, 1)], [Carried("patient", "uint32")], patient="patient"
)
FIELDS = b"- {name: heart_rate, unit: 1/min, min: 30, max: 220}"


class Hospital:
    """The institution of an office, whose records beat at 100 and more.

    Attributes:
        office: with content store, releaser and receivers.
        path: of network.json, where everybody finds the services.
        intake: its table.
    """

    def __init__(self, office: Office, path: Path) -> None:
        self.office, self.path = office, path
        self.world, self.who, self.folder = office.world, office.records, office.folder
        self.identity = identity_of(self.who)
        self.intake = Intake(self.folder / "records")
        self._feeds = Feeds(self.folder / "records")
        self._stores, self._cloud = Folder(self.folder / "stores"), MemoryCloud()

    @property
    def file(self) -> NetworkFile:
        """As it is now."""
        return load(self.path)

    def client(self, who: Person) -> RetrievalClient:
        """Somebody's way to the query gateway."""
        return RetrievalClient(self.file, identity_of(who), clock=self.world.now)

    def orders(self, who: Person) -> FogClient:
        """Somebody's way to the order gateway."""
        return FogClient(self.file, identity_of(who), clock=self.world.now)

    @asynccontextmanager
    async def studying(self) -> AsyncIterator[None]:
        """Answers are judged by the first verifier, paid by the releaser's agent, and taken in."""
        office, verifier, folder = self.office, self.office.verifiers[0], self.folder
        inboxes = [Inbox(folder / name / "inbox.sqlite3") for name in ("verifier", "records")]
        how: dict[str, Any] = {"clock": self.world.now}
        verifying = Verifying(
            verifier.contract,
            inboxes[0],
            Findings(folder / "verifier"),
            identity=lambda: identity_of(verifier),
            store=lambda _: office.store(verifier),
            **how,
        )
        taking = Taking(
            self.who.contract,
            inboxes[1],
            self.intake,
            identity=lambda: self.identity,
            store=lambda _: office.store(self.who),
            **how,
        )
        chaincode = self.file.chaincode
        channels = [
            self.world.network((one.msp, one.name, one.role))
            for one in (office.releaser, verifier, self.who)
        ]
        work = (
            office.agent().serve(channels[0], chaincode),
            follow(channels[1], chaincode, inboxes[0], SUBMISSIONS, verifying.handle),
            follow(channels[2], chaincode, inboxes[1], VERDICTS, taking.handle),
        )
        async with _beside(*work), self._taking_in():
            yield

    @asynccontextmanager
    async def _taking_in(self) -> AsyncIterator[None]:
        checker = RequestChecker(self.file, audience=AUDIENCE, clock=self.world.now)
        fields = parse_fields(FIELDS, "fields.yaml")
        app = intake_application(self.intake, checker, self.identity, fields, clock=self.world.now)
        async with on_a_socket(app) as url:
            here = IntakeService(url, self.who.uid, "")
            update(self.path, lambda known: known.with_service(here))
            yield

    async def build(self) -> str:
        """The encrypted store; its id on the ledger."""
        rates = {"heart_rate": 100 + np.arange(OWN) % 80}
        patients = {"patient": np.arange(OWN)}
        who = self.who.contract
        return await build(self._stores, self._cloud, who, SCHEMA, rates, patients, name=STORE)

    @asynccontextmanager
    async def searched(self) -> AsyncIterator[None]:
        """The query gateway serves the store."""
        gateway = Gateway(
            self._stores,
            self._cloud,
            self.who.contract,
            self.who.events,
            owner=self.who.msp,
            clock=self.world.now,
        )
        checker = RequestChecker(self.file, audience=audience(self.who.uid), clock=self.world.now)
        async with gateway, on_a_socket(gateway_application(gateway, checker)) as url:
            here = RetrievalGateway(url, self.who.uid, "")
            update(self.path, lambda known: known.with_service(here))
            yield

    async def feed(self) -> None:
        """What was taken in goes into the store."""
        feed = Feed(self.intake, self._feeds, STORE, lambda: self.client(self.who))
        while await feed.step():
            pass

    async def measure(self, rate: int) -> None:
        """A device's reading goes through collector and fog to the intake, and is answered for."""
        buffer = Buffer(self.folder / "readings.sqlite3")
        buffer.take(Reading("bed 7", self.world.now(), {"heart_rate": rate}))
        collector = Collector(
            buffer, lambda: self.file, self.identity, lambda: self.orders(self.who)
        )
        await collector.round()
        assert (buffer.counts().batches, buffer.counts().refused) == (0, {})

    async def grant(self, worker: Person, device: str, command: str) -> None:
        """The worker may search the store, and order this of the device."""
        now_ms = self.world.now()
        times = {"not_before": now_ms, "expires": now_ms + DAY_MS}
        async with self.client(self.who) as gateway:
            await grant(
                self.who.contract,
                gateway,
                new_id(),
                worker.uid,
                [STORE],
                terms=Terms(),
                purpose="diagnosis",
                **times,
            )
        scope = {"datasets": [], "devices": {device: [command]}, "purpose": "treatment", **times}
        await self.who.submit("grant_retrieval", new_id(), worker.msp, worker.name, scope)

    async def anchored(self) -> list[str]:
        """What was asked of the store, and came of it, once the ledger knows all; [] before."""
        place = self._stores.store(STORE)
        key = self._stores.keys().derive(STORE, "audit")
        trail = Trail(place.database, key, clock=self.world.now)
        head = (await StoreLedger(self.who.contract, place.dataset).standing()).audit_head
        with place.database.open() as database:
            known = database.execute(
                "SELECT number FROM anchors WHERE head = ?", (head,)
            ).fetchone()
        trail.check(head)
        lines = list(trail.lines())
        if known != (len(lines),):
            return []
        return [f"{line['event']} {line['outcome']}" for line in lines]

    @asynccontextmanager
    async def publishing(self, analyst: Person) -> AsyncIterator[tuple[PublishingClient, ...]]:
        """The publishing service; the institution's and the analyst's way there."""
        service = Publishing(
            self.folder / "publishing",
            self.who.contract,
            ledger=Ledger(self.world.place.kind),
            roots=[self.folder],
            clock=self.world.now,
        )
        about = publishing_audience(self.who.uid)
        checker = RequestChecker(self.file, audience=about, clock=self.world.now)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(service)
            app = publishing_application(service, checker, msp_id=self.who.msp)
            url = await stack.enter_async_context(on_a_socket(app))
            here = PublishingService(url, self.who.uid, "")
            update(self.path, lambda known: known.with_service(here))
            ways = [
                PublishingClient(self.file, identity_of(one), clock=self.world.now)
                for one in (self.who, analyst)
            ]
            yield tuple([await stack.enter_async_context(way) for way in ways])


@asynccontextmanager
async def _beside(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(one) for one in work]
        yield
        for one in running:
            one.cancel()
