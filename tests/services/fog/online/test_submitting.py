# SPDX-License-Identifier: Apache-2.0
"""What stays of submissions that fail, come together, or carry requests with odd times."""

import asyncio
import threading
from dataclasses import replace

import pytest
from tests.client.http_identity.people import NOW_MS
from tests.services.fog.online.hall import Hall, inner, order, plan_nothing
from tests.services.fog.online.waiting import until

from pmcb_client.http_identity import Caller
from pmcb_client.http_identity._message import EXPIRES
from pmcb_services.fog.errors import Conflict, FogError, InvalidInput, Overloaded
from pmcb_services.fog.online import GatewaySettings, SqliteDatabase
from pmcb_services.fog.online import _room as room_module
from pmcb_services.fog.online._bodies import Submission
from pmcb_services.fog.online._session import Session

HOUR_MS = 3_600_000
AHEAD_MS = 60_000


def expiring(text):
    """A signed request that says it expires then."""
    made = inner()
    headers = {**made.headers, EXPIRES.lower(): text}
    return replace(made, headers=headers).encode()


@pytest.mark.parametrize("text", ["9" * 5000, "9" * 30, "9" * 16, str(NOW_MS + 2 * HOUR_MS), "x"])
async def test_a_request_that_holds_too_long_is_refused_alone(hall, text):
    """The good one before it is taken, and nothing else is counted in."""
    await hall.server("a")
    client = hall.client("worker")
    batch = [order("good", "retrieval.query")]
    batch += [order("bad", "retrieval.query", payload=expiring(text))]
    found = await client.submit_many(batch)
    assert [each.get("error", each.get("state")) for each in found] == [
        "QUEUED",
        InvalidInput.code,
    ]
    assert len(hall.gateway.core.board.place("a").queue) == 1


async def test_a_request_may_hold_for_an_hour_of_a_clock_that_goes_before(hall):
    """By a minute at most, as services take it."""
    longest = NOW_MS + HOUR_MS + AHEAD_MS
    with pytest.raises(InvalidInput, match="3600 s"):
        await hall.submit("o", "retrieval.query", payload=expiring(str(longest + 1)))
    found = await hall.submit("o", "retrieval.query", payload=expiring(str(longest)))
    assert found["deadline_ms"] == longest


async def test_what_a_defect_interrupts_is_not_counted_in(hall, monkeypatch):
    """Neither as work of a server nor as an open order."""
    await hall.server("a")
    core, find = hall.gateway.core, hall.gateway.desk._admission._order

    def breaks(caller, asked, kind, payload):
        if asked.id == "bad":
            raise ValueError
        return find(caller, asked, kind, payload)

    monkeypatch.setattr(hall.gateway.desk._admission, "_order", breaks)
    for _ in range(3):
        with pytest.raises(FogError):
            await hall.client("operator").submit_many([order("good"), order("bad")])
    assert len(core.board.place("a").queue) == 0
    assert (await hall.submit("next"))["server"] == "a"
    assert core.board.first("a").id == "next"


@pytest.fixture
async def narrow(tmp_path, monkeypatch):
    """A gateway of five uploads, ten orders in all."""
    plan_nothing(monkeypatch)
    most = {"control": 5, "retrieval": 5, "upload": 5}
    made = Hall(SqliteDatabase(tmp_path / "s" / "o.sqlite3"), settings=GatewaySettings(most=most))
    async with made.serving():
        yield made


async def burst(hall, **how):
    """How many of forty orders at once are taken; the others are told to come again."""
    asked = (hall.submit(f"o{number}", **how) for number in range(40))
    found = await asyncio.gather(*asked, return_exceptions=True)
    refused = [each for each in found if isinstance(each, Overloaded)]
    taken = [each for each in found if isinstance(each, dict)]
    assert len(refused) + len(taken) == 40
    return len(taken)


async def test_no_more_are_open_after_a_burst_than_may(narrow):
    """Orders count before they are on disk; once over, others are taken."""
    await narrow.server("a")
    assert await burst(narrow) == 5
    assert narrow.gateway.core.board.open["upload"] == 5
    board = narrow.gateway.core.board
    await narrow.client("operator").cancel(next(iter(board.orders)))
    assert (await narrow.submit("next"))["state"] == "QUEUED"


async def test_payloads_that_are_on_their_way_to_disk_are_bounded(hall, monkeypatch):
    """One goes always, however large it is; nothing is counted once they are there."""
    monkeypatch.setattr(room_module, "MOST_MB", 1e-6)
    assert 1 <= await burst(hall) < 40
    assert (await hall.submit("next"))["state"] == "NEW"


async def test_a_repeat_that_changes_nothing_lets_offers_be_looked_at(hall, monkeypatch):
    """It stood ahead of what was written meanwhile, which nobody would wake for again."""
    await hall.server("a")
    heavy = {"class": "control", "length": 500.0}
    await hall.submit("heavy", **heavy)
    core, touched = hall.gateway.core, []
    monkeypatch.setattr(core, "touch", lambda servers: touched.append({*servers}))
    assert (await hall.submit("heavy", **heavy))["state"] == "QUEUED"
    with pytest.raises(Conflict):
        await hall.submit("heavy", **{**heavy, "length": 501.0})
    assert touched == [{"a"}, {"a"}]


async def test_what_stands_is_offered_though_its_submitter_left_meanwhile(hall, monkeypatch):
    """Between the disk and the board: nobody waits for the answer, but the order waits."""
    await hall.server("a")
    add, writes, goes_on = Session.add_all, threading.Event(), threading.Event()

    def held(session, items):
        add(session, items)
        writes.set()
        goes_on.wait(5)

    monkeypatch.setattr(Session, "add_all", held)
    core, caller = hall.gateway.core, Caller("HospitalAMSP", "operator", "institution")
    submitting = hall.gateway.desk.submit(caller, [Submission(**order("o"))])
    asked = asyncio.create_task(submitting)
    assert await asyncio.to_thread(writes.wait, 5)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    goes_on.set()
    await until(lambda: "o" in core.board.orders, "the board", within_s=5)
    assert await hall.state("o") == "QUEUED"
    assert core.board.first("a").id == "o"
    assert len(core.board.place("a").queue) == 1
