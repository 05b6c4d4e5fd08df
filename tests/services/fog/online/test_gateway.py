# SPDX-License-Identifier: Apache-2.0
"""What a gateway does with orders between their submitters and fog workers."""

import asyncio

import pytest
from tests.services.fog.online.hall import Hall, result_of

from pmcb_services.fog.errors import Conflict, Forbidden, InvalidInput, NotFound
from pmcb_services.fog.online import GatewaySettings, SqliteDatabase, audit_store
from pmcb_services.fog.online._messages import Claimed, Committed, Refused

LEASE_S = GatewaySettings().lease_s
DEVICE = "device.control"


async def sound(hall):
    """Nothing was lost, done twice, repeated or moved."""
    assert (await audit_store(hall.store)).findings == ()


async def test_without_a_server_orders_wait_until_one_comes(hall):
    """Also for one that is able: kinds that it has no handler for stay."""
    await hall.submit("o")
    await hall.submit("p", DEVICE)
    assert await hall.state("o") == "NEW"
    await hall.server("a", kinds=["compute.test"])
    assert (await hall.becomes("o", "QUEUED")).server == "a"
    assert await hall.state("p") == "NEW"
    await hall.server("b", kinds=[DEVICE])
    assert (await hall.becomes("p", "QUEUED")).server == "b"


async def test_an_order_is_claimed_and_committed_once(hall):
    """Its payload goes to the worker, its result to the submitter alone."""
    server = await hall.server("a")
    taken = await hall.submit("o", length=2000.0)
    assert (taken["state"], taken["server"]) == ("QUEUED", "a")
    assert taken["finish_ms"] - taken["start_ms"] == 2000
    claimed = await server.claim("o")
    assert isinstance(claimed, Claimed)
    assert (claimed.payload, claimed.kind, claimed.attempt) == (b"payload", "compute.test", 1)
    assert claimed.predicted_s == 2.0
    assert await server.commit("o") == Committed(state="DONE")
    assert await server.commit("o") == Committed(state="DONE")
    again = await server.commit("o", digest="e")
    assert isinstance(again, Refused)
    assert again.code == "STALE_EPOCH"
    own = await hall.client("operator").status("o")
    assert (own["state"], result_of(own)) == ("DONE", b"result")
    assert "result" not in await hall.client("authority").status("o")
    await sound(hall)


@pytest.mark.parametrize("who", ["worker", "receiver", "rival"])
async def test_strangers_do_not_see_an_order(hall, who):
    """Whether there is one is not told either; operators of other hospitals are strangers."""
    await hall.submit("o")
    client = hall.client(who)
    for call in (client.status("o"), client.status("x"), client.cancel("o")):
        with pytest.raises(NotFound, match="no such order of yours"):
            await call
    for call in (client.dead(), client.servers(), client.resolve("o", "retry"), client.plan()):
        with pytest.raises(Forbidden):
            await call


async def test_whoever_waits_is_told_at_once(hall):
    """Long before the time that they would wait."""
    server = await hall.server("a")
    await hall.submit("o")
    await server.claim("o")
    waiting = asyncio.ensure_future(hall.client("operator").outcome("o", within_s=30))
    await asyncio.sleep(0.05)
    await server.commit("o", outcome="failed", result=b"DEVICE_AWAY")
    async with asyncio.timeout(2):
        found = await waiting
    assert (found["state"], result_of(found)) == ("FAILED", b"DEVICE_AWAY")


async def test_a_lost_lease_runs_the_order_again(hall):
    """On another server, where its own is silent; the first worker's result is fenced."""
    first = await hall.server("a", speed_mips=2000.0)
    await hall.submit("o")
    await first.claim("o")
    assert (await first.beat(("o", 1))).lost == ()
    await hall.pass_s(LEASE_S * 0.9)
    second = await hall.server("b")
    assert await hall.state("o") == "STARTED"
    await hall.pass_s(LEASE_S * 0.2)
    await hall.becomes("o", "QUEUED", epoch=3)
    late = await first.commit("o")
    assert (late.code, await hall.state("o")) == ("STALE_EPOCH", "QUEUED")
    assert (await first.beat(("o", 1))).lost == (("o", 1),)
    assert isinstance(await second.claim("o", 3), Claimed)
    await second.commit("o", 3)
    await sound(hall)


async def test_beats_keep_an_order(hall):
    """For as long as they come."""
    server = await hall.server("a")
    await hall.submit("o")
    await server.claim("o")
    for _ in range(3):
        await hall.pass_s(LEASE_S * 0.9)
        assert (await server.beat(("o", 1))).lost == ()
    assert await hall.state("o") == "STARTED"


async def test_an_order_that_kills_its_workers_is_a_dead_letter(hall):
    """After three starts; an operator lets it run again, or gives it up."""
    server = await hall.server("a")
    await hall.submit("o")
    for epoch in (1, 2, 3):
        assert isinstance(await server.claim("o", epoch), Claimed)
        await server.commit("o", epoch, "unknown")
    operator = hall.client("operator")
    assert [each["id"] for each in await operator.dead()] == ["o"]
    assert (await operator.resolve("o", "retry"))["epoch"] == 4
    assert (await server.claim("o", 4)).attempt == 1
    await server.commit("o", 4)
    with pytest.raises(Conflict):
        await operator.resolve("o", "abandon")
    await sound(hall)


@pytest.mark.parametrize(
    ("decision", "state"), [("confirm", "DONE"), ("abandon", "FAILED"), ("retry", "QUEUED")]
)
async def test_what_must_not_be_repeated_is_held_for_an_operator(hall, decision, state):
    """A lost lease makes it unknown, and nothing runs by itself."""
    server = await hall.server("a")
    await hall.submit("o", DEVICE)
    assert (await server.claim("o")).on_unknown == "hold"
    await hall.pass_s(LEASE_S + 0.1)
    await hall.becomes("o", "UNKNOWN", epoch=1)
    await hall.server("a")
    assert (await hall.client("operator").resolve("o", decision))["state"] == state
    await sound(hall)


async def test_a_late_commit_of_a_held_order_counts(hall):
    """Nobody else was given it."""
    server = await hall.server("a")
    await hall.submit("o", DEVICE)
    await server.claim("o")
    await hall.pass_s(LEASE_S + 0.1)
    await hall.becomes("o", "UNKNOWN")
    assert await server.commit("o") == Committed(state="DONE")
    await sound(hall)


@pytest.mark.parametrize("name", ["HospitalAMSP/pump1", "HospitalAMSP"])
async def test_a_device_that_drops_duplicates_is_asked_again(tmp_path, without_plans, name):
    """Where the settings say so of it, or of all devices of its organisation."""
    settings = GatewaySettings(dedup_devices=frozenset({name}))
    made = Hall(SqliteDatabase(tmp_path / "store" / "o.sqlite3"), settings=settings)
    async with made.serving() as hall:
        assert (await hall.submit("o", DEVICE))["on_unknown"] == "rerun"


async def test_a_second_worker_fences_the_first(hall):
    """Whatever the first asks is refused, but for what it ran: that counts once."""
    first = await hall.server("a")
    await hall.submit("o")
    await hall.submit("p")
    await first.claim("o")
    again = await hall.server("a", token="second")
    assert again.incarnation == first.incarnation + 1
    assert (await hall.server("a", token="second")).incarnation == again.incarnation
    for refused in (await first.claim("p"), await first.beat(("o", 1))):
        assert refused.code == "STALE_EPOCH"
    assert await again.commit("o") == Committed(state="DONE")
    await sound(hall)


async def test_the_queue_of_a_silent_server_goes_elsewhere(hall):
    """And waits without a server where none is up."""
    await hall.server("a", speed_mips=1100.0)
    await hall.submit("o")
    await hall.pass_s(LEASE_S + 0.1)
    assert (await hall.becomes("o", "NEW", epoch=1)).server == ""
    other = await hall.server("b")
    moved = await hall.becomes("o", "QUEUED", epoch=2)
    assert moved.server == "b"
    assert isinstance(await other.claim("o", 2), Claimed)
    await sound(hall)


async def test_a_drained_server_finishes_and_begins_nothing(hall):
    """What waits for it goes elsewhere, also after the gateway was started again."""
    first = await hall.server("a", speed_mips=1100.0)
    await hall.submit("o")
    await hall.submit("p")
    await first.claim("o")
    second = await hall.server("b", speed_mips=1000.0)
    operator = hall.client("operator")
    with pytest.raises(NotFound):
        await operator.drain("c")
    await operator.drain("a")
    assert (await hall.becomes("p", "QUEUED", epoch=2)).server == "b"
    await first.commit("o")
    assert [each["draining"] for each in await operator.servers()] == [True, False]
    assert (await hall.server("a")).incarnation == 2
    assert (await hall.submit("q"))["server"] == "b"
    assert isinstance(await second.claim("p", 2), Claimed)
    await operator.drain("a", draining=False)
    assert [each["draining"] for each in await operator.servers()] == [False, False]


async def test_an_order_ends_before_it_starts_or_not_at_all(hall):
    """Cancelled twice is once; what has started is not cancelled."""
    server = await hall.server("a")
    await hall.submit("o")
    await hall.submit("p")
    operator = hall.client("operator")
    assert (await operator.cancel("o"))["state"] == "CANCELLED"
    assert (await operator.cancel("o"))["state"] == "CANCELLED"
    assert (await server.claim("o")).code == "STALE_EPOCH"
    await server.claim("p")
    with pytest.raises(Conflict):
        await operator.cancel("p")


async def test_a_grant_that_ended_meanwhile_ends_the_order(hall):
    """It is asked for again when the order begins, and nothing is begun."""
    server = await hall.server("a")
    await hall.submit("o", "retrieval.query")
    hall.ledger.granted.clear()
    assert (await server.claim("o")).code == "FORBIDDEN"
    found = await hall.client("worker").status("o")
    assert (found["state"], result_of(found)) == ("CANCELLED", b"FORBIDDEN")
    await sound(hall)


async def test_without_the_ledger_a_claim_may_come_again(hall):
    """Nobody knows whether the grant holds; meanwhile what needs none is next."""
    server = await hall.server("a")
    for name in ("o", "p"):
        await hall.submit(name, "retrieval.query")
    await hall.submit("upload")
    board = hall.gateway.core.board
    hall.ledger.is_away = True
    assert (await server.claim("o")).code == "LEDGER_UNAVAILABLE"
    hall.ledger.is_away = False
    assert board.first("a").id == "upload"
    hall.clock.seconds += 5
    assert board.first("a").id == "o"
    assert isinstance(await server.claim("o", 2), Claimed)


async def test_what_fog_workers_say_is_checked(hall):
    """A server without speed, a name that is none, requests that there are not."""
    for said in ({"speed_mips": 0.0}, {"speed_mips": -1.0}, {"busy_w": -1.0}):
        with pytest.raises(InvalidInput):
            await hall.server("a", **said)
    for name in ("", "A", "a" * 33, "a.b", "a>"):
        with pytest.raises(InvalidInput):
            await hall.server(name)
    server = await hall.server("a")
    assert (await server.claim("nothing")).code == "STALE_EPOCH"
    assert (await server.commit("nothing")).code == "NOT_FOUND"
