# SPDX-License-Identifier: Apache-2.0
"""Connections to PostgreSQL that threads share, and what is told when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from pmcb_services.retrieval.errors import CloudUnavailable

from ._refusals import missing

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

__all__ = ["Sessions"]

CONNECT_S = 10
DROPPED = "42P01"  # no such table: a pool that was there a moment ago


class Sessions:
    """Gives each transaction a connection of its own; those given back serve again.

    Args:
        url: ``postgresql://...``, as libpq reads it; it is never shown.

    Raises:
        CloudUnavailable: the extra is not installed.
    """

    def __init__(self, url: str) -> None:
        try:
            import psycopg
        except ImportError as error:
            raise CloudUnavailable(
                "PostgreSQL is spoken to by psycopg, which is not installed.",
                next_step="Install it: pip install 'pmcb-services[postgres]'.",
            ) from error
        self._url = url
        self._error = psycopg.Error
        self._connect = psycopg.Connection[tuple[Any, ...]].connect
        self._idle: list[Connection] = []
        self._lock = Lock()

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Cursor[tuple[Any, ...]]]:
        """A cursor; what it does is committed at the end, or undone by whatever is raised.

        Raises:
            CloudUnavailable: the database does not answer, or refuses.
        """
        connection = None
        try:
            connection = self._take()
            with connection.transaction(), connection.cursor(binary=True) as cursor:
                yield cursor
        except self._error as error:
            if error.sqlstate == DROPPED:
                raise missing() from error
            raise CloudUnavailable(f"The database fails ({type(error).__name__}).") from error
        finally:
            if connection is not None:
                self._give_back(connection)

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()

    def _take(self) -> Connection:
        with self._lock:
            while self._idle:
                connection = self._idle.pop()
                if not connection.broken:
                    return connection
        made = self._connect(self._url, autocommit=True, connect_timeout=CONNECT_S)
        made.execute("SET synchronous_commit = on; SET statement_timeout = '60s'")
        return made

    def _give_back(self, connection: Connection) -> None:
        if connection.closed:
            return
        with self._lock:
            self._idle.append(connection)
