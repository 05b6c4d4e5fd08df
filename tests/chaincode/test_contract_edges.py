# SPDX-License-Identifier: Apache-2.0
"""The contract at the very moment, number or name where an answer changes.

Stories on a network play with a clock that runs; here each call has its own exact time.
"""

import json
import string
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest
from tests.chaincode.fake_peer import Answer, FakePeer
from tests.chaincode.identities import TIME_MS, Identity, identity, new_tx_id
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
    text,
)

from pmcb_chaincode.contract import Governance, Pmcb

SETTING = published(ROWS, slots=2)
SPEC = json.loads(SETTING[6][1][2])
LETTERS = string.ascii_letters + string.digits + "-_"
YEAR_MS = 366 * 24 * 3600 * 1000


@pytest.fixture
async def peer(serve):
    """A peer that is served the PMCB contract, with an active epoch and a published task."""
    made = serve(FakePeer(), Pmcb(Governance.of((A, B))))
    for caller, args in SETTING:
        assert (await made.call(*args, caller=caller)).status == 200
    return made


async def call(peer: FakePeer, caller: Identity, *args: str, at_ms: int = TIME_MS) -> Answer:
    """Call at an exact time."""
    tx_id = new_tx_id()
    proposal = caller.proposal([arg.encode() for arg in args], tx_id=tx_id, time_ms=at_ms)
    return await peer.call(*args, caller=caller, tx_id=tx_id, proposal=proposal)


async def publish(peer: FakePeer, number: int, **changes: Any) -> str:
    """How publishing another task ends, by the code, "" for success."""
    spec = text({**SPEC, **changes})
    return (await call(peer, RELEASER, "publish_task", f"{number:032x}", spec)).code


def spelled(key: str) -> str:
    """A key as bookmarks spell it."""
    return urlsafe_b64encode(key.encode()).decode().rstrip("=")


def decoded(bookmark: str) -> bytes:
    """What a bookmark stands for."""
    return urlsafe_b64decode(bookmark + "=" * (-len(bookmark) % 4))


async def test_the_deadline_is_too_late(peer):
    """To accept and to submit: one millisecond before is in time, the deadline itself is not."""
    first, _, second, _ = PEOPLE
    accept, data = ("accept_subtask", TASK, "0"), ("submit_data", TASK, "0", PROOF, "7")
    until = SPEC["accept_until"]
    assert (await call(peer, second, *accept, at_ms=until)).code == "DEADLINE_PASSED"
    assert (await call(peer, first, *accept, at_ms=until - 1)).status == 200
    assert (await call(peer, second, *accept, at_ms=until - 1)).status == 200
    assert (await call(peer, second, *data, at_ms=until)).code == "DEADLINE_PASSED"
    assert (await call(peer, first, *data, at_ms=until - 1)).status == 200


@pytest.mark.parametrize(
    ("accept_ms", "submit_ms", "code"),
    [
        (0, 1, "BAD_ARGUMENT"),
        (1, 0, "BAD_ARGUMENT"),
        (2, 1, "BAD_ARGUMENT"),
        (1, 1, ""),
        (1, YEAR_MS, ""),
        (YEAR_MS, YEAR_MS, ""),
        (1, YEAR_MS + 1, "BAD_ARGUMENT"),
    ],
)
async def test_a_task_takes_claims_from_now_to_its_end(peer, accept_ms, submit_ms, code):
    """That is: now < accept_until <= submit_until <= now + 366 days."""
    times = {"accept_until": TIME_MS + accept_ms, "submit_until": TIME_MS + submit_ms}
    assert await publish(peer, 1, **times) == code


async def test_a_task_has_a_thousand_slots_in_all(peer):
    """One more is refused, however they are spread."""
    part = SPEC["subtasks"][0]
    for slots, code in ((400, ""), (401, "BAD_ARGUMENT")):
        parts = [{**part, "slots": 600}, {**part, "slots": slots}]
        assert await publish(peer, slots, subtasks=parts) == code


async def test_a_new_certificate_announces_its_key(peer):
    """A renewed key, or another role, takes the old one's place; the same changes nothing."""
    for role in ("verifier", "worker"):
        person = identity(B, "ver", role=role)
        announced = await call(peer, person, "announce_key")
        assert (announced.status, announced.json()["role"]) == (200, role)
        assert len(announced.writes) == 1
        assert (await call(peer, person, "announce_key", at_ms=TIME_MS + 1)).writes == {}
        found = await call(peer, AUTHORITY_A, "get_key", B, "ver")
        assert found.json() == announced.json()
    assert await publish(peer, 1) == "PARTY_UNFIT"


async def test_a_certificate_without_a_p256_key_does_not_accept(peer):
    """Nothing could be sealed to it."""
    from cryptography.hazmat.primitives.asymmetric import ec

    person = identity(A, "p0", role="receiver", key=ec.generate_private_key(ec.SECP384R1()))
    answer = await call(peer, person, "accept_subtask", TASK, "0")
    assert (answer.status, answer.code, answer.writes) == (400, "KEY_UNSUPPORTED", {})


async def test_a_verdict_is_for_one_slot(peer):
    """Nothing was submitted for the neighbour's."""
    for person in (PEOPLE[0], PEOPLE[2]):
        assert (await call(peer, person, "accept_subtask", TASK, "0")).status == 200
    await call(peer, PEOPLE[0], "submit_data", TASK, "0", PROOF, "7")
    verdict = ("accept", "9", "ok", PROOF)
    for slot, code in (("1", "NOT_FOUND"), ("0", "")):
        answer = await call(peer, VERIFIER, "verify_submission", TASK, "0", slot, *verdict)
        assert answer.code == code


async def test_a_certificate_that_names_nobody_may_ask_what_needs_no_role(peer):
    """A registrar's has no enrolment id at all; one with an unusable id may ask nothing."""
    registrar = identity(A, "registrar", extension=b"")
    unusable = identity(A, "cn", attributes={"hf.EnrollmentID": "a b"})
    assert (await call(peer, registrar, "get_governance")).status == 200
    assert (await call(peer, registrar, "announce_key")).code == "ROLE_REQUIRED"
    assert (await call(peer, unusable, "get_governance")).code == "ROLE_REQUIRED"


async def test_the_active_epoch_is_closed(serve):
    """Not only those before it: nothing is registered, and nobody approves after the quorum."""
    peer = serve(FakePeer(), Pmcb(Governance.of((A, B, "HospitalCMSP"))))
    for caller, args in SETTING:
        assert (await peer.call(*args, caller=caller)).status == 200
    late = identity("HospitalCMSP", "auth", role="authority")
    assert (await call(peer, late, "approve_epoch", "1")).code == "EPOCH_ACTIVE"
    more = ("register_levels", "1", "1", text([[A, "p9", 1, 9]]))
    assert (await call(peer, AUTHORITY_A, *more)).code == "EPOCH_ACTIVE"


async def test_an_authority_that_nobody_recognises_sees_no_claims(serve):
    """The role alone shows nothing; it must come from an organisation that may mint it."""
    both = (A, B)
    minting = {"authority": (A,), "institution": both, "verifier": both}
    peer = serve(FakePeer(), Pmcb(Governance(both, minting, 1)))
    for caller, args in SETTING:
        if args[0] != "approve_epoch" or caller is AUTHORITY_A:
            assert (await peer.call(*args, caller=caller)).status == 200
    listing = ("list_claims", TASK, "0", "5", "")
    assert (await call(peer, AUTHORITY_A, *listing)).status == 200
    assert (await call(peer, AUTHORITY_B, *listing)).code == "NOT_OWNER"


@pytest.mark.parametrize("name", ["p", "pq", "pqr"])
async def test_a_bookmark_is_taken_in_its_one_spelling(serve, name):
    """Whatever its length: a whole key of this listing, and nothing that decodes alike."""
    person = identity(A, name, role="receiver")
    peer = serve(FakePeer(), Pmcb(Governance.of((A, B))))
    for caller, args in published(((A, name, 1, 0),), slots=2):
        assert (await peer.call(*args, caller=caller)).status == 200
    for number in range(2):
        assert await publish(peer, number) == ""
        done = await call(peer, person, "accept_subtask", f"{number:032x}", "0")
        assert done.status == 200
    first = (await call(peer, person, "list_my_claims", "1", "")).json()
    second = (await call(peer, person, "list_my_claims", "1", first["bookmark"])).json()
    assert [page["items"][0]["task"] for page in (first, second)] == ["0" * 32, "0" * 31 + "1"]
    key = f"\0MB\0{A}\0{name}\0{1:032x}\0"
    assert first["bookmark"] == spelled(key)
    for other in (
        f"\0MB\0{A}\0{name}\0",
        f"{key}more\0",
        key[:-1],
        key.replace(name, f"{name}x"),
        key.replace("MB", "MA"),
        key.replace("MB", "MC"),
    ):
        answer = await call(peer, person, "list_my_claims", "1", spelled(other))
        assert answer.code == "BAD_ARGUMENT", other
    alike = [c for c in LETTERS if decoded(first["bookmark"][:-1] + c) == key.encode()]
    assert len(alike) in {1, 4, 16}
    for letter in set(alike) - {first["bookmark"][-1]}:
        answer = await call(peer, person, "list_my_claims", "1", first["bookmark"][:-1] + letter)
        assert answer.code == "BAD_ARGUMENT", letter


async def test_one_three_or_five_verifiers_judge(peer):
    """So that more than half of them is never half."""
    names = [f"{B}/v{n}" for n in range(5)]
    for name in names:
        verifier = identity(B, name.partition("/")[2], role="verifier")
        assert (await call(peer, verifier, "announce_key")).status == 200
    for count, code in enumerate(("PARTY_UNFIT", "", "PARTY_UNFIT", "", "PARTY_UNFIT", "")):
        assert await publish(peer, count, verifiers=names[:count]) == code


async def test_a_repeat_is_answered_with_what_stands_now(peer):
    """Published again after it was cancelled, a task stays cancelled."""
    assert (await call(peer, RELEASER, "cancel_task", TASK, "mistake")).status == 200
    again = await call(peer, RELEASER, "publish_task", TASK, text(SPEC))
    assert (again.status, again.json()["status"], again.writes) == (200, "cancelled", {})
