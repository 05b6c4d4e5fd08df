# SPDX-License-Identifier: Apache-2.0
"""A receiver's dealings with the ledger: open subtasks, claims, submissions."""

import json
from dataclasses import dataclass
from typing import Any

from pmcb_client._ledger import Ledger, listing
from pmcb_client.errors import Refused


async def open_subtasks(ledger: Ledger) -> list[dict[str, Any]]:
    """The subtasks that the caller's level may take, soonest deadline first."""
    return [item async for item in listing(ledger, "list_open_subtasks")]


async def my_claims(ledger: Ledger) -> list[dict[str, Any]]:
    """All claims the caller ever made, with submissions and verdicts."""
    return [item async for item in listing(ledger, "list_my_claims")]


async def accept(ledger: Ledger, task: str, subtask: int) -> dict[str, Any]:
    """Take a slot: {task, subtask, slot, holder, level, epoch, at, key}.

    Raises:
        Refused: `LevelMismatch` and the other rules of ``accept_subtask``.
    """
    claim: dict[str, Any] = json.loads(await ledger.submit("accept_subtask", task, str(subtask)))
    return claim


async def held_claim(ledger: Ledger, task: str) -> dict[str, Any]:
    """The slot of ``task`` that the caller holds: {task, subtask, slot, holder, level, at, ...}.

    Raises:
        Refused: ``NOT_HOLDER``.
    """
    async for claim in listing(ledger, "list_my_claims"):
        if claim["task"] == task and claim["held"]:
            place = (task, str(claim["subtask"]), str(claim["slot"]))
            found: dict[str, Any] = json.loads(await ledger.evaluate("get_claim", *place))
            return found
    raise Refused("NOT_HOLDER", status=403, reason="You hold no slot of this task.")


@dataclass(frozen=True)
class CoHolder:
    """A holder to whom a share of the secret was dealt.

    Attributes:
        uid: of the person.
        key: public key of its claim, compressed point in hex.
        share_hash: of the share, hex.
    """

    uid: str
    key: str
    share_hash: str


async def co_holders(ledger: Ledger, task: str, subtask: int) -> dict[int, CoHolder]:
    """Who was dealt a share of a subtask's secret, by slot; the caller's own, too."""
    return {
        claim["slot"]: CoHolder(claim["holder"], claim["key"], claim["share_hash"])
        async for claim in listing(ledger, "list_claims", task, str(subtask))
        if "share_hash" in claim
    }


async def submit(
    ledger: Ledger, task: str, subtask: int, *, content_hash: str, size_bytes: int
) -> dict[str, Any]:
    """Put an answer's hash and size on the ledger."""
    args = (task, str(subtask), content_hash, str(size_bytes))
    submission: dict[str, Any] = json.loads(await ledger.submit("submit_data", *args))
    return submission


async def withdraw(ledger: Ledger, task: str) -> None:
    """Give the slot back."""
    await ledger.submit("withdraw_claim", task)
