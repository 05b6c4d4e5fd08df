# SPDX-License-Identifier: Apache-2.0
"""Who is served is asked of the ledger; how far, of the terms."""

import asyncio
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from tests.scenarios.world import DAY_MS, ORG_A
from tests.services.publishing.service.crashes import Away
from tests.services.retrieval.gateway.ward import STORE, Ward, brute_force, records

from pmcb_services.retrieval._colours import profiled
from pmcb_services.retrieval.errors import (
    AccessError,
    GrantDenied,
    LedgerUnavailable,
    QueryTooWide,
    SchemaError,
    UnknownAttribute,
)
from pmcb_services.retrieval.gateway import Terms
from pmcb_services.retrieval.gateway._grants import KEPT_MS

pytestmark = pytest.mark.anyio
RANGES = {"HR": (100, None), "SBP": (60, 120)}


@dataclass
class Far(Ward):
    """A ward whose gateway's ledger may be away."""

    away: Any = None


@pytest.fixture
async def far(world, tmp_path):
    """Its store is served, the ledger at hand."""
    made = await Far.of(world, tmp_path)
    await made.build()
    made.away = Away(made.institution.contract)
    async with made.started(contract=made.away):
        yield made


async def test_a_grant_is_of_use_to_workers_only(ward):
    """An analyst of whom the ledger keeps a grant is refused, and the trail says so."""
    ward.worker = await ward.world.person("curious", "analyst")
    await ward.grant()
    with pytest.raises(GrantDenied, match="Only workers"):
        await ward.asks.query(STORE, RANGES)


async def test_terms_below_a_fixed_policy_would_allow_nothing(world, tmp_path):
    """They are refused by name, with the way out, before the grant stands."""
    ward = await Ward.of(world, tmp_path)
    await ward.build(rounds="fixed:16")
    async with ward.started():
        with pytest.raises(SchemaError, match="takes 16 rounds") as caught:
            await ward.grant()
        assert caught.value.field == "max_rounds"
        await ward.grant(Terms(max_rounds=16))
        assert (await ward.asks.query(STORE, RANGES))["rounds"] == 16


async def test_without_a_grant_in_force_nobody_is_served(ward):
    """None, one for another store, one that has run out: refused, and written down."""
    await ward.build(name="other")
    with pytest.raises(GrantDenied, match="No grant"):
        await ward.asks.query(STORE, RANGES)
    await ward.grant(stores=["other"])
    with pytest.raises(GrantDenied):
        await ward.asks.query(STORE, RANGES)
    await ward.grant()
    found = await ward.asks.query(STORE, RANGES)
    assert [row[0] for row in found["rows"]] == brute_force(RANGES)
    ward.world.offset_ms += DAY_MS
    for ask in (ward.asks.query(STORE, RANGES), ward.asks.profile(STORE, "x")):
        with pytest.raises(GrantDenied):
            await ask
    outcomes = [line["outcome"] for line in ward.trail().lines() if line["event"] == "query"]
    assert outcomes == ["GRANT_DENIED", "GRANT_DENIED", "OK", "GRANT_DENIED"]


async def test_a_revoked_grant_ends_at_once(far):
    """Though it was kept: the ledger's event says so, and not the clock."""
    made = await far.grant()
    await far.asks.query(STORE, RANGES)
    await far.asks.query(STORE, RANGES)  # the first event is heard by now: kept from here on
    far.away.is_away = True
    await far.asks.query(STORE, RANGES)
    far.away.is_away = False
    await far.revoke(made)
    assert await denied(far)


async def test_a_grant_that_ends_while_a_request_waits_its_turn_serves_it_no_more(far):
    """However long others keep the store busy."""
    made = await far.grant()
    desk = await far.gateway.desk(STORE)
    async with desk._turn:
        waiting = asyncio.create_task(far.asks.query(STORE, RANGES))
        await soon(lambda: desk._turn._waiters)
        await far.revoke(made)
        await soon(lambda: not far.gateway._grants._kept)
    with pytest.raises(GrantDenied, match="No grant"):
        await waiting


async def test_without_the_ledger_nothing_is_served(far):
    """What was kept is as old as half a minute at most, and no longer than the grant itself."""
    await far.grant(days=KEPT_MS / 2 / DAY_MS)
    await far.asks.query(STORE, RANGES)
    await far.asks.query(STORE, RANGES)
    far.away.is_away = True
    far.world.offset_ms += KEPT_MS // 2
    with pytest.raises(LedgerUnavailable):
        await far.asks.query(STORE, RANGES)
    far.away.is_away = False
    await far.grant()
    await far.asks.query(STORE, RANGES)
    far.away.is_away = True
    far.world.offset_ms += KEPT_MS // 2
    await far.asks.query(STORE, RANGES)
    far.world.offset_ms += KEPT_MS // 2
    for _ in range(2):
        with pytest.raises(LedgerUnavailable):
            await far.asks.query(STORE, RANGES)
    last = list(far.trail().lines())[-1]
    assert (last["outcome"], last["asked"]) == ("LEDGER_UNAVAILABLE", None)


async def test_a_grant_reaches_as_far_as_its_terms(ward):
    """Attributes outside are neither searched nor shown; rounds, exports and patients likewise."""
    await ward.owns.colour(STORE, "fever", range(40))
    with pytest.raises(UnknownAttribute, match="'Pulse'"):
        await ward.grant(Terms(("Pulse",)))
    with pytest.raises(SchemaError, match="max_rounds"):
        await ward.grant(Terms(max_rounds=0))
    await ward.grant(Terms(("HR", "Temp")), days=1)
    asks = ward.asks
    for call in (asks.query(STORE, RANGES), asks.analyse(STORE, RANGES, "fever")):
        with pytest.raises(GrantDenied, match="'SBP'") as caught:
            await call
        assert caught.value.field == "SBP"
    found = await asks.query(STORE, {"HR": (100, 110)}, minimum=40)
    assert found["columns"] == ["id", "HR", "Temp", "patient", "in_range", "gap"]
    assert {len(row) for row in found["rows"]} == {6}
    assert len(found["rows"]) == 40
    assert found["hits"] == len(brute_force({"HR": (100, 110)})) < 40
    assert (await asks.analyse(STORE, {"HR": (100, None)}, "fever"))["coloured"] == 40
    signs, carried = records()
    racing = np.unique(carried["patient"][signs["HR"] > 160])
    await ward.owns.colour(STORE, "racing", racing.tolist())
    told = await asks.profile(STORE, "racing")
    table = np.column_stack([signs["HR"], signs["Temp"]])
    alone = profiled(("HR", "Temp"), table, carried["patient"], racing, 8)
    assert told == [each.document() for each in alone]  # Holm's p says nothing of other attributes
    with pytest.raises(GrantDenied, match="patient"):
        await asks.patient(STORE, 3)
    with pytest.raises(GrantDenied):
        await asks.query(STORE, {"Pulse": (0, 1)})

    await ward.grant(Terms(max_rounds=1, may_export=False, may_patient=True), days=2)
    ward.gateway._grants.deafen()  # the longer grant counts once it is asked for
    ids = [row[0] for row in (await ward.asks.patient(STORE, 3))["rows"]]
    assert ids == [9, 10, 11]
    findings = await ward.asks.profile(STORE, "fever")
    assert {each["attribute"] for each in findings} == {"HR", "SBP", "Temp"}


async def test_a_grant_bounds_rounds_and_exports(world, tmp_path):
    """A wide query of a larger store is refused before anything is sent."""
    made = await Ward.of(world, tmp_path)
    await made.build(rows=40_000, layouts="kd")
    async with made.started():
        await made.grant(Terms(max_rounds=1))
        with pytest.raises(QueryTooWide) as caught:
            await made.asks.query(STORE, {"HR": (None, 120)})
        assert caught.value.allowed == 1 < caught.value.rounds_needed
        await made.asks.query(STORE, {"HR": (100, 101), "SBP": (60, 70)})
        await made.grant(Terms(max_rounds=2**20), days=2)
        made.gateway._grants.deafen()
        with pytest.raises(QueryTooWide):
            await made.asks.query(STORE, {}, everything=True)
        await made.owns.colour(STORE, "fever", [1])
        with pytest.raises(QueryTooWide):
            await made.asks.profile(STORE, "fever")
        await made.grant(Terms(max_rounds=2**20, may_export=True), days=3)
        made.gateway._grants.deafen()
        found = await made.asks.query(STORE, {}, everything=True)
        assert found["hits"] == 40_000
        assert len(await made.asks.profile(STORE, "fever", bins=2)) == 6


async def test_only_the_owner_changes_a_store(ward):
    """Neither a worker with a grant nor another organisation's institution."""
    await ward.grant(Terms(may_export=True, may_patient=True))
    stranger = await ward.world.person("stranger", "institution", ORG_A)
    for client in (ward.asks, ward.client(stranger)):
        for call in (
            client.insert(STORE, [[80, 120, 36.6]], {"patient": [1]}),
            client.delete(STORE, [1]),
            client.colour(STORE, "fever", [1]),
            client.set_terms(STORE, "ab" * 16, Terms()),
        ):
            with pytest.raises(AccessError):
                await call
    with pytest.raises(GrantDenied):
        await ward.client(stranger).query(STORE, RANGES)
    status = await ward.asks.status(STORE)
    assert not {"live", "ids", "log", "colours"} & set(status)
    assert (await ward.owns.status(STORE))["live"] == 300


async def denied(ward):
    """Whether the worker is refused soon: an event takes a moment."""
    for _ in range(200):
        try:
            await ward.asks.query(STORE, RANGES)
        except GrantDenied:
            return True
        await asyncio.sleep(0.02)
    return False


async def soon(is_so):
    """Wait until it is so."""
    for _ in range(1000):
        if is_so():
            return
        await asyncio.sleep(0.01)
    pytest.fail("It never was so.")
