# SPDX-License-Identifier: Apache-2.0
"""Datasets and devices of two hospitals, and the calls that grant, revoke and check."""

from typing import Any

from tests.chaincode.cohort import STRANGER, register
from tests.chaincode.fake_peer import Answer, FakePeer
from tests.chaincode.identities import TIME_MS, Identity, new_tx_id
from tests.chaincode.story import RECORDS, A, B, text

DATASET, OTHER, FOREIGN, NOBODYS = "e" * 32, "f" * 32, "a" * 32, "0" * 32
"""Two datasets of hospital B, one of hospital A, and one that nobody registered."""
PUMP = f"{B}/pump"
WORKER = (A, "doctor")
UID = "/".join(WORKER)
FIRST, SECOND, THIRD = "1" * 32, "2" * 32, "3" * 32
"""Grants."""
BEGIN, END = TIME_MS + 10_000, TIME_MS + 20_000
SCOPE: dict[str, Any] = {
    "datasets": [DATASET],
    "devices": {PUMP: ["start", "stop"]},
    "purpose": "treatment",
    "not_before": BEGIN,
    "expires": END,
}
GRANTED = {"owner": B, "worker": UID, **SCOPE, "revoked": ""}
NONE = {"allowed": False, "grant": "", "expires": 0}


async def registered(peer: FakePeer) -> FakePeer:
    """The peer, with the datasets."""
    for dataset, caller in ((DATASET, RECORDS), (OTHER, RECORDS), (FOREIGN, STRANGER)):
        made = await register(peer, cohort="", caller=caller, dataset=dataset)
        assert made.status == 200
    return peer


async def call_at(peer: FakePeer, at_ms: int, *args: str, caller: Identity = RECORDS) -> Answer:
    """Call at an exact time."""
    tx_id = new_tx_id()
    proposal = caller.proposal([arg.encode() for arg in args], tx_id=tx_id, time_ms=at_ms)
    return await peer.call(*args, caller=caller, tx_id=tx_id, proposal=proposal)


async def grant(
    peer: FakePeer,
    number: str = FIRST,
    caller: Identity = RECORDS,
    worker: tuple[str, str] = WORKER,
    at_ms: int = TIME_MS,
    **changes: Any,
) -> Answer:
    """Grant the scope, with what a test changes in it."""
    args = ("grant_retrieval", number, *worker, text({**SCOPE, **changes}))
    return await call_at(peer, at_ms, *args, caller=caller)


async def revoke(
    peer: FakePeer, number: str = FIRST, reason: str = "ended", caller: Identity = RECORDS
) -> Answer:
    """Revoke a grant."""
    return await peer.call("revoke_grant", number, reason, caller=caller)


async def allowed(
    peer: FakePeer, dataset: str = DATASET, at_ms: int = BEGIN, worker: tuple[str, str] = WORKER
) -> Any:
    """What the contract says of searching a dataset."""
    return (await call_at(peer, at_ms, "check_grant", *worker, dataset)).json()


async def commanded(
    peer: FakePeer,
    device: str = PUMP,
    command: str = "start",
    at_ms: int = BEGIN,
    worker: tuple[str, str] = WORKER,
) -> Any:
    """What the contract says of commanding a device."""
    return (await call_at(peer, at_ms, "check_device", *worker, device, command)).json()
