# SPDX-License-Identifier: Apache-2.0
"""An SQLite file of one person: private from its creation, and on disk when a block ends."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pmcb_client.files import private_folder

__all__ = ["PrivateDatabase"]

WAIT_S = 30  # for another process that writes


class PrivateDatabase:
    """An SQLite file of mode 0600; folders that are missing are made with 0700.

    ::

        database = PrivateDatabase(folder / "findings.sqlite3", SCHEMA)
        with database.open() as connection:
            connection.execute("INSERT INTO ...")

    Args:
        path: of the file, which is made if it is missing.
        schema: statements that may be repeated; they are run at once.
        secure_delete: whether what is deleted is overwritten with zeros.
    """

    def __init__(self, path: Path, schema: str, *, secure_delete: bool = False) -> None:
        private_folder(path.parent)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._path = path
        self._secure_delete = secure_delete
        with self.open() as connection:
            connection.executescript(schema)

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """A connection whose transaction ends with the block; several processes may have one.

        A block that ends well is on disk, and survives a loss of power; one that raises left
        nothing.

        Raises:
            sqlite3.Error: the disk is full, or the file cannot be used.
        """
        with closing(sqlite3.connect(self._path, timeout=WAIT_S)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            if self._secure_delete:
                connection.execute("PRAGMA secure_delete = ON")
            with connection:
                yield connection
