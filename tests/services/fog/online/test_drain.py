# SPDX-License-Identifier: Apache-2.0
"""A gateway that drains: before a restart, after it, and of several gateways all."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from tests.services.fog.online.hall import Hall
from tests.services.fog.online.waiting import until

from pmcb_services.fog.errors import Draining
from pmcb_services.fog.online import PostgresDatabase, SqliteDatabase
from pmcb_services.fog.online._messages import Claimed
from pmcb_services.fog.online._stream import Stream


@pytest.fixture
def offers(monkeypatch):
    """What goes to fog workers, by a broker that is always there."""
    made: list[tuple[str, int]] = []

    async def ensure(_: Stream) -> bool:
        return False

    async def offer(_: Stream, order_id: str, server: str, epoch: int) -> None:
        made.append((order_id, epoch))

    monkeypatch.setattr(Stream, "connected", True)
    monkeypatch.setattr(Stream, "ensure", ensure)
    monkeypatch.setattr(Stream, "offer", offer)
    return made


async def test_only_what_was_offered_is_withdrawn(hall, offers):
    """The rest stays as it is; after the end of it all is offered again."""
    server = await hall.server("a")
    for name in ("o", "p", "q"):
        await hall.submit(name)
    await until(lambda: offers == [("o", 1)], "the offer")
    operator = hall.client("operator")
    await operator.drain()
    assert (await server.claim("o")).code == "STALE_EPOCH"
    board = hall.gateway.core.board
    assert [board.orders[name].epoch for name in ("o", "p", "q")] == [2, 1, 1]
    await asyncio.sleep(0.1)
    assert offers == [("o", 1)]
    await operator.drain(draining=False)
    await until(lambda: offers == [("o", 1), ("o", 2)], "the next offer")
    assert isinstance(await server.claim("o", 2), Claimed)


async def test_a_gateway_that_is_started_again_drains_on(tmp_path, without_plans):
    """Until it is told to begin again, also by then."""

    def make() -> Hall:
        return Hall(SqliteDatabase(tmp_path / "store" / "o.sqlite3"))

    async with make().serving() as hall:
        await hall.client("operator").drain()
    async with make().serving() as hall:
        assert await hall.gateway.not_ready() == "draining"
        with pytest.raises(Draining):
            await hall.submit("o")
        await hall.client("operator").drain(draining=False)
    async with make().serving() as hall:
        assert (await hall.submit("o"))["state"] == "NEW"


async def test_what_was_offered_before_a_gateway_died_does_not_begin(hall):
    """It is offered again when there is an end of draining."""
    server = await hall.server("a")
    await hall.submit("o")
    await hall.submit("p")
    assert isinstance(await server.claim("p"), Claimed)
    await hall.client("operator").drain()
    assert (await server.claim("o")).code == "STALE_EPOCH"
    assert isinstance(await server.claim("p"), Claimed)  # its worker did not hear the answer
    await hall.client("operator").drain(draining=False)
    assert isinstance(await server.claim("o", 2), Claimed)


async def test_all_gateways_drain_and_the_one_that_leads_withdraws(
    postgresql, without_plans, offers
):
    """Whichever is told."""
    async with AsyncExitStack() as stack:
        databases = [PostgresDatabase(postgresql) for _ in range(2)]
        halls = [*map(Hall, databases)]
        for database, each in zip(databases, halls, strict=True):
            stack.callback(database.resign)
            await stack.enter_async_context(each.serving())
            await until(lambda: halls[0].gateway.leads, "to lead")
        first, second = halls
        server = await first.server("a")
        await first.submit("o")
        await until(lambda: offers == [("o", 1)], "the offer")
        await second.client("operator").drain()
        await until(lambda: first.gateway.core.draining, "to hear of it")
        await first.becomes("o", "QUEUED", epoch=2)
        assert (await server.claim("o")).code == "STALE_EPOCH"
        with pytest.raises(Draining):
            await first.submit("p")
        await first.client("operator").drain(draining=False)
        await until(lambda: offers == [("o", 1), ("o", 2)], "the next offer")
        await until(lambda: not second.gateway.core.draining, "to hear of it")
