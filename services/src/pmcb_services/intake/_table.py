# SPDX-License-Identifier: Apache-2.0
"""The institution's table: what it took in, once each, and what became of the rest."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from pmcb_client.database import PrivateDatabase

from ._subjects import Subjects

if TYPE_CHECKING:
    import sqlite3

    from pmcb_client.answers import Row

__all__ = ["Intake", "Record", "Source", "State", "Summary"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL UNIQUE, task TEXT NOT NULL, hash TEXT NOT NULL,
  state TEXT NOT NULL, reason TEXT NOT NULL, subject TEXT NOT NULL, noted_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS entries_by_task ON entries (task);
CREATE TABLE IF NOT EXISTS records (
  entry INTEGER NOT NULL REFERENCES entries (id), number INTEGER NOT NULL,
  at INTEGER NOT NULL, fields TEXT NOT NULL,
  PRIMARY KEY (entry, number)
) STRICT, WITHOUT ROWID;
"""
# What was taken in or left out stays so; what waits is written anew, behind all that was taken.
_FORGET_WAITING = "DELETE FROM entries WHERE source = :source AND state = 'waiting'"
_NOTE = """
INSERT INTO entries (source, task, hash, state, reason, subject, noted_ms)
VALUES (:source, :task, :hash, :state, :reason, :subject, :noted_ms)
ON CONFLICT (source) DO NOTHING RETURNING id
"""


class State(StrEnum):
    """What became of a submission or an observation."""

    TAKEN = "taken"
    WAITING = "waiting"
    LEFT_OUT = "left_out"


@dataclass(frozen=True)
class Source:
    """Where data came from.

    Attributes:
        name: ``task/subtask/slot``, or ``observation/`` and the hash of its body.
        task: 32 hex, "" for an observation.
        hash: SHA-256 of what was sent, hex.
    """

    name: str
    task: str
    hash: str

    @classmethod
    def submission(cls, task: str, subtask: int, slot: int, content_hash: str) -> Source:
        """A slot's answer, as the ledger names it."""
        return cls(f"{task}/{subtask}/{slot}", task, content_hash)

    @classmethod
    def observation(cls, digest: str) -> Source:
        """What a collector sent."""
        return cls(f"observation/{digest}", "", digest)


@dataclass(frozen=True)
class Record:
    """One row of the table.

    Attributes:
        source: see `Source.name`.
        subject: keyed hash of the person, 64 hex.
        at: when it was measured, milliseconds UTC.
        values: by field.
    """

    source: str
    subject: str
    at: int
    values: Mapping[str, int | float | str] = field(repr=False)


@dataclass(frozen=True)
class Summary:
    """How much there is: answers and observations taken, their rows, and the rest by reason."""

    answers: int
    observations: int
    rows: int
    waiting: Mapping[str, int]
    left_out: Mapping[str, int]


class Intake:
    """The table in a folder that only its owner can read; every method may be repeated.

    ::

        intake = Intake(home / "institution" / "HospitalBMSP.records")
        intake.take(source, "HospitalAMSP/ann", answer.rows, now_ms=now_ms)
        for record in intake.records():
            ...

    Raises:
        InputError: the key of subjects is missing or damaged, though data were taken in under it.
    """

    def __init__(self, folder: Path) -> None:
        self._file = PrivateDatabase(folder / "intake.sqlite3", _SCHEMA)
        with self._file.open() as database:
            (used,) = database.execute(
                "SELECT EXISTS (SELECT 1 FROM entries WHERE state = 'taken')"
            ).fetchone()
        self._subjects = Subjects(folder / "subjects.key", may_make=not used)

    def take(self, source: Source, person: str, rows: Iterable[Row], *, now_ms: int) -> bool:
        """Append rows, all in one transaction; False where the source was dealt with before."""
        listed = list(rows)
        subject = self._subjects.subject(person)
        with self._file.open() as database:
            entry = _note(database, source, State.TAKEN, "", subject, now_ms)
            if entry is None:
                return False
            database.executemany(
                "INSERT INTO records VALUES (?, ?, ?, ?)",
                (
                    (entry, number, row.at, json.dumps(dict(row.values), allow_nan=False))
                    for number, row in enumerate(listed)
                ),
            )
        return True

    def note(self, source: Source, state: State, reason: str, *, now_ms: int) -> None:
        """Write down that a source waits or is left out, and why."""
        with self._file.open() as database:
            _note(database, source, state, reason, "", now_ms)

    def state(self, source: Source) -> State | None:
        """What became of a source; None where it is not known."""
        with self._file.open() as database:
            query = "SELECT state FROM entries WHERE source = ?"
            found = database.execute(query, (source.name,)).fetchone()
        return None if found is None else State(found[0])

    def taken_ms(self, source: Source) -> int:
        """When a source was taken in, milliseconds UTC.

        Raises:
            KeyError: it was not.
        """
        with self._file.open() as database:
            query = "SELECT noted_ms FROM entries WHERE source = ? AND state = 'taken'"
            found = database.execute(query, (source.name,)).fetchone()
        if found is None:
            raise KeyError(source.name)
        return int(found[0])

    def records(self, task: str | None = None) -> Iterator[Record]:
        """What was taken in, in that order; of one task, or everything."""
        query = (
            "SELECT source, subject, at, fields FROM records JOIN entries ON entry = id "
            "WHERE ?1 IS NULL OR task = ?1 ORDER BY entry, number"
        )
        with self._file.open() as database:
            for source, subject, at, values in database.execute(query, (task,)):
                yield Record(source, subject, at, json.loads(values))

    def upto(self, after: int, most: int) -> int:
        """The last of the entries behind ``after`` that have about ``most`` rows together.

        An entry is never cut; where none was taken in since, this is ``after``.
        """
        query = (
            "SELECT entry, COUNT(*) FROM records WHERE entry > ? "
            "GROUP BY entry ORDER BY entry LIMIT ?"
        )
        last, rows = after, 0
        with self._file.open() as database:
            for entry, count in database.execute(query, (after, most)):
                last, rows = entry, rows + count
                if rows >= most:
                    break
        return last

    def between(self, after: int, upto: int) -> list[Record]:
        """The rows of entries behind ``after``, to ``upto`` inclusive, in their order."""
        query = (
            "SELECT source, subject, at, fields FROM records JOIN entries ON entry = id "
            "WHERE entry > ? AND entry <= ? ORDER BY entry, number"
        )
        with self._file.open() as database:
            found = database.execute(query, (after, upto)).fetchall()
        return [Record(source, who, at, json.loads(said)) for source, who, at, said in found]

    def summary(self) -> Summary:
        """Counts."""
        with self._file.open() as database:
            (rows,) = database.execute("SELECT COUNT(*) FROM records").fetchone()
            counted = database.execute(
                "SELECT state, reason, task = '', COUNT(*) FROM entries GROUP BY 1, 2, 3 ORDER BY 2"
            ).fetchall()
        taken = {bool(observed): n for state, _, observed, n in counted if state == State.TAKEN}
        waiting, left_out = (
            {reason: n for found, reason, _, n in counted if found == state}
            for state in (State.WAITING, State.LEFT_OUT)
        )
        return Summary(taken.get(False, 0), taken.get(True, 0), rows, waiting, left_out)


def _note(
    database: sqlite3.Connection,
    source: Source,
    state: State,
    reason: str,
    subject: str,
    now_ms: int,
) -> int | None:
    """The entry's number, None where its state is final."""
    values = {**vars(source), "source": source.name, "state": state, "reason": reason}
    values |= {"subject": subject, "noted_ms": now_ms}
    database.execute(_FORGET_WAITING, values)
    found = database.execute(_NOTE, values).fetchall()
    return int(found[0][0]) if found else None
