# SPDX-License-Identifier: Apache-2.0
"""The audit trail: a chained line for each request, and what of it was anchored on the ledger."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from pmcb_client.database import PrivateDatabase
from pmcb_services.common._chain import End, append, end, first_broken, lines
from pmcb_services.retrieval.errors import TrailBroken

from ._sealed import opened, sealed

__all__ = ["Line", "Trail"]

_ASKED = "a request"


@dataclass
class Line:
    """One request, filled in while it is dealt with.

    Attributes:
        mode: what was asked for: query, insert, ...
        certificate: SHA-256 of the caller's, hex.
        grant: under which it was served; "" for the owner, and where none was found.
        rounds: that it took.
        asked: its ranges and the like; they are sealed.
        outcome: OK, or the code of the refusal.
    """

    mode: str
    certificate: str
    grant: str = ""
    rounds: int = 0
    asked: object = None
    outcome: str = "OK"


class Trail:
    """Of one store; everybody who may read the folder may check it, and its keys open the ranges.

    Args:
        database: of the store's folder.
        key: of the store, for this purpose.
        clock: milliseconds UTC.
    """

    def __init__(self, database: PrivateDatabase, key: bytes, *, clock: Callable[[], int]) -> None:
        self._database, self._key, self._now_ms = database, key, clock

    @contextmanager
    def writer(self) -> Iterator[Callable[[Sequence[Line]], None]]:
        """Adds lines, all or none of a call; they are on disk when that returns.

        It is of the thread that entered the block, and raises `sqlite3.Error`.
        """
        with self._database.open() as database:

            def write(lines: Sequence[Line]) -> None:
                with database:
                    database.execute("BEGIN IMMEDIATE")
                    for line in lines:
                        self._append(database, line)

            yield write

    def head(self) -> str:
        """What the ledger is told of the trail: a hash, hex, by which nobody learns its length.

        SHA-256(salt ‖ number of lines, 8 bytes ‖ hash of the last one), the salt random and kept.
        """
        salt = secrets.token_bytes(32)
        with self._database.open() as database:
            database.execute("BEGIN IMMEDIATE")
            found = end(database)
            head = _head(salt, found)
            database.execute("INSERT INTO anchors VALUES (?, ?, ?, ?)", (head, salt, *found))
        return head

    def check(self, anchored: str) -> int:
        """Whether it is as it was written, and as it was anchored; the number of lines.

        Args:
            anchored: the ledger's newest head; "" where it has none.

        Raises:
            TrailBroken: names the first line that is wrong.
        """
        with self._database.open() as database:
            broken = first_broken(database)
            if broken:
                raise TrailBroken(f"Line {broken} of the audit trail was changed or is lost.")
            query = "SELECT head, salt, anchors.number, anchors.hash, log.hash FROM anchors "
            query += "LEFT JOIN log ON log.number = anchors.number ORDER BY anchors.number"
            known = {"": 0}
            for head, salt, number, digest, now in database.execute(query):
                same = digest == now or number == 0
                if not same or _head(salt, End(number, digest)) != head:
                    raise TrailBroken(f"Line {number} of the audit trail is not what was anchored.")
                known[head] = number
            if anchored not in known:
                raise TrailBroken("The ledger has an anchor of lines that are not in this trail.")
            return end(database).number

    def lines(self) -> Iterator[dict[str, Any]]:
        """The trail from its first line, what was asked for opened.

        Raises:
            KeyMismatch: another key sealed a line.
        """
        with self._database.open() as database:
            for line in lines(database):
                hidden = bytes.fromhex(str(line["asked"]))
                yield {**line, "asked": opened(self._key, hidden, _ASKED) if hidden else None}

    def _append(self, database: sqlite3.Connection, line: Line) -> None:
        hidden = "" if line.asked is None else sealed(self._key, line.asked, _ASKED).hex()
        append(
            database,
            line.mode,
            self._now_ms(),
            certificate=line.certificate,
            grant=line.grant,
            rounds=line.rounds,
            outcome=line.outcome,
            asked=hidden,
        )


def _head(salt: bytes, found: End) -> str:
    data = salt + found.number.to_bytes(8, "big") + bytes.fromhex(found.hash)
    return sha256(data).hexdigest()
