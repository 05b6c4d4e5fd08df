# SPDX-License-Identifier: Apache-2.0
"""Sealed answers leave the content store when nobody needs them there any more.

A mark beside the opened answers says that the store was asked: later looks do not ask again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pmcb_client.answers import forget_answer
from pmcb_client.content import ContentRefused
from pmcb_client.files import write_private

from ._action import Act, Action
from ._desk import Desk, Look, Store
from ._record import answer_file, deleted_mark

__all__ = ["forget_answers"]


async def forget_answers(desk: Desk, looks: Sequence[Look], *, settle_from_ms: int) -> int | None:
    """Have answers deleted that were taken in and judged by all; any from ``settle_from_ms`` on.

    Until then a verifier may need what was rejected, or is not decided.

    Returns:
        When to look again, where some are still needed; None: all are deleted.

    Raises:
        ContentError: the store does not answer, or refuses; what was deleted is marked.
    """
    kept = [
        (look, item)
        for look in looks
        for item in look.submissions
        if not deleted_mark(desk.folder / look.task, look.number, item["slot"]).is_file()
    ]
    due = [
        (look, item)
        for look, item in kept
        if look.now_ms >= settle_from_ms or _is_needless(desk, look, item)
    ]
    if due:
        async with desk.open_store() as store:
            for look, item in due:
                await _forget(desk, store, look, item)
    return settle_from_ms if len(due) < len(kept) else None


def _is_needless(desk: Desk, look: Look, item: dict[str, Any]) -> bool:
    taken = answer_file(desk.folder / look.task, look.number, item["slot"]).is_file()
    return taken and len(item["verdicts"]) == len(look.record["verifiers"])


async def _forget(desk: Desk, store: Store, look: Look, item: dict[str, Any]) -> None:
    place = look.place(item)
    try:
        await forget_answer(store, item["content_hash"], place, desk.identity)
    except ContentRefused as refused:
        if refused.code != "FORBIDDEN":
            raise
        slots = (int(item["slot"]),)
        desk.tell(Action(Act.NOT_DELETED, look.task, look.number, slots, refused.code))
    write_private(deleted_mark(desk.folder / look.task, look.number, item["slot"]), b"")
