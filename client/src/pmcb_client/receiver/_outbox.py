# SPDX-License-Identifier: Apache-2.0
"""Answers on their way: on disk before anything is sent, gone only when the ledger has them."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from pmcb_client.usage_errors import AnswerError

__all__ = ["Outbox", "Parcel", "State"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS parcels (
  hash TEXT PRIMARY KEY, uid TEXT NOT NULL, task TEXT NOT NULL, subtask INTEGER NOT NULL,
  slot INTEGER NOT NULL, size INTEGER NOT NULL, data BLOB, state TEXT NOT NULL,
  code TEXT NOT NULL DEFAULT '', queued_ms INTEGER NOT NULL, UNIQUE (uid, task)
) STRICT
"""
_COLUMNS = "hash, uid, task, subtask, slot, size, state, code, queued_ms"


class State(StrEnum):
    """How far a parcel is."""

    WAITING = "waiting"
    UPLOADED = "uploaded"
    SUBMITTED = "submitted"
    REFUSED = "refused"


@dataclass(frozen=True)
class Parcel:
    """One sealed answer.

    Attributes:
        hash: of its bytes; its name in the content store and on the ledger.
        uid: whose answer it is.
        task, subtask, slot: what it answers.
        size: bytes.
        state: how far it is.
        code: why it was refused, else "".
        queued_ms: when it was put here, milliseconds UTC.
    """

    hash: str
    uid: str
    task: str
    subtask: int
    slot: int
    size: int
    state: State
    code: str = field(default="")
    queued_ms: int = 0


class Outbox:
    """A person's answers, in an SQLite file that only its owner can read.

    ``put`` returns once the bytes are on disk. Whatever is killed afterwards, a parcel is in one
    of four states, and each step forward is one transaction.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._path = path
        with self._open() as database:
            database.execute(_SCHEMA)

    def put(self, parcel: Parcel, data: bytes) -> Parcel:
        """Queue an answer; the one that is queued for this task already stays, and is returned.

        Raises:
            AnswerError: another answer to this task is on its way or was sent.
        """
        row = (*(getattr(parcel, n) for n in ("hash", "uid", "task", "subtask", "slot", "size")),)
        with self._open() as database:
            database.execute(
                "INSERT INTO parcels "
                "(hash, uid, task, subtask, slot, size, state, queued_ms, data) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (*row, State.WAITING, parcel.queued_ms, data),
            )
        kept = self.of_task(parcel.uid, parcel.task)
        assert kept is not None
        if kept.hash != parcel.hash:
            raise AnswerError(
                f"An answer to task {parcel.task} was queued already ({kept.state}).",
                next_step="`pmcb receiver status` shows it; an answer is given once.",
            )
        return kept

    def of_task(self, uid: str, task: str) -> Parcel | None:
        """The person's answer to a task, if one was queued."""
        found = self._select("WHERE uid = ? AND task = ?", uid, task)
        return found[0] if found else None

    def pending(self, uid: str) -> list[Parcel]:
        """What is still to be sent, oldest first."""
        states = (State.WAITING, State.UPLOADED)
        return self._select(
            "WHERE uid = ? AND state IN (?, ?) ORDER BY queued_ms, hash", uid, *states
        )

    def all(self, uid: str) -> list[Parcel]:
        """Everything that was ever queued, oldest first."""
        return self._select("WHERE uid = ? ORDER BY queued_ms, hash", uid)

    def data(self, digest: str) -> bytes:
        """The bytes of a parcel that is still to be sent."""
        with self._open() as database:
            row = database.execute("SELECT data FROM parcels WHERE hash = ?", (digest,)).fetchone()
        return bytes(row[0])

    def uploaded(self, digest: str) -> None:
        """The content store has it, and signed for it."""
        self._move(digest, State.UPLOADED)

    def submitted(self, digest: str) -> None:
        """The ledger has it: the local copy goes."""
        self._move(digest, State.SUBMITTED, keep=False)

    def refused(self, digest: str, code: str) -> None:
        """The ledger will never have it: health data that nobody takes need not lie about."""
        self._move(digest, State.REFUSED, code, keep=False)

    def _move(self, digest: str, state: State, code: str = "", *, keep: bool = True) -> None:
        kept = "" if keep else ", data = NULL"
        with self._open() as database:
            database.execute(
                f"UPDATE parcels SET state = ?, code = ?{kept} WHERE hash = ?",  # noqa: S608 - ours
                (state, code, digest),
            )

    def _select(self, where: str, *values: object) -> list[Parcel]:
        query = f"SELECT {_COLUMNS} FROM parcels {where}"  # noqa: S608 - no value stands in it
        with self._open() as database:
            rows = database.execute(query, values).fetchall()
        names = [name.strip() for name in _COLUMNS.split(",")]
        found = [dict(zip(names, row, strict=True)) for row in rows]
        return [Parcel(**one | {"state": State(one["state"])}) for one in found]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection whose transaction ends with the block; two processes may share the file."""
        with closing(sqlite3.connect(self._path, timeout=30)) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            database.execute("PRAGMA secure_delete = ON")
            with database:
                yield database
