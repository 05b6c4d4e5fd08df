# SPDX-License-Identifier: Apache-2.0
"""Tasks, their subtasks, and what became of every slot."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import suppress
from typing import Any

from ._board import Board, Page, below, one, page_of
from ._follower import Seen

__all__ = ["STATES", "by_state", "slots_of", "task_of", "tasks"]

STATES = {
    "accepting": "Receivers may take subtasks",
    "answering": "Answers may come in",
    "settling": "Verdicts and rewards are due",
    "cancelled": "No longer offered; what was taken goes on",
    "closed": "Paid, and the rest given back",
}
"""Where a task can stand, and what that means."""

# One word a task; :now in milliseconds UTC.
_STATE = """CASE
  WHEN EXISTS (SELECT 1 FROM records AS c WHERE c.kind = 'CL' AND c.key = t.key) THEN 'closed'
  WHEN t.value ->> 'status' = 'cancelled' THEN 'cancelled'
  WHEN t.value ->> 'accept_until' > :now THEN 'accepting'
  WHEN t.value ->> 'submit_until' > :now THEN 'answering'
  ELSE 'settling' END"""
_FOUND = rf"""FROM records AS t WHERE t.kind = 'TK' AND (:state = '' OR :state = {_STATE})
  AND (:words = '' OR t.key LIKE :words ESCAPE '\'
       OR t.value ->> 'releaser' LIKE :words ESCAPE '\'
       OR t.value ->> 'institution' LIKE :words ESCAPE '\'
       OR t.value ->> 'verifiers' LIKE :words ESCAPE '\')"""
_SLOTS = 50


def by_state(database: sqlite3.Connection, now_ms: int) -> dict[str, int]:
    """How many tasks stand in each state, in the order of a task's life."""
    query = f"SELECT {_STATE} AS state, COUNT(*) FROM records AS t WHERE t.kind = 'TK' GROUP BY 1"  # noqa: S608 - ours
    found = dict(database.execute(query, {"now": now_ms}).fetchall())
    return {state: found.get(state, 0) for state in STATES}


def tasks(board: Board, number: int, words: str, state: str) -> Page[dict[str, Any]]:
    """A page of the tasks that hold these words, newest first.

    Args:
        board: what pages are made from.
        number: of the page, from 1.
        words: part of an id, or of who releases, judges or keeps; "" for all.
        state: one of `STATES`; "" for all.
    """
    escaped = words.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    asked: dict[str, Any] = {
        "now": board.clock(),
        "state": state,
        "words": f"%{escaped}%" if words else "",
    }
    with board.index.open() as database:
        (total,) = database.execute(f"SELECT COUNT(*) {_FOUND}", asked).fetchone()

        def read(skip: int, size: int) -> list[dict[str, Any]]:
            rows = database.execute(
                f"SELECT t.key, t.value, t.made_ms, {_STATE} {_FOUND} "
                "ORDER BY t.made_ms DESC, t.key LIMIT :size OFFSET :skip",
                {**asked, "skip": skip, "size": size},
            ).fetchall()
            return [_listed(board, database, *row) for row in rows]

        return page_of(total, number, read)


def _listed(
    board: Board, database: sqlite3.Connection, key: str, value: str, made_ms: int, state: str
) -> dict[str, Any]:
    start, end = below(key)
    bounds = (start, end)
    (slots,) = database.execute(
        "SELECT SUM(value ->> 'slots') FROM records WHERE kind = 'ST' AND key >= ? AND key < ?",
        bounds,
    ).fetchone()
    counts = dict(
        database.execute(
            "SELECT kind, COUNT(*) FROM records WHERE kind IN ('SL', 'SB') "
            "AND key >= ? AND key < ? GROUP BY kind",
            bounds,
        ).fetchall()
    )
    (paid,) = database.execute(
        "SELECT SUM(value ->> 'amount') FROM records WHERE kind = 'PY' AND key >= ? AND key < ?",
        bounds,
    ).fetchone()
    return {
        **json.loads(value),
        "task": key,
        "title": _title(board, key),
        "state": state,
        "published_ms": made_ms,
        "slots": slots or 0,
        "taken": counts.get("SL", 0),
        "answers": counts.get("SB", 0),
        "paid": paid or 0,
    }


def task_of(board: Board, key: str) -> dict[str, Any] | None:
    """A task with its subtasks, and how far each has come; None where there is none.

    Numbers tell of no person: who holds what is another matter (`slots_of`).
    """
    with board.index.open() as database:
        row = database.execute(
            f"SELECT t.key, t.value, t.made_ms, {_STATE} FROM records AS t "  # noqa: S608
            "WHERE t.kind = 'TK' AND t.key = :key",
            {"now": board.clock(), "key": key},
        ).fetchone()
        if row is None:
            return None
        parts = database.execute(
            "SELECT key, value FROM records WHERE kind = 'ST' AND key >= ? AND key < ?", below(key)
        ).fetchall()
        return {
            **_listed(board, database, *row),
            "closing": one(database, "CL", key),
            "parts": [_part(database, part, json.loads(value)) for part, value in parts],
        }


def _part(database: sqlite3.Connection, key: str, part: dict[str, Any]) -> dict[str, Any]:
    bounds = below(key)
    counts = dict(
        database.execute(
            "SELECT kind, COUNT(*) FROM records WHERE kind IN ('SL', 'KY', 'SB', 'PY') "
            "AND key >= ? AND key < ? GROUP BY kind",
            bounds,
        ).fetchall()
    )
    verdicts = Counter(
        dict(
            database.execute(
                "SELECT value ->> 'verdict', COUNT(*) FROM records "
                "WHERE kind = 'VD' AND key >= ? AND key < ? GROUP BY 1",
                bounds,
            ).fetchall()
        )
    )
    return {
        **part,
        "subtask": int(key.rpartition("/")[2]),
        "taken": counts.get("SL", 0),
        "keys": counts.get("KY", 0),
        "answers": counts.get("SB", 0),
        "settled": counts.get("PY", 0),
        "accepts": verdicts["accept"],
        "rejects": verdicts["reject"],
        "deal": one(database, "DL", key),
    }


def slots_of(board: Board, key: str, number: int, seen: Seen) -> Page[dict[str, Any]] | None:
    """A page of a task's held slots, each with its answer, verdicts and payment.

    None unless the contract gives this identity the listing.
    """
    if not seen.allowed:
        return None
    bounds = below(key)
    with board.index.open() as database:
        (total,) = database.execute(
            "SELECT COUNT(*) FROM records WHERE kind = 'SL' AND key >= ? AND key < ?", bounds
        ).fetchone()

        def read(skip: int, size: int) -> list[dict[str, Any]]:
            rows = database.execute(
                "SELECT key, value FROM records WHERE kind = 'SL' AND key >= ? AND key < ? "
                "ORDER BY key LIMIT ? OFFSET ?",
                (*bounds, size, skip),
            ).fetchall()
            return [_slot(database, place, json.loads(value)) for place, value in rows]

        return page_of(total, number, read, _SLOTS)


def _slot(database: sqlite3.Connection, key: str, claim: dict[str, Any]) -> dict[str, Any]:
    _, subtask, slot = key.split("/")
    verdicts = database.execute(
        "SELECT key, value FROM records WHERE kind = 'VD' AND key >= ? AND key < ?", below(key)
    ).fetchall()
    return {
        **claim,
        "subtask": int(subtask),
        "slot": int(slot),
        "key": one(database, "KY", key),
        "answer": one(database, "SB", key),
        "payment": one(database, "PY", key),
        "verdicts": [
            {**json.loads(value), "by": place.removeprefix(f"{key}/")} for place, value in verdicts
        ],
    }


def _title(board: Board, key: str) -> str:
    """The title, where this identity published the task from this home; it is on no ledger."""
    path = board.home / "tasks" / key / "task.json"
    with suppress(OSError, ValueError, TypeError, KeyError):
        record = json.loads(path.read_bytes())
        if record["releaser"] == board.identity.uid:
            return str(record["title"])
    return ""
