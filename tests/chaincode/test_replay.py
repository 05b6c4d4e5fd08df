# SPDX-License-Identifier: Apache-2.0
"""Two endorsers with different hash seeds send the same bytes, call for call."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.chaincode.identities import TIME_MS, Identity, identity
from tests.chaincode.replay import M, frame, replay
from tests.chaincode.story import (
    AUTHORITY_A,
    AUTHORITY_B,
    PEOPLE,
    PROOF,
    RECORDS,
    RELEASER,
    TASK,
    VERIFIER,
    A,
    B,
    Call,
    published,
    text,
)

from pmcb_chaincode.bridge._protos import ChaincodeInput

ROOT = Path(__file__).parents[2]
SCOPE = {
    "datasets": [TASK],
    "devices": {f"{B}/{name}": ["start", "stop"] for name in ("pump", "bed", "lamp")},
    "purpose": "treatment",
    "not_before": TIME_MS,
    "expires": TIME_MS + 1,
}


def message(number: int, caller: Identity, *args: str) -> Any:
    """One recorded transaction."""
    raw = [arg.encode() for arg in args]
    tx_id = hashlib.sha256(str(number).encode()).hexdigest()
    proposal = caller.proposal(raw, tx_id=tx_id)
    payload = ChaincodeInput(args=raw).SerializeToString()
    return M(type=M.TRANSACTION, txid=tx_id, channel_id="pmcb", payload=payload, proposal=proposal)


def recorded() -> list[Any]:
    """A whole story, a refusal and a listing included."""
    rows = tuple((A, f"p{n}", n % 2 + 1, n // 2) for n in range(4))
    calls: list[Call] = [
        *published(rows, slots=2),
        *((person, ("accept_subtask", TASK, str(n % 2))) for n, person in enumerate(PEOPLE)),
        (PEOPLE[0], ("submit_data", TASK, "0", PROOF, "7")),
        (VERIFIER, ("verify_submission", TASK, "0", "0", "accept", "9", "ok", PROOF)),
        (AUTHORITY_B, ("suspend", A, "p3", "request")),
        (PEOPLE[3], ("withdraw_claim", TASK)),
        (RECORDS, ("open_cohort", TASK, "row", "1/2", PROOF)),
        (RECORDS, ("reserve_budget", TASK, PROOF, "1/3")),
        (RECORDS, ("record_release", TASK, PROOF, PROOF)),
        (RECORDS, ("register_dataset", TASK, "", TASK)),
        (RECORDS, ("grant_retrieval", TASK, A, "doctor", text(SCOPE))),
        (RECORDS, ("grant_retrieval", "b" * 32, A, "doctor", text(SCOPE))),
        (RECORDS, ("check_grant", A, "doctor", TASK)),
        (RECORDS, ("check_device", A, "doctor", f"{B}/pump", "stop")),
        (RECORDS, ("revoke_grant", TASK, "ended")),
        (RECORDS, ("claim_store_epoch", TASK, "1")),
        (RECORDS, ("anchor_store", TASK, "1", PROOF, PROOF)),
        (RECORDS, ("get_store", TASK)),
        (RELEASER, ("list_claims", TASK, "0", "10", "")),
        (RELEASER, ("cancel_task", TASK, "complete")),
        (RELEASER, ("get_task", TASK)),
    ]
    return [message(n, caller, *args) for n, (caller, args) in enumerate(calls)]


def in_process_of(seed: str, messages: list[Any]) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaincode.replay"],
        input=frame(messages),
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_two_hash_seeds_send_the_same_bytes():
    """Reads, writes, answers and events are equal, in the same order."""
    messages = recorded()
    first, second = (in_process_of(seed, messages) for seed in ("1", "2"))
    assert first == second
    assert [ending for ending in first[0] if ending != "200"] == [
        "SUSPENDED: You are suspended; your slot stays used."
    ]


@pytest.mark.anyio
async def test_the_digest_depends_on_what_is_sent():
    """Another order of calls is another digest: the comparison above can fail."""
    messages = recorded()
    swapped = [messages[1], messages[0], *messages[2:]]
    assert (await replay(messages))[1] != (await replay(swapped))[1]


@pytest.mark.anyio
async def test_nobody_judges_themselves():
    """A person whose certificate changed from receiver to verifier meets its own submission."""
    receiver = identity(B, "ver", role="receiver")
    messages = recorded()[:7]
    rows = message(100, AUTHORITY_A, "set_level", B, "ver", "1", "5", "newcomer")
    accept = message(101, receiver, "accept_subtask", TASK, "0")
    submit = message(102, receiver, "submit_data", TASK, "0", PROOF, "7")
    verdict = ("verify_submission", TASK, "0", "1", "accept", "9", "ok", PROOF)
    judge = message(103, VERIFIER, *verdict)
    endings, _ = await replay([*messages, rows, accept, submit, judge])
    assert endings[-4:] == [
        "200",
        "200",
        "200",
        "SELF_VERDICT: Nobody judges their own submission.",
    ]


@pytest.mark.anyio
async def test_persons_with_one_number_find_every_slot():
    """Ten who start at the same slot fill ten slots; the later ones look at many at once."""
    people = [identity(A, f"same{n}", role="receiver") for n in range(11)]
    rows = sorted((A, person.enrollment_id, 1, 0) for person in people)
    calls = published(tuple(rows), slots=10)
    calls += [(person, ("accept_subtask", TASK, "0")) for person in people]
    endings, _ = await replay([message(n, caller, *args) for n, (caller, args) in enumerate(calls)])
    assert endings[7:-1] == ["200"] * 10
    assert endings[-1].startswith("CAPACITY_FULL")


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 65, "a\0b"])
async def test_a_certificate_that_names_nobody_usable_has_no_role(name: str):
    """An enrolment id that could not stand in a key is refused before it gets there."""
    person = identity(A, "cn", role="receiver", attributes={"hf.EnrollmentID": name})
    endings, _ = await replay([message(0, person, "announce_key")])
    assert endings[0].startswith("ROLE_REQUIRED")
