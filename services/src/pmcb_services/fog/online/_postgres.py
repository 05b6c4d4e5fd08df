# SPDX-License-Identifier: Apache-2.0
"""The order store in PostgreSQL, for several gateways: one of them plans, all of them admit."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from pmcb_services.fog.errors import Unavailable

from ._lane import Connection, Row
from ._session import PREFIX
from ._tables import statements

if TYPE_CHECKING:
    import psycopg

__all__ = ["PostgresDatabase"]

CONNECT_S = 10
STALLED_S, LEADER_STALLED_S = 10, 5
"""After which the database gives up on a gateway amid a transaction, and on one that leads and does
not say so: its machine may have vanished."""

WRITER, LEADER = 0x504D4346, 0x504D434C
"""Numbers of advisory locks: who writes now, so that events are seen in order; and who plans."""


class PostgresDatabase:
    """A database that gateways share.

    Args:
        url: ``postgresql://...``, of somebody who may create tables; it is never shown.

    Raises:
        Unavailable: the extra is not installed.
    """

    is_shared = True

    def __init__(self, url: str) -> None:
        try:
            import psycopg
        except ImportError as error:
            raise Unavailable(
                "PostgreSQL is spoken to by psycopg, which is not installed.",
                next_step="Install it: pip install 'pmcb-services[postgres]'.",
            ) from error
        self._url = url
        self._errors = (psycopg.Error,)
        self._leading: psycopg.Connection[Row] | None = None

    def writing(self) -> Connection:
        """With its tables."""
        made = PostgresConnection(self._url, lock=True)
        try:
            made.begin()  # two that make the tables at once would trip over each other
            for statement in statements(PREFIX, is_sqlite=False):
                made.write(statement)
            made.commit()
        except self._errors:
            made.close()
            raise
        return made

    def reading(self) -> Connection:
        """Beside the one that writes."""
        return PostgresConnection(self._url, lock=False)

    def leads(self) -> bool:
        """Whether this gateway holds the lock; the database frees it when the connection ends."""
        try:
            if self._leading is None:
                self._leading = _connected(self._url)
                self._leading.execute(f"SET idle_session_timeout = '{LEADER_STALLED_S}s'")
            row = self._leading.execute(_HELD, (LEADER,)).fetchone()
            if row is None:
                query = "SELECT pg_try_advisory_lock(%s)"
                row = self._leading.execute(query, (LEADER,)).fetchone()
            return bool(row and row[0])
        except self._errors:
            self.resign()
            return False

    def resign(self) -> None:
        """Let another one lead, from now on: the end of a connection is noticed a moment later."""
        if self._leading is not None:
            with suppress(*self._errors), self._leading:
                self._leading.execute("SELECT pg_advisory_unlock_all()")
        self._leading = None


_HELD = (
    "SELECT true FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND granted"
    " AND pid = pg_backend_pid()"
)


class PostgresConnection:
    """See `Connection`; one that broke is made anew by the next transaction."""

    def __init__(self, url: str, *, lock: bool) -> None:
        import psycopg

        self._errors = (psycopg.Error,)
        self._url, self._lock = url, lock
        self._on = _connected(url)

    def begin(self) -> None:
        """Start a transaction; one that writes waits for its turn."""
        if self._on.closed or self._on.broken:
            self._on = _connected(self._url)
        self._on.execute("BEGIN")
        if self._lock:
            self._on.execute("SELECT pg_advisory_xact_lock(%s)", (WRITER,))

    def commit(self) -> None:
        """To the disk."""
        self._on.execute("COMMIT")

    def rollback(self) -> None:
        """Undo, where the connection lives."""
        with suppress(*self._errors):
            self._on.execute("ROLLBACK")

    def all(self, statement: str, *values: Any) -> list[Row]:
        """The rows that it finds."""
        found: list[Row] = self._on.execute(_translated(statement), values, binary=True).fetchall()
        return found

    def write(self, statement: str, *values: Any) -> int:
        """How many rows it changed."""
        return self._on.execute(_translated(statement), values).rowcount

    def write_many(self, statement: str, rows: Sequence[Row]) -> None:
        """The same for many, without waiting for each."""
        with self._on.cursor() as cursor:
            cursor.executemany(_translated(statement), rows)

    def close(self) -> None:
        """Not used any more."""
        self._on.close()


def _connected(url: str) -> psycopg.Connection[Row]:
    import psycopg

    made = psycopg.Connection[Row].connect(
        url,
        autocommit=True,
        connect_timeout=CONNECT_S,
        keepalives_idle=5,
        keepalives_interval=2,
        keepalives_count=3,
        tcp_user_timeout=10_000,
    )
    made.execute(
        "SET synchronous_commit = on; SET statement_timeout = '60s';"
        " SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2;"
        " SET tcp_keepalives_count = 3; SET tcp_user_timeout = '10s';"
        f" SET idle_in_transaction_session_timeout = '{STALLED_S}s'"
    )
    return made


@cache
def _translated(statement: str) -> str:
    """With the marks of psycopg."""
    return statement.replace("?", "%s")
