# SPDX-License-Identifier: Apache-2.0
"""Lines of an audit trail that share commits: none is told of before it is on disk."""

import asyncio
import sqlite3
from contextlib import contextmanager

import pytest
from tests.services.retrieval.gateway.ward import STORE

from pmcb_client import database
from pmcb_services.retrieval.errors import RetrievalError
from pmcb_services.retrieval.gateway import StoreFolder, Trail
from pmcb_services.retrieval.gateway._scribe import Scribe
from pmcb_services.retrieval.gateway._trail import Line

pytestmark = pytest.mark.anyio
KEY = bytes(32)
AT_ONCE = 40


class Counted(Trail):
    """Counts its commits."""

    commits = 0

    @contextmanager
    def writer(self):
        with super().writer() as write:

            def counting(lines):
                self.commits += 1
                write(lines)

            yield counting


@pytest.fixture
def trail(tmp_path):
    """An empty one."""
    return Counted(StoreFolder(tmp_path / STORE).database, KEY, clock=lambda: 0)


@pytest.fixture
async def scribe(trail):
    """Who writes it."""
    made = Scribe(trail)
    yield made
    await made.close()


@pytest.fixture
def full(monkeypatch):
    """Meanwhile nobody can write the file of the store in the folder that is named."""
    monkeypatch.setattr(database, "WAIT_S", 0.01)

    @contextmanager
    def meanwhile(folder):
        with sqlite3.connect(folder / "state.sqlite3") as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.rollback()
        other.close()

    return meanwhile


async def test_what_cannot_be_written_is_told_to_all_who_wait(trail, scribe, full, tmp_path):
    """And only to them: the next line follows the last one that was written."""
    await scribe.note(line(0))
    with full(tmp_path / STORE):
        told = await asyncio.gather(*(scribe.note(line(n)) for n in (1, 2)), return_exceptions=True)
        assert [type(each) for each in told] == [sqlite3.OperationalError] * 2
    await scribe.note(line(3))
    assert outcomes(trail) == ["0", "3"]
    assert trail.check("") == 2


async def test_a_query_that_cannot_be_written_down_is_not_answered(ward, full):
    """The store has searched, and nobody learns what it found."""
    with full(ward.folder.store(STORE).path), pytest.raises(RetrievalError, match="cannot be used"):
        await ward.owns.query(STORE, {"HR": (100, None)})
    assert (await ward.owns.query(STORE, {"HR": (100, None)}))["hits"]
    assert ward.trail().check("") == 1


async def test_lines_that_come_together_share_a_commit(trail, scribe):
    """One by one they are on disk when their requests may be answered, in the order of coming."""

    async def one(number):
        await scribe.note(line(number))
        assert str(number) in outcomes(trail)

    first = asyncio.create_task(one(0))
    await asyncio.sleep(0)
    await asyncio.gather(first, *map(one, range(1, AT_ONCE)))
    assert outcomes(trail) == [str(number) for number in range(AT_ONCE)]
    assert trail.commits <= 2  # at most the first one alone
    assert trail.check("") == AT_ONCE


async def test_the_line_of_somebody_who_left_is_written(trail, scribe):
    """Whoever hangs up has asked all the same."""
    left = asyncio.create_task(scribe.note(line(0)))
    await asyncio.sleep(0)
    left.cancel()
    await scribe.note(line(1))
    assert outcomes(trail) == ["0", "1"]


def line(number):
    """A request's."""
    return Line("query", "ab" * 32, asked={"ranges": {}}, outcome=str(number))


def outcomes(trail):
    """By which lines are told apart."""
    return [each["outcome"] for each in trail.lines()]
