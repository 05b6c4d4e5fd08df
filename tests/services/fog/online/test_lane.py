# SPDX-License-Identifier: Apache-2.0
"""The store's thread: what one work does wrong is its own, and who waits is told in time."""

import asyncio
import threading

import pytest
from tests.services.fog.online.waiting import until

from pmcb_services.fog.errors import Unavailable
from pmcb_services.fog.online import _lane as lane_module
from pmcb_services.fog.online._lane import Lane


class Sheet:
    """A database in a list; may be away, and its begin may be held."""

    def __init__(self):
        self.stands, self.written = [], []
        self.is_away = False
        self.connects = 0
        self.gate = threading.Event()
        self.gate.set()

    def connect(self):
        """As long as it is held, and not where it is away."""
        self.gate.wait(5)
        self.connects += 1
        if self.is_away:
            raise OSError("away")
        return self

    def begin(self):
        """Nothing is written yet."""
        self.gate.wait(5)
        self.written = []

    def commit(self):
        """What was written stands."""
        self.stands += self.written

    def rollback(self):
        """What was written does not."""
        self.written = []

    def close(self):
        """Nothing is kept open."""


class Session:
    """Writes in a sheet."""

    def __init__(self, sheet):
        self.sheet, self.wrote = sheet, False

    def put(self, word):
        """One more."""
        self.wrote = True
        self.sheet.written.append(word)


@pytest.fixture
def sheet():
    """Empty."""
    return Sheet()


@pytest.fixture
async def lane(sheet):
    """One on the sheet."""
    made = Lane(sheet.connect, Session)
    yield made
    sheet.gate.set()
    await made.close()


def puts(word):
    """A work that writes."""
    return lambda session: session.put(word)


def overflows(session):
    """A work that writes, and then has a defect."""
    session.put("half")
    raise OverflowError


async def started(lane, sheet, *works):
    """They wait behind a thread that is held."""
    sheet.gate.clear()
    tasks = [asyncio.create_task(lane.run(work)) for work in works]
    await asyncio.sleep(0.05)
    return tasks


async def test_a_work_that_has_a_defect_fails_alone(lane, sheet, monkeypatch):
    """Those in its transaction stand."""
    monkeypatch.setattr(lane_module, "GROUP_S", 5.0)
    tasks = await started(lane, sheet, puts("a"), overflows, puts("b"))
    sheet.gate.set()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in found] == [type(None), Unavailable, type(None)]
    assert sheet.stands == ["a", "b"]


async def test_without_a_connection_all_that_wait_fail_at_once(lane, sheet):
    """One attempt is made for all, and the next for whoever comes then."""
    sheet.is_away = True
    tasks = await started(lane, sheet, *map(puts, "abcd"))
    sheet.gate.set()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(each) for each in found} == {Unavailable}
    assert sheet.connects == 1
    sheet.is_away = False
    await lane.run(puts("e"))
    assert sheet.stands == ["e"]


async def test_a_lane_without_a_connection_ends_when_it_is_closed(sheet):
    """Though its end waits behind works that fail."""
    sheet.is_away = True
    lane = Lane(sheet.connect, Session)
    tasks = await started(lane, sheet, puts("a"), puts("b"))
    closing = asyncio.create_task(lane.close())
    await asyncio.sleep(0.05)
    sheet.gate.set()
    async with asyncio.timeout(5):
        await closing
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(each) for each in found} == {Unavailable}


async def test_what_nobody_waits_for_is_not_done(lane, sheet):
    """It was cancelled before its turn."""
    tasks = await started(lane, sheet, *map(puts, "abc"))
    tasks[1].cancel()
    await asyncio.sleep(0)
    sheet.gate.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert sheet.stands == ["a", "c"]


async def test_who_follows_hears_of_what_stands_and_of_nothing_else(lane, sheet):
    """Also where nobody waits for it any more; one that fails to hear harms nobody else."""
    heard = []

    def fails(_):
        raise OverflowError

    sheet.gate.clear()
    lane_has_it = asyncio.create_task(lane.run(puts("a"), lambda _: heard.append("a")))
    await asyncio.sleep(0.05)
    bad = asyncio.create_task(lane.run(overflows, lambda _: heard.append("bad")))
    odd = asyncio.create_task(lane.run(puts("odd"), fails))
    left = asyncio.create_task(lane.run(puts("left"), lambda _: heard.append("left")))
    await asyncio.sleep(0.05)
    left.cancel()
    await asyncio.sleep(0)
    sheet.gate.set()
    found = await asyncio.gather(lane_has_it, bad, odd, left, return_exceptions=True)
    assert [type(each) for each in found[1:3]] == [Unavailable, OverflowError]
    assert sheet.stands == ["a", "odd"]
    assert heard == ["a"]


async def test_no_more_works_wait_than_may(lane, sheet, monkeypatch):
    """Who comes then is told at once."""
    monkeypatch.setattr(lane_module, "MOST_WAITING", 2)
    tasks = await started(lane, sheet, puts("a"))
    await until(lambda: not lane._jobs.qsize(), "the thread to have it")
    tasks += await started(lane, sheet, puts("b"), puts("c"))
    with pytest.raises(Unavailable, match="behind"):
        await lane.run(puts("d"))
    sheet.gate.set()
    await asyncio.gather(*tasks)
    assert sheet.stands == ["a", "b", "c"]
