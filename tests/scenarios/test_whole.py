# SPDX-License-Identifier: Apache-2.0
"""The whole story as one: everybody's client and service, the fog between, on a real ledger."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.client.tasks.office import HIGH, LOW, Office
from tests.scenarios.fog import fog
from tests.scenarios.hospital import OWN, STORE, Hospital
from tests.scenarios.participant import Participant, patiently
from tests.scenarios.world import Person, World, new_id
from tests.services.fog.adapter.pump import Pump

from pmcb_client.network_file import save
from pmcb_services.fog.client import submission
from pmcb_services.fog.online import audit_store
from pmcb_services.intake import export
from pmcb_services.publishing import Numeric, Schema, ServiceRefused
from pmcb_services.publishing._publisher import TICK_MS
from pmcb_services.retrieval.errors import GrantDenied

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]
REWARD = 20
PUMP = "HospitalBMSP/pump"
ANSWERED, MEASURED = 61, 62
SLOW = {"heart_rate": (60, 62)}
ON_THE_LEDGER = {
    "CreditIssued",
    "TaskPublished",
    "SubtaskAccepted",
    "KeysDelivered",
    "SharesDelivered",
    "DataSubmitted",
    "SubmissionVerified",
    "RewardsSettled",
    "TaskClosed",
    "StoreEpochClaimed",
    "StoreAnchored",
    "RetrievalGranted",
    "CohortOpened",
    "DatasetRegistered",
    "BudgetReserved",
    "ReleaseRecorded",
}


@pytest.fixture
async def hospital(world: World, tmp_path: Path) -> AsyncIterator[Hospital]:
    """An institution with its content store, its fog and a pump; nothing is published yet."""
    office, path = await Office.of(world, tmp_path), tmp_path / "network.json"
    async with office.served():
        save(path, office.file)
        yield Hospital(office, path)


async def test_an_answer_is_carried_judged_paid_searched_and_published(hospital: Hospital):
    """From a sealed task to a release within its budget: nothing passes the ledger by."""
    seen: set[str] = set()
    worker = await hospital.world.person("nurse", "worker")
    async with _noted(hospital.who, seen):
        async with fog(hospital.who, hospital.path, PUMP) as (orders, pump):
            hospital.office.file = hospital.file  # from here on receivers find the fog
            async with hospital.studying():
                await check_study(hospital)
                await hospital.measure(MEASURED)
            await hospital.build()
            async with hospital.searched():
                await check_search(hospital, worker)
            await check_device(hospital, worker, pump)
            async with hospital.searched():  # a gateway anchors what there is as it starts
                async for _ in patiently():
                    if told := await hospital.anchored():
                        break
            assert told[-1] == "query OK"
            audit = await audit_store(orders)
            assert not audit.findings
            assert audit.states == {"DONE": audit.orders}
            assert audit.orders >= 5 + 3 + 1 + 1 + 1  # answers, shares, reading, search, command
        await check_release(hospital)
        async for _ in patiently():
            if seen >= ON_THE_LEDGER:
                break


async def check_study(hospital: Hospital) -> None:
    """Two of three holders open the secret; four answers are paid, one that is wrong is not."""
    office = hospital.office
    task = await office.publish(receivers=3, reward=REWARD, results_to="institution")
    people = [*office.low, *office.high[:3]]
    await office.accept(task, LOW, *office.low)
    await office.accept(task, HIGH, *office.high[:3])
    holders = [Participant(office, task, one) for one in people]
    await asyncio.gather(*(holder.open() for holder in holders))
    low, high = holders[:2], holders[2:]
    low[0].answer(f'{{"heart_rate": {ANSWERED}}}')
    low[1].answer_unchecked(pulse=ANSWERED)
    for holder in high:
        holder.answer('{"taken": "aspirin"}')
    await high[0].send()
    assert not (await high[0].secret()).parts
    await asyncio.gather(*(holder.send() for holder in [*low, *high[1:]]))
    assert (await high[2].secret()).parts == {"meds": "protocol zebra"}
    async for _ in patiently():
        views = [await office.balance(one) for one in people]
        if sorted(views) == [0, *([REWARD] * 4)] and hospital.intake.summary().answers == 4:
            break
    assert views[1] == 0
    assert hospital.intake.summary().left_out == {"rejected": 1}
    await office.releaser.submit("cancel_task", task, "complete")
    closed = await office.releaser.submit("close_task", task)
    assert (closed["paid"], closed["refunded"]) == (4 * REWARD, 2 * REWARD)


async def check_search(hospital: Hospital, worker: Person) -> None:
    """The answer and the reading are found by a worker with a grant, and by nobody else."""
    await hospital.feed()
    async with hospital.client(worker) as searching:
        with pytest.raises(GrantDenied):
            await searching.query(STORE, SLOW)
    await hospital.grant(worker, PUMP, "start")
    async with hospital.client(worker) as searching:
        found = await searching.query(STORE, SLOW)
    at = found["columns"].index("heart_rate")
    assert sorted(row[at] for row in found["rows"]) == [ANSWERED, MEASURED]


async def check_device(hospital: Hospital, worker: Person, pump: Pump) -> None:
    """A command has its effect once, however often it is submitted."""
    order = submission(new_id(), "device.control", subject=PUMP, command="start")
    async with hospital.orders(worker) as gateway:
        for _ in range(2):
            await gateway.submit(order)
            assert (await gateway.outcome(order["id"], within_s=30))["state"] == "DONE"
    assert pump.effects == [f"{order['id']} 1 {PUMP} start"]


async def check_release(hospital: Hospital) -> None:
    """What was collected is published with the institution's own records, while there is budget."""
    tables = hospital.folder / "table"
    tables.mkdir()
    own = "".join(f"own {n},{100 + n % 80}\n" for n in range(OWN))
    (tables / "own.csv").write_text(f"subject,heart_rate\n{own}")
    assert export(hospital.intake, tables / "collected.csv") == 5
    schema = Schema([Numeric("heart_rate", 30, 220, step=1)], subject="subject", expected_size=OWN)
    analyst = await hospital.world.person("analyst", "analyst")
    cohort, name = new_id(), new_id()
    async with hospital.publishing(analyst) as (works, asks):
        await works.open_cohort(cohort, "1", schema)
        await works.set_policy(cohort, [{"who": "*", "at_once": "1", "in_all": "9"}])
        await works.add_dataset(name, cohort)
        await works.add_version(name, path=tables)
        found = await asks.ask(name, epsilon="1/2", k=2)
        while found["state"] == "running":
            await asyncio.sleep(0.05)
            hospital.world.offset_ms += TICK_MS
            found = await asks.find(found["id"])
        with pytest.raises(ServiceRefused, match="asked for"):
            await asks.ask(name, epsilon="1/2", k=2, fresh=True, rows=True)
    entry = await analyst.ask("get_release", cohort, found["id"])
    assert (found["state"], entry["state"], entry["epsilon"]) == ("published", "published", "1/2")
    assert (await analyst.ask("get_budget", cohort))["spent"] == "53/100"


@asynccontextmanager
async def _noted(who: Person, seen: set[str]) -> AsyncIterator[None]:
    """Names of the ledger's events meanwhile."""

    async def note() -> None:
        async for event in who.events():
            seen.add(event.name)

    noting = asyncio.create_task(note())
    try:
        yield
    finally:
        noting.cancel()
        await asyncio.gather(noting, return_exceptions=True)
