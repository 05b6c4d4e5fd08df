# SPDX-License-Identifier: Apache-2.0
"""Handing out: many items in few calls, and whoever is refused stops nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from pmcb_client._canonical import canonical
from pmcb_client.errors import Refused
from pmcb_client.sealing import Context, wrap

from ._action import Act, Action
from ._desk import Desk, Look

__all__ = ["deliver_keys", "in_batches"]

KEYS_A_CALL = 200
_OF_ONE_HOLDER = frozenset({"NOT_HOLDER", "SUSPENDED"})

_T = TypeVar("_T")


async def in_batches(
    items: Sequence[_T],
    call: Callable[[Sequence[_T]], Awaitable[object]],
    *,
    most: int,
    codes: frozenset[str],
) -> tuple[list[_T], list[tuple[_T, str]]]:
    """Send items, ``most`` a call; a refused call is halved until the items to blame stand alone.

    Args:
        items: what is sent.
        call: sends some.
        most: in one call.
        codes: refusals that a single item can cause.

    Returns:
        What was taken, and what was refused with which code.

    Raises:
        Refused: for another reason.
    """
    taken: list[_T] = []
    refused: list[tuple[_T, str]] = []
    waiting = [items[start : start + most] for start in range(0, len(items), most)]
    while waiting:
        batch = waiting.pop(0)
        try:
            await call(batch)
        except Refused as error:
            if error.code not in codes:
                raise
            half = len(batch) // 2
            if half:
                waiting[:0] = [batch[:half], batch[half:]]
            else:
                refused.append((batch[0], error.code))
        else:
            taken += batch
    return taken, refused


async def deliver_keys(desk: Desk, look: Look) -> int | None:
    """Give the key of the questions to every holder who lacks it and may still answer.

    Who is suspended, or gave the slot back meanwhile, is left out.

    Returns:
        When to look again, where somebody was refused: the holder is another one by then, or is
        marked as suspended, or a peer has caught up. None: no need.
    """
    lacking = [claim for claim in look.claims if not claim["delivered"]]
    if look.now_ms >= look.record["submit_until"]:
        return None
    able = [claim for claim in lacking if "suspended" not in claim]
    for claim in lacking:
        if "suspended" in claim:
            _skip(desk, look, claim["slot"], "SUSPENDED")
    if not able:
        return None
    key, _ = await desk.envelope(look)
    items = await asyncio.to_thread(lambda: [_item(look, claim, key) for claim in able])

    async def call(batch: Sequence[dict[str, str | int]]) -> None:
        words = canonical(list(batch)).decode()
        await desk.ledger.submit("deliver_keys", look.task, str(look.number), words)

    taken, refused = await in_batches(items, call, most=KEYS_A_CALL, codes=_OF_ONE_HOLDER)
    if taken:
        slots = tuple(int(item["slot"]) for item in taken)
        desk.tell(Action(Act.KEYS, look.task, look.number, slots))
    for item, code in refused:
        _skip(desk, look, int(item["slot"]), code)
    return desk.soon_ms if refused else None


def _skip(desk: Desk, look: Look, slot: int, code: str) -> None:
    desk.tell_once(Action(Act.SKIPPED, look.task, look.number, (slot,), code))


def _item(look: Look, claim: dict[str, Any], key: bytes) -> dict[str, str | int]:
    slot, holder = claim["slot"], claim["holder"]
    context = Context("key", look.task, look.number, holder, slot)
    return {"slot": slot, "to": holder, "wrapped": wrap(key, claim["key"], context).hex()}
