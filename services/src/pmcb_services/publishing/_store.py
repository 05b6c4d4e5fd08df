# SPDX-License-Identifier: Apache-2.0
"""The service's folder: its database, its releases, and nobody else in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pmcb_client.database import PrivateDatabase
from pmcb_client.files import private_folder
from pmcb_services.common._alone import alone
from pmcb_services.common._chain import CHAIN_SCHEMA, append, first_broken, lines

from .errors import ReleaseTampered

__all__ = ["Store"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS cohorts (
  cohort TEXT PRIMARY KEY, unit TEXT NOT NULL, document TEXT NOT NULL, policy TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS datasets (
  name TEXT PRIMARY KEY, dataset TEXT NOT NULL, cohort TEXT NOT NULL REFERENCES cohorts (cohort)
) STRICT;
CREATE TABLE IF NOT EXISTS versions (
  version TEXT PRIMARY KEY, name TEXT NOT NULL REFERENCES datasets (name),
  number INTEGER, path TEXT NOT NULL, mark TEXT NOT NULL, state TEXT NOT NULL,
  count INTEGER, share TEXT, UNIQUE (name, number)
) STRICT;
CREATE TABLE IF NOT EXISTS subjects (
  tag BLOB NOT NULL, cohort TEXT NOT NULL, PRIMARY KEY (tag, cohort)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS requests (
  hash TEXT PRIMARY KEY, document TEXT NOT NULL, cohort TEXT NOT NULL, version TEXT NOT NULL,
  epsilon TEXT NOT NULL, who TEXT NOT NULL, state TEXT NOT NULL, path TEXT NOT NULL,
  release_hash TEXT NOT NULL, transaction_id TEXT NOT NULL, published_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS requests_by_cohort ON requests (cohort);
"""


class Store:
    """A folder that one service uses at a time, and that only its owner can read.

    Paths and states of data sets, versions and requests are in it, releases, and a log whose lines
    are chained by hashes. Neither rows of tables, nor noise, nor seeds are.

    Args:
        folder: made if it is missing.

    Raises:
        InputError: another service uses it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = private_folder(folder)
        self.releases = private_folder(folder / "releases")
        self.tables = private_folder(folder / "tables")
        self._held = alone(folder, "Another service publishes from this folder.")
        self._file = PrivateDatabase(folder / "publishing.sqlite3", _SCHEMA + CHAIN_SCHEMA)

    def close(self) -> None:
        """Leave the folder to another service."""
        self._held.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection whose rows have names."""
        with self._file.open() as database:
            database.row_factory = sqlite3.Row
            yield database

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The same, alone: nobody else writes before the block ends, and then it is on disk."""
        with self.reading() as database:
            database.execute("BEGIN IMMEDIATE")
            yield database

    def note(self, event: str, now_ms: int, **ids: str | int) -> None:
        """Add a line to the log."""
        with self.writing() as database:
            append(database, event, now_ms, **ids)

    def check(self) -> None:
        """Whether the log is as it was written.

        Raises:
            ReleaseTampered: names the first line that is not.
        """
        with self.reading() as database:
            place = first_broken(database)
        if place:
            raise ReleaseTampered(
                f"Line {place} of the log",
                next_step="Start from a copy of the folder that is whole.",
            )

    def log(self) -> list[dict[str, str | int]]:
        """The log's lines, from the first."""
        with self.reading() as database:
            return list(lines(database))
