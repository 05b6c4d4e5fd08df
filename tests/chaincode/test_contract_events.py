# SPDX-License-Identifier: Apache-2.0
"""What each writing call tells, and that nothing else is told: ids only, no text, no hash."""

import json

import pytest
from tests.chaincode.fake_peer import FakePeer
from tests.chaincode.story import (
    AUTHORITY_A,
    AUTHORITY_B,
    PEOPLE,
    PROOF,
    RECORDS,
    RELEASER,
    ROWS,
    TASK,
    VERIFIER,
    A,
    B,
    published,
    text,
)

from pmcb_chaincode.contract import Governance, Pmcb

SLOT = {"v": 1, "task": TASK, "subtask": 0, "slot": 0}
P0 = f"{A}/p0"
COHORT = "c" * 32
SCOPE = {"datasets": [TASK], "devices": {}, "purpose": "research", "not_before": 1, "expires": 2}
VERDICT = ("verify_submission", TASK, "0", "0", "accept", "9", "ok", PROOF)
KEY_ITEM = {"slot": 0, "to": P0, "wrapped": "01" + "ab" * 81}
SHARE = {"slot": 0, "to": P0, "index": 1, "share": "01" + "ab" * 83, "share_hash": PROOF}
DEAL = {"n": 1, "threshold": 1, "commitment": PROOF, "blob_hash": PROOF}
DEAL |= {"close_early": True, "items": [SHARE]}
STORY = [
    *zip(
        published(ROWS, slots=2),
        [
            ("KeyAnnounced", {"v": 1, "uid": f"{B}/ver"}),
            ("KeyAnnounced", {"v": 1, "uid": f"{B}/records"}),
            ("EpochOpened", {"v": 1, "epoch": 1}),
            ("LevelsRegistered", {"v": 1, "epoch": 1, "batch": 0, "count": 4}),
            ("EpochApproved", {"v": 1, "epoch": 1, "msp": A}),
            ("EpochActivated", {"v": 1, "epoch": 1}),
            ("TaskPublished", {"v": 1, "task": TASK, "levels": 2, "subtasks": 2}),
        ],
        strict=True,
    ),
    (
        (PEOPLE[0], ("accept_subtask", TASK, "0")),
        ("SubtaskAccepted", {**SLOT, "uid": P0, "level": 1, "key": "its own"}),
    ),
    ((PEOPLE[0], ("submit_data", TASK, "0", PROOF, "7")), ("DataSubmitted", SLOT)),
    ((VERIFIER, VERDICT), ("SubmissionVerified", SLOT)),
    (
        (PEOPLE[2], ("accept_subtask", TASK, "0")),
        (
            "SubtaskAccepted",
            {**SLOT, "slot": 1, "uid": f"{A}/p2", "level": 1, "key": "its own"},
        ),
    ),
    ((PEOPLE[2], ("withdraw_claim", TASK)), ("ClaimWithdrawn", {**SLOT, "slot": 1})),
    (
        (AUTHORITY_A, ("set_level", A, "p1", "1", "7", "error")),
        ("LevelChanged", {"v": 1, "uid": f"{A}/p1", "from": 2, "to": 1}),
    ),
    (
        (AUTHORITY_B, ("set_level", A, "new", "1", "8", "newcomer")),
        ("LevelChanged", {"v": 1, "uid": f"{A}/new", "from": 0, "to": 1}),
    ),
    (
        (AUTHORITY_A, ("suspend", A, "p3", "request")),
        ("PersonSuspended", {"v": 1, "uid": f"{A}/p3"}),
    ),
    (
        (AUTHORITY_B, ("reinstate", A, "p3", "cleared")),
        ("PersonReinstated", {"v": 1, "uid": f"{A}/p3"}),
    ),
    (
        (RELEASER, ("deliver_keys", TASK, "0", text([KEY_ITEM]))),
        ("KeysDelivered", {"v": 1, "task": TASK, "subtask": 0, "slots": [0]}),
    ),
    ((RELEASER, ("cancel_task", TASK, "complete")), ("TaskCancelled", {"v": 1, "task": TASK})),
    (
        (AUTHORITY_A, ("issue_credit", A, "rel", "5", "grant-1")),
        ("CreditIssued", {"v": 1, "uid": f"{A}/rel", "ref": "grant-1"}),
    ),
    (
        (RECORDS, ("open_cohort", COHORT, "row", "2", PROOF)),
        ("CohortOpened", {"v": 1, "cohort": COHORT}),
    ),
    ((RECORDS, ("lower_budget", COHORT, "1")), ("BudgetLowered", {"v": 1, "cohort": COHORT})),
    (
        (RECORDS, ("register_dataset", TASK, COHORT, TASK)),
        ("DatasetRegistered", {"v": 1, "dataset": TASK, "number": 1}),
    ),
    (
        (RECORDS, ("reserve_budget", COHORT, PROOF, "1/3")),
        ("BudgetReserved", {"v": 1, "cohort": COHORT, "number": 1}),
    ),
    (
        (RECORDS, ("record_release", COHORT, PROOF, PROOF)),
        ("ReleaseRecorded", {"v": 1, "cohort": COHORT, "number": 1}),
    ),
    (
        (RECORDS, ("grant_retrieval", COHORT, A, "doctor", text(SCOPE))),
        ("RetrievalGranted", {"v": 1, "grant": COHORT, "uid": f"{A}/doctor"}),
    ),
    (
        (RECORDS, ("revoke_grant", COHORT, "ended")),
        ("RetrievalRevoked", {"v": 1, "grant": COHORT, "uid": f"{A}/doctor"}),
    ),
    (
        (RECORDS, ("anchor_store", TASK, "7", PROOF, PROOF)),
        ("StoreAnchored", {"v": 1, "dataset": TASK, "version": 7}),
    ),
]
ONCE = [
    (
        (RELEASER, ("deliver_shares", TASK, "0", text(DEAL))),
        ("SharesDelivered", {"v": 1, "task": TASK, "subtask": 0, "n": 1, "threshold": 1}),
        "ALREADY_DEALT",
    ),
    (
        (RELEASER, ("settle_rewards", TASK, "0", "[0]")),
        ("RewardsSettled", {"v": 1, "task": TASK, "subtask": 0, "slots": [0]}),
        "EXISTS",
    ),
    (
        (RECORDS, ("claim_store_epoch", TASK, "1")),
        ("StoreEpochClaimed", {"v": 1, "dataset": TASK, "number": 1}),
        "EXISTS",
    ),
]
END = ((RELEASER, ("close_task", TASK)), ("TaskClosed", {"v": 1, "task": TASK}))


@pytest.fixture
def peer(serve):
    """A peer that is served the PMCB contract."""
    return serve(FakePeer(), Pmcb(Governance.of((A, B))))


async def test_each_call_tells_its_event(peer):
    """Once, with the ids that the table names; each call writes, and a repeat does neither."""
    told = []
    for (caller, args), _ in STORY:
        answer = await peer.call(*args, caller=caller)
        assert (answer.status, answer.message) == (200, "")
        assert answer.writes
        name, payload = answer.event
        fields = json.loads(payload)
        if "key" in fields:
            assert fields["key"] == answer.json()["key"]
            fields["key"] = "its own"
        told.append((name, fields))
        again = await peer.call(*args, caller=caller)
        assert (again.event, again.writes) == (None, {})
        assert again.status == 200
    assert told == [event for _, event in STORY]
    for (caller, args), (name, payload), code in ONCE:
        answer = await peer.call(*args, caller=caller)
        assert (answer.event[0], answer.event_json()) == (name, payload)
        again = await peer.call(*args, caller=caller)
        assert (again.code, again.event, again.writes) == (code, None, {})
    (caller, args), (name, payload) = END
    answer = await peer.call(*args, caller=caller)
    assert (answer.event[0], answer.event_json()) == (name, payload)
    again = await peer.call(*args, caller=caller)
    assert (again.status, again.event, again.writes) == (200, None, {})


async def test_the_story_tells_every_event_there_is(peer):
    """No writing function but ``ping`` is left out."""
    writing = {name for name, one in Pmcb.functions.items() if one.marking.writes}
    once = [(call, event) for call, event, _ in ONCE]
    assert {args[0] for (_, args), _ in [*STORY, *once, END]} == writing - {"ping"}
    answer = await peer.call("ping")
    assert (answer.status, answer.event, answer.writes, answer.payload) == (200, None, {}, b"")
