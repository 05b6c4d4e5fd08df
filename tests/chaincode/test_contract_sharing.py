# SPDX-License-Identifier: Apache-2.0
"""Shares: to holders only, once, and nothing opens or closes behind them."""

from typing import Any

import pytest
from tests.chaincode.escrow import call
from tests.chaincode.identities import TIME_MS
from tests.chaincode.sharing import (
    FIRST,
    OTHER,
    SECOND,
    WRAPPED_SHARE,
    accept,
    deal,
    key_for,
    sharing,
    suspend,
)
from tests.chaincode.story import AUTHORITY_B, PROOF, RELEASER, TASK, A, text


@pytest.fixture
async def peer(serve):
    """A peer with a task of two subtasks of three slots."""
    return await sharing(serve, slots=3)


async def test_a_deal_waits_until_accepting_is_over(peer):
    """By the time, by all slots held, or by the releaser's wish."""
    one, two = await accept(peer, FIRST, SECOND)
    holders = sorted([(one, FIRST), (two, SECOND)], key=lambda at: at[0])
    items = [(slot, person, index) for index, (slot, person) in enumerate(holders, start=1)]
    open_deal = deal(*items, close_early=False)
    early = await call(peer, RELEASER, "deliver_shares", TASK, "0", open_deal)
    assert early.code == "STILL_OPEN"
    until = TIME_MS + 1000
    last = await call(peer, RELEASER, "deliver_shares", TASK, "0", open_deal, at_ms=until - 1)
    assert last.code == "STILL_OPEN"
    dealt = await call(peer, RELEASER, "deliver_shares", TASK, "0", open_deal, at_ms=until)
    assert dealt.json() == {"task": TASK, "subtask": 0, "n": 2, "threshold": 2}
    assert dealt.event_json() == {"v": 1, "task": TASK, "subtask": 0, "n": 2, "threshold": 2}


async def test_a_full_subtask_is_dealt_at_once(serve):
    """All slots are held."""
    peer = await sharing(serve, slots=1)
    (slot,) = await accept(peer, FIRST)
    made = deal((slot, FIRST, 1), n=1, close_early=False)
    assert (await call(peer, RELEASER, "deliver_shares", TASK, "0", made)).status == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"n": 1},
        {"n": 3},
        {"threshold": 1},
        {"items": []},
        {"swap": True},
        {"index": 2},
        {"to": SECOND.uid},
    ],
)
async def test_a_deal_that_does_not_fit_the_holders_is_refused(peer, changes):
    """Count, threshold, and each holder's own share, in order."""
    one, two = sorted(await accept(peer, FIRST, SECOND))
    first, second = (FIRST, SECOND) if one == 0 else (SECOND, FIRST)
    items = [
        {"slot": slot, "to": person.uid, "index": index, "share": WRAPPED_SHARE}
        | {"share_hash": PROOF}
        for slot, person, index in ((one, first, 1), (two, second, 2))
    ]
    if "swap" in changes:
        changes = {"items": items[::-1]}
    elif {"index", "to"} & set(changes):
        changes = {"items": [{**items[0], **changes}, items[1]]}
    sound = {"n": 2, "threshold": 2, "commitment": PROOF, "blob_hash": PROOF}
    sound |= {"close_early": True, "items": items}
    bad = await call(peer, RELEASER, "deliver_shares", TASK, "0", text({**sound, **changes}))
    assert (bad.code, bad.writes) == ("DEAL_MISMATCH", {})
    good = await call(peer, RELEASER, "deliver_shares", TASK, "0", text(sound))
    assert [key[1:3] for key in sorted(good.writes)] == ["DL", "OP", "SH", "SH"]


async def test_a_suspended_holder_counts_and_gets_no_share(peer):
    """Its index is left out: the others keep theirs."""
    one, two = await accept(peer, FIRST, SECOND)
    await suspend(peer, "p0" if one < two else "p2")
    low, high = sorted([(one, FIRST), (two, SECOND)], key=lambda at: at[0])
    both = deal((low[0], low[1], 1), (high[0], high[1], 2))
    assert (await call(peer, RELEASER, "deliver_shares", TASK, "0", both)).code == "DEAL_MISMATCH"
    rest = deal((high[0], high[1], 2))
    assert (await call(peer, RELEASER, "deliver_shares", TASK, "0", rest)).status == 200
    claims = (await call(peer, high[1], "list_claims", TASK, "0", "10", "")).json()["items"]
    assert {claim["slot"]: claim.get("share_hash") for claim in claims} == {
        low[0]: None,
        high[0]: PROOF,
    }


async def test_who_is_suspended_is_marked_among_the_holders(peer):
    """Those alone, and no longer than it lasts; keys and shares are told of as before."""
    one, two = await accept(peer, FIRST, SECOND)
    await call(peer, RELEASER, "deliver_keys", TASK, "0", text([key_for(two, SECOND)]))

    async def seen() -> dict[int, tuple[bool, Any, Any]]:
        claims = (await call(peer, RELEASER, "list_claims", TASK, "0", "10", "")).json()["items"]
        return {
            claim["slot"]: (claim["delivered"], claim.get("share_hash"), claim.get("suspended"))
            for claim in claims
        }

    assert await seen() == {one: (False, None, None), two: (True, None, None)}
    await suspend(peer, "p1")  # who holds a slot elsewhere, or none
    assert await seen() == {one: (False, None, None), two: (True, None, None)}
    await suspend(peer, "p0")
    made = deal((two, SECOND, 1 + (one < two)))
    assert (await call(peer, RELEASER, "deliver_shares", TASK, "0", made)).status == 200
    assert await seen() == {one: (False, None, True), two: (True, PROOF, None)}
    back = await call(peer, AUTHORITY_B, "reinstate", A, "p0", "cleared")
    assert back.status == 200
    assert await seen() == {one: (False, None, None), two: (True, PROOF, None)}


async def test_a_subtask_without_holders_is_closed_by_an_empty_deal(peer):
    """Nobody gets anything, and nobody may come later."""
    assert (await call(peer, RELEASER, "deliver_shares", TASK, "0", deal(n=0))).status == 200
    assert (await call(peer, FIRST, "accept_subtask", TASK, "0")).code == "SUBTASK_CLOSED"
    assert (await call(peer, OTHER, "accept_subtask", TASK, "1")).status == 200


async def test_a_deal_is_made_once_and_ends_coming_and_going(peer):
    """A second one is refused, since its random bytes are others; claims stand."""
    (slot,) = await accept(peer, FIRST)
    assert await listed(peer, SECOND) == [0]
    made = deal((slot, FIRST, 1), n=1)
    assert (await call(peer, RELEASER, "deliver_shares", TASK, "0", made)).status == 200
    again = await call(peer, RELEASER, "deliver_shares", TASK, "0", made)
    assert again.code == "ALREADY_DEALT"
    assert await listed(peer, SECOND) == []
    assert (await call(peer, SECOND, "accept_subtask", TASK, "0")).code == "SUBTASK_CLOSED"
    assert (await call(peer, FIRST, "withdraw_claim", TASK)).code == "SUBTASK_CLOSED"
    assert (await call(peer, FIRST, "accept_subtask", TASK, "0")).json()["slot"] == slot
    found = (await call(peer, FIRST, "get_sealed", TASK, "0", str(slot))).json()
    assert found["share"] == {
        "to": FIRST.uid,
        "index": 1,
        "share": WRAPPED_SHARE,
        "share_hash": PROOF,
    }
    header = {"n": 1, "threshold": 1, "commitment": PROOF, "blob_hash": PROOF, "at": TIME_MS}
    assert found["deal"] == header
    parts = (await call(peer, AUTHORITY_B, "get_task", TASK)).json()["subtasks"]
    assert [part["dealt"] for part in parts] == [True, False]


async def listed(peer, who):
    """The open subtasks that a receiver is shown."""
    found = await call(peer, who, "list_open_subtasks", "200", "")
    return [item["subtask"] for item in found.json()["items"]]


async def test_a_subtask_leaves_the_listing_once(peer):
    """By its deal or by its task's end: whichever comes first deletes, and nothing else does."""
    assert (await call(peer, RELEASER, "deliver_shares", TASK, "0", deal(n=0))).status == 200
    cancelled = await call(peer, RELEASER, "cancel_task", TASK, "mistake")
    assert [key[1:3] for key in sorted(cancelled.writes)] == ["OP", "TK"]
    late = await call(peer, RELEASER, "deliver_shares", TASK, "1", deal(n=0))
    assert [key[1:3] for key in late.writes] == ["DL"]
