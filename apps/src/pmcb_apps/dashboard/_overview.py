# SPDX-License-Identifier: Apache-2.0
"""The first page: whether all is well, and what is new."""

from __future__ import annotations

import json
import sqlite3
from fractions import Fraction
from typing import Any

from ._board import Board, count, one
from ._charts import Bars, activity
from ._grants import in_force
from ._levels import spread
from ._tasks import by_state

__all__ = ["overview"]

_NEWEST = 8
_SAMPLE = 2_000


def overview(board: Board) -> dict[str, Any]:
    """Everything of the first page."""
    with board.index.open() as database:
        current = one(database, "CU")
        return {
            "me": _me(board, database, current),
            "calls": _calls(database),
            "activity": _activity(database),
            "newest": _newest(database),
            "tasks": by_state(database, board.clock()),
            "current": current,
            "spread": spread(database, current["epoch"], current["levels"]) if current else [],
            "claims": count(database, "SL"),
            "answers": count(database, "SB"),
            "budgets": _budgets(database),
            "grants": {"all": count(database, "GR"), "in_force": in_force(board)},
        }


def _me(
    board: Board, database: sqlite3.Connection, current: dict[str, Any] | None
) -> dict[str, Any]:
    who = board.identity
    level = None
    if current is not None:
        level = database.execute(
            "SELECT level FROM people WHERE epoch = ? AND uid = ?", (current["epoch"], who.uid)
        ).fetchone()
    (balance,) = database.execute(
        "SELECT SUM(value ->> 'delta') FROM records WHERE kind = 'AC'"
    ).fetchone()
    return {
        "expires_ms": int(who.certificate.not_valid_after_utc.timestamp() * 1000),
        "level": level[0] if level else None,
        "balance": balance or 0,
        "suspended": one(database, "SU", who.uid) is not None,
    }


def _calls(database: sqlite3.Connection) -> dict[str, int]:
    (valid, invalid) = database.execute(
        "SELECT COUNT(*) FILTER (WHERE code = 0), COUNT(*) FILTER (WHERE code <> 0) FROM calls"
    ).fetchone()
    return {"valid": valid, "invalid": invalid}


def _activity(database: sqlite3.Connection) -> Bars | None:
    rows = database.execute(
        "SELECT at_ms FROM calls ORDER BY block DESC, position DESC LIMIT ?", (_SAMPLE,)
    ).fetchall()
    return activity([at_ms for (at_ms,) in rows])


def _newest(database: sqlite3.Connection) -> list[dict[str, Any]]:
    rows = database.execute(
        "SELECT block, tx, function, msp, at_ms, code FROM calls "
        "ORDER BY block DESC, position DESC LIMIT ?",
        (_NEWEST,),
    ).fetchall()
    names = ("block", "tx", "function", "msp", "at_ms", "code")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _budgets(database: sqlite3.Connection) -> dict[str, Any]:
    """How many cohorts, and the one of which the least part is left."""
    rows = database.execute(
        "SELECT c.value, b.value FROM records AS c JOIN records AS b ON b.kind = 'BU' "
        "AND b.key = c.key WHERE c.kind = 'CO'"
    ).fetchall()
    shares = [
        1 - Fraction(json.loads(spent)["spent"]) / Fraction(json.loads(cohort)["total"])
        for cohort, spent in rows
    ]
    return {"cohorts": len(rows), "least": float(min(shares)) if shares else None}
