# SPDX-License-Identifier: Apache-2.0
"""A publishing service as the process that `pmcb publishing serve` starts, killed at will."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.scenarios.site import identity_of
from tests.scenarios.world import ORG_A, ORG_B, Person, World, new_id
from tests.services.publishing.service.house import RULES, schema, write_table
from tests.services.publishing.service.starter import Starter

from pmcb_client.network_file import load, save
from pmcb_client.wallet import Wallet
from pmcb_services.publishing import PublishingClient
from pmcb_services.publishing._entries import State


@dataclass
class Process:
    """The service of an institution with one data set, and an analyst who asks it.

    Attributes:
        world: with the ledger.
        home: where both have their identities.
        starter: of the process.
        institution, analyst: of different organisations.
        served: what was published under each id, byte for byte.
    """

    world: World
    home: Path
    institution: Person
    analyst: Person
    starter: Starter
    cohort: str = field(default_factory=new_id)
    served: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    async def of(cls, world: World, folder: Path, starter: Starter) -> "Process":
        """Everybody is enrolled; nothing runs."""
        home = folder / "home"
        (folder / "tables").mkdir()
        home.mkdir()
        save(home / "network.json", world.place.file)
        made = cls(
            world,
            home,
            await world.person("killed", "institution", ORG_B),
            await world.person("curious", "analyst", ORG_A),
            starter,
        )
        for person in (made.institution, made.analyst):
            identity = identity_of(person)
            Wallet(home / "wallet").put(person.role, identity.identity, identity.private_key)
        return made

    async def start(self, step: str = "") -> None:
        """Start it, to die after a step; it tells its address, or dies of the step before."""
        tables = str(self.home.parent / "tables")
        serve = ["--home", str(self.home), "--json", "publishing", "serve", "--tables", tables]
        await asyncio.to_thread(self.starter.start, step, *serve)

    async def died(self) -> None:
        """Wait for the end that it puts to itself."""
        await asyncio.to_thread(self.starter.died)

    def client(self, who: Person | None = None) -> PublishingClient:
        """Somebody's way to the process that runs now."""
        return PublishingClient(load(self.home / "network.json"), identity_of(who or self.analyst))

    async def furnish(self) -> None:
        """Open the budget, and register the table."""
        path = write_table(self.home.parent / "tables" / "visits.csv")
        async with self.client(self.institution) as service:
            await service.open_cohort(self.cohort, "10", schema())
            await service.set_policy(self.cohort, RULES)
            await service.add_dataset(self.cohort, self.cohort)
            await service.add_version(self.cohort, path=path)

    async def ask(self, epsilon: str = "1/10", **more: Any) -> dict[str, Any]:
        """The analyst asks for a release."""
        async with self.client() as service:
            return await service.ask(self.cohort, epsilon=epsilon, **more)

    async def settled(self, request_id: str) -> str:
        """What becomes of a request; what is published is the same as ever."""
        async with self.client() as service:
            found = await service.wait(request_id, poll_s=0.02)
            if found["state"] == "published":
                archive = await service._send("GET", f"/releases/{request_id}/files/release.zip")
                assert self.served.setdefault(request_id, archive.content) == archive.content
                _, recorded = (await self.spends())[request_id]
                assert recorded == found["release_hash"]
        state: str = found["state"]
        return state

    async def spends(self) -> dict[str, tuple[Fraction, str]]:
        """All that the ledger knows of the cohort: cost and hash by request."""
        listed = await self.analyst.ask("list_spends", self.cohort, 200, "")
        return {
            each["request_hash"]: (Fraction(each["epsilon"]), each["release_hash"])
            for each in listed["items"]
        }

    async def spent(self) -> Fraction:
        """What the ledger says is spent, which is all that was spent for requests it names."""
        spent = Fraction((await self.analyst.ask("get_budget", self.cohort))["spent"])
        assert spent == sum(epsilon for epsilon, _ in (await self.spends()).values())
        return spent

    def noted(self) -> dict[str, State]:
        """What the service's database says became of requests."""
        (place,) = (self.home / "publishing").glob("*/publishing.sqlite3")
        with closing(sqlite3.connect(place)) as database:
            rows = database.execute("SELECT hash, state FROM requests").fetchall()
        return {name: State(state) for name, state in rows}

    def files(self, request_id: str) -> dict[str, bytes]:
        """What is on the disk of a release, but for the receipt."""
        (folder,) = (self.home / "publishing").glob(f"*/releases/{request_id}")
        found = {path.name: path.read_bytes() for path in folder.iterdir()}
        return {name: data for name, data in found.items() if name != "receipt.json"}

    async def check(self) -> None:
        """While it runs and rests: ledger and database name the same requests as paid for."""
        noted = {name for name, state in self.noted().items() if state.has_spent}
        assert noted == set(await self.spends())
        await self.spent()
