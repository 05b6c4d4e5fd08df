# SPDX-License-Identifier: Apache-2.0
"""Several gateways on one PostgreSQL: one plans and hears fog workers, all of them admit."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from tests.services.fog.online.hall import Hall

from pmcb_services.fog.online import PostgresDatabase, audit_store
from pmcb_services.fog.online import _gateway as gateway_module
from pmcb_services.fog.online._messages import Claimed, Committed


async def until(told):
    """Returns once it is so."""
    async with asyncio.timeout(10):
        while not told():  # noqa: ASYNC110 - what is told is not told by an event
            await asyncio.sleep(0.01)


@pytest.fixture
async def pair(postgresql, without_plans, monkeypatch):
    """Two gateways; the first of them leads."""
    monkeypatch.setattr(gateway_module, "AGAIN_S", 0.05)
    async with AsyncExitStack() as stack:
        halls = [Hall(PostgresDatabase(postgresql)) for _ in range(2)]
        for each in halls:
            await stack.enter_async_context(each.serving())
            await until(lambda: halls[0].gateway.leads)
        yield halls
        for each in halls:
            database = each.database
            assert isinstance(database, PostgresDatabase)
            database.resign()


async def test_one_leads_and_both_take_orders(pair):
    """The one that does not lead tells the server that the other chose, and the result."""
    first, second = pair
    server = await first.server("a")
    assert not second.gateway.leads
    await until(lambda: "a" in second.gateway.core.board.servers)
    taken = await second.submit("o")
    assert (taken["state"], taken["server"]) == ("QUEUED", "a")
    waiting = asyncio.ensure_future(second.client("operator").outcome("o", within_s=10))
    assert isinstance(await server.claim("o"), Claimed)
    assert await server.commit("o") == Committed(state="DONE")
    assert (await waiting)["state"] == "DONE"
    assert (await second.submit("o"))["state"] == "DONE"
    assert (await audit_store(first.store)).findings == ()


async def test_what_one_cancels_the_other_offers_no_more(pair):
    """Both see the same order."""
    first, second = pair
    server = await first.server("a")
    await first.submit("o")
    await until(lambda: "o" in second.gateway.core.board.orders)
    await second.client("operator").cancel("o")
    assert (await server.claim("o")).code == "STALE_EPOCH"
    await until(lambda: not first.gateway.core.board.orders)


async def test_another_one_takes_over(pair, monkeypatch):
    """It leads once the first leads no more, and knows servers and orders."""
    first, second = pair
    server = await first.server("a")
    await first.submit("o")
    await server.claim("o")
    assert isinstance(first.database, PostgresDatabase)
    first.database.resign()
    monkeypatch.setattr(first.database, "leads", lambda: False)  # as if it could not reach it
    await until(lambda: second.gateway.leads and not first.gateway.leads)
    server.hall = second
    assert (await server.beat(("o", 1))).lost == ()
    assert await server.commit("o") == Committed(state="DONE")
