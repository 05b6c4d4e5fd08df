# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: S608 - statements hold names of our own columns and numbers of pools, nothing else
"""The tables of a cloud in PostgreSQL, and what is read and written row by row."""

from __future__ import annotations

import json
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from ._checks import check_name
from ._cloud import StoreDescriptor
from ._refusals import unknown
from ._state import State

if TYPE_CHECKING:
    import psycopg

    Cursor = psycopg.Cursor[tuple[Any, ...]]

__all__ = [
    "NOW",
    "STATE",
    "TABLES",
    "descriptor_of",
    "log_of",
    "new_pool",
    "number_of",
    "one",
    "put_state",
    "row_of",
]

TABLES = """
SELECT pg_advisory_xact_lock(7303014);
CREATE TABLE IF NOT EXISTS pmcb_stores (
    name text PRIMARY KEY, descriptor text NOT NULL, holder text NOT NULL, fence bigint NOT NULL,
    until float8 NOT NULL, version bigint NOT NULL, oldest bigint NOT NULL, log_end bigint NOT NULL,
    root bytea);
CREATE TABLE IF NOT EXISTS pmcb_pools (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store text NOT NULL REFERENCES pmcb_stores, name text NOT NULL, UNIQUE (store, name));
CREATE TABLE IF NOT EXISTS pmcb_log (
    store text NOT NULL REFERENCES pmcb_stores, position bigint, item bytea NOT NULL,
    PRIMARY KEY (store, position));
"""
_POOL = """
CREATE TABLE pmcb_pool_{0} (label bytea PRIMARY KEY, blob bytea NOT NULL)
    WITH (toast_tuple_target = 8160);
ALTER TABLE pmcb_pool_{0} ALTER COLUMN blob SET STORAGE EXTERNAL;
"""  # blobs do not compress, and are read whole: they stay in their row
STATE = "holder, fence, until, version, oldest, log_end"
NOW = "extract(epoch FROM clock_timestamp())::float8"


def one(cursor: Cursor) -> tuple[Any, ...]:
    row = cursor.fetchone()
    assert row is not None
    return row


def row_of(cursor: Cursor, store: str, columns: str, locked: str = "") -> tuple[Any, ...]:
    """Columns of a store."""
    check_name(store, "store")
    cursor.execute(f"SELECT {columns} FROM pmcb_stores WHERE name = %s {locked}", (store,))
    row = cursor.fetchone()
    if row is None:
        raise unknown(store)
    return row


def descriptor_of(cursor: Cursor, store: str) -> StoreDescriptor:
    (document,) = row_of(cursor, store, "descriptor")
    return StoreDescriptor(**json.loads(document))


def put_state(cursor: Cursor, store: str, state: State) -> None:
    cursor.execute(
        f"UPDATE pmcb_stores SET ({STATE}) = (%s, %s, %s, %s, %s, %s) WHERE name = %s",
        (*astuple(state), store),
    )


def number_of(cursor: Cursor, store: str, pool: str) -> int | None:
    cursor.execute("SELECT number FROM pmcb_pools WHERE store = %s AND name = %s", (store, pool))
    row = cursor.fetchone()
    return None if row is None else int(row[0])


def new_pool(cursor: Cursor, store: str, pool: str) -> int:
    cursor.execute(
        "INSERT INTO pmcb_pools (store, name) VALUES (%s, %s) RETURNING number", (store, pool)
    )
    number = int(one(cursor)[0])
    for statement in filter(str.strip, _POOL.format(number).split(";")):
        cursor.execute(statement)
    return number


def log_of(cursor: Cursor, store: str, start: int, limit: int) -> list[bytes]:
    cursor.execute(
        "SELECT item FROM pmcb_log WHERE store = %s AND position >= %s ORDER BY position LIMIT %s",
        (store, start, limit),
    )
    return [item for (item,) in cursor]
