# SPDX-License-Identifier: Apache-2.0
"""Cloud and gateway as the processes that ``pmcb retrieval`` starts, killed at will."""

import asyncio
import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from tests.scenarios.site import identity_of
from tests.scenarios.world import ORG_A, ORG_B, Person, World
from tests.services.publishing.service.starter import Starter
from tests.services.retrieval.gateway.ward import SCHEMA, records

from pmcb_client.cli import make_root
from pmcb_client.network_file import load, save
from pmcb_client.wallet import Wallet
from pmcb_services.retrieval.worker import RetrievalClient

HASTY = Path(__file__).with_name("hasty.py")
LABELS = {
    "cloud": ("receiver", ORG_A),
    "institution": ("institution", ORG_B),
    "worker": ("worker", ORG_A),
}


def write_csv(path: Path, rows: int) -> Path:
    """The first records."""
    signs, carried = records(rows)
    columns = {**signs, **carried}
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))
    return path


def write_schema(path: Path) -> Path:
    """As YAML, which JSON is."""
    path.write_text(json.dumps(SCHEMA.document()))
    return path


@dataclass
class Machines:
    """A cloud and a gateway, each in a process; a home where everybody has an identity.

    Attributes:
        home: of all of them.
        cloud, gateway: starters of the processes.
        people: by label of the wallet.
    """

    home: Path
    cloud: Starter
    gateway: Starter
    people: dict[str, Person]

    @classmethod
    def of(cls, place: Any, home: Path, cloud: Starter, gateway: Starter) -> "Machines":
        """Everybody is enrolled; nothing runs."""
        home.mkdir()
        save(home / "network.json", place.file)
        people = asyncio.run(_enrolled(place, home.parent.name))
        for label, person in people.items():
            identity = identity_of(person)
            Wallet(home / "wallet").put(label, identity.identity, identity.private_key)
        return cls(home, cloud, gateway, people)

    def start_cloud(self) -> None:
        """On LMDB; it listens once this returns."""
        self.cloud.start("", *self._words("cloud", "cloud", "serve"))

    def start_gateway(self) -> None:
        """It answers once this returns."""
        self.gateway.start("", *self._words("institution", "gateway", "serve"))

    def run(self, label: str, *words: object) -> Any:
        """A command, by somebody; its result."""
        arguments = self._words(label, *map(str, words))
        done = CliRunner().invoke(make_root(), arguments, prog_name="pmcb")
        assert "Traceback" not in done.output
        return done

    def told(self, label: str, *words: object) -> Any:
        """What a command that is done tells."""
        done = self.run(label, *words)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout.splitlines()[-1])

    def people_read(self, label: str, *words: object) -> str:
        """The same as people see it."""
        arguments = [each for each in self._words(label, *map(str, words)) if each != "--json"]
        done = CliRunner().invoke(make_root(), arguments, prog_name="pmcb")
        assert done.exit_code == 0, done.output
        return done.stdout

    def build(self, rows: int, *options: object) -> Any:
        """A store of the first records."""
        schema = write_schema(self.home / "schema.yaml")
        table = write_csv(self.home / "records.csv", rows)
        return self.told("institution", "build", "--schema", schema, "--records", table, *options)

    def client(self, label: str) -> RetrievalClient:
        """Somebody's way to the gateway that runs now."""
        return RetrievalClient(load(self.home / "network.json"), identity_of(self.people[label]))

    def close(self) -> None:
        """End what runs."""
        self.gateway.kill()
        self.cloud.kill()

    def _words(self, label: str, *words: str) -> list[str]:
        return ["--home", str(self.home), "--as", label, "--json", "retrieval", *words]


async def _enrolled(place: Any, name: str) -> dict[str, Person]:
    async with World(place) as world:
        people = {
            label: await world.person(f"{label}.{name}"[:40], role, org)
            for label, (role, org) in LABELS.items()
        }
        for person in people.values():
            await person.contract.submit("announce_key")
        return people
