# SPDX-License-Identifier: Apache-2.0
"""The store's tables, as SQLite and PostgreSQL take them.

::

    orders     one row an order, the record that stands (see `Order`)
    events     every transition of an order, in order, in the transaction that makes it
    payloads   what was submitted and what came of it, sealed; erased when nobody needs it
    servers    what fog workers said of theirs, and their incarnations
    plans      the newest plan with its certificate
    facts      of the store itself
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from ._order import Event, Order

__all__ = ["EVENT_COLUMNS", "MUTABLE", "ORDER_COLUMNS", "statements"]

ORDER_COLUMNS = tuple(each.name for each in fields(Order))
EVENT_COLUMNS = tuple(each.name for each in fields(Event))
MUTABLE = (
    "state",
    "epoch",
    "version",
    "server",
    "incarnation",
    "token",
    "attempts",
    "predicted_s",
    "finish_ms",
    "changed_ms",
    "cause",
    "digest",
)
"""Of an order what changes after its admission."""

_SQLITE = {"str": "TEXT", "int": "INTEGER", "float": "REAL", "bytes": "BLOB", "end": " STRICT"}
_POSTGRES = {
    "str": 'TEXT COLLATE "C"',
    "int": "BIGINT",
    "float": "DOUBLE PRECISION",
    "bytes": "BYTEA",
    "end": "",
}


def statements(prefix: str = "", *, is_sqlite: bool) -> Iterator[str]:
    """What makes the tables where they are missing; they may be repeated.

    Args:
        prefix: of each table's name.
        is_sqlite: else for PostgreSQL.
    """
    kinds = _SQLITE if is_sqlite else _POSTGRES
    orders = _columns(Order, kinds)
    events = _columns(Event, kinds)
    text, number, data, end = (kinds[key] for key in ("str", "int", "bytes", "end"))
    tables = {
        "orders": f"{orders}, PRIMARY KEY (id)",
        "events": f"seq {number} PRIMARY KEY, {events}",
        "payloads": f"id {text} PRIMARY KEY, payload {data}, result {data}, ended_ms {number}",
        "servers": f"id {text} PRIMARY KEY, document {text} NOT NULL",
        "plans": f"name {text} PRIMARY KEY, document {text} NOT NULL",
        "facts": f"name {text} PRIMARY KEY, value {data} NOT NULL",
    }
    for name, columns in tables.items():
        yield f"CREATE TABLE IF NOT EXISTS {prefix}{name} ({columns}){end}"
    yield (
        f"CREATE INDEX IF NOT EXISTS {prefix}orders_open ON {prefix}orders (state)"
        " WHERE state NOT IN ('DONE', 'FAILED', 'CANCELLED')"
    )
    yield (
        f"CREATE INDEX IF NOT EXISTS {prefix}payloads_ended ON {prefix}payloads (ended_ms)"
        " WHERE ended_ms IS NOT NULL"
    )


def _columns(kind: type, kinds: dict[str, str]) -> str:
    """Of a record's fields; words as `State` are texts."""
    types = ((each.name, kinds.get(str(each.type), kinds["str"])) for each in fields(kind))
    return ", ".join(f'"{name}" {type_} NOT NULL' for name, type_ in types)
