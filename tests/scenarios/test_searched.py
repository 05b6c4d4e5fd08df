# SPDX-License-Identifier: Apache-2.0
"""Encrypted records searched through an institution's gateway, under grants on a real ledger."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from tests.scenarios.site import identity_of
from tests.scenarios.world import World
from tests.services.retrieval.gateway.ward import ROWS, SCHEMA, STORE, Ward, brute_force, records

from pmcb_client.http_identity import RequestChecker
from pmcb_client.network_file import RetrievalCloud, RetrievalGateway
from pmcb_services.common import Served, serving
from pmcb_services.retrieval.cloud import LmdbCloud, RemoteCloud
from pmcb_services.retrieval.cloud import audience as cloud_audience
from pmcb_services.retrieval.cloud.server import cloud_application
from pmcb_services.retrieval.errors import GrantDenied
from pmcb_services.retrieval.gateway import Terms
from pmcb_services.retrieval.worker import RetrievalClient

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]
RANGES: dict[str, tuple[int | None, int | None]] = {"HR": (100, None), "SBP": (60, 90)}


@asynccontextmanager
async def on_a_socket(app: FastAPI) -> AsyncIterator[str]:
    """The address at which it answers meanwhile."""
    place = Served()
    with place.listen() as listening:
        running = asyncio.create_task(serving(app, place, listening))
        try:
            yield place.url(listening)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def ward(world: World, tmp_path: Path) -> AsyncIterator[Ward]:
    """An institution without a store yet, a worker elsewhere, and a cloud that others run."""
    made = await Ward.of(world, tmp_path)
    server = await world.person("cloud", "receiver")
    file, now = world.place.file, world.now
    checker = RequestChecker(file, audience=cloud_audience(server.uid), clock=now)
    async with AsyncExitStack() as stack:
        kept = stack.enter_context(closing(LmdbCloud(tmp_path / "cloud")))
        url = await stack.enter_async_context(on_a_socket(cloud_application(kept, checker)))
        file = replace(file, cloud=RetrievalCloud(url, server.uid, ""))
        identity = identity_of(made.institution)
        made.cloud = stack.enter_context(closing(RemoteCloud(file, identity, clock=now)))
        yield made


async def test_from_records_to_an_audited_answer(ward: Ward):
    """A worker with a grant finds exactly what is there; without one, or after it, nothing."""
    dataset = await ward.build()
    async with ward.started(), on_a_socket(ward.app) as url:
        worker, institution = client(ward, url, ward.worker), client(ward, url, ward.institution)
        stranger = client(ward, url, await ward.world.person("outsider", "worker"))
        async with worker, institution, stranger:
            with pytest.raises(GrantDenied):
                await worker.query(STORE, RANGES)
            granted = await ward.grant(Terms(may_patient=True))
            with pytest.raises(GrantDenied):
                await stranger.query(STORE, RANGES)
            await check_answers(worker)

            (added,) = await institution.insert(STORE, [[110, 80, 36.6]], {"patient": [4711]})
            assert await ids(worker, RANGES) == [*brute_force(RANGES), added]
            mine = await worker.patient(STORE, 4711)
            assert [row[0] for row in mine["rows"]] == [added]
            gone = brute_force(RANGES)[0]
            await institution.delete(STORE, [gone, added])
            assert await ids(worker, RANGES) == brute_force(RANGES)[1:]

            before = await anchor(ward, dataset)
            await ward.revoke(granted)
            assert await is_denied(worker)
            assert (await institution.query(STORE, RANGES))["hits"] == len(brute_force(RANGES)) - 1
    async with ward.started():
        after = await anchor(ward, dataset)
        assert after["version"] > before["version"]
        assert after["audit_head"] != before["audit_head"]
        assert ward.trail().check(await ward.anchored()) == len(list(ward.trail().lines()))
    outcomes = {line["outcome"] for line in ward.trail().lines()}
    assert outcomes == {"OK", "GRANT_DENIED"}
    claimed = (await ward.institution.ask("get_store", dataset))["epoch"]["number"]
    assert claimed >= 3


async def check_answers(worker: RetrievalClient) -> None:
    """All hits, then the nearest others, as a scan of the plain records finds them."""
    for ranges in (RANGES, {"Temp": (40, 40.9)}, {"SBP": (None, 60)}):
        assert await ids(worker, ranges) == brute_force(ranges)
    hits = brute_force(RANGES)
    found = await worker.query(STORE, RANGES, minimum=len(hits) + 10)
    at = {name: place for place, name in enumerate(found["columns"])}
    assert [row[at["in_range"]] for row in found["rows"]] == [True] * len(hits) + [False] * 10
    fillers = [row[at["id"]] for row in found["rows"][len(hits) :]]
    assert found["certified"]
    assert fillers == nearest(hits, 10)
    assert found["hits"] == len(hits)


def nearest(hits: list[int], count: int) -> list[int]:
    """Of the other records those with the least gap, of equals the first."""
    signs, _ = records()
    gap = np.zeros(ROWS)
    for name, (low, high) in RANGES.items():
        column, attribute = signs[name], SCHEMA.attributes[SCHEMA.names.index(name)]
        below = 0 if low is None else low - column
        above = 0 if high is None else column - high
        outside = np.maximum(np.maximum(below, above), 0) / (attribute.levels - 1)
        gap = np.maximum(gap, outside)
    gap[hits] = np.inf
    order: list[int] = np.lexsort((np.arange(ROWS), gap)).tolist()
    return order[:count]


def client(ward: Ward, url: str, who: Any) -> RetrievalClient:
    """Somebody's way to the gateway."""
    here = RetrievalGateway(url, ward.institution.uid, "")
    file = ward.world.place.file.with_service(here)
    return RetrievalClient(file, identity_of(who), clock=ward.world.now)


async def ids(worker: RetrievalClient, ranges: dict[str, Any]) -> list[int]:
    """Of the hits."""
    return [row[0] for row in (await worker.query(STORE, ranges))["rows"]]


async def is_denied(worker: RetrievalClient) -> bool:
    """Whether the worker is refused, long before half a minute has passed."""
    for _ in range(100):
        try:
            await worker.query(STORE, RANGES)
        except GrantDenied:
            return True
        await asyncio.sleep(0.05)
    return False


async def anchor(ward: Ward, dataset: str) -> dict[str, Any]:
    """The ledger's newest of the store, once there is one of the root that stands."""
    version = (await ward.owns.status(STORE))["version"]
    for _ in range(200):
        found = await ward.institution.ask("get_store", dataset)
        if found.get("anchor", {}).get("version") == version:
            made: dict[str, Any] = found["anchor"]
            return made
        await asyncio.sleep(0.05)
    raise AssertionError("The root was not anchored.")
