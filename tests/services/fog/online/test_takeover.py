# SPDX-License-Identifier: Apache-2.0
"""Gateways on one PostgreSQL where a machine vanishes, or the database does."""

import asyncio
import threading
import time
from contextlib import AsyncExitStack, closing

import pytest
from tests.services.fog.online.hall import Hall
from tests.services.fog.online.waiting import until

from pmcb_services.fog.online import PostgresDatabase
from pmcb_services.fog.online import _gateway as gateway_module
from pmcb_services.fog.online import _postgres as postgres_module
from pmcb_services.fog.online._messages import Beaten
from pmcb_services.fog.online._session import Session


@pytest.fixture
async def shared(postgresql, without_plans, monkeypatch):
    """Begins gateways, one after the other; the first of them leads."""
    monkeypatch.setattr(gateway_module, "AGAIN_S", 0.05)
    async with AsyncExitStack() as stack:

        async def begun() -> Hall:
            database = PostgresDatabase(postgresql)
            stack.callback(database.resign)
            hall = Hall(database)
            await stack.enter_async_context(hall.serving())
            return hall

        yield begun


def test_a_writer_that_vanishes_holds_nobody_up(postgresql, monkeypatch):
    """The database ends its transaction; the machine that comes back begins another."""
    monkeypatch.setattr(postgres_module, "STALLED_S", 1)
    database = PostgresDatabase(postgresql)
    with closing(database.writing()) as gone, closing(database.writing()) as other:
        gone.begin()
        other.begin()  # waits for its turn
        other.commit()
        with pytest.raises(database._errors):
            gone.commit()
        gone.rollback()
        gone.begin()
        gone.rollback()


def test_a_leader_that_vanishes_is_followed(postgresql, monkeypatch):
    """It leads no longer than it asks whether it does."""
    monkeypatch.setattr(postgres_module, "LEADER_STALLED_S", 1)
    first, second = PostgresDatabase(postgresql), PostgresDatabase(postgresql)
    assert first.leads()
    assert not second.leads()
    deadline = time.monotonic() + 20
    while not second.leads():
        assert time.monotonic() < deadline
        time.sleep(0.03)
    assert not first.leads()
    first.resign()
    second.resign()


@pytest.mark.parametrize("lock", [True, False])
def test_a_network_that_swallows_everything_is_noticed(postgresql, lock):
    """Within about ten seconds, at both ends."""
    with closing(postgres_module.PostgresConnection(postgresql, lock=lock)) as made:
        [[stalled]] = made.all("SHOW idle_in_transaction_session_timeout")
        assert stalled == "10s"
        said = made._on.info.get_parameters()
    assert {
        name: said[name] for name in said if "keepalives" in name or "user_timeout" in name
    } == {
        "keepalives_idle": "5",
        "keepalives_interval": "2",
        "keepalives_count": "3",
        "tcp_user_timeout": "10000",
    }


async def test_who_does_not_know_whether_it_leads_does_not(shared, monkeypatch):
    """A database that does not answer ends it; one that answers again begins it again."""
    monkeypatch.setattr(gateway_module, "LEADS_S", 0.3)
    hall = await shared()
    await until(lambda: hall.gateway.leads, "to lead")
    answers, asked, leads = threading.Event(), [], hall.database.leads

    def slow():
        asked.append(1)
        answers.wait(10)
        return leads()

    monkeypatch.setattr(hall.database, "leads", slow)
    try:
        await until(lambda: not hall.gateway.leads, "to rest")
        await asyncio.sleep(0.5)
        assert len(asked) == 1  # no thread for each time
    finally:
        answers.set()
    await until(lambda: hall.gateway.leads, "to lead again")


async def test_who_takes_over_hears_servers_for_a_lease_first(shared, monkeypatch):
    """None of them was heard by it before."""
    first = await shared()
    await until(lambda: first.gateway.leads, "to lead")
    await first.server("a")
    second = await shared()
    board = second.gateway.core.board
    await until(lambda: "a" in board.servers, "the server")
    second.clock.seconds = 60.0
    first.database.resign()
    monkeypatch.setattr(first.database, "leads", lambda: False)
    await until(lambda: second.gateway.leads, "to lead")
    await second.pass_s(1.0)
    assert board.is_up("a")
    await second.pass_s(3.0)
    assert not board.is_up("a")


async def test_what_was_read_before_a_server_registered_changes_nothing(hall):
    """Its new worker is not fenced by its old one."""
    await hall.server("a")
    before = await hall.store.read(Session.servers)
    server = await hall.server("a", speed_mips=2000.0)
    hall.gateway._know(before)
    assert isinstance(await server.beat(), Beaten)
    assert hall.gateway.core.board.fleet.servers[0].speed == 2000.0
