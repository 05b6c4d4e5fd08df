# SPDX-License-Identifier: Apache-2.0
"""Epochs, how receivers spread over their levels, and the influence behind the order."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from pmcb_client.levels_registry import read_levels
from pmcb_client.usage_errors import LevelsFileError

from ._board import Board, count, one

__all__ = ["levels", "spread"]


def spread(database: sqlite3.Connection, epoch: int, levels: int) -> list[int]:
    """How many persons have level 1, 2, ..., T in an epoch."""
    rows = database.execute(
        "SELECT level, COUNT(*) FROM people WHERE epoch = ? GROUP BY level", (epoch,)
    ).fetchall()
    found = dict(rows)
    return [found.get(level, 0) for level in range(1, levels + 1)]


def levels(board: Board) -> dict[str, Any]:
    """Everything of the levels page."""
    with board.index.open() as database:
        current = one(database, "CU")
        rows = database.execute(
            "SELECT key, value FROM records WHERE kind = 'EP' ORDER BY key DESC"
        ).fetchall()
        epochs = [_epoch(database, key, json.loads(value), current) for key, value in rows]
        active = next((epoch for epoch in epochs if epoch["active"]), None)
        own = None
        if current is not None:
            own = database.execute(
                "SELECT level FROM people WHERE epoch = ? AND uid = ?",
                (current["epoch"], board.identity.uid),
            ).fetchone()
        return {
            "epochs": epochs,
            "active": active,
            "spread": spread(database, active["epoch"], active["levels"]) if active else [],
            "influence": _influence(board, active) if active else None,
            "suspended": count(database, "SU"),
            "own": own[0] if own else None,
        }


def _epoch(
    database: sqlite3.Connection, key: str, head: dict[str, Any], current: dict[str, Any] | None
) -> dict[str, Any]:
    bounds = (f"{key}/", f"{key}0")
    (batches,) = database.execute(
        "SELECT COUNT(*) FROM records WHERE kind = 'EB' AND key >= ? AND key < ?", bounds
    ).fetchone()
    approvals = database.execute(
        "SELECT key FROM records WHERE kind = 'EA' AND key >= ? AND key < ? ORDER BY key", bounds
    ).fetchall()
    return {
        **head,
        "epoch": int(key),
        "registered": batches,
        "approvals": [place.rpartition("/")[2] for (place,) in approvals],
        "active": current is not None and current["epoch"] == int(key),
        "since": current["since"] if current and current["epoch"] == int(key) else None,
    }


def _influence(board: Board, active: dict[str, Any]) -> list[float] | None:
    """The influence of level 1, 2, ..., T, where this home has the result behind the epoch.

    The ledger holds hashes of the graph and the parameters only; a result counts when it carries
    the same ones.
    """
    path = board.home / "levels.json"
    try:
        result = read_levels(path)
        found = json.loads(path.read_bytes())["influence"]
    except (LevelsFileError, OSError, ValueError, KeyError):
        return None
    same = (result.graph_hash, result.params_hash) == (active["graph_hash"], active["params_hash"])
    sound = isinstance(found, list) and len(found) == active["levels"] == result.levels
    if not same or not sound or not all(isinstance(value, int | float) for value in found):
        return None
    return [float(value) for value in found]
