# SPDX-License-Identifier: Apache-2.0
"""Whoever is killed goes on: an answer is in the table once, or it is not there."""

import sqlite3
from contextlib import asynccontextmanager

import pytest

from pmcb_client.answers import Row
from pmcb_services.intake import Intake, Source, State

pytestmark = pytest.mark.anyio


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("where", ["before the table", "in the table", "delete 1", "delete 3"])
async def test_who_is_killed_goes_on_without_taking_anything_twice(study, where):
    """At every point between the verdict and the last deletion."""
    task = await study.publish()
    rows = [study.row(later_ms=1), study.row(later_ms=2)]
    slot, hashes = await study.answer(task, rows=rows, part_bytes=120)
    await study.judge(task, slot, "accept")
    how = {}
    if "table" in where:
        how["intake"] = dying(study, late=where.startswith("in"))
    else:
        how["store"] = deadly(study.store, int(where[-1]))
    with pytest.raises(Killed):
        await study.work(**how)
    assert hashes[-1] in study.kept()
    intake = await study.work()
    assert intake.summary().rows == 2
    assert study.kept() == set()
    study.world.offset_ms += study.over_ms
    assert (await study.work()).summary().rows == 2
    assert study.inbox.due(2**62) == []


def dying(study, *, late):
    """A table under a process that ends before or after its transaction."""

    class Dying(Intake):
        def take(self, *args, **how):
            if late:
                super().take(*args, **how)
            raise Killed

    return Dying(study.folder / "institution")


def deadly(store, deletions):
    """A store during whose so-many-th deletion the process ends."""

    @asynccontextmanager
    async def opened(identity):
        nonlocal deletions
        async with store(identity) as real:
            forget = real.delete

            async def delete(digest):
                nonlocal deletions
                deletions -= 1
                if not deletions:
                    raise Killed
                await forget(digest)

            real.delete = delete
            yield real

    return opened


async def test_half_a_transaction_is_none(study):
    """Rows that cannot be written take their entry with them."""
    source = Source.submission("a" * 32, 0, 0, "b" * 64)
    rows = [study.row(), Row(2**70, {"systolic": 1})]
    with pytest.raises(OverflowError):
        study.intake.take(source, "HospitalAMSP/ann", rows, now_ms=1)
    assert study.intake.state(source) is None
    assert study.intake.take(source, "HospitalAMSP/ann", rows[:1], now_ms=1)
    assert not study.intake.take(source, "HospitalAMSP/ann", rows[:1], now_ms=2)
    study.intake.note(source, State.LEFT_OUT, "rejected", now_ms=3)
    assert study.intake.state(source) is State.TAKEN
    with sqlite3.connect(study.folder / "institution/intake.sqlite3") as database:
        assert database.execute("SELECT COUNT(*) FROM records").fetchone() == (1,)
    database.close()
