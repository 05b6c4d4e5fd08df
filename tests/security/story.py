# SPDX-License-Identifier: Apache-2.0
"""A day of an organisation in which everything secret bears a mark."""

import asyncio
import base64
import csv
import json
import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
from tests.client.results import sealed
from tests.security.conftest import STORE, TOKEN, A, B, Site, typed

from pmcb_client.content import ContentClient
from pmcb_client.gateway import connect_network
from pmcb_client.network_file import load
from pmcb_client.tasks import TaskAgent
from pmcb_client.wallet import Wallet

RECEIVERS = ("r0", "r1")
TASK = """\
title: Study {title}
questions:
  - {{id: hr, ask: "At rest {asked}", fields: [heart_rate], sensitivity: 1}}
  - {{id: bp, ask: "Seated {asked}", fields: [systolic], sensitivity: 5, secret: "{secret}"}}
fields: fields.yaml
notice: notice.md
receivers: 1
accept_for: 1d
submit_for: 2d
verifiers: [{org}/verifier]
institution: {org}/institution
"""
SCHEMA = """\
name: ward
missing: code
attributes:
  - {{name: heart_rate, unit: 1/min, min: {low}, max: {high}, step: 1}}
carried:
  - {{name: patient, type: uint32}}
patient: patient
"""
HASH = "ab" * 32
WITHIN_S = 60.0


@dataclass(frozen=True)
class Marks:
    """What no log may hold: each is found nowhere else by chance.

    Attributes:
        title, asked, secret: of a task.
        answered: a value of a receiver's answer.
        person, read: whom a device measured, and what.
        recorded: a value in the encrypted store.
        ordered: what a device is told, and says again.
        listed: a value of the table of which releases are made.
        row: somebody of that table.
    """

    title: str = field(default_factory=secrets.token_hex)
    asked: str = field(default_factory=secrets.token_hex)
    secret: str = field(default_factory=secrets.token_hex)
    answered: str = field(default_factory=lambda: f"61.{_digits()}")
    person: str = field(default_factory=secrets.token_hex)
    read: str = field(default_factory=lambda: f"133.{_digits()}")
    recorded: int = field(default_factory=lambda: int(_digits()))
    ordered: str = field(default_factory=secrets.token_hex)
    listed: str = field(default_factory=lambda: f"71.{_digits()}")
    row: str = field(default_factory=secrets.token_hex)


def _digits() -> str:
    """Nine of them, the first and the last no zero: a number keeps them all."""
    return str(secrets.randbelow(8 * 10**7) * 10 + 10**8 + secrets.randbelow(9) + 1)


def tell(site: Site, marks: Marks) -> str:
    """People are enrolled, asked, answer, are judged; records are searched and published.

    Returns:
        the task's id, which is no secret.
    """
    before, carried = taken_in(site, "observations"), _carried(site)
    _enrol(site)
    task = _publish(site, marks)
    _answer(site, marks, task)
    _measure(site, marks)
    _search(site, marks)
    _order(site, marks)
    _release(site, marks)
    until(lambda: taken_in(site, "answers") > 0 and taken_in(site, "observations") > before)
    assert _carried(site) >= carried + 5  # an answer, readings, a search, a device, its command
    return task


def _carried(site: Site) -> int:
    """How many orders the fog has done."""
    found: int = site.pmcb("institution", "fog", "audit")["states"].get("DONE", 0)
    return found


def taken_in(site: Site, what: str) -> int:
    """How many answers or observations the institution has."""
    found: int = site.pmcb("institution", "institution", "status")[what]
    return found


def until(holds: Callable[[], bool]) -> None:
    """Wait, with a deadline."""
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _enrol(site: Site) -> None:
    for name, org, role in (
        ("authority.a", A, "authority"),
        ("authority.b", B, "authority"),
        ("releaser", A, "releaser"),
        *((name, A, "receiver") for name in RECEIVERS),
    ):
        typed(site.home, "id", "enroll", name, "--role", role, "--org", org)
    levels, people = site.folder / "levels.json", site.folder / "people.csv"
    found = {"version": 1, "levels": 2, "graph_hash": HASH, "params_hash": HASH}
    levels.write_text(json.dumps(sealed({**found, "users": ["0", "1"], "level": [1, 2]})))
    rows = [f"{node},{A},{name}\n" for node, name in enumerate(RECEIVERS)]
    people.write_text("node,msp,enrollment_id\n" + "".join(rows))
    site.pmcb("authority.a", "levels", "publish", levels, "--people", people)
    for name in ("authority.a", "authority.b"):
        site.pmcb(name, "levels", "approve")


def _publish(site: Site, marks: Marks) -> str:
    (site.folder / "notice.md").write_text("We measure.\n")
    path = site.folder / "task.yaml"
    path.write_text(TASK.format(title=marks.title, asked=marks.asked, secret=marks.secret, org=B))
    task: str = site.pmcb("releaser", "task", "publish", path, "--yes")["task"]
    for subtask, name in enumerate(RECEIVERS):
        site.pmcb(name, "receiver", "accept", task, subtask, "--yes")
    asyncio.run(_attend(site))
    return task


async def _attend(site: Site) -> None:
    """The releaser hands out keys, once."""
    file, releaser = load(site.home / "network.json"), Wallet(site.home / "wallet").get("releaser")
    async with connect_network(file, releaser) as gateway:
        agent = TaskAgent(
            site.home / "tasks",
            releaser,
            gateway.network(file.channel).contract(file.chaincode),
            lambda: ContentClient(file, releaser),
            clock=lambda: time.time_ns() // 1_000_000,
            tell=lambda _: None,
            allow_small=True,
        )
        await agent.step()


def _answer(site: Site, marks: Marks, task: str) -> None:
    """Of the two who accepted, both are told what is asked; the first one answers."""
    for name in RECEIVERS:
        site.pmcb(name, "receiver", "open", task)
    path = site.folder / "answer.json"
    path.write_text(f'{{"heart_rate": {marks.answered}}}')
    site.pmcb("r0", "receiver", "answer", task, "--file", path)
    site.pmcb("r0", "receiver", "send")


def _measure(site: Site, marks: Marks) -> None:
    """A device hands a reading to the collector, which the fog carries to the intake."""
    reading = f'{{"subject_ref":"{marks.person}","at":1000,"values":{{"systolic":{marks.read}}}}}'
    answer = httpx.post(
        f"{site.urls['collector']}/v1/readings",
        content=reading,
        headers={"Authorization": f"Bearer {TOKEN}"},
    )
    assert answer.status_code == 202


def _search(site: Site, marks: Marks) -> None:
    """Records are sealed for the cloud, and searched by a worker with a grant."""
    schema, records = site.folder / "schema.yaml", site.folder / "records.csv"
    low = marks.recorded - 100
    schema.write_text(SCHEMA.format(low=low, high=low + 1000))
    rows = [f"{value},{number}\n" for number, value in enumerate((marks.recorded, low, low + 1))]
    records.write_text("heart_rate,patient\n" + "".join(rows))
    built = ("retrieval", "build", "--schema", schema, "--records", records, "--store", STORE)
    site.pmcb("institution", *built)
    worker = site.people["worker"].uid
    site.pmcb("institution", "retrieval", "grant", worker, "--store", STORE, "--may-export")
    asked = ("query", "--range", f"heart_rate={marks.recorded}:", "--store", STORE)
    assert marks.recorded in site.pmcb("worker", "retrieval", *asked)["rows"][0]


def _order(site: Site, marks: Marks) -> None:
    """A worker takes a device into service, and tells it something; it repeats what it heard."""
    worker, device, payload = site.people["worker"].uid, f"{B}/bed-9", site.folder / "dose"
    payload.write_text(marks.ordered)
    site.pmcb("institution", "fog", "grant", worker, device, "add", "dose")
    added = ("fog", "submit", "device.add", "--subject", device, "--wait", 30)
    assert site.pmcb("worker", *added)["state"] == "DONE"
    dose = ("device.control", "--subject", device, "--command", "dose", "--payload", payload)
    found = site.pmcb("worker", "fog", "submit", *dose, "--wait", 30)
    assert base64.b64decode(found["result"]).decode() == f"given {marks.ordered}"


def _release(site: Site, marks: Marks) -> None:
    """Somebody's values stand in a table of which an analyst gets a private release."""
    table = site.folder / "tables" / "own.csv"
    rng = random.Random(0)
    rows = [(f"p{n}", rng.uniform(50, 120), rng.uniform(90, 180)) for n in range(1200)]
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("subject", "heart_rate", "systolic"))
        writer.writerow((marks.row, marks.listed, 120))
        writer.writerows(rows)
    schema = ("--fields", site.folder / "fields.yaml", "--expected-size", 1200)
    opened = site.pmcb("institution", "publishing", "cohort", "open", *schema, "--total", 2)
    cohort = opened["cohort"]
    site.pmcb("institution", "publishing", "cohort", "policy", cohort, "--allow", B, 1, 1)
    site.pmcb("institution", "publishing", "dataset", "add", "own", table, "--cohort", cohort)
    site.pmcb("analyst", "publishing", "release", "own", "--epsilon", 1, "--k", 2)
