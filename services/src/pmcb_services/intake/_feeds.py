# SPDX-License-Identifier: Apache-2.0
"""How far stores have been fed from the table, on disk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from pmcb_client.database import PrivateDatabase

__all__ = ["FIRST_NUMBER", "Feeds"]

FIRST_NUMBER = 2**31
"""Of the people of the intake; an institution numbers those of its own records below it."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS fed (
  store TEXT PRIMARY KEY, entry INTEGER NOT NULL, pending INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS unfit (
  store TEXT NOT NULL, reason TEXT NOT NULL, rows INTEGER NOT NULL, PRIMARY KEY (store, reason)
) STRICT;
CREATE TABLE IF NOT EXISTS patients (
  number INTEGER PRIMARY KEY, subject TEXT NOT NULL UNIQUE
) STRICT;
"""


class Feeds:
    """In the institution's folder, beside its table.

    Args:
        folder: of the institution.
    """

    def __init__(self, folder: Path) -> None:
        self._file = PrivateDatabase(folder / "fed.sqlite3", _SCHEMA)

    def begin(self, store: str, upto: Callable[[int], int]) -> tuple[int, int]:
        """Behind which entry a batch begins, and with which it ends.

        A batch that was begun and not ended is begun again as it was.

        Args:
            store: its name.
            upto: the end of a batch that begins behind an entry.
        """
        with self._file.open() as database:
            query = "SELECT entry, pending FROM fed WHERE store = ?"
            after, pending = database.execute(query, (store,)).fetchone() or (0, 0)
            if pending == after and (pending := upto(after)) != after:
                values = (store, after, pending)
                database.execute("INSERT OR REPLACE INTO fed VALUES (?, ?, ?)", values)
        return after, pending

    def end(self, store: str, upto: int, unfit: Mapping[str, int]) -> None:
        """The batch is in the store, but for rows that do not fit, by reason."""
        with self._file.open() as database:
            database.execute("UPDATE fed SET entry = ? WHERE store = ?", (upto, store))
            database.executemany(
                "INSERT INTO unfit VALUES (?, ?, ?) "
                "ON CONFLICT (store, reason) DO UPDATE SET rows = rows + excluded.rows",
                ((store, reason, count) for reason, count in unfit.items()),
            )

    def numbers(self, subjects: Iterable[str]) -> dict[str, int]:
        """The numbers by which stores know people, from `FIRST_NUMBER` on as they came."""
        listed = list(dict.fromkeys(subjects))
        query = "SELECT number - 1 FROM patients WHERE subject = ?"
        with self._file.open() as database:
            database.executemany(
                "INSERT INTO patients (subject) VALUES (?) ON CONFLICT DO NOTHING",
                ((each,) for each in listed),
            )
            found = {each: database.execute(query, (each,)).fetchone()[0] for each in listed}
        return {each: FIRST_NUMBER + number for each, number in found.items()}

    def unfit(self) -> dict[str, dict[str, int]]:
        """Rows that no store got, by store and reason."""
        found: dict[str, dict[str, int]] = defaultdict(dict)
        with self._file.open() as database:
            query = "SELECT store, reason, rows FROM unfit ORDER BY store, reason"
            for store, reason, rows in database.execute(query):
                found[store][reason] = rows
        return dict(found)
