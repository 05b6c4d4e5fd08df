# SPDX-License-Identifier: Apache-2.0
"""Keys: to holders only, and shown to nobody else."""

import pytest
from tests.chaincode.escrow import call
from tests.chaincode.identities import TIME_MS, identity
from tests.chaincode.sharing import (
    FIRST,
    OTHER,
    SECOND,
    WRAPPED_KEY,
    accept,
    deal,
    key_for,
    sharing,
    suspend,
)
from tests.chaincode.story import AUTHORITY_A, RELEASER, TASK, VERIFIER, A, text


@pytest.fixture
async def peer(serve):
    """A peer with a task of two subtasks of three slots."""
    return await sharing(serve, slots=3)


@pytest.mark.parametrize(
    "item",
    [
        {"slot": 3, "to": "HospitalAMSP/p0", "wrapped": "01" + "ab" * 80},
        {"slot": 0, "to": "HospitalAMSP/p0", "wrapped": "02" + "ab" * 81},
        {"slot": 0, "to": "HospitalAMSP/p0", "wrapped": "01" + "AB" * 81},
        {"slot": 0, "to": "p0", "wrapped": WRAPPED_KEY},
        {"slot": -1, "to": "HospitalAMSP/p0", "wrapped": WRAPPED_KEY},
        {"slot": 0, "to": "HospitalAMSP/p0"},
    ],
)
async def test_what_is_no_wrapped_key_is_refused(peer, item):
    """Its version, its length and its digits are known."""
    await accept(peer, FIRST)
    answer = await call(peer, RELEASER, "deliver_keys", TASK, "0", text([item]))
    assert answer.code == "BAD_ARGUMENT"


async def test_a_slot_is_named_once(peer):
    """Two keys for one holder are one too many."""
    (slot,) = await accept(peer, FIRST)
    items = text([key_for(slot, FIRST), key_for(slot, FIRST)])
    assert (await call(peer, RELEASER, "deliver_keys", TASK, "0", items)).code == "BAD_ARGUMENT"
    assert (await call(peer, RELEASER, "deliver_keys", TASK, "0", "[]")).code == "BAD_ARGUMENT"


async def test_only_the_tasks_releaser_hands_out(peer):
    """Neither a holder nor another releaser."""
    (slot,) = await accept(peer, FIRST)
    items = text([key_for(slot, FIRST)])
    stranger = identity(A, "rel2", role="releaser")
    for function, argument in (("deliver_keys", items), ("deliver_shares", deal(n=0))):
        assert (await call(peer, FIRST, function, TASK, "0", argument)).code == "ROLE_REQUIRED"
        assert (await call(peer, stranger, function, TASK, "0", argument)).code == "NOT_OWNER"
        missing = await call(peer, RELEASER, function, TASK, "2", argument)
        assert missing.code == "NOT_FOUND"
        assert (await call(peer, RELEASER, function, "c" * 32, "0", argument)).code == "NOT_FOUND"


async def test_a_key_goes_to_the_holder_only(peer):
    """A free slot, another's slot: nothing is written."""
    (slot,) = await accept(peer, FIRST)
    for place, person in ((slot, SECOND), ((slot + 1) % 3, FIRST)):
        items = text([key_for(place, person)])
        answer = await call(peer, RELEASER, "deliver_keys", TASK, "0", items)
        assert (answer.code, answer.writes) == ("NOT_HOLDER", {})


async def test_a_suspended_holder_gets_no_key(peer):
    """Nobody of the same call does; who has it already keeps it, and may be named again."""
    one, two = await accept(peer, FIRST, SECOND)
    early = text([key_for(one, FIRST)])
    assert (await call(peer, RELEASER, "deliver_keys", TASK, "0", early)).status == 200
    await suspend(peer, "p0")
    await suspend(peer, "p2")
    both = text([key_for(one, FIRST), key_for(two, SECOND)])
    assert (await call(peer, RELEASER, "deliver_keys", TASK, "0", both)).code == "SUSPENDED"
    again = await call(peer, RELEASER, "deliver_keys", TASK, "0", early)
    assert (again.status, again.writes, again.event) == (200, {}, None)


async def test_keys_are_delivered_and_found_by_their_holders(peer):
    """The event names the new ones; a repeat with other random bytes changes nothing."""
    one, two = await accept(peer, FIRST, SECOND)
    first = await call(peer, RELEASER, "deliver_keys", TASK, "0", text([key_for(one, FIRST)]))
    assert first.status == 200
    other = "01" + "ef" * 81
    items = text([key_for(one, FIRST, other), key_for(two, SECOND)])
    second = await call(peer, RELEASER, "deliver_keys", TASK, "0", items)
    assert second.json() == {"task": TASK, "subtask": 0, "slots": [one, two]}
    assert len(second.writes) == 1
    assert second.event_json() == {"v": 1, "task": TASK, "subtask": 0, "slots": [two]}
    found = await call(peer, FIRST, "get_sealed", TASK, "0", str(one))
    sealed = {"to": FIRST.uid, "wrapped": WRAPPED_KEY, "at": TIME_MS}
    assert found.json() == {"key": sealed}
    claims = (await call(peer, RELEASER, "list_claims", TASK, "0", "10", "")).json()["items"]
    assert [claim["delivered"] for claim in claims] == [True, True]


async def test_who_was_sent_the_key_keeps_the_slot(peer):
    """Turnover would multiply readers."""
    (slot,) = await accept(peer, FIRST)
    await call(peer, RELEASER, "deliver_keys", TASK, "0", text([key_for(slot, FIRST)]))
    assert (await call(peer, FIRST, "withdraw_claim", TASK)).code == "KEY_DELIVERED"


@pytest.mark.parametrize("asked", [SECOND, OTHER, AUTHORITY_A, VERIFIER])
async def test_what_is_sealed_is_shown_to_holder_and_releaser(peer, asked):
    """To nobody else of the task."""
    (slot,) = await accept(peer, FIRST)
    await accept(peer, SECOND)
    for person in (FIRST, RELEASER):
        assert (await call(peer, person, "get_sealed", TASK, "0", str(slot))).status == 200
    assert (await call(peer, asked, "get_sealed", TASK, "0", str(slot))).code == "NOT_HOLDER"
    assert (await call(peer, FIRST, "get_sealed", TASK, "1", "0")).code == "NOT_FOUND"
    assert (await call(peer, FIRST, "get_sealed", "c" * 32, "0", "0")).code == "NOT_FOUND"
