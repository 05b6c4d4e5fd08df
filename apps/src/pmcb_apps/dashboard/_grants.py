# SPDX-License-Identifier: Apache-2.0
"""Who may search which encrypted store, or command which device, until when."""

from __future__ import annotations

import json
from typing import Any

from ._board import Board, Page, count, one, page_of

__all__ = ["grants", "in_force"]

# One word a grant; :now in milliseconds UTC.
_STATE = """CASE
  WHEN value ->> 'revoked' <> '' THEN 'revoked'
  WHEN value ->> 'expires' <= :now THEN 'expired'
  WHEN value ->> 'not_before' > :now THEN 'not yet'
  ELSE 'in force' END"""


def in_force(board: Board) -> int:
    """How many are."""
    query = f"SELECT COUNT(*) FROM records WHERE kind = 'GR' AND {_STATE} = 'in force'"  # noqa: S608
    with board.index.open() as database:
        return int(database.execute(query, {"now": board.clock()}).fetchone()[0])


def grants(board: Board, number: int) -> tuple[Page[dict[str, Any]], list[dict[str, Any]]]:
    """A page of the grants, newest first; and the stores that they open, as they stand."""
    with board.index.open() as database:

        def read(skip: int, size: int) -> list[dict[str, Any]]:
            rows = database.execute(
                f"SELECT key, value, made_ms, {_STATE} FROM records WHERE kind = 'GR' "  # noqa: S608
                "ORDER BY made_ms DESC, key LIMIT :size OFFSET :skip",
                {"now": board.clock(), "size": size, "skip": skip},
            ).fetchall()
            return [
                {**json.loads(value), "grant": key, "granted_ms": made_ms, "state": state}
                for key, value, made_ms, state in rows
            ]

        page = page_of(count(database, "GR"), number, read)
        named = sorted({each for grant in page.items for each in grant["datasets"]})
        stores = [
            {
                "dataset": each,
                "record": one(database, "DS", each),
                "epoch": one(database, "SE", each),
                "anchor": one(database, "SA", each),
            }
            for each in named
        ]
        return page, stores
