# SPDX-License-Identifier: Apache-2.0
"""What became of each request: its state, on disk before the next step begins."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from pmcb_services.common._chain import append

from ._requests import Request
from ._store import Store

__all__ = ["Entries", "Entry", "State"]


class State(StrEnum):
    """How far a request has come.

    ``PENDING`` waits for the institution; the ledger was not asked. ``INTENT``: it is being asked.
    ``RESERVED``: epsilon is spent, and the table is being read, or was when the service died.
    ``STORED``: the release is on disk. ``PUBLISHED``: the ledger has its hash. ``LOST``: paid, and
    never run again.
    """

    PENDING = "pending"
    INTENT = "intent"
    RESERVED = "reserved"
    STORED = "stored"
    PUBLISHED = "published"
    LOST = "lost"

    @property
    def has_spent(self) -> bool:
        """Whether its epsilon is gone."""
        return self not in {State.PENDING, State.INTENT}


@dataclass(frozen=True)
class Entry:
    """One request.

    Attributes:
        request: what was asked for.
        who: uid of who asked.
        state: how far it has come.
        path: of its folder, below that of releases.
        release_hash: SHA-256 of what was bought; "" before it is stored.
        transaction_id: of the transaction that recorded it; "" before.
        published_ms: when that was, milliseconds UTC; 0 before.
    """

    request: Request
    who: str
    state: State
    path: str
    release_hash: str = ""
    transaction_id: str = ""
    published_ms: int = 0

    @property
    def id(self) -> str:
        """The request's hash."""
        return self.request.hash


class Entries:
    """The requests of a store; every change is one transaction, with a line in the log.

    Args:
        store: where they are kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, request_hash: str) -> Entry | None:
        """The request of this hash."""
        with self._store.reading() as database:
            query = "SELECT * FROM requests WHERE hash = ?"
            row = database.execute(query, (request_hash,)).fetchone()
        return None if row is None else _entry(row)

    def of_cohort(self, cohort: str) -> list[Entry]:
        """A cohort's requests, in the order in which they came."""
        with self._store.reading() as database:
            query = "SELECT * FROM requests WHERE cohort = ? ORDER BY rowid"
            return [_entry(row) for row in database.execute(query, (cohort,))]

    def in_states(self, states: Sequence[State]) -> list[Entry]:
        """The requests that are so far."""
        marks = ", ".join("?" * len(states))
        with self._store.reading() as database:
            query = f"SELECT * FROM requests WHERE state IN ({marks}) ORDER BY rowid"  # noqa: S608  # marks
            return [_entry(row) for row in database.execute(query, [*states])]

    def spent(self, cohort: str) -> Mapping[str, Fraction]:
        """What each person has spent of a cohort's budget here."""
        found: dict[str, Fraction] = {}
        for entry in self.of_cohort(cohort):
            if entry.state.has_spent:
                found[entry.who] = found.get(entry.who, Fraction(0)) + entry.request.epsilon
        return found

    def put(self, request: Request, who: str, state: State, *, now_ms: int) -> Entry:
        """Note a request that has spent nothing yet: pending, or about to."""
        entry = Entry(request, who, state, path=request.hash)
        values = (
            entry.id,
            json.dumps(request.document()),
            request.cohort,
            request.version,
            str(request.epsilon),
            who,
            state,
            entry.path,
        )
        with self._store.writing() as database:
            database.execute(
                "INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', '', 0) "
                "ON CONFLICT (hash) DO UPDATE SET who = excluded.who, state = excluded.state",
                values,
            )
            _note(database, entry, state, now_ms)
        return entry

    def forget(self, entry: Entry, *, now_ms: int) -> None:
        """Nothing was spent for it: it may be asked for as if it never had been."""
        with self._store.writing() as database:
            database.execute("DELETE FROM requests WHERE hash = ?", (entry.id,))
            _note(database, entry, "forgotten", now_ms)

    def move(
        self,
        entry: Entry,
        state: State,
        *,
        now_ms: int,
        release_hash: str = "",
        transaction_id: str = "",
    ) -> None:
        """The request has come so far."""
        published_ms = now_ms if state is State.PUBLISHED else 0
        with self._store.writing() as database:
            database.execute(
                "UPDATE requests SET state = ?, release_hash = ?, transaction_id = ?, "
                "published_ms = ? WHERE hash = ?",
                (state, release_hash, transaction_id, published_ms, entry.id),
            )
            _note(database, entry, state, now_ms, release_hash)


def _entry(row: sqlite3.Row) -> Entry:
    request = Request.from_document(json.loads(row["document"]))
    named = ("who", "path", "release_hash", "transaction_id", "published_ms")
    return Entry(request, state=State(row["state"]), **{name: row[name] for name in named})


def _note(
    database: sqlite3.Connection, entry: Entry, event: str, now_ms: int, release_hash: str = ""
) -> None:
    ids = {"request": entry.id, "cohort": entry.request.cohort, "who": entry.who}
    ids |= {"kind": entry.request.kind, "epsilon": str(entry.request.epsilon)}
    append(database, event, now_ms, **ids, release=release_hash)
