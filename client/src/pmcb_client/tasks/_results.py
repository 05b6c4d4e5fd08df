# SPDX-License-Identifier: Apache-2.0
"""Results for the releaser: accepted answers, opened, in one CSV.

Each opened answer is a file of its own, written once; ``results.csv`` is made whole
from these and from what the ledger says was accepted. So an answer stands in it once, whenever
the agent was killed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pmcb_client.answers import Answer, answers_table, fetch_answer
from pmcb_client.content import ContentMissing, ContentTampered
from pmcb_client.files import write_private
from pmcb_client.sealing import SealingError

from ._action import Act, Action
from ._desk import Desk, Look, Store
from ._record import answer_file, deleted_mark
from ._settle import decision

__all__ = ["take_results"]

RESULTS = "results.csv"
LOST_MS = 600_000  # the store's operator may put a file back


async def take_results(desk: Desk, looks: Sequence[Look]) -> int | None:
    """Open what was accepted since the last time, and write the table anew if it changes.

    Returns:
        When to look again for an answer that the store has lost; None: no need.

    Raises:
        ContentUnavailable: the store does not answer; what was opened stays.
    """
    accepted = [(look, item) for look in looks for item in look.submissions if _is_in(look, item)]
    if not accepted:
        return None
    place = desk.folder / looks[0].task
    missing = [
        (look, item)
        for look, item in accepted
        if not _file(place, look, item).is_file()
        and not deleted_mark(place, look.number, item["slot"]).is_file()
    ]
    taken: list[Action] = []
    lost = False
    if missing:
        async with desk.open_store() as store:
            for look, item in missing:
                try:
                    await _open(desk, store, look, item)
                except (SealingError, ContentMissing, ContentTampered) as error:
                    lost |= not isinstance(error, SealingError)
                    desk.tell_once(_act(Act.UNREADABLE, look, item, type(error).__name__))
                else:
                    taken.append(_act(Act.RESULTS, look, item))
    names: list[str] = []
    for look in looks:
        _, instructions = await desk.envelope(look)
        asked = (name for question in instructions.questions for name in question.fields)
        names += [name for name in asked if name not in names]
    await asyncio.to_thread(_write, place, accepted, names)
    for action in taken:
        desk.tell(action)
    return desk.clock() + LOST_MS if lost else None


def _is_in(look: Look, item: dict[str, Any]) -> bool:
    return decision(look.record["verifiers"], item["verdicts"]) is True


def _file(place: Path, look: Look, item: dict[str, Any]) -> Path:
    return answer_file(place, look.number, item["slot"])


def _act(act: Act, look: Look, item: dict[str, Any], code: str = "") -> Action:
    return Action(act, look.task, look.number, (int(item["slot"]),), code)


async def _open(desk: Desk, store: Store, look: Look, item: dict[str, Any]) -> None:
    digest = item["content_hash"]
    answer = await fetch_answer(store, digest, look.place(item), desk.identity)
    write_private(_file(desk.folder / look.task, look, item), answer.encode())


def _write(
    place: Path, accepted: Sequence[tuple[Look, dict[str, Any]]], names: Sequence[str]
) -> None:
    rows = [
        (look.number, int(item["slot"]), Answer.decode(path.read_bytes()))
        for look, item in accepted
        if (path := _file(place, look, item)).is_file()
    ]
    table = answers_table(rows, names).encode()
    path = place / RESULTS
    if not path.is_file() or path.read_bytes() != table:
        write_private(path, table)
