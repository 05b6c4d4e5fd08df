# SPDX-License-Identifier: Apache-2.0
"""Who holds slots, and what a releaser hands out to them."""

from typing import Any

from tests.chaincode.escrow import call
from tests.chaincode.fake_peer import FakePeer
from tests.chaincode.identities import Identity
from tests.chaincode.story import AUTHORITY_A, PEOPLE, PROOF, ROWS, TASK, A, B, published, text

from pmcb_chaincode.contract import Governance, Pmcb

FIRST, OTHER, SECOND, _ = PEOPLE  # first and second have level 1, the subtask 0
WRAPPED_KEY, WRAPPED_SHARE = "01" + "ab" * 81, "01" + "cd" * 83


async def sharing(serve: Any, *, slots: int) -> FakePeer:
    """A peer that is served the contract, with a task of two subtasks of so many slots."""
    made: FakePeer = serve(FakePeer(), Pmcb(Governance.of((A, B))))
    for caller, args in published(ROWS, slots=slots):
        assert (await made.call(*args, caller=caller)).status == 200
    return made


async def accept(peer: FakePeer, *people: Identity) -> list[int]:
    """The slots that people take of the subtask of level 1."""
    answers = [await call(peer, one, "accept_subtask", TASK, "0") for one in people]
    return [answer.json()["slot"] for answer in answers]


def key_for(slot: int, person: Identity, wrapped: str = WRAPPED_KEY) -> dict[str, Any]:
    """One item of a delivery."""
    return {"slot": slot, "to": person.uid, "wrapped": wrapped}


def deal(*holders: tuple[int, Identity, int], n: int = 2, **changes: Any) -> str:
    """A deal to holders with their slots and indices."""
    items = [
        {
            "slot": slot,
            "to": person.uid,
            "index": index,
            "share": WRAPPED_SHARE,
            "share_hash": PROOF,
        }
        for slot, person, index in holders
    ]
    header = {"n": n, "threshold": n // 2 + 1, "commitment": PROOF, "blob_hash": PROOF}
    return text({**header, "close_early": True, "items": items, **changes})


async def suspend(peer: FakePeer, name: str) -> None:
    """By the authority of the first organisation."""
    answer = await call(peer, AUTHORITY_A, "suspend", A, name, "investigation")
    assert answer.status == 200
