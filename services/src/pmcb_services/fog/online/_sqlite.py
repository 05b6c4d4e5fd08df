# SPDX-License-Identifier: Apache-2.0
"""The order store in an SQLite file, for one gateway."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pmcb_client.files import private_folder

from ._lane import Connection, Row
from ._session import PREFIX
from ._tables import statements

__all__ = ["SqliteDatabase"]

WAIT_S = 30.0  # for a reader that holds up a checkpoint


class SqliteDatabase:
    """A file of mode 0600 in a folder of 0700.

    Args:
        path: of the file.
    """

    is_shared = False

    def __init__(self, path: Path) -> None:
        private_folder(path.parent)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._path = path

    def writing(self) -> Connection:
        """With its tables."""
        made = SqliteConnection(self._path, "BEGIN IMMEDIATE")
        try:
            for statement in statements(PREFIX, is_sqlite=True):
                made.write(statement)
        except sqlite3.Error:
            made.close()
            raise
        return made

    def reading(self) -> Connection:
        """Beside the one that writes."""
        return SqliteConnection(self._path, "BEGIN")

    def leads(self) -> bool:
        """There is no other."""
        return True


class SqliteConnection:
    """See `Connection`. What is committed survives a loss of power; what is deleted is zeros."""

    def __init__(self, path: Path, begin: str) -> None:
        self._on = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)
        self._begin = begin
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
            self._on.execute(f"PRAGMA {pragma}")

    def begin(self) -> None:
        """Start a transaction."""
        self._on.execute(self._begin)

    def commit(self) -> None:
        """To the disk."""
        self._on.execute("COMMIT")

    def rollback(self) -> None:
        """Undo, where SQLite has not done so by itself."""
        if self._on.in_transaction:
            with suppress(sqlite3.Error):
                self._on.execute("ROLLBACK")

    def all(self, statement: str, *values: Any) -> list[Row]:
        """The rows that it finds."""
        return self._on.execute(statement, values).fetchall()

    def write(self, statement: str, *values: Any) -> int:
        """How many rows it changed."""
        return self._on.execute(statement, values).rowcount

    def write_many(self, statement: str, rows: Sequence[Row]) -> None:
        """The same for many."""
        self._on.executemany(statement, rows)

    def close(self) -> None:
        """Not used any more."""
        self._on.close()
