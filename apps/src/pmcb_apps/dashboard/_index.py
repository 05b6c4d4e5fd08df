# SPDX-License-Identifier: Apache-2.0
"""What the blocks say, in an SQLite file of this home: pages are made from it alone.

It holds nothing that a member's peer does not deliver to this identity, and nothing that cannot be
had again: a file that is damaged, or of another ledger, is made anew from the first block.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pmcb_client.database import PrivateDatabase

from ._block import Call, Write

__all__ = ["Index", "Place"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
  kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
  made_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL, PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS people (
  epoch INTEGER NOT NULL, uid TEXT NOT NULL, level INTEGER NOT NULL, PRIMARY KEY (epoch, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS people_by_level ON people (epoch, level);
CREATE TABLE IF NOT EXISTS calls (
  block INTEGER NOT NULL, position INTEGER NOT NULL, tx TEXT NOT NULL, function TEXT NOT NULL,
  msp TEXT NOT NULL, at_ms INTEGER NOT NULL, code INTEGER NOT NULL, PRIMARY KEY (block, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS place (
  one INTEGER PRIMARY KEY CHECK (one = 1), ledger TEXT NOT NULL, next INTEGER NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS answers (
  task TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""

_TABLES = ("records", "people", "calls", "place", "answers")

# Of these records, these fields; () for all. Wrapped keys, shares, and what nobody is shown stay
# out: an index that is stolen tells no more than its pages.
_KEPT: dict[str, tuple[str, ...]] = {
    "BU": (), "CL": (), "CO": (), "CU": (), "DL": ("n", "threshold", "at"), "DS": (), "EA": (),
    "EB": ("count",), "EP": (), "GR": (), "KY": ("at",), "PY": (), "RS": (), "SA": (),
    "SB": ("holder", "size", "at"), "SE": (), "SL": ("holder", "level", "epoch", "at"),
    "ST": ("level", "slots", "reward"), "SU": (), "TK": (),
    "VD": ("verdict", "score", "reason", "at"), "WK": ("role",), "AC": ("delta", "reason", "task"),
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """How far the index has come.

    Attributes:
        ledger: the hash of its first block, hex; "" before that was read.
        next: the number of the block that is read next.
        at_ms: the newest time that a transaction names, milliseconds UTC; 0 before the first.
    """

    ledger: str = ""
    next: int = 0
    at_ms: int = 0


class Index:
    """The index of one identity.

    Args:
        path: of the file; it is made, or made anew when it is damaged.
        uid: whose own account is kept; nobody else's is.
    """

    def __init__(self, path: Path, uid: str) -> None:
        self._path = path
        self._account = f"{uid}/"
        try:
            self._file = PrivateDatabase(path, _SCHEMA)
            with self._file.open() as database:
                sound = database.execute("PRAGMA quick_check").fetchone() == ("ok",)
        except sqlite3.DatabaseError:
            sound = False
        if not sound:
            self.rebuild()

    def rebuild(self) -> None:
        """Throw it away and begin anew; whoever opens it meanwhile finds the old or the new one."""
        fresh = self._path.with_name(f"{self._path.name}.new")
        fresh.unlink(missing_ok=True)
        PrivateDatabase(fresh, _SCHEMA)
        for suffix in ("-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        fresh.replace(self._path)
        self._file = PrivateDatabase(self._path, _SCHEMA)

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """A connection to read from.

        Raises:
            sqlite3.DatabaseError: the file is damaged.
        """
        with self._file.open() as database:
            yield database

    @property
    def place(self) -> Place:
        """How far it has come."""
        with self.open() as database:
            row = database.execute("SELECT ledger, next, at_ms FROM place").fetchone()
        return Place() if row is None else Place(*row)

    def belong_to(self, ledger: str) -> None:
        """Forget everything of another ledger, as one that was removed."""
        known = self.place.ledger
        with self._file.open() as database:
            if known not in {"", ledger}:
                for table in _TABLES:
                    database.execute(f"DELETE FROM {table}")  # noqa: S608 - ours
            database.execute("INSERT OR IGNORE INTO place VALUES (1, ?, 0, 0)", (ledger,))

    def apply(self, number: int, made: Iterable[Call]) -> bool:
        """Add a block, whole or not at all.

        Returns:
            False where it is not the next one: nothing was changed.
        """
        with self._file.open() as database:
            # What a crash takes is read again from the ledger.
            database.execute("PRAGMA synchronous = NORMAL")
            (following, newest) = database.execute("SELECT next, at_ms FROM place").fetchone()
            if number != following:
                return False
            for call in made:
                row = (number, call.position, call.tx_id, call.function, call.msp)
                database.execute(
                    "INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, call.at_ms, call.code)
                )
                newest = max(newest, call.at_ms)
                for write in call.writes:
                    self._write(database, write, call.at_ms)
            database.execute("UPDATE place SET next = ?, at_ms = ?", (number + 1, newest))
        return True

    def answered(self, task: str, at_ms: int, code: str, reason: str) -> None:
        """Keep what the contract said when a task's listing was asked for; "" where it gave it."""
        with self._file.open() as database:
            database.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)", (task, at_ms, code, reason)
            )

    def _write(self, database: sqlite3.Connection, write: Write, at_ms: int) -> None:
        if write.kind == "LV":
            _level(database, write)
            return
        if write.kind not in _KEPT:
            return
        if write.kind == "AC" and not write.key.startswith(self._account):
            return
        if write.value is None:
            place = (write.kind, write.key)
            database.execute("DELETE FROM records WHERE kind = ? AND key = ?", place)
            return
        value, kept = write.value.decode(), _KEPT[write.kind]
        if kept:
            whole = json.loads(value)
            value = json.dumps({name: whole[name] for name in kept if name in whole})
        database.execute(
            "INSERT INTO records VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE "
            "SET value = excluded.value, changed_ms = excluded.changed_ms",
            (write.kind, write.key, value, at_ms, at_ms),
        )


def _level(database: sqlite3.Connection, write: Write) -> None:
    epoch, _, uid = write.key.partition("/")
    if write.value is None:
        row: tuple[object, ...] = (int(epoch), uid)
        database.execute("DELETE FROM people WHERE epoch = ? AND uid = ?", row)
        return
    level = json.loads(write.value)["level"]
    database.execute("INSERT OR REPLACE INTO people VALUES (?, ?, ?)", (int(epoch), uid, level))
