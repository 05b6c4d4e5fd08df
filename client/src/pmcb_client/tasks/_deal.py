# SPDX-License-Identifier: Apache-2.0
"""Sharing a subtask's secret among its holders, once, when nobody can join any more."""

from __future__ import annotations

import asyncio
from typing import Any

from pmcb_client._canonical import canonical
from pmcb_client.errors import Refused
from pmcb_client.sealing import Context, Share, deal, threshold, wrap

from ._action import Act, Action
from ._desk import NEVER_MS, Desk, Look
from ._keys import SecretKey

__all__ = ["FEWEST_HOLDERS", "share_secret"]

FEWEST_HOLDERS = 3
_MOVED = frozenset({"DEAL_MISMATCH", "STILL_OPEN"})  # somebody joined, left or was suspended


async def share_secret(desk: Desk, look: Look) -> int | None:
    """Share the subtask's secret, if it has one and its time has come.

    Every holder counts in the numbering; who is suspended gets no share. Under three holders
    nothing is shared unless the desk allows it.

    Returns:
        When to look again: soon where holders changed meanwhile, `NEVER_MS` where it waits for
        ``allow_small``. None: no need.
    """
    count = len(look.claims)
    if look.part["dealt"] or look.is_accepting or not count:
        return None
    secret = await desk.secret_key(look)
    if secret is None:
        return None
    place = (look.task, look.number)
    if count < FEWEST_HOLDERS and not desk.allow_small:
        desk.tell_once(Action(Act.TOO_FEW, *place))
        return NEVER_MS
    made = await asyncio.to_thread(_dealt, look, secret)  # its cost grows with count squared
    words = canonical(made).decode()
    try:
        await desk.ledger.submit("deliver_shares", look.task, str(look.number), words)
    except Refused as error:
        if error.code == "ALREADY_DEALT":
            return None
        if error.code not in _MOVED:
            raise
        desk.tell_once(Action(Act.LATER, *place, code=error.code))
        return desk.soon_ms
    slots = tuple(item["slot"] for item in made["items"])
    desk.tell(Action(Act.SHARES, *place, slots))
    if count < FEWEST_HOLDERS:
        desk.tell(Action(Act.AMONG_FEW, *place, slots))
    return None


def _dealt(look: Look, secret: SecretKey) -> dict[str, Any]:
    count = len(look.claims)
    made = deal(look.task, look.number, secret.key, count)
    items = [
        {
            "slot": claim["slot"],
            "to": claim["holder"],
            "index": share.index,
            "share": _wrapped(look, claim, share),
            "share_hash": share.hash,
        }
        for claim, share in zip(look.claims, made.shares, strict=True)
        if "suspended" not in claim
    ]
    return {
        "n": count,
        "threshold": threshold(count),
        "commitment": made.commitment,
        "blob_hash": secret.blob_hash,
        "close_early": look.record["status"] != "open",  # nobody accepts a cancelled task
        "items": items,
    }


def _wrapped(look: Look, claim: dict[str, Any], share: Share) -> str:
    context = Context("share", look.task, look.number, claim["holder"], claim["slot"])
    return wrap(share.encode(), claim["key"], context).hex()
