# SPDX-License-Identifier: Apache-2.0
"""The audit trail: chained, anchored, and closed to whoever has no keys."""

import json
import sqlite3
from contextlib import closing

import pytest
from tests.services.retrieval.gateway.ward import STORE

from pmcb_services.retrieval.errors import KeyMismatch, TrailBroken
from pmcb_services.retrieval.gateway import StoreLedger, Trail
from pmcb_services.retrieval.gateway._anchors import Anchors

pytestmark = pytest.mark.anyio


async def test_changed_and_cut_lines_are_found(ward):
    """A line that was changed, one that is gone, and an end that was cut since the last anchor."""
    for low in (100, 110, 120):
        await ward.owns.query(STORE, {"HR": (low, None)})
    await anchor(ward)
    trail, anchored = ward.trail(), await ward.anchored()
    assert trail.check(anchored) == 3
    for change, message in (
        ("UPDATE log SET line = replace(line, 'OK', 'NO') WHERE number = 2", "Line 2 "),
        ("DELETE FROM log WHERE number = 1", "Line 1 "),
        ("DELETE FROM log WHERE number = 3", "Line 3 of the audit trail is not what was anch"),
        ("DELETE FROM log", "Line [1-3] "),  # where an epoch was anchored
        ("DELETE FROM anchors", "The ledger has an anchor"),
    ):
        with changed(ward, change), pytest.raises(TrailBroken, match=message):
            trail.check(anchored)
    assert trail.check(anchored) == 3
    await ward.owns.query(STORE, {"HR": (130, None)})
    assert trail.check(anchored) == 4


async def test_a_line_says_who_when_how_and_hides_the_ranges(ward):
    """The database holds no range that could be read; the institution's keys open them."""
    await ward.grant()
    await ward.asks.query(STORE, {"HR": (101, 177), "Temp": (36.65, None)}, minimum=5)
    await ward.owns.patient(STORE, 98)
    await ward.owns.insert(STORE, [[80, 120, 36.6]], {"patient": [98]})
    terms, query, patient, insert = ward.trail().lines()
    assert (terms["event"], query["event"], insert["event"]) == ("terms", "query", "insert")
    assert len(query["certificate"]) == 64
    assert query["certificate"] != insert["certificate"] == patient["certificate"]
    assert (query["grant"], patient["grant"]) == (terms["grant"], "")
    assert (query["rounds"], insert["rounds"], query["outcome"]) == (1, 0, "OK")
    asked = {"ranges": {"HR": [101, 177], "Temp": [36.65, None]}, "minimum": 5, "everything": False}
    assert (query["asked"], patient["asked"], insert["asked"]) == (asked, {"patient": 98}, None)
    assert abs(query["at"] - ward.world.now()) < 60_000
    rows = lines_in(ward)
    assert len(rows) == 4
    for row in rows:
        assert not {"177", "36.65", "98", 177, 98} & set(map(str, row.values()))
        assert "HR" not in json.dumps(row)
    place = ward.folder.store(STORE)
    with pytest.raises(KeyMismatch):
        list(Trail(place.database, bytes(32), clock=lambda: 0).lines())


async def test_anchors_do_not_show_how_much_was_asked(ward):
    """The same trail has another head each time; each is known here, and the newest is told."""
    await ward.owns.query(STORE, {"HR": (100, None)})
    heads = set()
    for _ in range(2):
        await anchor(ward)
        heads.add(await ward.anchored())
    assert len(heads) == 2
    for head in heads:
        assert ward.trail().check(head) == 1
    with pytest.raises(TrailBroken):
        ward.trail().check("ab" * 32)
    dataset = ward.folder.store(STORE).dataset
    told = (await ward.institution.ask("get_store", dataset))["anchor"]
    assert told["version"] == (await ward.owns.status(STORE))["version"]


async def anchor(ward):
    """Now, as at every beat."""
    state = ward.gateway._desks[STORE]._state
    ledger = StoreLedger(ward.institution.contract, ward.folder.store(STORE).dataset)
    await Anchors(STORE, ledger, state, ward.trail()).anchor()


class changed:  # noqa: N801  # reads as a function
    """The database is another meanwhile."""

    def __init__(self, ward, change):
        self.path = ward.folder.store(STORE).path / "state.sqlite3"
        self.change = change

    def __enter__(self):
        with closing(sqlite3.connect(self.path)) as database, database:
            self.kept = "\n".join(database.iterdump())
            assert database.execute(self.change).rowcount

    def __exit__(self, *_):
        with closing(sqlite3.connect(self.path)) as database, database:
            for table in ("log", "anchors"):
                database.execute(f"DELETE FROM {table}")
            for line in self.kept.splitlines():
                if line.startswith(('INSERT INTO "log"', 'INSERT INTO "anchors"')):
                    database.execute(line)


def lines_in(ward):
    """As the database has them."""
    path = ward.folder.store(STORE).path / "state.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        return [json.loads(line) for (line,) in database.execute("SELECT line FROM log")]
