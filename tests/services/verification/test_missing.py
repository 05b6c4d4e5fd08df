# SPDX-License-Identifier: Apache-2.0
"""What is not in the content store: waited for as long as there is time, and whose fault it is."""

import pytest
from structlog.testing import capture_logs
from tests.services.verification.court import ward

pytestmark = pytest.mark.anyio
OK = [("accept", "ok")]
SCHEMA = [("reject", "schema")]


async def test_a_missing_file_is_waited_for_until_the_settle_window_ends(court):
    """Then it is rejected, and not before: two days to submit, and nine tenths of seven."""
    task = await court.publish()
    slot, _ = await court.answer(task, missing=True)
    with capture_logs() as logs:
        await court.work()
    assert [entry["event"] for entry in logs] == ["missing"]
    court.pass_time(8.2)
    await court.work()
    assert await court.verdicts(task) == {slot: []}
    assert court.left() == 1
    court.pass_time(0.2)
    await court.work()
    assert await court.verdicts(task) == {slot: SCHEMA}
    assert court.left() == 0


async def test_a_file_that_comes_back_is_judged(court):
    """A store that moved, or was restored, after the last moment to submit."""
    task = await court.publish()
    slot, named = await court.answer(task)
    sound = court.path(named).read_bytes()
    court.path(named).unlink()
    court.pass_time(6)
    await court.work()
    court.path(named).write_bytes(sound)
    court.pass_time(0.01)
    await court.work()
    assert await court.verdicts(task) == {slot: OK}


async def test_a_comparison_waits_for_a_missing_file(court):
    """Nobody evades it by bringing the file later; nor does who never brings it hold it up."""
    task = await court.publish(ward(1), slots=6)
    values = [35, 34, 36, 35, 90]
    given = [await court.answer(task, who, court.reading(v)) for who, v in enumerate(values)]
    slot, _ = await court.answer(task, 5, court.reading(36), missing=True)
    court.pass_time(3)
    await court.work()
    assert list((await court.verdicts(task)).values()) == [[]] * 6
    court.pass_time(5.4)
    await court.work()
    found = await court.verdicts(task)
    assert found.pop(slot) == SCHEMA
    assert found.pop(given[4][0]) == [("reject", "truth")]
    assert list(found.values()) == [OK] * 4


async def test_nothing_is_said_of_what_a_reader_had_deleted(court):
    """The receiver is not to blame, and is paid when the settle window is over."""
    task = await court.publish()
    slot, named = await court.answer(task)
    async with court.store(court.records) as store:
        await store.delete(named)
    court.pass_time(8.5)
    with capture_logs() as logs:
        await court.work()
    assert [(entry["event"], entry["hash"]) for entry in logs] == [("forgotten", named)]
    assert await court.verdicts(task) == {slot: []}
    assert court.left() == 0


async def test_a_copied_hash_of_what_was_deleted_pays_nobody(court):
    """It was another's: this slot's own file never came."""
    task = await court.publish()
    _, named = await court.answer(task)
    async with court.store(court.records) as store:
        await store.delete(named)
    thief = court.people[1]
    slot = await court.accept(task, 1)
    await thief.submit("submit_data", task, 0, named, 64)
    court.tell(task, slot)
    await court.work()
    assert court.left() == 1
    court.pass_time(8.5)
    await court.work()
    assert (await court.verdicts(task))[slot] == SCHEMA
