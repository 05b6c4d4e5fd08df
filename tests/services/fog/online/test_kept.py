# SPDX-License-Identifier: Apache-2.0
"""What a gateway keeps, for how long, and what it tells of it."""

import pytest
from tests.services.fog.online.hall import Hall, order

from pmcb_services.fog.errors import Forbidden, InvalidInput
from pmcb_services.fog.online import GatewaySettings, SqliteDatabase, audit_store
from pmcb_services.fog.online._messages import Claimed, Committed

LEASE_S = GatewaySettings().lease_s


async def sound(hall):
    """Nothing was lost, done twice, repeated or moved."""
    assert (await audit_store(hall.store)).findings == ()


async def test_a_gateway_that_is_started_again_goes_on(tmp_path, without_plans):
    """Orders, servers and what is draining stand; what runs has one fresh lease."""

    def make():
        return Hall(SqliteDatabase(tmp_path / "store" / "o.sqlite3"))

    async with make().serving() as hall:
        server = await hall.server("a")
        await hall.submit("o")
        await hall.submit("p", length=500.0)
        await server.claim("o")
    async with make().serving() as hall:
        server.hall = hall
        assert (await server.beat(("o", 1))).lost == ()
        assert (await hall.submit("p", length=500.0))["server"] == "a"
        await hall.pass_s(LEASE_S * 0.9)
        assert await server.commit("o") == Committed(state="DONE")
        assert isinstance(await server.claim("p"), Claimed)
        await hall.pass_s(LEASE_S + 0.1)
        await hall.becomes("p", "NEW")
        await sound(hall)


async def test_a_store_is_opened_with_its_own_key(tmp_path, without_plans):
    """Another one opens nothing, and is told so at the start."""
    database = SqliteDatabase(tmp_path / "store" / "o.sqlite3")
    async with Hall(database).serving() as hall:
        await hall.submit("o")
    with pytest.raises(InvalidInput, match="another key"):
        async with Hall(database, key=b"x" * 32).serving():
            pass


async def test_no_payload_lies_open_and_none_lies_longer_than_needed(tmp_path, without_plans):
    """Neither what was submitted nor what came of it is in the files; a minute later it is gone."""
    made = Hall(
        SqliteDatabase(tmp_path / "store" / "o.sqlite3"), settings=GatewaySettings(result_ttl_s=60)
    )
    secret, answer = b"heart rate 171", b"systolic 203"
    async with made.serving() as hall:
        server = await hall.server("a")
        await hall.submit("o", payload=secret)
        await server.claim("o")
        await server.commit("o", result=answer)
        await hall.pass_s(61)
        files = b"".join(each.read_bytes() for each in (tmp_path / "store").iterdir())
        assert secret not in files
        assert answer not in files
        before_ms = hall.clock.now_ms() - 60_000
        assert await hall.store.run(lambda session: session.erase(before_ms)) == 1
        assert "result" not in await hall.client("operator").status("o")


async def test_operators_read_the_event_log(hall):
    """In pages, from any line on."""
    server = await hall.server("a")
    await hall.submit("o")
    await server.claim("o")
    events = [each async for each in hall.client("operator").events()]
    assert [(each["seq"], each["from"], each["to"]) for each in events] == [
        (1, "", "NEW"),
        (2, "NEW", "QUEUED"),
        (3, "QUEUED", "STARTED"),
    ]
    assert [each async for each in hall.client("operator").events(2)] == events[2:]
    with pytest.raises(Forbidden):
        [each async for each in hall.client("worker").events()]


async def test_metrics_tell_counts_and_no_names(hall):
    """States, joules, misses; no order, no person."""
    server = await hall.server("a")
    await hall.submit("secret-order", deadline_ms=1)
    await hall.submit("other-order")
    await server.claim("secret-order")
    await hall.pass_s(1.0)
    await server.beat(("secret-order", 1))
    await server.commit("secret-order")
    text = (await hall.client("operator")._http.get("http://localhost/metrics")).text
    assert 'pmcb_fog_orders{class="upload",state="QUEUED"} 1.0' in text
    assert 'pmcb_fog_deadline_misses_total{class="upload",feasible="no"} 1.0' in text
    assert 'pmcb_fog_queue_depth{server="a"} 1.0' in text
    assert 'pmcb_fog_joules_total{state="busy"}' in text
    assert "secret-order" not in text
    assert "operator" not in text
    ready = await hall.client("operator")._http.get("http://localhost/readyz")
    assert (ready.status_code, ready.text) == (503, "the broker does not answer\n")


async def test_a_late_order_of_a_batch_is_seen_by_the_next(hall):
    """Orders of one request count each other in, and spread over equal servers."""
    await hall.server("a")
    await hall.server("b")
    found = await hall.client("operator").submit_many([order(f"o{n}") for n in range(4)])
    assert sorted(each["server"] for each in found) == ["a", "a", "b", "b"]
