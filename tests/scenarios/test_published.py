# SPDX-License-Identifier: Apache-2.0
"""Releases bought over HTTP from an institution's publishing service, on a real ledger."""

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner
from tests.scenarios.site import identity_of
from tests.scenarios.world import ORG_B, Person, World, new_id
from tests.services.publishing.service.house import ROWS, RULES, schema, write_table

from pmcb_client.cli import make_root
from pmcb_client.http_identity import RequestChecker
from pmcb_client.network_file import NetworkFile, PublishingService
from pmcb_services.common import Served, serving
from pmcb_services.publishing import (
    Ledger,
    Publishing,
    PublishingClient,
    ReleaseTampered,
    Schema,
    ServiceRefused,
    publishing_application,
)
from pmcb_services.publishing._publisher import TICK_MS
from pmcb_services.publishing._service import audience

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]


@dataclass
class Press:
    """An institution's service on a socket, and one cohort of its people.

    Attributes:
        world: with the ledger.
        folder: of everything.
        institution, analyst: of different organisations; ``works`` and ``asks`` are their clients.
    """

    world: World
    folder: Path
    institution: Person
    analyst: Person
    works: PublishingClient = field(init=False)
    asks: PublishingClient = field(init=False)
    cohort: str = field(default_factory=new_id)
    name: str = field(default_factory=new_id)

    def make(self) -> Publishing:
        """The service; it does not run."""
        return Publishing(
            self.folder / "publishing",
            self.institution.contract,
            ledger=Ledger(self.world.place.kind),
            roots=[self.folder],
            clock=self.world.now,
            bits=Random(1),  # with which an interval holds what it shall; one in twenty does not
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """It is served, and both have a way to it."""
        uid, place, file = self.institution.uid, Served(), self.world.place.file
        checker = RequestChecker(file, audience=audience(uid), clock=self.world.now)
        async with AsyncExitStack() as stack:
            service = await stack.enter_async_context(self.make())
            app = publishing_application(service, checker, msp_id=self.institution.msp)
            listening = stack.enter_context(place.listen())
            file = file.with_service(PublishingService(place.url(listening), uid, ""))
            served = asyncio.create_task(serving(app, place, listening))
            self.works, self.asks = [
                await stack.enter_async_context(self.client(file, one))
                for one in (self.institution, self.analyst)
            ]
            try:
                yield
            finally:
                served.cancel()
                await asyncio.gather(served, return_exceptions=True)

    def client(self, file: NetworkFile, who: Person) -> PublishingClient:
        """Somebody's."""
        return PublishingClient(file, identity_of(who), clock=self.world.now)

    async def open(self, total: str, made: Schema) -> None:
        """A budget, a policy that allows everything, and a name for the table."""
        await self.works.open_cohort(self.cohort, total, made)
        await self.works.set_policy(self.cohort, RULES)
        await self.works.add_dataset(self.name, self.cohort)

    async def done(self, found: dict[str, Any]) -> dict[str, Any]:
        """A request once it runs no more, and its tick has come."""
        while found["state"] == "running":
            await asyncio.sleep(0.05)
            self.world.offset_ms += TICK_MS
            found = await self.asks.find(found["id"])
        return found

    async def refused(self, epsilon: str, **more: Any) -> str:
        """What is said to the analyst who asks for too much."""
        with pytest.raises(ServiceRefused) as caught:
            await self.asks.ask(self.name, epsilon=epsilon, **more)
        assert caught.value.code == "BUDGET_EXHAUSTED"
        return str(caught.value)

    async def spent(self) -> str:
        """Of the budget, as the institution's ledger has it."""
        spent: str = (await self.institution.ask("get_budget", self.cohort))["spent"]
        return spent


@pytest.fixture
async def press(world: World, tmp_path: Path) -> AsyncIterator[Press]:
    """Runs; nothing is open yet."""
    institution = await world.person("publisher", "institution", ORG_B)
    made = Press(world, tmp_path, institution, await world.person("analyst", "analyst"))
    async with made.running():
        yield made


async def test_from_a_table_to_a_budget_that_is_gone(press: Press):
    """A release is bought once and proved; a refresh of the same people brings nothing back."""
    persons = [f"person {n}" for n in range(ROWS)]
    await press.open("1", schema(subject="who"))
    table = write_table(press.folder / "first.csv", persons=persons)
    version = await press.works.add_version(press.name, path=table)
    assert (version["number"], version["epsilon"]) == (1, "1/50")
    assert version["persons"]["low"] < ROWS < version["persons"]["high"]

    released = await press.done(await press.asks.ask(press.name, epsilon="0.5", k=2))
    assert await press.spent() == "13/25"
    await press.asks.fetch(released["id"], press.folder / "kept")
    entry = await press.analyst.ask("get_release", press.cohort, released["id"])
    assert (entry["epsilon"], entry["state"]) == ("1/2", "published")
    assert verified(press.folder, entry) == 0
    assert verified(press.folder, {**entry, "release_hash": "0" * 64}) == 1

    again = await press.asks.ask(press.name, epsilon="1/2", k=2)
    assert (again["id"], again["state"]) == (released["id"], "published")
    assert "12/25 left; 1/2 was asked for" in await press.refused("1/2", k=2, fresh=True, rows=True)
    assert await press.spent() == "13/25"

    others = [*persons[ROWS // 10 :], *(f"newcomer {n}" for n in range(ROWS // 10))]
    table = write_table(press.folder / "second.csv", persons=others)
    assert (await press.works.add_version(press.name, path=table))["number"] == 2
    assert await press.spent() == "27/50"
    assert "23/50 left" in await press.refused("1/2", k=2)
    last = await press.done(await press.asks.ask(press.name, epsilon="23/50", k=2))
    assert (last["state"], last["version"]) == ("published", 2)
    assert "0 left" in await press.refused("1/10", fresh=True)
    assert await press.spent() == "1"


async def test_of_a_hundred_at_once_ten_are_bought(press: Press):
    """A budget for ten: ten times 0.1 are all of it, and each bought a release of its own."""
    await press.open("51/50", schema(size=50 * ROWS))  # 1/50 for the count
    await press.works.add_version(press.name, path=write_table(press.folder / "table.csv"))
    wanted = product((False, True), range(1, 51))
    results = await asyncio.gather(
        *(press.asks.ask(press.name, epsilon="0.1", k=k, rows=r, fresh=True) for r, k in wanted),
        return_exceptions=True,
    )
    refusals = [one for one in results if isinstance(one, ServiceRefused)]
    assert Counter(one.code for one in refusals) == {"BUDGET_EXHAUSTED": 90}
    taken = [one for one in results if not isinstance(one, BaseException)]
    found = {one["id"]: await press.done(one) for one in taken}
    assert Counter(one["state"] for one in found.values()) == {"published": 10}
    assert await press.spent() == "51/50"
    listed = await press.institution.ask("list_spends", press.cohort, 200, "")
    bought = {each["request_hash"]: each for each in listed["items"] if each["epsilon"] == "1/10"}
    assert {name: each["release_hash"] for name, each in bought.items()} == {
        name: one["release_hash"] for name, one in found.items()
    }
    assert len(set(found)) == len({one["release_hash"] for one in found.values()}) == 10
    assert sum(Fraction(each["epsilon"]) for each in bought.values()) == 1
    assert len(listed["items"]) == 11


async def test_a_changed_line_of_the_log_is_found(world: World, tmp_path: Path):
    """The service tells which, and does not start."""
    institution = await world.person("publisher", "institution", ORG_B)
    press = Press(world, tmp_path, institution, await world.person("analyst", "analyst"))
    async with press.running():
        await press.open("1", schema())
        await press.works.add_version(press.name, path=write_table(tmp_path / "table.csv"))
    change = "UPDATE log SET line = replace(line, '\"1/50\"', '\"1/51\"') WHERE number = 5"
    place = tmp_path / "publishing" / "publishing.sqlite3"
    with closing(sqlite3.connect(place)) as database, database:
        assert database.execute(change).rowcount == 1
    with pytest.raises(ReleaseTampered, match="Line 5 of the log"):
        async with press.running():
            pass


def verified(folder: Path, entry: dict[str, Any]) -> int:
    """What `pmcb publishing verify` ends with, given what the ledger says."""
    (folder / "entry.json").write_text(json.dumps(entry))
    words = ["publishing", "verify", str(folder / "kept"), "--entry", str(folder / "entry.json")]
    done = CliRunner().invoke(make_root(), words, prog_name="pmcb")
    assert "Traceback" not in done.output
    return done.exit_code
