# SPDX-License-Identifier: Apache-2.0
"""Requests of nobody who is known: counted in the trail, and no flood of them fills it."""

import asyncio
import sqlite3
from collections import Counter
from contextlib import closing
from types import SimpleNamespace

import httpx
import pytest
from tests.scenarios.site import identity_of
from tests.services.retrieval.gateway.ward import STORE, Ward

from pmcb_client.http_identity import SignedRequests, _message, _sign
from pmcb_services.retrieval.gateway import StoreFolder, Trail, _turned_away
from pmcb_services.retrieval.gateway._scribe import Scribe
from pmcb_services.retrieval.gateway._turned_away import TurnedAway
from pmcb_services.retrieval.worker import audience

pytestmark = pytest.mark.anyio
QUERY = f"/v1/stores/{STORE}/query"
FLOOD = 200
SIGNED = [_message.CERTIFICATE, _message.MSP, _message.SIGNATURE, *_message._SIGNED[1:4]]


@pytest.fixture
async def ward(world, tmp_path):
    """Its store was built and is not served yet."""
    made = await Ward.of(world, tmp_path)
    await made.build()
    return made


def http(ward):
    """Anybody's way to the gateway."""
    transport = httpx.ASGITransport(ward.app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


async def test_forged_requests_leave_their_numbers_by_reason(ward, monkeypatch):
    """Unsigned, signed over another body or for another gateway, a nonce used anew, too large."""
    monkeypatch.setattr(_sign, "secrets", SimpleNamespace(token_hex=lambda _: "ab" * 16))
    async with ward.started(), http(ward) as anybody:
        signs = signing(ward, ward.institution.uid)
        first = await anybody.post(QUERY, content=b"{}", auth=signs)
        headers = {each: first.request.headers[each] for each in SIGNED}
        forged = [
            anybody.post(QUERY, content=b"{}"),
            anybody.post(QUERY, content=b'{"everything": true}', headers=headers),
            anybody.post(QUERY, content=b"{}", auth=signing(ward, "HospitalAMSP/other")),
            anybody.get(f"/v1/stores/{STORE}/status", auth=signs),
            anybody.get(f"/v1/stores/{STORE}/schema"),
            anybody.post(QUERY, content=bytes(2**24 + 1), auth=signs),
            anybody.post("/v1/stores/none/query", content=b"{}"),
        ]
        answers = [first, *[await each for each in forged]]
    assert [each.status_code for each in answers] == [422, 401, 401, 401, 401, 401, 413, 401]
    first, *turned_away = ward.trail().lines()
    assert (first["event"], first["outcome"]) == ("query", "NO_RANGE")
    assert tally(turned_away) == {"unsigned": 2, "signature": 2, "nonce": 1, "TOO_LARGE": 1}
    assert ward.trail().check("") == 1 + len(turned_away)


async def test_a_flood_makes_the_trail_grow_by_a_line_a_minute(ward):
    """The first is written at once, and what came meanwhile when the gateway ends at the latest."""
    async with ward.started(), http(ward) as anybody:
        await anybody.post(QUERY)
        await soon(lambda: told(ward.trail().lines()) == ["unsigned 1"])
        for _ in range(FLOOD):
            assert (await anybody.post(QUERY)).status_code == 401
        assert told(ward.trail().lines()) == ["unsigned 1"]
    assert told(ward.trail().lines()) == ["unsigned 1", f"unsigned {FLOOD}"]


async def test_whoever_asks_for_a_store_that_is_shut_is_counted(ward):
    """It is not served, because its cloud gave back something else."""
    kept = ward.cloud._stores[STORE]
    kept.root = bytes(len(kept.root))
    async with ward.started(), http(ward) as anybody:
        signs = signing(ward, ward.institution.uid)
        answer = await anybody.post(QUERY, content=b"{}", auth=signs)
    assert (answer.status_code, answer.json()["error"]) == (502, "TAMPERED_ERROR")
    assert told(ward.trail().lines()) == ["TAMPERED_ERROR 1"]


async def test_what_cannot_be_written_is_counted_on(tmp_path, monkeypatch):
    """Until there is room; the count goes on at every beat."""
    monkeypatch.setattr(_turned_away, "BEAT_S", 0.0)
    place = StoreFolder(tmp_path / STORE)
    trail = Trail(place.database, bytes(32), clock=lambda: 0)
    scribe = Scribe(trail)
    found = TurnedAway(STORE, scribe)
    running = asyncio.create_task(found.run())
    with closing(sqlite3.connect(place.path / "state.sqlite3")) as other:
        other.execute(
            "CREATE TRIGGER full BEFORE INSERT ON log BEGIN SELECT RAISE(FAIL, 'full'); END"
        )
        found.count("nonce")
        await asyncio.sleep(0.05)
        found.count("nonce")
        assert not list(trail.lines())
        other.execute("DROP TRIGGER full")
    try:
        await soon(lambda: tally(trail.lines()) == {"nonce": 2})
        found.count("unsigned")
        await soon(lambda: tally(trail.lines()) == {"nonce": 2, "unsigned": 1})
    finally:
        running.cancel()
        await scribe.close()


def signing(ward, to):
    """The institution's signature, for a gateway."""
    me = identity_of(ward.institution)
    return SignedRequests(me, audience=audience(to), clock=ward.world.now)


def told(lines):
    """What lines tell of requests that were turned away, each number with its reason."""
    return [each for line in lines for each in line["outcome"].split(", ")]


def tally(lines):
    """How often each reason is told, in however many lines: a beat may fall between two counts."""
    counts: Counter[str] = Counter()
    for reason, count in (each.split() for each in told(lines)):
        counts[reason] += int(count)
    return counts


async def soon(is_so):
    """Wait until it is so."""
    for _ in range(1000):
        if is_so():
            return
        await asyncio.sleep(0.01)
    pytest.fail("It never was so.")
