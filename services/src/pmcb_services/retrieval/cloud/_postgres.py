# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: S608 - statements hold names of our own columns and numbers of pools, nothing else
"""A cloud in PostgreSQL, for several servers on one database.

::

    pmcb_stores          name, descriptor, lease, root, ends of the log; writers lock the row
    pmcb_pools           number of a store's pool
    pmcb_pool_<number>   label, blob: a table of its own, since whole pools are dropped
    pmcb_log             store, position, item
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict, astuple
from typing import TYPE_CHECKING

from ._checks import (
    check_after,
    check_append,
    check_descriptor,
    check_lease,
    check_name,
    check_position,
    check_root,
    items_of,
    labels_of,
)
from ._cloud import Lease, LogSlice, Root, StoreDescriptor
from ._refusals import missing, other_bytes, store_exists
from ._rows import (
    NOW,
    STATE,
    TABLES,
    descriptor_of,
    log_of,
    new_pool,
    number_of,
    one,
    put_state,
    row_of,
)
from ._sessions import Sessions
from ._state import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._rows import Cursor

__all__ = ["PostgresCloud"]


class PostgresCloud:
    """Keeps stores in a database; leases run out by its clock.

    Args:
        url: ``postgresql://...``, of somebody who may create tables.

    Raises:
        CloudUnavailable: the database does not answer.
    """

    def __init__(self, url: str) -> None:
        self._sessions = Sessions(url)
        with self._sessions.transaction() as cursor:
            for statement in filter(str.strip, TABLES.split(";")):
                cursor.execute(statement)

    def close(self) -> None:
        """Close the connections."""
        self._sessions.close()

    def create(self, descriptor: StoreDescriptor) -> None:
        """Begin a store."""
        check_descriptor(descriptor)
        values = (descriptor.name, json.dumps(asdict(descriptor)), *astuple(State()))
        with self._sessions.transaction() as cursor:
            cursor.execute(
                f"INSERT INTO pmcb_stores (name, descriptor, {STATE})"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                values,
            )
            if descriptor_of(cursor, descriptor.name) != descriptor:
                raise store_exists(descriptor.name)

    def describe(self, store: str) -> StoreDescriptor:
        """The descriptor."""
        with self._sessions.transaction() as cursor:
            return descriptor_of(cursor, store)

    def lease(self, store: str, holder: str, seconds: float) -> Lease:
        """Take or renew the lease."""
        check_lease(holder, seconds)
        with self._changing(store) as (cursor, state):
            cursor.execute(f"SELECT {NOW}")
            after, lease = state.leased(holder, seconds, one(cursor)[0])
            put_state(cursor, store, after)
        return lease

    def release(self, store: str, fence: int) -> None:
        """Give the lease back."""
        with self._changing(store) as (cursor, state):
            put_state(cursor, store, state.released(fence))

    def root(self, store: str) -> Root | None:
        """The newest root."""
        with self._sessions.transaction() as cursor:
            version, sealed = row_of(cursor, store, "version, root")
            return None if sealed is None else Root(version, sealed)

    def put_root(self, store: str, fence: int, root: Root) -> None:
        """Replace the root."""
        check_root(root)
        with self._changing(store, fence) as (cursor, state):
            (present,) = row_of(cursor, store, "root")
            after = state.rooted(root, present)
            if after != state:
                sealed = (root.sealed, store)
                cursor.execute("UPDATE pmcb_stores SET root = %b WHERE name = %s", sealed)
                put_state(cursor, store, after)

    def pools(self, store: str) -> list[str]:
        """Names of the pools."""
        with self._sessions.transaction() as cursor:
            row_of(cursor, store, "name")
            cursor.execute("SELECT name FROM pmcb_pools WHERE store = %s", (store,))
            return sorted(str(name) for (name,) in cursor)

    def put_pool(self, store: str, fence: int, pool: str, items: bytes) -> None:
        """Add items to a pool."""
        check_name(pool, "pool")
        with self._changing(store, fence) as (cursor, _):
            found = items_of(items, descriptor_of(cursor, store).blob_size)
            number = number_of(cursor, store, pool)
            if number is None:
                number = new_pool(cursor, store, pool)
            labels, blobs = zip(*found, strict=True)
            cursor.execute(
                f"INSERT INTO pmcb_pool_{number:d}"
                " SELECT * FROM unnest(%b::bytea[], %b::bytea[])"
                " ON CONFLICT (label) DO UPDATE SET blob = EXCLUDED.blob",
                (list(labels), list(blobs)),
            )

    def read_pool(self, store: str, pool: str, after: bytes, limit: int) -> bytes:
        """Items of a pool, ascending."""
        check_after(after)
        check_position(limit, "limit", least=1)
        with self._reading(store, pool) as (cursor, number):
            cursor.execute(
                f"SELECT label, blob FROM pmcb_pool_{number:d} WHERE label > %b"
                " ORDER BY label LIMIT %s",
                (after, limit),
            )
            return b"".join([part for item in cursor for part in item])

    def drop_pool(self, store: str, fence: int, pool: str) -> None:
        """Remove a pool."""
        check_name(pool, "pool")
        with self._changing(store, fence) as (cursor, _):
            number = number_of(cursor, store, pool)
            if number is not None:
                cursor.execute("DELETE FROM pmcb_pools WHERE number = %s", (number,))
                cursor.execute(f"DROP TABLE pmcb_pool_{number:d}")

    def fetch(self, store: str, fence: int, pool: str, labels: bytes) -> bytes:
        """Blobs of a pool."""
        wanted = labels_of(labels)
        with self._reading(store, pool, fence) as (cursor, number):
            cursor.execute(
                f"SELECT label, blob FROM pmcb_pool_{number:d} WHERE label = ANY(%b)", (wanted,)
            )
            found = dict(cursor.fetchall())
            try:
                return b"".join([found[label] for label in wanted])
            except KeyError:
                raise missing() from None

    def append(self, store: str, fence: int, first: int, items: bytes) -> None:
        """Write log items."""
        with self._changing(store, fence) as (cursor, state):
            found = check_append(first, items, descriptor_of(cursor, store).log_size)
            after, known = state.appended(first, len(found))
            if known and log_of(cursor, store, first, known) != found[:known]:
                raise other_bytes()
            positions = list(range(first + known, first + len(found)))
            cursor.execute(
                "INSERT INTO pmcb_log SELECT %s, * FROM unnest(%b::bigint[], %b::bytea[])",
                (store, positions, found[known:]),
            )
            put_state(cursor, store, after)

    def read_log(self, store: str, first: int, limit: int) -> LogSlice:
        """Log items in order."""
        check_position(first, "first")
        check_position(limit, "limit", least=1)
        with self._sessions.transaction() as cursor:
            (oldest,) = row_of(cursor, store, "oldest")
            start = max(first, oldest)
            return LogSlice(start, b"".join(log_of(cursor, store, start, limit)))

    def trim(self, store: str, fence: int, before: int) -> None:
        """Forget log items."""
        check_position(before, "before")
        with self._changing(store, fence) as (cursor, state):
            after = state.trimmed(before)
            below = (store, after.oldest)
            cursor.execute("DELETE FROM pmcb_log WHERE store = %s AND position < %s", below)
            put_state(cursor, store, after)

    @contextmanager
    def _changing(self, store: str, fence: int | None = None) -> Iterator[tuple[Cursor, State]]:
        """The state of a store, which nobody else changes meanwhile."""
        with self._sessions.transaction() as cursor:
            state = State(*row_of(cursor, store, STATE, "FOR UPDATE"))
            if fence is not None:
                state.check(fence)
            yield cursor, state

    @contextmanager
    def _reading(
        self, store: str, pool: str, fence: int | None = None
    ) -> Iterator[tuple[Cursor, int]]:
        """The number of a pool; a store's row is not locked for it."""
        with self._sessions.transaction() as cursor:
            state = State(*row_of(cursor, store, STATE))
            if fence is not None:
                state.check(fence)
            number = number_of(cursor, store, check_name(pool, "pool"))
            if number is None:
                raise missing()
            yield cursor, number
