# SPDX-License-Identifier: Apache-2.0
"""What a service did, line by line: each names the hash of the one before."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

from pmcb_client._canonical import canonical

__all__ = ["CHAIN_SCHEMA", "End", "append", "end", "first_broken", "lines"]

CHAIN_SCHEMA = """
CREATE TABLE IF NOT EXISTS log (
  number INTEGER PRIMARY KEY, line TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
"""


class End(NamedTuple):
    """The last line's number, 0 before the first, and its hash, hex."""

    number: int
    hash: str


_START = End(0, "0" * 64)


def append(database: sqlite3.Connection, event: str, now_ms: int, **ids: str | int) -> None:
    """Add a line, in the caller's transaction.

    Args:
        database: in a transaction that writes.
        event: what happened.
        now_ms: milliseconds UTC.
        ids: of what it happened to; never a value of a record, noise or a seed.
    """
    number, before = end(database)
    line = {**ids, "number": number + 1, "at": now_ms, "event": event, "before": before}
    data = canonical(line)
    values = (number + 1, data.decode(), sha256(data).hexdigest())
    database.execute("INSERT INTO log VALUES (?, ?, ?)", values)


def end(database: sqlite3.Connection) -> End:
    """Where the log ends."""
    query = "SELECT number, hash FROM log ORDER BY number DESC LIMIT 1"
    row = database.execute(query).fetchone()
    return _START if row is None else End(*row)


def first_broken(database: sqlite3.Connection) -> int:
    """The number of the first line that is not as it was written, or follows another; 0 if none."""
    before = _START.hash
    rows = database.execute("SELECT number, line, hash FROM log ORDER BY number")
    for place, (number, line, digest) in enumerate(rows, start=1):
        sound = number == place and sha256(line.encode()).hexdigest() == digest
        if not sound or _before(line) != before:
            return place
        before = digest
    return 0


def lines(database: sqlite3.Connection) -> Iterator[dict[str, str | int]]:
    """The log, from its first line."""
    for (line,) in database.execute("SELECT line FROM log ORDER BY number"):
        yield json.loads(line)


def _before(line: str) -> object:
    try:
        return json.loads(line)["before"]
    except (ValueError, TypeError, KeyError):  # hashed well, and none of our lines
        return None
