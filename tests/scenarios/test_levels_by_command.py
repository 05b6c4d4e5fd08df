# SPDX-License-Identifier: Apache-2.0
"""From a social graph to a second epoch, every step by command."""

import asyncio
import csv
import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from tests.network.shell import in_process
from tests.scenarios.place import Place
from tests.scenarios.world import ORG_A, ORG_B

from pmcb_client.enrolment import CaClient
from pmcb_client.gateway import Identity
from pmcb_client.network_file import save
from pmcb_client.wallet import Wallet, registrar_label

USERS, TIES = 240, 1_400
NEWCOMER = 999


class Desk:
    """The home of somebody who runs the authorities of both organisations."""

    def __init__(self, home: Path, run: str) -> None:
        self.home = home
        self.run = run

    def label(self, org: str) -> str:
        """Of the organisation's authority."""
        return f"levels-{'a' if org == ORG_A else 'b'}.{self.run}"

    def uid(self, node: int) -> str:
        return f"{ORG_A}/n{node:03}.{self.run}"

    def ok(self, *words: str, by: str = "") -> dict[str, Any]:
        """What `pmcb --json` answers."""
        return dict(json.loads(self._type("--json", *words, by=by, code=0).stdout))

    def say(self, *words: str, by: str = "") -> str:
        return str(self._type(*words, by=by, code=0).stdout)

    def no(self, *words: str, by: str = "") -> dict[str, str]:
        """The refusal that `pmcb --json` tells."""
        return dict(json.loads(self._type("--json", *words, by=by, code=1).stdout))

    def _type(self, *words: str, by: str, code: int) -> Result:
        acting = ("--as", self.label(by)) if by else ()
        done: Result = in_process(self.home, *acting, *words)
        assert done.exit_code == code, done.output
        return done

    def graph(self, ties: list[tuple[int, int]]) -> str:
        """A file with these ties."""
        path = self.home / "graph.csv"
        with path.open("w", newline="") as file:
            csv.writer(file).writerows(ties)
        return str(path)

    def people(self) -> str:
        """Who is who: the last ten users are no person of this network."""
        rows = [["node", "msp", "enrollment_id"]]
        rows += [[str(node), *self.uid(node).split("/")] for node in range(USERS - 10)]
        path = self.home / "people.csv"
        with path.open("w", newline="") as file:
            csv.writer(file).writerows(rows)
        return str(path)

    def levels(self, result: str) -> dict[int, int]:
        """The level of every user of a result."""
        document = json.loads((self.home / result).read_bytes())
        return {
            int(user): level
            for user, level in zip(document["users"], document["level"], strict=True)
        }


@pytest.fixture
def desk(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """With both registrars, as `pmcb network up` leaves it, and both authorities enrolled."""
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "network.json", place.file)

    async def keep_registrars() -> None:
        for org in place.file.orgs:
            async with CaClient(org.ca_url, org.tls_ca, org.ca_name) as ca:
                made = await ca.enroll(*place.registrars[org.msp])
            identity = Identity(org.msp, made.certificate_pem)
            Wallet(tmp_path / "wallet").put(registrar_label(org.msp), identity, made.private_key)

    asyncio.run(keep_registrars())
    desk = Desk(tmp_path, place.run)
    for msp in (ORG_A, ORG_B):
        desk.ok("id", "enroll", desk.label(msp), "--role", "authority", "--org", msp)
    return desk


def friends(seed: int) -> list[tuple[int, int]]:
    """Ties among users of whom the first know the most."""
    rng = random.Random(seed)
    ends = [(int(USERS * rng.random() ** 2), rng.randrange(USERS)) for _ in range(TIES)]
    return [(one, other) for one, other in ends if one != other]


def classify(desk: Desk, ties: list[tuple[int, int]], out: str, *more: str) -> Mapping[str, Any]:
    words = ("levels", "classify", desk.graph(ties), "--levels", "3", "--out", out, *more)
    return desk.ok(*words)


def publish(desk: Desk, result: str, people: str) -> dict[str, Any]:
    words = ("levels", "publish", str(desk.home / result), "--people", people)
    return desk.ok(*words, by=ORG_A)


def test_a_graph_that_changed_becomes_the_next_epoch(desk: Desk):
    """Classified, published, approved by two; then again on other ties, starting from the last."""
    people, ties = desk.people(), friends(1)
    classify(desk, ties, "first.json")
    first = publish(desk, "first.json", people)
    number = str(first["epoch"])
    assert (first["count"], first["dropped"], first["active"]) == (USERS - 10, 10, False)
    assert first["epoch"] in [each["epoch"] for each in desk.ok("levels", "show")["pending"]]
    assert not desk.ok("levels", "approve", number, by=ORG_A)["active"]
    assert desk.ok("levels", "approve", number, by=ORG_B)["active"]

    told = classify(desk, ties[40:] + friends(2)[:40], "second.json", "--previous", "first.json")
    assert told["quality"]["kept"] >= 0.8
    before, after = desk.levels("first.json"), desk.levels("second.json")
    moved = [node for node in range(USERS - 10) if before[node] != after[node]]
    assert moved
    second = publish(desk, "second.json", people)
    assert second["epoch"] == first["epoch"] + 1
    assert second["graph_hash"] != first["graph_hash"]
    desk.ok("levels", "approve", str(second["epoch"]), by=ORG_A)
    raised = next(node for node in moved if after[node] > before[node])
    fallen = next(node for node in moved if after[node] < before[node])
    for node in (raised, fallen):
        found = desk.ok("levels", "show", desk.uid(node))
        assert (found["epoch"], found["level"]) == (first["epoch"], before[node])
    assert desk.ok("levels", "show")["active"]["epoch"] == first["epoch"]
    assert "pending" in desk.say("levels", "show")
    desk.ok("levels", "approve", str(second["epoch"]), by=ORG_B)
    for node in (raised, fallen):
        found = desk.ok("levels", "show", desk.uid(node))
        assert (found["epoch"], found["level"]) == (second["epoch"], after[node])
    shown = desk.ok("levels", "show")
    assert (shown["active"]["epoch"], shown["pending"]) == (second["epoch"], [])

    uid = desk.uid(NEWCOMER)
    assert desk.no("levels", "show", uid)["error"] == "NOT_FOUND"
    entered = desk.ok("levels", "set", uid, "1", "--reason", "newcomer", by=ORG_B)
    assert (entered["level"], entered["ordinal"]) == (1, second["per_level"][0])
    assert f"{uid} has level 1 in epoch {second['epoch']}." in desk.say("levels", "show", uid)
    higher = ("levels", "set", uid, "2", "--reason", "request")
    assert desk.no(*higher, by=ORG_A)["error"] == "LEVEL_RAISE"
    assert publish(desk, "second.json", people)["epoch"] == second["epoch"]
