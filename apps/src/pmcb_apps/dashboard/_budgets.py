# SPDX-License-Identifier: Apache-2.0
"""Privacy budgets with what is left of them, and the releases that they bought."""

from __future__ import annotations

import json
import sqlite3
from fractions import Fraction
from typing import Any

from ._board import Board, Page, below, count, one, page_of

__all__ = ["budgets", "releases"]


def budgets(board: Board, number: int) -> Page[dict[str, Any]]:
    """A page of the cohorts, the fullest spent first. Sums are exact."""
    with board.index.open() as database:

        def read(skip: int, size: int) -> list[dict[str, Any]]:
            rows = database.execute(
                "SELECT key, value, made_ms FROM records WHERE kind = 'CO' "
                "ORDER BY made_ms DESC, key LIMIT ? OFFSET ?",
                (size, skip),
            ).fetchall()
            return [_cohort(database, *row) for row in rows]

        return page_of(count(database, "CO"), number, read)


def _cohort(database: sqlite3.Connection, key: str, value: str, made_ms: int) -> dict[str, Any]:
    cohort, spent = json.loads(value), one(database, "BU", key) or {"spent": "0", "count": 0}
    total, gone = Fraction(cohort["total"]), Fraction(spent["spent"])
    states = dict(
        database.execute(
            "SELECT value ->> 'state', COUNT(*) FROM records "
            "WHERE kind = 'RS' AND key >= ? AND key < ? GROUP BY 1",
            below(key),
        ).fetchall()
    )
    datasets = database.execute(
        "SELECT key, value ->> 'number' FROM records "
        "WHERE kind = 'DS' AND value ->> 'cohort' = ? ORDER BY key",
        (key,),
    ).fetchall()
    return {
        **cohort,
        "cohort": key,
        "opened_ms": made_ms,
        "spent": str(gone),
        "times": spent["count"],
        "left": str(total - gone),
        "about": {"left": f"{float(total - gone):.4g}", "total": f"{float(total):.4g}"},
        "part": float(gone / total) if total else 1.0,
        "published": states.get("published", 0),
        "reserved": states.get("reserved", 0),
        "datasets": [{"dataset": name, "version": version} for name, version in datasets],
    }


def releases(board: Board, number: int, cohort: str) -> Page[dict[str, Any]]:
    """A page of what was bought from budgets, newest first; of one cohort, or "" for all."""
    start, end = below(cohort) if cohort else ("", "\x7f")
    with board.index.open() as database:
        bounds = "kind = 'RS' AND key >= ? AND key < ?"
        (total,) = database.execute(
            f"SELECT COUNT(*) FROM records WHERE {bounds}",  # noqa: S608 - ours
            (start, end),
        ).fetchone()

        def read(skip: int, size: int) -> list[dict[str, Any]]:
            rows = database.execute(
                f"SELECT key, value FROM records WHERE {bounds} "  # noqa: S608 - ours
                "ORDER BY made_ms DESC, key LIMIT ? OFFSET ?",
                (start, end, size, skip),
            ).fetchall()
            found = []
            for key, value in rows:
                of, _, request = key.partition("/")
                found.append({**json.loads(value), "cohort": of, "request": request})
            return found

        return page_of(total, number, read)
