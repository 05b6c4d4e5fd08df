# SPDX-License-Identifier: Apache-2.0
"""A store is built whole or not at all, and a building that died goes on."""

import pytest
from tests.services.publishing.service.crashes import Away, Killed
from tests.services.retrieval.gateway.ward import SCHEMA, STORE, Ward, brute_force, records

from pmcb_services.retrieval.cloud import MemoryCloud
from pmcb_services.retrieval.errors import (
    AccessError,
    LedgerUnavailable,
    OutOfDomain,
    SchemaError,
    StoreExists,
    UnknownStore,
)
from pmcb_services.retrieval.gateway import Folder
from pmcb_services.retrieval.institution import build

pytestmark = pytest.mark.anyio
RANGES = {"HR": (100, None)}


class Mortal(MemoryCloud):
    """Dies before or after a call."""

    before = after = ""

    def __getattribute__(self, name):
        found = super().__getattribute__(name)
        if name in {"create", "put_pool", "put_root"}:
            return lambda *args: self._called(found, name, *args)
        return found

    def _called(self, call, name, *args):
        if name == self.before:
            raise Killed
        answer = call(*args)
        if name == self.after:
            raise Killed
        return answer


@pytest.fixture
async def site(world, tmp_path):
    """Nothing is built yet."""
    made = await Ward.of(world, tmp_path)
    made.cloud = Mortal()
    return made


async def test_what_does_not_fit_is_refused_before_anything_is_sent(site):
    """Records, names: neither cloud nor ledger nor folder hear of them."""
    signs, carried = records()
    args = (site.folder, site.cloud, site.institution.contract, SCHEMA)
    bad = {**signs, "HR": [*signs["HR"][1:], 256]}
    with pytest.raises(OutOfDomain):
        await build(*args, bad, carried, name=STORE)
    for name in ("../x", ".x", "Signs", "", "a" * 65):
        with pytest.raises(SchemaError, match="name"):
            await build(*args, signs, carried, name=name)
    assert site.folder.names() == []
    with pytest.raises(UnknownStore):
        site.cloud.describe(STORE)
    site.institution = await site.world.person("plain", "receiver")
    with pytest.raises(AccessError, match="refuses"):
        await site.build()


@pytest.mark.parametrize(
    ("when", "what"),
    [
        ("before", "create"),
        ("after", "create"),
        ("after", "put_pool"),
        ("before", "put_root"),
        ("after", "put_root"),
    ],
)
async def test_a_building_that_died_goes_on(site, when, what, monkeypatch):
    """Wherever it died; the same again ends with the one store, under the one id."""
    monkeypatch.setattr("pmcb_services.retrieval.oblivious._lease.LEASE_S", 0.1)
    setattr(site.cloud, when, what)
    with pytest.raises(Killed):
        await site.build()
    assert site.folder.names() == []
    setattr(site.cloud, when, "")
    dataset = await site.build()
    assert site.folder.names() == [STORE]
    assert site.folder.store(STORE).dataset == dataset
    with pytest.raises(StoreExists):
        await site.build()
    async with site.started():
        found = await site.owns.query(STORE, RANGES)
        assert [row[0] for row in found["rows"]] == brute_force(RANGES)
    told = await site.institution.ask("get_dataset", dataset)
    assert (told["owner"], told["number"]) == (site.institution.msp, 1)


async def test_a_repeat_builds_the_same(site, tmp_path):
    """Other records under a name that was begun, or a name that the cloud has: refused."""
    away = Away(site.institution.contract)
    away.after = {"register_dataset"}
    with pytest.raises(Killed):
        await site.build(contract=away)
    with pytest.raises(StoreExists, match="begun with other records"):
        await site.build(rows=299)
    await site.build()
    other = Ward(site.world, Folder(tmp_path / "other"), site.institution, site.worker, site.cloud)
    for _ in range(2):
        with pytest.raises(StoreExists):
            await other.build()
    assert other.folder.names() == []


async def test_without_the_ledger_nothing_is_built(site):
    """It says so, and the same again goes on."""
    away = Away(site.institution.contract)
    away.is_away = True
    with pytest.raises(LedgerUnavailable):
        await site.build(contract=away)
    with pytest.raises(UnknownStore):
        site.cloud.describe(STORE)
    assert await site.build()


async def test_keys_and_state_are_the_owners_alone(site):
    """Files are 0600, folders 0700."""
    await site.build()
    for path in site.folder.path.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)
    assert site.folder.path.stat().st_mode & 0o777 == 0o700
