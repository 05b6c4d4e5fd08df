# SPDX-License-Identifier: Apache-2.0
"""What a collector has taken and no intake has answered for yet, on the disk."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import groupby
from pathlib import Path

from pmcb_client.database import PrivateDatabase
from pmcb_services.fog.errors import Unavailable

from ._reading import Reading

__all__ = ["Batch", "Buffer", "Counts"]

MAX_ROWS = 1000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS readings (
  number INTEGER PRIMARY KEY, subject TEXT NOT NULL, at INTEGER NOT NULL, "values" TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS batches (
  digest TEXT PRIMARY KEY, body BLOB NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
  payload BLOB NOT NULL DEFAULT x'', refused TEXT NOT NULL DEFAULT ''
) STRICT;
"""


@dataclass(frozen=True)
class Batch:
    """Readings of one subject, as the intake takes them.

    Attributes:
        digest: SHA-256 of the body, hex; by it the intake tells a repeat.
        body: an observation.
        tries: orders that were made for it before.
        payload: the signed request of the order that is made for it now; empty before.
    """

    digest: str
    body: bytes = field(repr=False)
    tries: int
    payload: bytes = field(repr=False)

    @property
    def order(self) -> str:
        """The id of that order."""
        return f"{self.digest[:40]}.{self.tries}"


@dataclass(frozen=True)
class Counts:
    """Readings that wait, batches that are under way, batches that were refused, by code."""

    readings: int
    batches: int
    refused: dict[str, int]


class Buffer:
    """Readings, then batches of them; killed anywhere, nothing that was taken is lost.

    Args:
        path: of the file (0600); what is deleted from it is overwritten.
    """

    def __init__(self, path: Path) -> None:
        self._database = PrivateDatabase(path, _SCHEMA, secure_delete=True)

    def take(self, reading: Reading) -> None:
        """Keep a reading; it is on the disk once this returns.

        Raises:
            Unavailable: the disk fails; nothing was taken.
        """
        values = json.dumps(dict(reading.values), sort_keys=True)
        with self._open() as connection:
            connection.execute(
                'INSERT INTO readings (subject, at, "values") VALUES (?, ?, ?)',
                (reading.subject_ref, reading.at, values),
            )

    def pack(self) -> None:
        """Make batches of all readings, each of one subject and in the order of their times."""
        with self._open() as connection:
            query = (
                'SELECT number, subject, at, "values" FROM readings ORDER BY subject, at, number'
            )
            found = connection.execute(query).fetchall()
            for subject, rows in groupby(found, key=lambda row: row[1]):
                times = _by_time([(row[2], row[3]) for row in rows])
                for start in range(0, len(times), MAX_ROWS):
                    part = times[start : start + MAX_ROWS]
                    body = json.dumps({"subject_ref": subject, "rows": part}).encode()
                    connection.execute(
                        "INSERT OR IGNORE INTO batches (digest, body) VALUES (?, ?)",
                        (sha256(body).hexdigest(), body),
                    )
            if found:
                last = max(row[0] for row in found)
                connection.execute("DELETE FROM readings WHERE number <= ?", (last,))

    def batches(self) -> list[Batch]:
        """Those that are to be sent, or were, and are not answered for."""
        with self._open() as connection:
            query = "SELECT digest, body, tries, payload FROM batches WHERE refused = ''"
            return [Batch(*row) for row in connection.execute(query)]

    def signed(self, batch: Batch, payload: bytes) -> None:
        """The request that its order carries: a repeat of the order is the very same."""
        self._change("UPDATE batches SET payload = ? WHERE digest = ?", payload, batch.digest)

    def again(self, batch: Batch) -> None:
        """Another order is to be made for it."""
        change = "UPDATE batches SET tries = tries + 1, payload = x'' WHERE digest = ?"
        self._change(change, batch.digest)

    def done(self, batch: Batch) -> None:
        """The intake has it."""
        self._change("DELETE FROM batches WHERE digest = ?", batch.digest)

    def refuse(self, batch: Batch, code: str) -> None:
        """The intake does not want it; it is kept for whoever looks into it."""
        self._change("UPDATE batches SET refused = ? WHERE digest = ?", code, batch.digest)

    def counts(self) -> Counts:
        """How much there is."""
        with self._open() as connection:
            (readings,) = connection.execute("SELECT count(*) FROM readings").fetchone()
            rows = connection.execute("SELECT refused, count(*) FROM batches GROUP BY refused")
            by_code = dict(rows.fetchall())
        return Counts(readings, by_code.pop("", 0), by_code)

    def _change(self, statement: str, *values: object) -> None:
        with self._open() as connection:
            connection.execute(statement, values)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._database.open() as connection:
                yield connection
        except sqlite3.Error as error:
            raise Unavailable("The collector's buffer cannot be used.") from error


def _by_time(rows: Sequence[tuple[int, str]]) -> list[dict[str, object]]:
    """One row for each time, as times must rise; of a field told twice the first value stands."""
    merged: dict[int, dict[str, object]] = {}
    for at, values in rows:
        merged[at] = {**json.loads(values), **merged.get(at, {})}
    return [{"at": at, "values": values} for at, values in merged.items()]
