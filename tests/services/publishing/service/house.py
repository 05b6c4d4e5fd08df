# SPDX-License-Identifier: Apache-2.0
"""An institution that publishes: the real application and ledger, without a socket between."""

import csv
import json
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx
import numpy as np
from tests.scenarios.site import identity_of
from tests.scenarios.world import ORG_A, ORG_B, Person, World, new_id

from pmcb_client.http_identity import RequestChecker, SignedRequests
from pmcb_services.publishing import Ledger, Numeric, Schema
from pmcb_services.publishing._assembly import Publishing
from pmcb_services.publishing._publisher import TICK_MS
from pmcb_services.publishing._service import publishing_application

AUDIENCE = "publishing/test"
ROWS = 2000
RULES = [{"who": "*", "at_once": "10", "in_all": "100"}]


def schema(*, subject: str | None = None, size: int = ROWS) -> Schema:
    """Two public columns."""
    columns = [Numeric("age", 0, 100, step=1), Numeric("hours", 0, 80)]
    return Schema(columns, subject=subject, expected_size=size)


def write_table(path: Path, rows: int = ROWS, *, persons: Sequence[str] = ()) -> Path:
    """Two groups of people; with tags, one row for each of ``persons``."""
    rng = np.random.default_rng(3)
    ages = np.where(np.arange(rows) % 3 == 0, 70, 30) + rng.integers(-5, 6, rows)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        tagged = bool(persons)
        writer.writerow(["age", "hours", *(["who"] if tagged else [])])
        for at in range(len(persons) if tagged else rows):
            writer.writerow([ages[at], 40 + at % 7, *([persons[at]] if tagged else [])])
    return path


@dataclass
class House:
    """The service of one institution, started and killed at will.

    Attributes:
        world: with the ledger and its people.
        folder: of everything.
        institution, analyst: of different organisations.
        service: the one that runs.
    """

    world: World
    folder: Path
    institution: Person
    analyst: Person
    service: Publishing = field(init=False)
    app: Any = field(init=False)

    @classmethod
    async def of(cls, world: World, folder: Path) -> "House":
        """With everybody enrolled; nothing runs."""
        institution = await world.person("publisher", "institution", ORG_B)
        analyst = await world.person("analyst", "analyst", ORG_A)
        (folder / "tables").mkdir()
        return cls(world, folder, institution, analyst)

    def make(self, contract: Any = None, **how: Any) -> Publishing:
        """A service on the folder; not entered."""
        roots = [self.folder / "tables"]
        ledger = contract or self.institution.contract
        place, now = self.folder / "publishing", self.world.now
        how = {"bits": Random(1), **how}
        return Publishing(place, ledger, ledger=Ledger.EMBEDDED, roots=roots, clock=now, **how)

    @asynccontextmanager
    async def started(self, contract: Any = None, **how: Any) -> AsyncIterator[Publishing]:
        """The service runs meanwhile."""
        checker = RequestChecker(self.world.place.file, audience=AUDIENCE, clock=self.world.now)
        service = self.service = self.make(contract, **how)
        self.app = publishing_application(service, checker, msp_id=self.institution.msp)
        async with service:
            yield service

    async def call(
        self, who: Person, method: str, path: str, document: object = None, **how: Any
    ) -> httpx.Response:
        """A signed request."""
        auth = SignedRequests(identity_of(who), audience=AUDIENCE, clock=self.world.now)
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        if document is not None:
            how["content"] = json.dumps(document).encode()
        async with httpx.AsyncClient(
            base_url="http://service", transport=transport, auth=auth
        ) as http:
            return await http.request(method, f"/v1{path}", **how)

    async def done(
        self, who: Person, method: str, path: str, document: object = None
    ) -> dict[str, Any]:
        """The same, which is granted."""
        answered = await self.call(who, method, path, document)
        assert answered.is_success, answered.text
        found: dict[str, Any] = answered.json()
        return found

    async def cohort(
        self,
        total: str = "10",
        *,
        rules: Sequence[Mapping[str, str]] = RULES,
        made: Schema | None = None,
    ) -> str:
        """An open one, with a policy."""
        cohort = new_id()
        document = (made or schema()).document()
        body = {"cohort": cohort, "total": total, "schema": document}
        await self.done(self.institution, "POST", "/cohorts", body)
        await self.done(self.institution, "PUT", f"/cohorts/{cohort}/policy", {"rules": [*rules]})
        return cohort

    async def dataset(self, cohort: str, path: Path | None = None) -> str:
        """A data set of the cohort with one version."""
        name = f"set-{secrets.token_hex(4)}"
        await self.done(self.institution, "POST", "/datasets", {"name": name, "cohort": cohort})
        await self.refresh(name, path or write_table(self.folder / "tables" / f"{name}.csv"))
        return name

    async def refresh(self, name: str, path: Path) -> dict[str, Any]:
        """One more version."""
        body = {"path": str(path)}
        return await self.done(self.institution, "POST", f"/datasets/{name}/versions", body)

    async def ask(self, name: str, epsilon: str = "1", **more: Any) -> httpx.Response:
        """The analyst asks for a release."""
        body = {"dataset": name, "epsilon": epsilon, **more}
        return await self.call(self.analyst, "POST", "/releases", body)

    async def settled(self, answered: httpx.Response) -> dict[str, Any]:
        """What becomes of a request, once its tick has come."""
        assert answered.is_success, answered.text
        entry = self.service.entries.find(answered.json()["id"])
        assert entry is not None
        await self.service.publisher.finished(entry)
        self.tick()
        return await self.done(self.analyst, "GET", f"/releases/{entry.id}")

    def tick(self) -> None:
        """A whole tick passes."""
        self.world.offset_ms += TICK_MS

    async def budget(self, cohort: str) -> tuple[str, str]:
        """Spent and left, as the ledger has it."""
        found = await self.done(self.analyst, "GET", f"/cohorts/{cohort}")
        return found["spent"], found["left"]
