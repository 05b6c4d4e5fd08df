# SPDX-License-Identifier: Apache-2.0
"""One gateway at a time writes a store: folder, lease and ledger each see to it."""

import asyncio
import shutil
from contextlib import closing
from dataclasses import replace

import pytest
from tests.services.publishing.service.crashes import Away
from tests.services.retrieval.gateway.ward import STORE, Ward, brute_force

from pmcb_client.errors import OutcomeUnknown, Refused
from pmcb_client.usage_errors import InputError
from pmcb_services.retrieval.cloud import LmdbCloud, MemoryCloud
from pmcb_services.retrieval.errors import (
    AccessError,
    ForkDetected,
    LedgerUnavailable,
    RetrievalError,
    RolledBack,
    StaleWriter,
    TamperedError,
)
from pmcb_services.retrieval.gateway import Folder, StoreLedger, _gateway
from pmcb_services.retrieval.oblivious import _lease

pytestmark = pytest.mark.anyio
RANGES = {"HR": (100, None)}


@pytest.fixture
def hasty(monkeypatch):
    """Leases run out in a second, and nobody waits long for one."""
    monkeypatch.setattr(_lease, "LEASE_S", 0.6)
    monkeypatch.setattr(_lease, "RENEW_S", 0.0)
    monkeypatch.setattr(_gateway, "PATIENCE_S", 0.0)
    monkeypatch.setattr(_gateway, "AGAIN_S", 0.05)


async def test_a_folder_and_a_lease_have_one_holder(ward, tmp_path, monkeypatch):
    """A second gateway on the folder does not start, nor one that has a copy of it."""
    monkeypatch.setattr(_gateway, "PATIENCE_S", 0.0)
    with pytest.raises(InputError, match="Another gateway"):
        async with ward.make():
            pass
    await ward.owns.query(STORE, RANGES)
    with pytest.raises(StaleWriter):
        async with ward.make(folder=copied(ward, tmp_path)):
            pass
    assert (await ward.owns.query(STORE, RANGES))["hits"] == len(brute_force(RANGES))


async def test_a_gateway_at_rest_keeps_its_lease(hasty, world, tmp_path, monkeypatch):
    """Nobody takes over from it, though nobody asks it anything for long."""
    monkeypatch.setattr(_gateway, "RENEW_S", 0.05)
    made = await Ward.of(world, tmp_path)
    await made.build()
    async with made.started():
        folder = copied(made, tmp_path)
        await asyncio.sleep(1.5)
        with pytest.raises(StaleWriter):
            async with made.make(folder=folder):
                pass
        assert (await made.owns.query(STORE, RANGES))["hits"] == len(brute_force(RANGES))


async def test_who_lost_the_lease_stops(hasty, ward, tmp_path, monkeypatch):
    """Another gateway took over while this one rested: it writes nothing any more, and says so."""
    other = replace(ward, folder=copied(ward, tmp_path))
    monkeypatch.setattr(_gateway, "PATIENCE_S", 5.0)
    async with other.started():
        await other.owns.insert(STORE, [[80, 120, 36.6]], {"patient": [1]})
        for _ in range(2):
            with pytest.raises(StaleWriter):
                await ward.owns.insert(STORE, [[80, 120, 36.6]], {"patient": [2]})
        assert await ward.gateway.shut() == f"not served: {STORE}"
        assert (await other.owns.status(STORE))["live"] == 301
    outcomes = [line["outcome"] for line in ward.trail().lines()]
    assert outcomes == ["STALE_WRITER", "STALE_WRITER"]


async def test_a_cloud_that_lets_two_write_is_found_out(world, tmp_path):
    """It shows each gateway a store of its own; the ledger gives each number to one of them."""
    made = await Ward.of(world, tmp_path)
    with closing(LmdbCloud(tmp_path / "cloud")) as cloud:
        made.cloud = cloud
        await made.build()
        shutil.copytree(tmp_path / "cloud", tmp_path / "forked")
        with closing(LmdbCloud(tmp_path / "forked")) as forked:
            twin = replace(made, cloud=forked, folder=copied(made, tmp_path))
            async with made.started(), twin.started():
                ends = [await refused(each) for each in (made, twin, made)]
                assert ForkDetected in ends
                assert set(ends) <= {None, ForkDetected}
                loser = made if ends[0] or ends[2] else twin
                assert await refused(loser) is ForkDetected


async def test_an_older_root_is_refused(world, tmp_path):
    """By what the disk knows; and by the ledger, where the disk is as old as the cloud."""
    made = await Ward.of(world, tmp_path)
    with closing(LmdbCloud(tmp_path / "cloud")) as cloud:
        made.cloud = cloud
        await made.build()
        shutil.copytree(tmp_path / "cloud", tmp_path / "older")
        old = copied(made, tmp_path)
        async with made.started():
            assert [await refused(made) for _ in range(2)] == [None, None]
    anchored = await made.institution.ask("get_store", made.folder.store(STORE).dataset)
    assert anchored["anchor"]["version"] > 2
    with closing(LmdbCloud(tmp_path / "older")) as cloud:
        made.cloud = cloud
        for each in (made, replace(made, folder=old)):
            async with each.started():
                with pytest.raises(RolledBack):
                    await each.owns.query(STORE, RANGES)
                assert await each.gateway.shut() == f"not served: {STORE}"


class Forgetful(MemoryCloud):
    """Gives back other bytes from some moment on."""

    lies = False

    def fetch(self, store, fence, pool, labels):
        blobs = super().fetch(store, fence, pool, labels)
        return blobs[:-1] + bytes([blobs[-1] ^ 1]) if self.lies else blobs


async def test_a_tampering_cloud_suspends_the_store(world, tmp_path):
    """The request says so with 502, all later ones do, and the trail has it."""
    made = await Ward.of(world, tmp_path)
    made.cloud = cloud = Forgetful()
    await made.build()
    async with made.started():
        await made.owns.query(STORE, RANGES)
        cloud.lies = True
        with pytest.raises(TamperedError):
            await made.owns.query(STORE, {"HR": (150, None)})
        cloud.lies = False
        with pytest.raises(TamperedError):
            await made.owns.query(STORE, RANGES)
        assert (await made.owns.status(STORE))["is_suspended"]
    assert [line["outcome"] for line in made.trail().lines()] == [
        "OK",
        "TAMPERED_ERROR",
        "TAMPERED_ERROR",
    ]


class Doubtful(Away):
    """Commits a claim, and then says that nobody knows."""

    doubts = 0

    async def submit_async(self, function, *args):
        pending = await super().submit_async(function, *args)
        if not self.doubts:
            return pending
        self.doubts -= 1
        assert (await pending.status()).successful
        return Unknown(pending.transaction_id)


class Unknown:
    """What nobody told the outcome of."""

    def __init__(self, transaction_id):
        self.transaction_id = transaction_id

    async def status(self):
        raise OutcomeUnknown(self.transaction_id)


async def test_a_claim_in_doubt_is_ones_own_if_the_ledger_says_so(world, tmp_path):
    """It is asked whose transaction it was; an absence is waited out without a fork."""
    made = await Ward.of(world, tmp_path)
    await made.build()
    contract = Doubtful(made.institution.contract)
    contract.doubts = 3
    async with made.started(contract=contract):
        for low in range(60, 100):
            await made.owns.query(STORE, {"HR": (low, low + 1)})
        assert contract.doubts == 0
        await made.gateway._desks[STORE]._state.close()
        contract.is_away = True
        seen = {await refused(made) for _ in range(40)}
        assert seen == {None, LedgerUnavailable}
        contract.is_away = False
        assert (await made.owns.query(STORE, RANGES))["hits"] == len(brute_force(RANGES))


async def test_a_claim_that_is_refused_by_another_rule_is_no_fork():
    """Somebody whose certificate was revoked has no rival."""

    class Refusing(Away):
        async def submit_async(self, *_):
            raise Refused("NOT_OWNER", reason="The dataset belongs to another organisation.")

    with pytest.raises(AccessError, match="belongs to another"):
        await StoreLedger(Refusing(None), "0" * 32).claim(1)


def copied(ward, tmp_path):
    """Somebody has a copy of the institution's folder."""
    copy = tmp_path / "copy"
    while True:
        try:
            return Folder(shutil.copytree(ward.folder.path, copy))
        except shutil.Error:  # a database closed meanwhile, and its log went with it
            shutil.rmtree(copy)


async def refused(ward):
    """Asks until an epoch ends; the class of the refusal, None if all were served."""
    try:
        for low in range(60, 80):
            await ward.owns.query(STORE, {"HR": (low, low + 1)})
    except RetrievalError as error:
        return type(error)
    return None
