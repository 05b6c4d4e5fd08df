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
    RELEASER,
    ROWS,
    TASK,
    VERIFIER,
    A,
    B,
    published,
)

from pmcb_chaincode.contract import Governance, Pmcb

SLOT = {"v": 1, "task": TASK, "subtask": 0, "slot": 0}
P0 = f"{A}/p0"
VERDICT = ("verify_submission", TASK, "0", "0", "accept", "9", "ok", PROOF)
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
    ((RELEASER, ("cancel_task", TASK, "complete")), ("TaskCancelled", {"v": 1, "task": TASK})),
]


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


async def test_the_story_tells_every_event_there_is(peer):
    """No writing function but ``ping`` is left out."""
    writing = {name for name, one in Pmcb.functions.items() if one.marking.writes}
    assert {args[0] for (_, args), _ in STORY} == writing - {"ping"}
    answer = await peer.call("ping")
    assert (answer.status, answer.event, answer.writes, answer.payload) == (200, None, {}, b"")
