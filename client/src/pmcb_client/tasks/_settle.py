# SPDX-License-Identifier: Apache-2.0
"""Rewards: paid as soon as the verifiers decide, and without them when their time is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pmcb_client._canonical import canonical

from ._action import Act, Action
from ._deliver import in_batches
from ._desk import Desk, Look

__all__ = ["decision", "settle"]

SLOTS_A_CALL = 100
_OF_ONE_SLOT = frozenset({"EXISTS", "NOT_FOUND", "VERDICT_PENDING"})


def decision(verifiers: Sequence[str], verdicts: Sequence[Mapping[str, Any]]) -> bool | None:
    """Whether more than half of the verifiers accept; None while neither side has it.

    >>> decision(("B/a", "B/b", "B/c"), [{"verdict": "accept"}, {"verdict": "accept"}])
    True
    >>> decision(("B/a", "B/b", "B/c"), [{"verdict": "reject"}])
    """
    words = [verdict["verdict"] for verdict in verdicts]
    for word in ("accept", "reject"):
        if 2 * words.count(word) > len(verifiers):
            return word == "accept"
    return None


async def settle(desk: Desk, look: Look, *, settle_from_ms: int) -> int | None:
    """Settle every submission that is decided; all of them from ``settle_from_ms`` on.

    Anybody who takes part may have settled some already: those are done.

    Returns:
        When to look again, where a peer did not know yet what another one told; None: no need.
    """
    verifiers = look.record["verifiers"]
    due = [
        int(item["slot"])
        for item in look.submissions
        if "payment" not in item
        and (look.now_ms >= settle_from_ms or decision(verifiers, item["verdicts"]) is not None)
    ]

    async def call(slots: Sequence[int]) -> None:
        words = canonical(list(slots)).decode()
        await desk.ledger.submit("settle_rewards", look.task, str(look.number), words)

    taken, refused = await in_batches(due, call, most=SLOTS_A_CALL, codes=_OF_ONE_SLOT)
    if taken:
        desk.tell(Action(Act.REWARDS, look.task, look.number, tuple(taken)))
    return desk.soon_ms if any(code != "EXISTS" for _, code in refused) else None
