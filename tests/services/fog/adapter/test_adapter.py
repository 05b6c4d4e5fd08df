# SPDX-License-Identifier: Apache-2.0
"""What an adapter does: each order once, and nothing of the past."""

import asyncio
import inspect
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from tests.network.shell import ended
from tests.services.fog.adapter.pump import PUMP, Pump
from tests.services.fog.online.waiting import until

from pmcb_services.fog.adapter import _program
from pmcb_services.fog.adapter._adapter import Adapter
from pmcb_services.fog.adapter._command import Answer, Command, Outcome
from pmcb_services.fog.adapter._devices import Devices
from pmcb_services.fog.adapter._memory import Memory
from pmcb_services.fog.errors import Conflict, InvalidInput, StaleEpoch, Unavailable
from pmcb_services.fog.online._device import DeviceControl

DOSE = Command("o-1", 3, PUMP, "dose", b"5 ml")
GIVEN = Answer(Outcome.DONE, b"given 5 ml")


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def pump(tmp_path):
    return Pump(tmp_path)


@pytest.fixture
def started(tmp_path, pump):
    """Makes an adapter, as often as one is started on the same disk."""
    return lambda: Adapter(Devices.read(pump.file), Memory(tmp_path / "memory"))


async def test_an_order_is_done_once_whoever_asks_and_however_often(started, pump):
    """Later attempts, too, and after a restart; each hears what the first heard."""
    for epoch in (3, 3, 4):
        assert await started().answer(replace(DOSE, epoch=epoch)) == GIVEN
    assert pump.effects == [f"o-1 3 {PUMP} dose"]
    other = replace(DOSE, order="o-2", epoch=1)
    assert await started().answer(other) == GIVEN
    assert len(pump.effects) == 2


async def test_attempts_at_the_same_time_are_one(started, pump):
    """The second waits for the first; another order does not."""
    adapter, held = started(), replace(DOSE, name="held")
    first = asyncio.create_task(adapter.answer(held))
    await until(lambda: pump.effects, "an effect")
    second = asyncio.create_task(adapter.answer(replace(held, epoch=4)))
    assert await adapter.answer(replace(DOSE, order="stop")) == GIVEN
    pump.release()
    assert await first == await second == Answer(Outcome.DONE, b"given")
    assert pump.effects == [f"o-1 3 {PUMP} held", f"stop 3 {PUMP} dose"]


@pytest.mark.parametrize("name", ["dose", "refuse", "crash", "unheard-of"])
async def test_an_attempt_of_the_past_is_refused(started, pump, name):
    """A worker that was paused wakes up: whatever came of the order meanwhile."""
    adapter, asked = started(), replace(DOSE, name=name)
    await adapter.answer(asked)
    await adapter.answer(replace(asked, epoch=5))
    before = pump.effects
    for again in (adapter, started()):
        with pytest.raises(StaleEpoch):
            await again.answer(replace(asked, epoch=4))
    assert pump.effects == before


@pytest.mark.parametrize(
    "change", [{"payload": b"50 ml"}, {"name": "deaf"}, {"device": "HospitalAMSP/pump-4"}]
)
async def test_an_order_is_never_something_else(started, pump, change):
    """Its answer would be a lie."""
    adapter = started()
    await adapter.answer(DOSE)
    with pytest.raises(Conflict):
        await adapter.answer(replace(DOSE, epoch=9, **change))
    assert await adapter.answer(DOSE) == GIVEN, "the other's epoch counts for nothing"
    assert len(pump.effects) == 1


@pytest.mark.parametrize(
    ("name", "outcome", "effects"),
    [
        ("refuse", Outcome.REFUSED, 0),
        ("unheard-of", Outcome.NO_COMMAND, 0),
        ("crash", Outcome.UNKNOWN, 1),
        ("die", Outcome.UNKNOWN, 1),
        ("strict", Outcome.UNKNOWN, 1),
        ("hang", Outcome.UNKNOWN, 1),
        ("flee", Outcome.UNKNOWN, 1),
        ("big", Outcome.UNKNOWN, 1),
        ("endless", Outcome.UNKNOWN, 1),
    ],
)
async def test_how_a_program_ends_is_how_the_order_ends(
    started, pump, name, outcome, effects, monkeypatch
):
    """100: nothing was done. Else, but for 0, nobody knows; and it is not tried again."""
    if name in {"hang", "flee"}:
        monkeypatch.setattr(_program, "PROGRAM_S", 1.5)
    asked = replace(DOSE, name=name)
    for _ in range(2):
        assert await started().answer(asked) == Answer(outcome)
    assert len(pump.effects) == effects


async def test_a_program_that_hangs_is_killed_with_what_it_started(started, tmp_path, monkeypatch):
    """Before the fog worker gives up; it would do its work when nobody expects it."""
    patience = inspect.signature(DeviceControl).parameters["timeout_s"].default
    assert patience - _program.PROGRAM_S >= 1
    monkeypatch.setattr(_program, "PROGRAM_S", 1.5)
    await started().answer(replace(DOSE, name="hang"))
    child = int((tmp_path / "child").read_text())
    await until(lambda: ended(child), "its end")


async def test_a_program_that_reads_nothing_does_as_well(started):
    """Its pipe is fuller than it can be."""
    asked = replace(DOSE, name="deaf", payload=bytes(2**20))
    assert await started().answer(asked) == Answer(Outcome.DONE)


async def test_a_program_that_is_gone_did_nothing(started, pump):
    """It was there when the adapter started."""
    adapter = started()
    pump.program.unlink()
    assert await adapter.answer(DOSE) == Answer(Outcome.NOT_STARTED)
    assert not pump.effects


async def test_what_a_dead_adapter_had_begun_nobody_knows(started, pump, tmp_path):
    """It may have been done: it is not done again."""
    assert Memory(tmp_path / "memory").begin(DOSE) is None
    for epoch in (3, 4):
        assert await started().answer(replace(DOSE, epoch=epoch)) == Answer(Outcome.UNKNOWN)
    assert not pump.effects


@pytest.mark.parametrize("lost", ["key", "memory.sqlite3"])
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(bytes(32))])
async def test_an_adapter_that_lost_its_memory_does_not_start(
    started, pump, tmp_path, lost, damage
):
    """It would do again what it did, or deny it."""
    await started().answer(DOSE)
    for name in ("memory.sqlite3-wal", "memory.sqlite3-shm"):
        (tmp_path / "memory" / name).unlink(missing_ok=True)
    damage(tmp_path / "memory" / lost)
    with pytest.raises(InvalidInput, match="not whole"):
        started()
    assert len(pump.effects) == 1


async def test_a_memory_that_cannot_be_used_is_not_called_lost(started, tmp_path):
    """Nobody is told to delete it because a disk is full."""
    (tmp_path / "memory" / "memory.sqlite3").mkdir(parents=True)
    with pytest.raises(Unavailable, match="full"):
        started()


async def test_a_memory_that_is_damaged_denies_nothing(started, pump, tmp_path):
    """What is remembered is of its own order: else nobody knows."""
    adapter, other = started(), replace(DOSE, order="o-2")
    await adapter.answer(DOSE)
    await adapter.answer(other)
    with sqlite3.connect(tmp_path / "memory" / "memory.sqlite3") as connection:
        change = "UPDATE orders SET said = (SELECT said FROM orders WHERE id = 'o-2')"
        connection.execute(change)
    connection.close()
    with pytest.raises(Unavailable):
        await adapter.answer(DOSE)
    assert await adapter.answer(other) == GIVEN
    assert len(pump.effects) == 2


async def test_devices_come_and_go(started, pump):
    """Those of the file are there from the start; what was ordered last is remembered."""
    bed, orders = "HospitalAMSP/bed-9", iter(range(100))

    async def told(device, name):
        asked = Command(f"n-{next(orders)}", 1, device, name, b"5 ml")
        return (await started().answer(asked)).outcome

    assert await told(bed, "dose") is Outcome.NO_DEVICE
    assert await told(bed, "remove") is Outcome.NO_DEVICE
    assert await told(bed, "add") is await told(bed, "add") is Outcome.DONE
    assert await told(bed, "dose") is Outcome.DONE
    assert await told(bed, "remove") is Outcome.DONE
    assert await told(bed, "dose") is Outcome.NO_DEVICE
    assert await told(PUMP, "dose") is Outcome.DONE
    assert await told(PUMP, "remove") is Outcome.DONE
    assert await told(PUMP, "dose") is Outcome.NO_DEVICE
    assert await told("HospitalBMSP/bed-9", "add") is Outcome.NO_DEVICE
    assert len(pump.effects) == 2


async def test_an_order_that_was_refused_stays_refused(started, pump):
    """It ended; that its device has come since changes nothing."""
    asked = replace(DOSE, device="HospitalAMSP/bed-9")
    added = replace(asked, order="o-2", name="add")
    assert await started().answer(asked) == Answer(Outcome.NO_DEVICE)
    assert await started().answer(added) == Answer(Outcome.DONE)
    assert await started().answer(asked) == Answer(Outcome.NO_DEVICE)
    assert not pump.effects


async def test_what_a_caller_leaves_goes_on(started):
    """Leaving waits for it, and it is remembered."""
    slow = replace(DOSE, name="slow")
    async with started() as adapter:
        caller = asyncio.create_task(adapter.answer(slow))
        await asyncio.sleep(0.2)
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)
    assert await started().answer(slow) == Answer(Outcome.DONE, b"given")


async def test_where_the_memory_fails_nothing_is_done(started, pump, tmp_path):
    """It could not be told from a first time later."""
    adapter = started()
    (tmp_path / "memory" / "memory.sqlite3").write_bytes(b"no database" * 1000)
    with pytest.raises(Unavailable):
        await adapter.answer(DOSE)
    assert not pump.effects


async def test_nobody_reads_in_its_folder_what_patients_get(started, tmp_path):
    """Payload and answer lie sealed, and all is for this user only."""
    await started().answer(DOSE)
    files = [path for path in (tmp_path / "memory").iterdir() if path.is_file()]
    assert {"key", "memory.sqlite3"} <= {path.name for path in files}
    for path in files:
        assert path.stat().st_mode & 0o077 == 0
        assert b"5 ml" not in path.read_bytes()
        assert DOSE.digest.encode() not in path.read_bytes()
