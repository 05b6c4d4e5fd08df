# SPDX-License-Identifier: Apache-2.0
"""What an adapter must not forget: what it was told, what it answered, which devices it has."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pmcb_client.database import PrivateDatabase
from pmcb_services.fog.errors import Conflict, InvalidInput, StaleEpoch, Unavailable
from pmcb_services.fog.online._vault import Vault

from ._command import Answer, Command, Outcome

__all__ = ["Memory"]

_UNUSABLE = "The adapter's memory cannot be used: is the disk full?"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
  id TEXT PRIMARY KEY, epoch INTEGER NOT NULL, said BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS devices (
  name TEXT PRIMARY KEY, is_here INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS marks (of_key BLOB NOT NULL) STRICT;
"""


class Memory:
    """A row for each order, on the disk before its effect; nothing is forgotten.

    Answers, and by what a repeat is known, are sealed under a key beside it.

    Args:
        folder: of its own, used by one adapter at a time.

    Raises:
        InvalidInput: the key, or the database, is lost or another's: what was done is not known.
        Unavailable: the disk is full, or the files may not be used.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self._database, self._vault = _found(folder)
        except (OSError, sqlite3.OperationalError) as error:
            raise Unavailable(_UNUSABLE) from error
        except (InvalidInput, sqlite3.Error) as error:
            raise InvalidInput(
                "The adapter's memory is not whole: database or key is damaged, lost or another's.",
                next_step="Put back both files of `fog-adapter` in the home. Only where no order "
                "of its devices is open, delete the folder.",
            ) from error

    def begin(self, asked: Command) -> Answer | None:
        """Note an attempt; what was answered before, or None where this is the first to be done.

        Until `conclude` says otherwise, nobody knows whether it was done.

        Raises:
            StaleEpoch: a later attempt has been seen.
            Conflict: the order was something else.
            Unavailable: the disk fails, or what it holds is damaged.
        """
        with self._open() as connection:
            query = "SELECT epoch, said FROM orders WHERE id = ?"
            row = connection.execute(query, (asked.order,)).fetchone()
            if row is None:
                said = self._sealed(asked, Answer(Outcome.UNKNOWN))
                values = (asked.order, asked.epoch, said)
                connection.execute("INSERT INTO orders VALUES (?, ?, ?)", values)
                return None
            epoch, said = row
            if asked.epoch < epoch:
                raise StaleEpoch("A later attempt of the order has been here.", field="epoch")
            answer = self._opened(asked, said)
            change = "UPDATE orders SET epoch = ? WHERE id = ?"
            connection.execute(change, (asked.epoch, asked.order))
            return answer

    def conclude(self, asked: Command, answer: Answer, *, is_here: bool | None = None) -> None:
        """It ended so; with it the device came, or went, where that is said.

        Raises:
            Unavailable: the disk fails: nobody knows whether it was done.
        """
        with self._open() as connection:
            values = (self._sealed(asked, answer), asked.order)
            connection.execute("UPDATE orders SET said = ? WHERE id = ?", values)
            if is_here is not None:
                change = "INSERT OR REPLACE INTO devices VALUES (?, ?)"
                connection.execute(change, (asked.device, is_here))

    def is_here(self, device: str) -> bool | None:
        """Whether it was added or removed last; None where neither.

        Raises:
            Unavailable: the disk fails.
        """
        with self._open() as connection:
            query = "SELECT is_here FROM devices WHERE name = ?"
            row = connection.execute(query, (device,)).fetchone()
        return None if row is None else bool(row[0])

    def _sealed(self, asked: Command, answer: Answer) -> bytes:
        said = {"asked": asked.digest, "outcome": answer.outcome}
        return self._vault.sealed(json.dumps(said).encode() + b"\n" + answer.data, asked.order)

    def _opened(self, asked: Command, said: bytes) -> Answer:
        try:
            line, _, data = self._vault.opened(said, asked.order).partition(b"\n")
        except InvalidInput as error:  # no refusal: it may have been done
            raise Unavailable("What the adapter remembers of the order is damaged.") from error
        found = json.loads(line)
        if found["asked"] != asked.digest:
            raise Conflict("The order was something else before.", field="order")
        return Answer(Outcome[found["outcome"]], data)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._database.open() as connection:
                yield connection
        except sqlite3.Error as error:
            raise Unavailable(_UNUSABLE) from error


def _found(folder: Path) -> tuple[PrivateDatabase, Vault]:
    """Both, new where neither was there.

    Raises:
        InvalidInput, OSError, sqlite3.Error: what is there is not whole.
    """
    path, key = folder / "memory.sqlite3", folder / "key"
    if key.exists() and not path.exists():
        raise InvalidInput("The database is lost.")
    database = PrivateDatabase(path, _SCHEMA)
    with database.open() as connection:
        mark = connection.execute("SELECT of_key FROM marks").fetchone()
        vault = Vault.at(key)
        if mark is None:
            connection.execute("INSERT INTO marks VALUES (?)", (vault.mark(),))
        else:
            vault.check(mark[0])
    return database, vault
