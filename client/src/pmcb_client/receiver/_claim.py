# SPDX-License-Identifier: Apache-2.0
"""A receiver's dealings with the ledger: open subtasks, claims, submissions."""

import json
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


async def held_subtask(ledger: Ledger, task: str) -> int:
    """The subtask of ``task`` whose slot the caller holds.

    Raises:
        Refused: ``NOT_HOLDER``.
    """
    async for claim in listing(ledger, "list_my_claims"):
        if claim["task"] == task and claim["held"]:
            return int(claim["subtask"])
    raise Refused("NOT_HOLDER", status=403, reason="You hold no slot of this task.")


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
