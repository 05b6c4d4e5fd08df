# SPDX-License-Identifier: Apache-2.0
"""The contract at the very moment, number or name where an answer changes.

Stories on a network play with a clock that runs; here each call has its own exact time.
"""

import json
from typing import Any

import pytest
from tests.chaincode.fake_peer import Answer, FakePeer
from tests.chaincode.identities import TIME_MS, Identity, identity, new_tx_id
from tests.chaincode.story import (
    AUTHORITY_A,
    PEOPLE,
    PROOF,
    RELEASER,
    TASK,
    VERIFIER,
    A,
    B,
    published,
    text,
)

from pmcb_chaincode.contract import Governance, Pmcb

ROWS = tuple((A, f"p{n}", n % 2 + 1, n // 2) for n in range(4))
SETTING = published(ROWS, slots=2)
SPEC = json.loads(SETTING[6][1][2])
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
