# SPDX-License-Identifier: Apache-2.0
"""Rewards: paid as verdicts are in, or as they stay out; what is left goes back, at the end."""

import json

import pytest
from tests.chaincode.escrow import (
    ISSUED,
    REWARD,
    UNTIL,
    VERIFIERS,
    WINDOW_MS,
    balance,
    call,
    conserved,
    funded,
    judge,
    publish,
    settle,
    submit,
)
from tests.chaincode.fake_peer import FakePeer
from tests.chaincode.identities import TIME_MS, identity
from tests.chaincode.story import (
    AUTHORITY_A,
    AUTHORITY_B,
    PEOPLE,
    PROOF,
    RECORDS,
    RELEASER,
    ROWS,
    TASK,
    A,
    B,
    published,
    text,
)

from pmcb_chaincode.contract import Governance, Pmcb

FIRST, OTHER, SECOND, _ = PEOPLE  # first and second have level 1, the subtask 0


@pytest.fixture
async def peer(serve):
    """A peer with a funded releaser."""
    return await funded(serve(FakePeer(), Pmcb(Governance.of((A, B)))))


async def test_what_cannot_be_settled(peer):
    """No such subtask, nothing submitted, a slot twice, none, one too far, too many."""
    await publish(peer)
    (slot,) = await submit(peer, FIRST)
    await judge(peer, slot, "accept", "accept")
    assert (await settle(peer, "1" if slot == "0" else "0")).code == "NOT_FOUND"
    for listed in ("[0,0]", "[]", "[1000]", "[-1]", text(list(range(101)))):
        answer = await call(peer, RELEASER, "settle_rewards", TASK, "0", listed)
        assert answer.code == "BAD_ARGUMENT"
    for task, subtask in ((TASK, "2"), ("c" * 32, "0")):
        answer = await call(peer, RELEASER, "settle_rewards", task, subtask, f"[{slot}]")
        assert answer.code == "NOT_FOUND"
    assert (await settle(peer, slot, who=AUTHORITY_A)).code == "ROLE_REQUIRED"


@pytest.mark.parametrize(
    ("words", "earned"),
    [
        ([], None),
        (["accept"], None),
        (["accept", "reject"], None),
        (["accept", "accept"], REWARD),
        (["accept", "reject", "accept"], REWARD),
        (["reject", "reject"], 0),
        (["reject", "accept", "reject"], 0),
    ],
)
async def test_a_majority_of_all_verifiers_decides(peer, words, earned):
    """Two of three; one alone, or one against one, is nothing yet."""
    await publish(peer)
    (slot,) = await submit(peer, FIRST)
    await judge(peer, slot, *words)
    answer = await settle(peer, slot, who=FIRST)
    if earned is None:
        assert (answer.code, answer.writes) == ("VERDICT_PENDING", {})
    else:
        assert answer.json() == {"task": TASK, "subtask": 0, "slots": [int(slot)]}
        assert answer.event_json() == {"v": 1, **answer.json()}
        listed = await call(peer, RELEASER, "list_submissions", TASK, "0", "9", "")
        payment = {"amount": earned, "to": FIRST.uid, "at": TIME_MS}
        assert listed.json()["items"][0]["payment"] == payment
        mine = (await call(peer, FIRST, "list_my_claims", "9", "")).json()["items"][0]
        assert mine["payment"] == payment
    assert await balance(peer, FIRST) == (earned or 0)
    assert await conserved(peer)


@pytest.mark.parametrize(("accepting", "decided"), [(2, False), (3, True)])
async def test_three_of_five_verifiers_decide(peer, accepting, decided):
    """Two of them, with the others silent, do not."""
    five = [*VERIFIERS, *(identity(B, f"ver{n}", role="verifier") for n in (4, 5))]
    for verifier in five[3:]:
        await call(peer, verifier, "announce_key")
    await publish(peer, verifiers=[one.uid for one in five])
    (slot,) = await submit(peer, FIRST)
    await judge(peer, slot, *["accept"] * accepting)
    assert (await settle(peer, slot)).code == ("" if decided else "VERDICT_PENDING")


async def test_one_undecided_slot_stops_the_call_not_the_others(peer):
    """The call names it; without it the rest is paid."""
    await publish(peer)
    first, second = await submit(peer, FIRST, SECOND)
    await judge(peer, first, "accept", "accept")
    both = await settle(peer, first, second)
    assert (both.code, both.writes) == ("VERDICT_PENDING", {})
    assert f"Slot {second} " in both.message
    assert (await settle(peer, first)).status == 200


async def test_silence_of_verifiers_pays_after_the_window(peer):
    """To the millisecond; a rejection that stands pays nothing even then."""
    await publish(peer)
    silent, rejected = await submit(peer, FIRST, SECOND)
    await judge(peer, rejected, "reject", "reject")
    over = UNTIL + WINDOW_MS
    assert (await settle(peer, silent, at_ms=over - 1)).code == "VERDICT_PENDING"
    assert (await settle(peer, silent, rejected, at_ms=over)).status == 200
    assert (await balance(peer, FIRST), await balance(peer, SECOND)) == (REWARD, 0)


async def test_a_slot_is_paid_once(peer):
    """Again is refused; together with an unpaid one, only that one is paid."""
    await publish(peer)
    first, second = await submit(peer, FIRST, SECOND)
    for slot in (first, second):
        await judge(peer, slot, "accept", "accept")
    assert (await settle(peer, first)).status == 200
    assert (await settle(peer, first)).code == "EXISTS"
    assert (await settle(peer, first, second)).json()["slots"] == [int(second)]
    assert (await balance(peer, FIRST), await balance(peer, SECOND)) == (REWARD, REWARD)
    assert await conserved(peer)


async def test_who_left_a_slot_is_shown_nobody_elses_payment(peer):
    """The next one in it is paid; who gave it back sees neither data nor payment."""
    parts = json.loads(published(ROWS, slots=1)[-1][1][2])["subtasks"]
    await publish(peer, subtasks=[{**part, "reward": REWARD} for part in parts])
    assert (await call(peer, FIRST, "accept_subtask", TASK, "0")).status == 200
    assert (await call(peer, FIRST, "withdraw_claim", TASK)).status == 200
    (slot,) = await submit(peer, SECOND)
    await judge(peer, slot, "accept", "accept")
    await settle(peer, slot)
    (left,) = (await call(peer, FIRST, "list_my_claims", "9", "")).json()["items"]
    assert left == {"task": TASK, "subtask": 0, "slot": 0, "held": False}


async def test_a_reward_of_nothing_is_settled_and_moves_nothing(peer):
    """The payment stands; no account has a movement of zero."""
    await publish(peer, reward=0)
    (slot,) = await submit(peer, FIRST)
    await judge(peer, slot, "accept", "accept")
    answer = await settle(peer, slot)
    assert [key.split("\0")[1] for key in answer.writes] == ["PY"]


async def test_who_may_close_a_task(peer):
    """Its releaser or an authority; nobody closes what is not there."""
    await publish(peer)
    stranger = identity(A, "rel2", role="releaser")
    assert (await call(peer, stranger, "close_task", TASK)).code == "NOT_OWNER"
    assert (await call(peer, FIRST, "close_task", TASK)).code == "ROLE_REQUIRED"
    assert (await call(peer, RELEASER, "close_task", "c" * 32)).code == "NOT_FOUND"
    assert (await call(peer, AUTHORITY_B, "close_task", TASK, at_ms=UNTIL)).status == 200


async def test_a_task_closes_when_its_time_is_over(peer):
    """Not a millisecond before; the rest of the escrow goes back, once."""
    await publish(peer)
    (slot,) = await submit(peer, FIRST)
    await judge(peer, slot, "accept", "accept")
    await settle(peer, slot)
    early = await call(peer, RELEASER, "close_task", TASK, at_ms=UNTIL - 1)
    assert early.code == "TOO_EARLY"
    closed = await call(peer, RELEASER, "close_task", TASK, at_ms=UNTIL)
    assert closed.json() == {"paid": REWARD, "refunded": 3 * REWARD, "at": UNTIL}
    assert closed.event_json() == {"v": 1, "task": TASK}
    again = await call(peer, RELEASER, "close_task", TASK, at_ms=UNTIL + 5)
    assert (again.json(), again.writes) == (closed.json(), {})
    assert await balance(peer, RELEASER) == ISSUED - REWARD
    shown = (await call(peer, RECORDS, "get_task", TASK)).json()
    assert shown["closed"] == closed.json()
    assert await conserved(peer)


async def test_no_closing_leaves_a_submission_unpaid(peer):
    """Whatever the time and the caller."""
    await publish(peer)
    await submit(peer, FIRST)
    for who in (RELEASER, AUTHORITY_A):
        late = await call(peer, who, "close_task", TASK, at_ms=UNTIL + 2 * WINDOW_MS)
        assert (late.code, late.writes) == ("UNSETTLED", {})


async def test_a_cancelled_task_closes_when_everybody_submitted(peer):
    """A holder who may still submit keeps it open; then it need not wait for its time."""
    await publish(peer)
    (slot,) = await submit(peer, FIRST)
    await call(peer, OTHER, "accept_subtask", TASK, "1")
    await judge(peer, slot, "accept", "accept")
    await settle(peer, slot)
    await call(peer, RELEASER, "cancel_task", TASK, "mistake")
    assert (await call(peer, RELEASER, "close_task", TASK)).code == "TOO_EARLY"
    assert (await call(peer, OTHER, "withdraw_claim", TASK)).status == 200
    assert (await call(peer, RELEASER, "close_task", TASK)).status == 200
    assert await conserved(peer)


async def test_a_task_with_everything_submitted_waits_for_its_time(peer):
    """It was not cancelled, so somebody may still accept."""
    await publish(peer)
    (slot,) = await submit(peer, FIRST)
    await judge(peer, slot, "reject", "reject")
    await settle(peer, slot)
    assert (await call(peer, RELEASER, "close_task", TASK)).code == "TOO_EARLY"


async def test_a_closed_task_takes_nothing_any_more(peer):
    """No claim, no data, no verdict, no cancelling; what stands is answered."""
    await publish(peer)
    (slot,) = await submit(peer, FIRST)
    await judge(peer, slot, "accept", "accept")
    await settle(peer, slot)
    assert (await call(peer, SECOND, "accept_subtask", TASK, "0")).status == 200
    await call(peer, RELEASER, "close_task", TASK, at_ms=UNTIL)
    data = ("submit_data", TASK, "0", PROOF, "7")
    verdict = ("verify_submission", TASK, "0", slot, "reject", "1", "range", PROOF)
    assert (await call(peer, SECOND, *data)).code == "TASK_CLOSED"
    assert (await call(peer, VERIFIERS[2], *verdict)).code == "TASK_CLOSED"
    assert (await call(peer, OTHER, "accept_subtask", TASK, "1")).code == "SUBTASK_CLOSED"
    assert (await call(peer, RELEASER, "cancel_task", TASK, "mistake")).code == "TASK_CLOSED"
    other = ("submit_data", TASK, "0", "c" * 64, "7")
    assert (await call(peer, FIRST, *other)).code == "ALREADY_SUBMITTED"
    assert (await call(peer, VERIFIERS[0], *verdict)).code == "TASK_CLOSED"
    same = ("verify_submission", TASK, "0", slot, "accept", "90", "ok", PROOF)
    for who, args in ((FIRST, data), (VERIFIERS[0], same)):
        again = await call(peer, who, *args)
        assert (again.status, again.writes) == (200, {})
