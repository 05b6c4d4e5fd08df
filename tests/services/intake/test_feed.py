# SPDX-License-Identifier: Apache-2.0
"""What the intake took in is in the institution's encrypted store: once, or counted as unfit."""

import asyncio
import sqlite3
from contextlib import asynccontextmanager

import pytest
from tests.scenarios.world import World
from tests.services.retrieval.gateway.ward import STORE, Ward

from pmcb_client.answers import Row
from pmcb_services.intake import FIRST_NUMBER, Feed, Feeds, Intake, Source, State, feeding
from pmcb_services.retrieval import Attribute, Carried, Schema
from pmcb_services.retrieval.errors import GatewayUnavailable, SchemaError

pytestmark = pytest.mark.anyio
ANN, BOB = "HospitalAMSP/ann", "HospitalAMSP/bob"
SOUND = {"HR": 250, "SBP": 240, "Temp": 41.0}
NEW = {"HR": (250, 250)}  # of which the store has none yet


@pytest.fixture
async def ward(place, tmp_path):
    """A gateway with a store of heart rate, pressure, temperature and patient."""
    async with World(place) as world:
        made = await Ward.of(world, tmp_path)
        await made.build()
        async with made.started():
            yield made


@pytest.fixture
def folder(tmp_path):
    """Of the institution."""
    return tmp_path / "institution"


def take(folder, number, person, *rows):
    """An observation is taken in."""
    source = Source.observation(f"{number:064x}")
    listed = [Row(at, values) for at, values in enumerate(rows)]
    assert Intake(folder).take(source, person, listed, now_ms=number)


def feed_of(folder, gateway):
    """As after a start of the service."""
    return Feed(Intake(folder), Feeds(folder), STORE, gateway)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"HR": None}, "absent"),
        ({"HR": "fast"}, "no number"),
        ({"HR": 256}, "out of range"),
        ({"Temp": 29.9}, "out of range"),
    ],
)
async def test_what_does_not_fit_is_counted_and_holds_nothing_up(ward, folder, changed, reason):
    """By reason; what comes after it is fed."""
    values = {name: each for name, each in (SOUND | changed).items() if each is not None}
    take(folder, 1, ANN, values, SOUND)
    assert await feed_of(folder, lambda: ward.owns).step() > 0
    assert Feeds(folder).unfit() == {STORE: {reason: 1}}
    assert (await ward.owns.query(STORE, NEW))["hits"] == 1


async def test_a_store_whose_patients_are_too_narrow_is_refused_by_name(folder):
    """Before anything is inserted; the rows wait for a store that can hold them."""
    take(folder, 1, ANN, SOUND)

    class Narrow:
        async def __aenter__(self):
            return self

        async def __aexit__(self, *_):
            pass

        async def schema(self, store):
            fields = [Carried("patient", "int32")]
            return Schema("signs", [Attribute("HR", 0, 255, 1)], fields, patient="patient")

    feed = feed_of(folder, Narrow)
    with pytest.raises(SchemaError, match="'patient' cannot hold"):
        await feed.step()
    assert Feeds(folder).unfit() == {}


async def test_rows_come_with_the_nearest_value_and_one_number_per_person(ward, folder):
    """36.63 is no value of the scale; Ann keeps her number, also across batches."""
    take(folder, 1, ANN, SOUND | {"Temp": 36.63})
    take(folder, 2, BOB, SOUND)
    feed = feed_of(folder, lambda: ward.owns)
    assert await feed.step() == 2
    assert await feed.step() == 0
    Intake(folder).note(Source.observation("f" * 64), State.WAITING, "missing", now_ms=3)
    take(folder, 4, ANN, SOUND | {"extra": 1})
    assert await feed_of(folder, lambda: ward.owns).step() > 0
    found = await ward.owns.query(STORE, NEW)
    rows = [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]
    assert [row["Temp"] for row in rows] == [36.65, 41.0, 41.0]
    assert [row["patient"] - FIRST_NUMBER for row in rows] == [0, 1, 0]


async def test_a_lost_answer_feeds_nothing_twice(ward, folder):
    """The gateway inserted and nobody heard; meanwhile more came in, and both were restarted."""
    take(folder, 1, ANN, SOUND)

    @asynccontextmanager
    async def unheard():
        async with ward.owns as gateway:
            insert = gateway.insert

            async def lost(*args, **more):
                await insert(*args, **more)
                raise GatewayUnavailable("lost")

            gateway.insert = lost
            yield gateway

    with pytest.raises(GatewayUnavailable):
        await feed_of(folder, unheard).step()
    take(folder, 2, BOB, SOUND)
    again = feed_of(folder, lambda: ward.owns)
    assert await again.step() == 1
    assert await again.step() == 1
    assert (await ward.owns.query(STORE, NEW))["hits"] == 2


async def test_a_disk_that_fails_for_a_while_ends_nothing():
    """The feed tries again, and the institution's other work goes on."""

    class Full(Feed):
        store, tried = STORE, 0
        again = asyncio.Event()

        def __init__(self):
            """Of no table."""

        async def step(self):
            self.tried += 1
            if self.tried == 2:
                self.again.set()
            raise sqlite3.OperationalError("database or disk is full")

    async with asyncio.timeout(10), asyncio.TaskGroup() as together:
        task = together.create_task(feeding(Full(), every_s=0.0))
        await Full.again.wait()
        task.cancel()
