# SPDX-License-Identifier: Apache-2.0
"""Stores: each epoch is claimed once, and no version falls."""

import pytest
from tests.chaincode.cohort import COLLEAGUE, STRANGER, unchanged
from tests.chaincode.fake_peer import Answer, FakePeer
from tests.chaincode.granting import DATASET, NOBODYS, OTHER, call_at, registered
from tests.chaincode.identities import TIME_MS, Identity, identity, new_tx_id
from tests.chaincode.story import RECORDS, RELEASER, A, B

from pmcb_chaincode.contract import Governance, Pmcb

ROOT, ROOT2, HEAD, HEAD2 = "1" * 64, "2" * 64, "3" * 64, "4" * 64
CALLS = [("claim_store_epoch", DATASET, "1"), ("anchor_store", DATASET, "1", ROOT, HEAD)]


@pytest.fixture
async def peer(serve):
    """A peer that holds datasets of two hospitals."""
    return await registered(serve(FakePeer(), Pmcb(Governance.of((A, B)))))


async def claim(
    peer: FakePeer, number: int, dataset: str = DATASET, caller: Identity = RECORDS, tx_id: str = ""
) -> Answer:
    """Claim an epoch."""
    args = ("claim_store_epoch", dataset, str(number))
    return await peer.call(*args, caller=caller, tx_id=tx_id)


async def anchor(
    peer: FakePeer,
    version: int,
    root: str = ROOT,
    head: str = HEAD,
    at_ms: int = TIME_MS,
    caller: Identity = RECORDS,
) -> Answer:
    """Anchor a root."""
    args = ("anchor_store", DATASET, str(version), root, head)
    return await call_at(peer, at_ms, *args, caller=caller)


async def store(peer: FakePeer, dataset: str = DATASET) -> Answer:
    """What anybody can ask."""
    return await peer.call("get_store", dataset, caller=identity(A, "ana", role="analyst"))


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call[0])
async def test_only_institutions_keep_stores(serve, call):
    """Nobody in another role, and none of an organisation that may not mint them."""
    roles = {"authority": (A, B), "institution": (A,), "verifier": (A, B)}
    peer = serve(FakePeer(), Pmcb(Governance((A, B), roles, 2)))
    assert (await peer.call(*call, caller=RELEASER)).code == "ROLE_REQUIRED"
    assert (await peer.call(*call, caller=RECORDS)).code == "MSP_NOT_ALLOWED"
    assert not peer.calls


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call[0])
async def test_a_store_is_its_organisations_alone(peer, call):
    """Another institution is refused; a colleague of the same one is not; no store is nobody's."""
    function, _, *rest = call
    refused = await peer.call(*call, caller=STRANGER)
    assert (refused.code, refused.writes) == ("NOT_OWNER", {})
    missing = await peer.call(function, NOBODYS, *rest, caller=RECORDS)
    assert (missing.code, missing.writes) == ("NOT_FOUND", {})
    assert (await peer.call(*call, caller=COLLEAGUE)).status == 200


async def test_epochs_are_claimed_without_gaps(peer):
    """The first is 1; each once, and only the next."""
    for number in (2, 3, 2**53 - 1):
        answer = await claim(peer, number)
        assert (answer.message, answer.writes) == ("EPOCH_ORDER: Claim epoch 1 first.", {})
    for number in (1, 2, 3):
        made = await claim(peer, number)
        assert made.event_json() == {"v": 1, "dataset": DATASET, "number": number}
        assert (await claim(peer, number + 2)).code == "EPOCH_ORDER"
    for number in (1, 2, 3):
        answer = await claim(peer, number)
        assert (answer.code, answer.writes, answer.event) == ("EXISTS", {}, None)
    assert (await claim(peer, 1, OTHER)).status == 200


async def test_a_second_claim_is_refused_whoever_repeats_it(peer):
    """Also the same person: the answer to a doubt is the transaction that the store names."""
    first = new_tx_id()
    made = {"number": 1, "tx": first, "at": TIME_MS}
    assert (await claim(peer, 1, tx_id=first)).json() == made
    for caller in (RECORDS, COLLEAGUE):
        assert (await claim(peer, 1, caller=caller)).code == "EXISTS"
    assert (await store(peer)).json() == {"dataset": DATASET, "epoch": made}


async def test_a_version_does_not_fall(peer):
    """It may stay, with what else changed; what is lower is refused, whatever comes with it."""
    made = {"version": 7, "digest": ROOT, "audit_head": HEAD, "at": TIME_MS}
    first = await anchor(peer, 7)
    assert (first.json(), first.event_json()) == (
        made,
        {"v": 1, "dataset": DATASET, "version": 7},
    )
    again = await anchor(peer, 7, at_ms=TIME_MS + 1, caller=COLLEAGUE)
    assert (again.json(), unchanged(again)) == (made, True)
    for version, head in ((6, HEAD), (6, HEAD2), (0, HEAD)):
        answer = await anchor(peer, version, head=head)
        assert (answer.code, answer.writes) == ("VERSION", {})
    for root, head in ((ROOT, HEAD2), (ROOT2, HEAD2), (ROOT2, HEAD)):
        changed = await anchor(peer, 7, root, head, at_ms=TIME_MS + 5)
        assert changed.json() == {**made, "digest": root, "audit_head": head, "at": TIME_MS + 5}
        assert changed.event_json() == {"v": 1, "dataset": DATASET, "version": 7}
    assert (await anchor(peer, 8, ROOT2)).status == 200
    assert (await anchor(peer, 7, ROOT2)).message == (
        "VERSION: Version 8 of this store was anchored."
    )


async def test_a_store_says_how_far_it_has_come(peer):
    """To anybody; what there is none of is left out, and what is no dataset is not found."""
    assert (await store(peer, NOBODYS)).code == "NOT_FOUND"
    assert (await store(peer)).json() == {"dataset": DATASET}
    anchored = (await anchor(peer, 0)).json()
    assert (await store(peer)).json() == {"dataset": DATASET, "anchor": anchored}
    claimed = (await claim(peer, 1)).json()
    assert (await store(peer)).json() == {
        "dataset": DATASET,
        "epoch": claimed,
        "anchor": anchored,
    }
    assert (await store(peer, OTHER)).json() == {"dataset": OTHER}
