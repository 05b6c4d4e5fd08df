# SPDX-License-Identifier: Apache-2.0
"""Answers on their way: on disk before anything is sent, gone only when the ledger has them."""

from __future__ import annotations

import errno
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pmcb_client.database import PrivateDatabase
from pmcb_client.usage_errors import AnswerError, HomeError

if TYPE_CHECKING:
    from pmcb_client.content import Receipt
    from pmcb_client.sealing import Blob

__all__ = ["Outbox", "Parcel", "State"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS parcels (
  hash TEXT PRIMARY KEY, task TEXT NOT NULL UNIQUE, subtask INTEGER NOT NULL,
  slot INTEGER NOT NULL, size INTEGER NOT NULL, readers TEXT NOT NULL, state TEXT NOT NULL,
  code TEXT NOT NULL DEFAULT '', queued_ms INTEGER NOT NULL,
  share BLOB, passed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS blobs (
  hash TEXT PRIMARY KEY, parcel TEXT NOT NULL, number INTEGER NOT NULL,
  size INTEGER NOT NULL, receipt TEXT, data BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS parts ON blobs (parcel, number);
"""
_COLUMNS = """
  hash, task, subtask, slot, size, readers, state, code, queued_ms, passed,
  (SELECT COUNT(*) FROM blobs WHERE parcel = parcels.hash) AS files,
  (SELECT COUNT(receipt) FROM blobs WHERE parcel = parcels.hash) AS uploaded
"""


class State(StrEnum):
    """How far a parcel is."""

    WAITING = "waiting"
    UPLOADED = "uploaded"
    SUBMITTED = "submitted"
    REFUSED = "refused"


@dataclass(frozen=True)
class Parcel:
    """One sealed answer: a file, or several under a manifest.

    Attributes:
        hash: of its last file, which the ledger names.
        task, subtask, slot: what it answers.
        size: of all its files, bytes.
        readers: uids of those it is sealed for.
        state: how far it is.
        code: why it was refused, else "".
        queued_ms: when it was put here, milliseconds UTC.
        passed: whether the holder's share of a secret was passed on, or there is none.
        files, uploaded: how many it has, and how many the content store signed for.
    """

    hash: str
    task: str
    subtask: int
    slot: int
    size: int
    readers: tuple[str, ...]
    state: State = State.WAITING
    code: str = ""
    queued_ms: int = 0
    passed: bool = False
    files: int = 1
    uploaded: int = 0


class Outbox:
    """A person's answers, in an SQLite file that only its owner can read.

    ``put`` returns once the bytes are on disk. Whatever is killed afterwards, each step forward is
    one transaction: a file that the store signed for is not sent again, and what was not sent is.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with _explained(path):
            self._file = PrivateDatabase(path, _SCHEMA, secure_delete=True)

    def put(self, blobs: Sequence[Blob], *, queued_ms: int, has_secret: bool = False) -> Parcel:
        """Queue an answer.

        Args:
            blobs: its sealed files in the order of their upload; the ledger names the last.
            queued_ms: milliseconds UTC.
            has_secret: whether its holder has, or will have, a share to pass on afterwards.

        Raises:
            AnswerError: another answer to this task is on its way, was sent or refused.
        """
        named = blobs[-1]
        place, readers = named.place, json.dumps(sorted(named.wraps))
        size = sum(len(blob.data) for blob in blobs)
        row = (named.hash, place.task, place.subtask, place.slot, size, readers, State.WAITING)
        with self._open() as database:
            fresh = database.execute(
                "INSERT INTO parcels "
                "(hash, task, subtask, slot, size, readers, state, queued_ms, passed) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (*row, queued_ms, not has_secret),
            ).rowcount
            if fresh:
                database.executemany(
                    "INSERT INTO blobs (hash, parcel, number, size, data) VALUES (?, ?, ?, ?, ?)",
                    [
                        (blob.hash, named.hash, number, len(blob.data), blob.data)
                        for number, blob in enumerate(blobs)
                    ],
                )
        kept = self.of_task(place.task)
        assert kept is not None
        if not fresh:
            raise AnswerError(
                f"An answer to task {place.task} was queued already ({kept.state}).",
                next_step="`pmcb receiver status` shows it; an answer is given once.",
            )
        return kept

    def of_task(self, task: str) -> Parcel | None:
        """The answer to a task, if one was queued."""
        found = self._select("WHERE task = ?", task)
        return found[0] if found else None

    def pending(self) -> list[Parcel]:
        """What is still to be sent, oldest first."""
        return self._select(
            "WHERE state IN (?, ?) ORDER BY queued_ms, hash", State.WAITING, State.UPLOADED
        )

    def to_pass(self) -> list[Parcel]:
        """Those on the ledger whose holder may still have a share to pass on, oldest first."""
        return self._select(
            "WHERE state = ? AND NOT passed ORDER BY queued_ms, hash", State.SUBMITTED
        )

    def all(self) -> list[Parcel]:
        """Everything that was ever queued, oldest first."""
        return self._select("ORDER BY queued_ms, hash")

    def unsent(self, parcel: Parcel) -> list[tuple[str, int]]:
        """Hash and size of the files that the store has not signed for, in their order."""
        query = (
            "SELECT hash, size FROM blobs WHERE parcel = ? AND receipt IS NULL "
            "AND data IS NOT NULL ORDER BY number"
        )
        with self._open() as database:
            return list(database.execute(query, (parcel.hash,)).fetchall())

    def data(self, digest: str) -> bytes | None:
        """The bytes of a file; None once the ledger has its answer."""
        with self._open() as database:
            row = database.execute("SELECT data FROM blobs WHERE hash = ?", (digest,)).fetchone()
        return None if row is None or row[0] is None else bytes(row[0])

    def receipts(self, parcel: Parcel) -> list[dict[str, object]]:
        """The store's receipts of its files, in their order."""
        query = "SELECT receipt FROM blobs WHERE parcel = ? AND receipt IS NOT NULL ORDER BY number"
        with self._open() as database:
            return [json.loads(row[0]) for row in database.execute(query, (parcel.hash,))]

    def received(self, receipt: Receipt) -> None:
        """The content store has a file, and signed for it; with the last one, all of an answer."""
        with self._open() as database:
            database.execute(
                "UPDATE blobs SET receipt = ? WHERE hash = ?",
                (json.dumps(receipt.as_document()), receipt.hash),
            )
            database.execute(
                "UPDATE parcels SET state = ? WHERE state = ? AND NOT EXISTS "
                "(SELECT 1 FROM blobs WHERE parcel = parcels.hash AND receipt IS NULL) "
                "AND hash = (SELECT parcel FROM blobs WHERE hash = ?)",
                (State.UPLOADED, State.WAITING, receipt.hash),
            )

    def submitted(self, parcel: Parcel) -> None:
        """The ledger has it: the local bytes go."""
        self._move(parcel, State.SUBMITTED, keep=False)

    def refused(self, parcel: Parcel, code: str) -> None:
        """The ledger will never have it: health data that nobody takes need not lie about."""
        self._move(parcel, State.REFUSED, code, keep=False)

    def share(self, parcel: Parcel, fresh: bytes | None = None) -> bytes | None:
        """The sealed share that is on its way to co-holders; ``fresh`` is kept if none was."""
        with self._open() as database:
            database.execute(
                "UPDATE parcels SET share = coalesce(share, ?) WHERE hash = ?",
                (fresh, parcel.hash),
            )
            query = "SELECT share FROM parcels WHERE hash = ?"
            (kept,) = database.execute(query, (parcel.hash,)).fetchone()
        return None if kept is None else bytes(kept)

    def passed(self, parcel: Parcel) -> None:
        """The share was passed on, or there is none to pass on."""
        with self._open() as database:
            database.execute(
                "UPDATE parcels SET passed = 1, share = NULL WHERE hash = ?", (parcel.hash,)
            )

    def _move(self, parcel: Parcel, state: State, code: str = "", *, keep: bool = True) -> None:
        with self._open() as database:
            database.execute(
                "UPDATE parcels SET state = ?, code = ? WHERE hash = ?", (state, code, parcel.hash)
            )
            if not keep:
                database.execute("UPDATE blobs SET data = NULL WHERE parcel = ?", (parcel.hash,))

    def _select(self, where: str, *values: object) -> list[Parcel]:
        query = f"SELECT {_COLUMNS} FROM parcels {where}"  # noqa: S608 - no value stands in it
        with self._open() as database:
            database.row_factory = sqlite3.Row
            rows = database.execute(query, values).fetchall()
        return [_parcel(dict(row)) for row in rows]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection whose transaction ends with the block; two processes may share the file.

        Raises:
            OSError: the disk is full.
            HomeError: the file cannot be used.
        """
        with _explained(self._path), self._file.open() as database:
            yield database


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """What is wrong with the file, in the owner's words."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise OSError(errno.ENOSPC, "No space left on device") from error
        raise HomeError(
            f"The outbox {path} cannot be used ({error.sqlite_errorname}).",
            next_step="If it stays so, move the file away and answer again.",
        ) from error


def _parcel(row: dict[str, Any]) -> Parcel:
    read = {
        "readers": tuple(json.loads(row["readers"])),
        "state": State(row["state"]),
        "passed": bool(row["passed"]),
    }
    return Parcel(**row | read)
