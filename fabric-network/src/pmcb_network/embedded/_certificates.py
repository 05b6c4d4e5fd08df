# SPDX-License-Identifier: Apache-2.0
"""The certificates that one organisation's CA issued, and those that it revoked, in SQLite."""

import sqlite3
from collections.abc import Sequence
from dataclasses import astuple, dataclass

_TABLE = """
create table if not exists certificates (
    serial text primary key, id text not null, not_after_ms integer not null,
    revoked_at_ms integer, reason integer
) strict
"""
_INDEX = "create index if not exists certificates_of on certificates (id)"
_FIND = "select serial, id, not_after_ms, revoked_at_ms from certificates where serial = ?"
_REVOKED = """
select serial, id, not_after_ms, revoked_at_ms from certificates
where revoked_at_ms > ? and revoked_at_ms < ? and not_after_ms > ? and not_after_ms < ?
order by revoked_at_ms, serial
"""
EARLIEST_MS, LATEST_MS = -(2**63), 2**63 - 1


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate; `serial` in lower-case hex without leading zeros, times in ms UTC."""

    serial: str
    id: str
    not_after_ms: int
    revoked_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """Which revoked certificates a list is to hold; both ends are excluded."""

    revoked_after_ms: int = EARLIEST_MS
    revoked_before_ms: int = LATEST_MS
    expire_after_ms: int = EARLIEST_MS
    expire_before_ms: int = LATEST_MS


EVER = Period()


class Certificates:
    """What was issued under which id."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._db.execute(_TABLE)
        self._db.execute(_INDEX)

    def add(self, issued: Issued) -> None:
        """Keeps a certificate that is about to be handed out."""
        self._db.execute(
            "insert into certificates (serial, id, not_after_ms) values (?, ?, ?)",
            (issued.serial, issued.id, issued.not_after_ms),
        )

    def find(self, serial: str) -> Issued | None:
        """The certificate of this serial number, or `None`."""
        row = self._db.execute(_FIND, (serial,)).fetchone()
        return None if row is None else Issued(*row)

    def standing(self, name: str) -> list[str]:
        """The serial numbers of the id's certificates that are not revoked."""
        rows = self._db.execute(
            "select serial from certificates where id = ? and revoked_at_ms is null"
            " order by serial",
            (name,),
        )
        return [serial for (serial,) in rows]

    def revoke(self, serials: Sequence[str], *, reason: int, now_ms: int) -> None:
        """Marks the certificates; `reason` is RFC 5280's number."""
        self._db.executemany(
            "update certificates set revoked_at_ms = ?, reason = ? where serial = ?",
            [(now_ms, reason, serial) for serial in serials],
        )

    def revoked(self, period: Period = EVER) -> list[Issued]:
        """The revoked certificates of the period, in the order of their revocation."""
        return [Issued(*row) for row in self._db.execute(_REVOKED, astuple(period))]
