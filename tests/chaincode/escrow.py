# SPDX-License-Identifier: Apache-2.0
"""Calls at exact times, and a task with an escrow that three verifiers judge."""

import json
from typing import Any

from tests.chaincode.fake_peer import Answer, FakePeer
from tests.chaincode.identities import TIME_MS, Identity, identity, new_tx_id
from tests.chaincode.story import (
    AUTHORITY_A,
    AUTHORITY_B,
    PROOF,
    RELEASER,
    ROWS,
    TASK,
    VERIFIER,
    B,
    published,
    text,
)

VERIFIERS = [VERIFIER, *(identity(B, f"ver{n}", role="verifier") for n in (2, 3))]
WINDOW_MS = 7 * 24 * 3600 * 1000
UNTIL = TIME_MS + 1000
ISSUED, REWARD = 100, 20


async def funded(peer: FakePeer) -> FakePeer:
    """An active epoch, three verifiers, a releaser of 100 credit, and no task."""
    for caller, args in published(ROWS, slots=2)[:-1]:
        assert (await peer.call(*args, caller=caller)).status == 200
    for verifier in VERIFIERS[1:]:
        assert (await peer.call("announce_key", caller=verifier)).status == 200
    assert (await issue(peer, RELEASER, ISSUED)).status == 200
    return peer


async def call(peer: FakePeer, caller: Identity, *args: str, at_ms: int = TIME_MS) -> Answer:
    """Call at an exact time."""
    tx_id = new_tx_id()
    proposal = caller.proposal([arg.encode() for arg in args], tx_id=tx_id, time_ms=at_ms)
    return await peer.call(*args, caller=caller, tx_id=tx_id, proposal=proposal)


async def issue(peer: FakePeer, person: Identity, amount: int, ref: str = "grant-1") -> Answer:
    """By the first organisation's authority."""
    args = (person.msp_id, person.enrollment_id, str(amount), ref)
    return await call(peer, AUTHORITY_A, "issue_credit", *args)


async def publish(peer: FakePeer, task: str = TASK, reward: int = REWARD, **changes: Any) -> Answer:
    """A task of two subtasks of two slots, judged by three verifiers."""
    spec = json.loads(published(ROWS, slots=2)[-1][1][2])
    parts = [{**part, "reward": reward} for part in spec["subtasks"]]
    verifiers = [one.uid for one in VERIFIERS]
    spec = {**spec, "subtasks": parts, "verifiers": verifiers, **changes}
    return await call(peer, RELEASER, "publish_task", task, text(spec))


async def balance(peer: FakePeer, person: Identity) -> int:
    """As an authority sees it."""
    args = (person.msp_id, person.enrollment_id)
    found: int = (await call(peer, AUTHORITY_B, "get_balance", *args)).json()["balance"]
    return found


async def submit(peer: FakePeer, *people: Identity, subtask: str = "0") -> list[str]:
    """People accept, and submit; their slots."""
    slots = []
    for person in people:
        accepted = await call(peer, person, "accept_subtask", TASK, subtask)
        slots.append(str(accepted.json()["slot"]))
        data = await call(peer, person, "submit_data", TASK, subtask, PROOF, "7")
        assert data.status == 200
    return slots


async def judge(peer: FakePeer, slot: str, *words: str, subtask: str = "0") -> None:
    """The first verifiers say these words."""
    for verifier, word in zip(VERIFIERS, words, strict=False):
        args = (TASK, subtask, slot, word, "90", "ok", PROOF)
        assert (await call(peer, verifier, "verify_submission", *args)).status == 200


async def settle(peer: FakePeer, *slots: str, who: Identity = RELEASER, at_ms: int = TIME_MS):
    """Of the first subtask."""
    listed = text([int(slot) for slot in slots])
    return await call(peer, who, "settle_rewards", TASK, "0", listed, at_ms=at_ms)


async def conserved(peer: FakePeer) -> bool:
    """All movements and the escrow of unclosed tasks sum up to what was issued."""
    state = peer.state
    moved = sum(json.loads(v)["delta"] for k, v in state.items() if k.startswith("\0AC\0"))
    tasks = {k.split("\0")[2]: json.loads(v) for k, v in state.items() if k.startswith("\0TK\0")}
    paid = sum(json.loads(v)["amount"] for k, v in state.items() if k.startswith("\0PY\0"))
    closed = {k.split("\0")[2] for k in state if k.startswith("\0CL\0")}
    held = sum(task["escrow"] for name, task in tasks.items() if name not in closed)
    return bool(moved + held - (0 if closed else paid) == ISSUED)
