# SPDX-License-Identifier: Apache-2.0
"""Grants: of one's own datasets and devices, to one worker, from here to there, until revoked."""

from typing import Any

import pytest
from tests.chaincode.cohort import COLLEAGUE, STRANGER, unchanged
from tests.chaincode.fake_peer import FakePeer
from tests.chaincode.granting import (
    BEGIN,
    DATASET,
    END,
    FIRST,
    FOREIGN,
    GRANTED,
    NOBODYS,
    NONE,
    OTHER,
    PUMP,
    SCOPE,
    SECOND,
    THIRD,
    UID,
    WORKER,
    allowed,
    commanded,
    grant,
    registered,
    revoke,
)
from tests.chaincode.identities import TIME_MS, identity
from tests.chaincode.story import RECORDS, RELEASER, A, B, text

from pmcb_chaincode.bridge import composite
from pmcb_chaincode.contract import Governance, Pmcb

YEAR_MS = 366 * 24 * 3600 * 1000
CALLS = [
    ("grant_retrieval", FIRST, *WORKER, text(SCOPE)),
    ("revoke_grant", FIRST, "ended"),
]


def ids(count: int) -> list[str]:
    """So many ids of datasets."""
    return [f"{number:032x}" for number in range(count)]


def devices(count: int, msp: str = B) -> dict[str, list[str]]:
    """So many devices with one command each."""
    return {f"{msp}/d{number}": ["start"] for number in range(count)}


@pytest.fixture
async def peer(serve):
    """A peer that holds datasets of two hospitals."""
    return await registered(serve(FakePeer(), Pmcb(Governance.of((A, B)))))


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call[0])
async def test_only_institutions_grant(serve, call):
    """Nobody in another role, the worker neither, and none whose organisation may mint none."""
    roles = {"authority": (A, B), "institution": (A,), "verifier": (A, B)}
    peer = serve(FakePeer(), Pmcb(Governance((A, B), roles, 2)))
    for caller in (RELEASER, identity(*WORKER, role="worker")):
        assert (await peer.call(*call, caller=caller)).code == "ROLE_REQUIRED"
    assert (await peer.call(*call, caller=RECORDS)).code == "MSP_NOT_ALLOWED"
    assert not peer.calls


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"datasets": [], "devices": {}}, "name 1 to 32 datasets and devices in all"),
        ({"datasets": ids(30), "devices": devices(3)}, "name 1 to 32 datasets and devices in all"),
        ({"datasets": [DATASET, DATASET]}, "name each dataset and command once"),
        ({"devices": {PUMP: ["stop", "stop"]}}, "name each dataset and command once"),
        ({"devices": {**devices(1), PUMP: ["a", "b", "a"]}}, "name each dataset and command once"),
        ({"not_before": END}, "not_before must lie before expires"),
        ({"not_before": END + 1}, "not_before must lie before expires"),
        ({"expires": TIME_MS + YEAR_MS + 1}, "expires must be at most 366 days ahead"),
    ],
)
async def test_a_scope_that_cannot_hold_is_refused(peer, changes: dict[str, Any], sentence: str):
    """Too little, too much, something twice, or no time."""
    answer = await grant(peer, **changes)
    assert (answer.message, answer.writes) == (f"BAD_ARGUMENT: scope: {sentence}.", {})


@pytest.mark.parametrize(
    "changes",
    [
        {"datasets": ids(32), "devices": {}},
        {"datasets": [], "devices": devices(32)},
        {"datasets": ids(31), "devices": devices(1)},
        {"datasets": [DATASET], "devices": {}},
        {"datasets": [], "devices": {PUMP: ["x"]}},
        {"devices": {PUMP: ["start"], f"{B}/bed": ["start"]}},
        {"not_before": END - 1},
        {"not_before": 0, "expires": 1},
        {"expires": TIME_MS + YEAR_MS},
    ],
)
async def test_a_scope_at_its_ends_is_taken(peer, changes: dict[str, Any]):
    """32 in all, one of either, a millisecond, 366 days."""
    for dataset in ids(32):
        await peer.call("register_dataset", dataset, "", dataset, caller=RECORDS)
    assert (await grant(peer, **changes)).json() == {**GRANTED, **changes}


async def test_only_what_is_ones_own_is_granted(peer):
    """No dataset and no device of another hospital, though the rest is; none that is not there."""
    refused: list[tuple[dict[str, Any], str]] = [
        ({"datasets": [DATASET, FOREIGN]}, "NOT_OWNER"),
        ({"devices": {**devices(1), f"{A}/pump": ["start"]}}, "NOT_OWNER"),
        ({"devices": {f"{B}x/pump": ["start"]}}, "NOT_OWNER"),
        ({"datasets": [DATASET, NOBODYS]}, "NOT_FOUND"),
    ]
    for changes, code in refused:
        answer = await grant(peer, **changes)
        assert (answer.code, answer.writes) == (code, {})
    assert (await grant(peer, caller=STRANGER)).code == "NOT_OWNER"
    assert (await grant(peer, caller=STRANGER, datasets=[FOREIGN])).code == "NOT_OWNER"
    own = await grant(peer, caller=STRANGER, datasets=[FOREIGN], devices={f"{A}/pump": ["start"]})
    assert own.json()["owner"] == A


async def test_a_grant_is_made_once(peer):
    """The same again, by a colleague and later too, is the same; nothing else takes its place."""
    made = await grant(peer)
    assert (made.json(), made.event_json()) == (GRANTED, {"v": 1, "grant": FIRST, "uid": UID})
    assert made.writes == {
        composite("GR", FIRST): text(GRANTED).encode(),
        composite("GX", *WORKER, FIRST): b"1",
    }
    again = await grant(peer, caller=COLLEAGUE, at_ms=END + YEAR_MS)
    assert (again.json(), unchanged(again)) == (GRANTED, True)
    changes: list[dict[str, Any]] = [
        {"datasets": [OTHER]},
        {"devices": {PUMP: ["start"]}},
        {"purpose": "research"},
        {"not_before": BEGIN + 1},
        {"expires": END + 1},
    ]
    for changed in changes:
        answer = await grant(peer, **changed)
        assert (answer.code, answer.writes) == ("EXISTS", {})
    assert (await grant(peer, worker=(A, "nurse"))).code == "EXISTS"
    assert (await grant(peer, worker=(B, "doctor"))).code == "EXISTS"
    theirs = await grant(peer, caller=STRANGER, datasets=[FOREIGN], devices={})
    assert (theirs.code, theirs.writes) == ("EXISTS", {})


async def test_only_its_organisation_revokes_a_grant(peer):
    """Not another institution, and not one that is none."""
    assert (await revoke(peer)).code == "NOT_FOUND"
    await grant(peer)
    refused = await revoke(peer, caller=STRANGER)
    assert (refused.code, refused.writes) == ("NOT_OWNER", {})
    assert (await allowed(peer))["allowed"] is True
    assert (await revoke(peer, caller=COLLEAGUE)).status == 200


async def test_a_grant_is_revoked_once_and_for_good(peer):
    """The same again is the same; for another reason it is refused, and it is not granted again."""
    await grant(peer)
    made = await revoke(peer, reason="misconduct")
    assert made.json() == {**GRANTED, "revoked": "misconduct"}
    assert made.event_json() == {"v": 1, "grant": FIRST, "uid": UID}
    assert list(made.writes) == [composite("GR", FIRST)]
    again = await revoke(peer, reason="misconduct", caller=COLLEAGUE)
    assert (again.json(), unchanged(again)) == (made.json(), True)
    assert (await revoke(peer, reason="ended")).code == "EXISTS"
    assert (await grant(peer)).code == "EXISTS"
    assert await allowed(peer) == await commanded(peer) == NONE


async def test_nobody_may_what_nobody_granted(peer):
    """Another worker, dataset, device or command; a name that begins or ends like one granted."""
    assert await allowed(peer) == await commanded(peer) == NONE
    await grant(peer)
    for worker in ((B, "doctor"), (A, "doctor2"), (A, "docto"), (f"{A}2", "doctor")):
        assert await allowed(peer, worker=worker) == await commanded(peer, worker=worker) == NONE
    for dataset in (OTHER, FOREIGN, NOBODYS, FIRST):
        assert await allowed(peer, dataset) == NONE
    for device in (f"{A}/pump", f"{B}/pum", f"{B}/pump2"):
        assert await commanded(peer, device) == NONE
    for command in ("star", "start2", "Start", "pause"):
        assert await commanded(peer, command=command) == NONE


async def test_a_grant_holds_from_its_first_moment_to_before_its_last(peer):
    """To the millisecond."""
    found = {"allowed": True, "grant": FIRST, "expires": END}
    await grant(peer)
    for at_ms in (BEGIN, BEGIN + 1, END - 1):
        assert await allowed(peer, at_ms=at_ms) == found
        assert await commanded(peer, at_ms=at_ms) == found
        assert await commanded(peer, command="stop", at_ms=at_ms) == found
    for at_ms in (TIME_MS, BEGIN - 1, END, END + 1):
        assert await allowed(peer, at_ms=at_ms) == await commanded(peer, at_ms=at_ms) == NONE


async def test_of_several_grants_the_longest_is_told(peer):
    """Among those in force that cover what is asked; of two that are as long, the first by id."""
    await grant(peer, SECOND, expires=END + 5)
    await grant(peer, FIRST)
    await grant(peer, THIRD, datasets=[OTHER], devices={}, expires=END + 9)
    assert await allowed(peer) == {"allowed": True, "grant": SECOND, "expires": END + 5}
    assert await commanded(peer) == {"allowed": True, "grant": SECOND, "expires": END + 5}
    assert (await allowed(peer, OTHER))["grant"] == THIRD
    await revoke(peer, SECOND)
    assert await allowed(peer) == {"allowed": True, "grant": FIRST, "expires": END}
    await grant(peer, "0" * 32)
    assert (await allowed(peer))["grant"] == "0" * 32
    await revoke(peer, "0" * 32)
    await revoke(peer, FIRST)
    assert await allowed(peer) == NONE


async def test_a_grant_among_many_is_found(peer):
    """More than a peer sends at once."""
    for number in range(120):
        named = f"{number:032x}"
        await grant(peer, named, datasets=[OTHER], devices={})
    assert await allowed(peer) == NONE
    await grant(peer, "f" * 32)
    assert await allowed(peer) == {"allowed": True, "grant": "f" * 32, "expires": END}
