# SPDX-License-Identifier: Apache-2.0
"""Keys go to another gateway of the institution, to nobody else, and nothing is lost by it."""

import json
from dataclasses import replace

import pytest
from tests.scenarios.site import identity_of
from tests.scenarios.world import ORG_B
from tests.services.retrieval.gateway.ward import STORE, Ward, brute_force

from pmcb_client.sealing import SealingError
from pmcb_services.retrieval.errors import (
    AccessError,
    GrantDenied,
    InputError,
    KeyMismatch,
    StoreExists,
)
from pmcb_services.retrieval.gateway import Folder, Terms, import_keys, share_keys
from pmcb_services.retrieval.keys import StoreKeys

pytestmark = pytest.mark.anyio
RANGES = {"HR": (100, None)}


@pytest.fixture
async def site(world, tmp_path):
    """A store is built; no gateway runs."""
    made = await Ward.of(world, tmp_path)
    await made.build()
    await made.institution.contract.submit("announce_key")
    return made


@pytest.fixture
async def other(site, tmp_path):
    """Another institution of the organisation, on a machine of its own."""
    fog = await announced(site, "fog", "institution", ORG_B)
    return replace(site, folder=Folder(tmp_path / "other"), institution=fog)


async def announced(site, *about):
    """Somebody whose key the ledger knows, as after `pmcb id enroll`."""
    person = await site.world.person(*about)
    await person.contract.submit("announce_key")
    return person


async def shared(site, to):
    """What goes to this person."""
    keeper = site.institution
    return await share_keys(site.folder, keeper.contract, identity_of(keeper), to.uid)


async def taken(other, letter):
    """The stores that came with it."""
    fog = other.institution
    return await import_keys(other.folder, fog.contract, identity_of(fog), letter)


async def test_keys_go_to_institutions_of_the_organisation_only(site, other, tmp_path):
    """Not to a worker, another organisation, or somebody without a key; and there must be some."""
    for person in (
        site.worker,
        await announced(site, "clerk", "receiver", ORG_B),
        await announced(site, "stranger", "institution"),
        replace(site.worker, name="nobody"),
    ):
        with pytest.raises(AccessError):
            await shared(site, person)
    with pytest.raises(KeyMismatch):
        await shared(replace(site, folder=Folder(tmp_path / "empty")), other.institution)


async def test_what_is_not_for_the_reader_or_was_changed_is_refused(site, other):
    """No letter, another's, a forged one, a changed one: nothing is written."""
    letter = await shared(site, other.institution)
    for content in (b"", b"\xff", b"{}", b"[1]", letter[:-9], letter.replace(b'"from"', b'"by"')):
        with pytest.raises(InputError, match="no shared keys"):
            await taken(other, content)
    with pytest.raises(AccessError, match="shared with"):
        await taken(site, letter)
    found = json.loads(letter)
    clerk = await announced(site, "clerk", "receiver", ORG_B)
    with pytest.raises(AccessError, match="is no institution"):
        await taken(other, json.dumps({**found, "from": clerk.uid}).encode())
    mine = {**found, "from": other.institution.uid}
    with pytest.raises(AccessError, match="not signed"):
        await taken(other, json.dumps(mine).encode())
    sealed = found["sealed"][:-2] + ("00" if found["sealed"][-2:] != "00" else "01")
    with pytest.raises(AccessError, match="not signed"):
        await taken(other, json.dumps({**found, "sealed": sealed}).encode())
    assert not other.folder.path.exists()


async def test_a_letter_opens_for_its_receiver_alone(site, other):
    """The file holds no key; readdressed by its own sender it does not open."""
    letter = await shared(site, other.institution)
    assert site.folder.keys().secret.hex().encode() not in letter
    to_me = await shared(site, site.institution)
    forged = {**json.loads(to_me), "sealed": json.loads(letter)["sealed"]}
    signed = _signed(forged, site.institution)
    with pytest.raises(SealingError):
        await taken(site, signed)


async def test_keys_and_stores_that_are_there_are_not_overwritten(site, other):
    """Other keys, or another store of the name: refused, and what is there stays."""
    letter = await shared(site, other.institution)
    other.folder.begun(STORE, "mark")
    with pytest.raises(StoreExists, match="begun"):
        await taken(other, letter)
    assert other.folder.names() == []
    (other.folder.path / "store.keys").unlink()
    mine = StoreKeys.generate()
    mine.save(other.folder.path / "store.keys")
    with pytest.raises(KeyMismatch, match="other keys"):
        await taken(other, letter)
    assert other.folder.keys() == mine


async def test_the_other_gateway_serves_the_store_under_the_same_terms(site, other):
    """Rows that were added, and a grant's limits; the same letter again is no change."""
    async with site.started():
        await site.grant(Terms(attributes=("HR",)))
        ids = await site.owns.insert(STORE, [[150, 90, 36.6]], {"patient": [7]})
    letter = await shared(site, other.institution)
    for _ in range(2):
        assert await taken(other, letter) == [STORE]
    assert other.folder.store(STORE).about() == site.folder.store(STORE).about()
    for path in other.folder.path.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)
    async with other.started():
        found = await other.asks.query(STORE, RANGES)
        assert [row[0] for row in found["rows"]] == [*brute_force(RANGES), *ids]
        with pytest.raises(GrantDenied):
            await other.asks.query(STORE, {"SBP": (60, 90)})


def _signed(letter, person):
    from pmcb_services.retrieval.gateway._shared_keys import _digest

    parts = {name: letter[name] for name in ("from", "to", "sealed")}
    signature = identity_of(person).signer(_digest(parts)).hex()
    return json.dumps({**parts, "signature": signature}).encode()
