# SPDX-License-Identifier: Apache-2.0
"""The order store: what was told to stand stands, on SQLite and on PostgreSQL alike."""

import asyncio
import sqlite3
from dataclasses import replace

import pytest

from pmcb_services.fog.errors import Conflict, NotFound, StaleEpoch, Unavailable
from pmcb_services.fog.online._order import Order
from pmcb_services.fog.online._session import Session
from pmcb_services.fog.online._sqlite import SqliteConnection, SqliteDatabase
from pmcb_services.fog.online._state import Cause, State
from pmcb_services.fog.online._store import Store

CLAIM = {"epoch": 1, "server": "a", "incarnation": 1, "token": "t", "at_ms": 2}
PAYLOAD = b"\x00sealed\n"


def order(id="o", **fields):
    """One that was just admitted."""
    given = {"kind": "compute.test", "order_class": "upload", "submitter": "A/b"}
    return Order(id=id, body_sha256="", **{**given, **fields})


async def added(store, *orders):
    """They stand."""
    await asyncio.gather(
        *(store.run(lambda session, one=one: session.add(one, PAYLOAD)) for one in orders)
    )


async def test_what_is_not_there_is_told(store):
    """By its id."""
    with pytest.raises(NotFound, match="no order x"):
        await store.run(lambda session: session.change("x", lambda one: one))


async def test_a_refused_change_leaves_nothing_and_others_of_its_group_stand(store):
    """Works run in one transaction; one that is refused takes nobody with it."""
    await added(store, order("o"), order("p"))

    def refused(session):
        session.change("o", lambda one: one.placed("a", 1.0, 1))
        raise Conflict("after it wrote")

    def moved(session):
        return session.change("p", lambda one: one.placed("b", 1.0, 1))

    answers = await asyncio.gather(
        store.run(refused), store.run(moved), store.run(refused), return_exceptions=True
    )
    assert [type(each) for each in answers] == [Conflict, Order, Conflict]
    states = await store.read(lambda session: [session.get(name).state for name in "op"])
    assert states == [State.NEW, State.QUEUED]
    assert await store.read(Session.last_event) == 3


async def test_every_transition_leaves_its_event(store):
    """In order, with what it led from and to."""
    await added(store, order(arrival_ms=5, changed_ms=5))
    await store.run(lambda session: session.change("o", lambda one: one.placed("a", 1.5, 6)))
    await store.run(lambda session: session.change("o", lambda one: one.claimed(**CLAIM)))
    await store.run(lambda session: session.change("o", lambda one: one.claimed(**CLAIM)))
    events = await store.read(lambda session: session.events(0, 10))
    assert [seq for seq, _ in events] == [1, 2, 3]
    assert [(e.source, e.target, e.epoch, e.cause) for _, e in events] == [
        ("", "NEW", 0, "admitted"),
        ("NEW", "QUEUED", 1, "planned"),
        ("QUEUED", "STARTED", 1, "claimed"),
    ]
    assert await store.read(lambda session: session.events(2, 10)) == events[2:]


async def test_orders_come_back_as_they_were_put(database):
    """Every field, from a store that was opened anew."""
    put = order(subject="d", length=1.5, size=0.25, arrival_ms=2**40, deadline_ms=1, weight=100.0)
    async with Store(database()) as store:
        await added(store, put, order("p"))
        done = await store.run(
            lambda session: session.change("o", lambda one: one.placed("a", 0.1, 7))
        )
    async with Store(database()) as store:
        assert await store.read(lambda session: session.get("o")) == done
        assert done == replace(put.placed("a", 0.1, 7))
        found = await store.read(lambda session: session.unfinished())
        assert {one.id for one in found} == {"o", "p"}
        assert await store.read(lambda session: session.payload("o")) == PAYLOAD


async def test_payloads_are_erased_at_the_end_and_results_later(store):
    """What was submitted goes with the last transition, what came of it after its time."""
    await added(store, order(), order("p"))

    def over(session):
        session.change("o", lambda one: one.placed("a", 1.0, 1))
        session.change("o", lambda one: one.claimed(**CLAIM))
        session.put_result("o", b"result")
        commit = {"epoch": 1, "server": "a", "outcome": "done", "digest": "d", "at_ms": 10}
        session.change("o", lambda one: one.committed(**commit))

    await store.run(over)
    kept = await store.read(lambda s: (s.payload("o"), s.result("o"), s.payload("p")))
    assert kept == (None, b"result", PAYLOAD)
    assert await store.run(lambda session: session.erase(10)) == 0
    assert await store.run(lambda session: session.erase(11)) == 1
    assert await store.read(lambda session: session.result("o")) is None
    assert (await store.read(lambda session: session.get("o"))).state is State.DONE


async def test_of_many_claims_at_once_one_wins(store):
    """Whoever is second is told that it was given away."""
    await added(store, order())
    await store.run(lambda session: session.change("o", lambda one: one.placed("a", 1.0, 1)))

    def claim(token):
        return store.run(
            lambda s: s.change("o", lambda one: one.claimed(**{**CLAIM, "token": token}))
        )

    answers = await asyncio.gather(*map(claim, "abcdefgh"), return_exceptions=True)
    assert sorted(type(each).__name__ for each in answers) == ["Order"] + ["StaleEpoch"] * 7
    assert any(isinstance(each, StaleEpoch) for each in answers)


async def test_servers_plans_and_facts_are_replaced(store):
    """The newest stands."""
    for number in (1, 2):
        await store.run(lambda session, n=number: session.put_server("a", {"incarnation": n}))
        await store.run(lambda session, n=number: session.put_plan({"gap": n}))
        await store.run(lambda session, n=number: session.put_fact("key", bytes([n])))
    assert await store.read(lambda session: session.servers()) == {"a": {"incarnation": 2}}
    assert await store.read(lambda session: session.server("b")) is None
    assert await store.read(lambda session: session.plan()) == {"gap": 2}
    assert await store.read(lambda session: session.fact("key")) == b"\x02"


async def test_lists_and_counts(store):
    """By state, and in pages by id."""
    await added(store, *(order(f"o{n}", arrival_ms=9 - n) for n in range(4)))
    await store.run(lambda session: session.change("o1", lambda o: o.step(Cause.CANCELLED, 1)))
    found = await store.read(lambda session: session.in_state(State.NEW, 2))
    assert [one.id for one in found] == ["o3", "o2"]
    assert sorted(await store.read(lambda session: session.counts())) == [
        ("CANCELLED", "upload", 1),
        ("NEW", "upload", 3),
    ]
    page = await store.read(lambda session: session.orders_after("o0", 2))
    assert [one.id for one in page] == ["o1", "o2"]


async def test_a_full_disk_takes_nothing_and_the_store_goes_on_afterwards(tmp_path):
    """Whoever waits is told that nothing stands."""

    class Full(SqliteConnection):
        is_full = True

        def write(self, statement, *values):
            if self.is_full and statement.startswith("UPDATE"):
                raise sqlite3.OperationalError("database or disk is full")
            return super().write(statement, *values)

    class FullDatabase(SqliteDatabase):
        def writing(self):
            super().writing().close()
            return Full(self._path, "BEGIN IMMEDIATE")

    async with Store(FullDatabase(tmp_path / "orders.sqlite3")) as store:
        await added(store, order())

        def place(session):
            return session.change("o", lambda one: one.placed("a", 1.0, 1))

        with pytest.raises(Unavailable, match="order store"):
            await store.run(place)
        assert (await store.read(lambda session: session.get("o"))).state is State.NEW
        Full.is_full = False
        assert (await store.run(place)).state is State.QUEUED


def test_who_cannot_reach_postgresql_is_told_without_its_address():
    """The address may hold a password."""
    from pmcb_services.fog.online._postgres import PostgresDatabase

    async def opened():
        url = "postgresql://pmcb:secret@127.0.0.1:1/pmcb"
        async with Store(PostgresDatabase(url)):
            pass

    with pytest.raises(Unavailable) as caught:
        asyncio.run(opened())
    assert "secret" not in str(caught.value)


async def test_one_gateway_leads_at_a_time(postgresql):
    """Another one takes over once the first has ended."""
    from pmcb_services.fog.online._postgres import PostgresDatabase

    first, second = PostgresDatabase(postgresql), PostgresDatabase(postgresql)
    assert first.leads()
    assert first.leads()
    assert not second.leads()
    first.resign()
    assert second.leads()
    second.resign()
