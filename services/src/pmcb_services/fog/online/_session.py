# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: S608 - statements hold names of our own tables and columns, nothing else
"""What a transaction may do with the store; the same on every database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from operator import attrgetter
from typing import Any

from pmcb_services.fog.errors import NotFound

from ._lane import Connection, Row
from ._order import Event, Order
from ._state import FINAL, State
from ._tables import EVENT_COLUMNS, MUTABLE, ORDER_COLUMNS

__all__ = ["PREFIX", "Session"]

PREFIX = "pmcb_fog_"
_ORDERS, _EVENTS, _PAYLOADS = (PREFIX + name for name in ("orders", "events", "payloads"))
_SERVERS, _PLANS, _FACTS = (PREFIX + name for name in ("servers", "plans", "facts"))


def _marks(count: int) -> str:
    return ", ".join("?" * count)


_ORDER = ", ".join(ORDER_COLUMNS)
_GET = f"SELECT {_ORDER} FROM {_ORDERS} WHERE id = ?"
_ADD = f"INSERT INTO {_ORDERS} ({_ORDER}) VALUES ({_marks(len(ORDER_COLUMNS))})"
_PUT = f"UPDATE {_ORDERS} SET {', '.join(f'{name} = ?' for name in MUTABLE)} WHERE id = ?"
_EVENT = ", ".join(["seq", *(f'"{name}"' for name in EVENT_COLUMNS)])
_NOTE = f"INSERT INTO {_EVENTS} ({_EVENT}) VALUES ({_marks(1 + len(EVENT_COLUMNS))})"
_PAY = f"INSERT INTO {_PAYLOADS} (id, payload) VALUES (?, ?)"
_row, _line = attrgetter(*ORDER_COLUMNS), attrgetter(*EVENT_COLUMNS)
_changed = attrgetter(*MUTABLE)
_FINAL = ", ".join(f"'{state}'" for state in sorted(FINAL))


class Session:
    """Reads and writes; all of a work stands, or nothing.

    Args:
        connection: in a transaction.

    Attributes:
        wrote: whether anything was written since it was last set to false.
    """

    def __init__(self, connection: Connection) -> None:
        self._on = connection
        self.wrote = False

    def find(self, id: str) -> Order | None:
        """The order that stands, None where there is none of this id."""
        rows = self._on.all(_GET, id)
        return _order(rows[0]) if rows else None

    def find_many(self, ids: Sequence[str]) -> dict[str, Order]:
        """Those of up to 1000 ids that stand, by id."""
        query = f"SELECT {_ORDER} FROM {_ORDERS} WHERE id IN ({_marks(len(ids))})"
        return {order.id: order for order in map(_order, self._on.all(query, *ids))}

    def get(self, id: str) -> Order:
        """The order that stands.

        Raises:
            NotFound: there is none of this id.
        """
        found = self.find(id)
        if found is None:
            raise NotFound(f"There is no order {id}.", field="id")
        return found

    def add(self, order: Order, payload: bytes, after: Order | None = None) -> None:
        """A new order, with what was submitted, sealed; planned at once where ``after`` is told."""
        self.add_all([(order, payload, after or order)])

    def add_all(self, items: Sequence[tuple[Order, bytes, Order]]) -> None:
        """Many new orders: as they came, what was submitted, and as they stand."""
        events: list[Event] = []
        for order, _, after in items:
            events.append(order.event(None))
            if after.version != order.version:
                events.append(after.event(order))
        self.wrote = True
        self._on.write_many(_ADD, [_row(after) for _, _, after in items])
        self._on.write_many(_PAY, [(after.id, payload) for _, payload, after in items])
        seqs = count(self.last_event() + 1)
        self._on.write_many(
            _NOTE, [(seq, *_line(event)) for seq, event in zip(seqs, events, strict=False)]
        )

    def change(self, id: str, change: Callable[[Order], Order]) -> Order:
        """What a pure function makes of the order that stands; the very same is no change.

        Raises:
            NotFound: there is none of this id.
            Conflict, StaleEpoch: as ``change`` raises them.
        """
        before = self.get(id)
        after = change(before)
        if after is not before:
            self.put(before, after)
        return after

    def put(self, before: Order, after: Order) -> None:
        """Replace an order as it stands, and note the event."""
        self._write(_PUT, *_changed(after), after.id)
        self._write(_NOTE, self.last_event() + 1, *_line(after.event(before)))
        if after.state in FINAL:
            statement = f"UPDATE {_PAYLOADS} SET payload = NULL, ended_ms = ? WHERE id = ?"
            self._write(statement, after.changed_ms, after.id)

    def unfinished(self) -> list[Order]:
        """All orders that are not over."""
        rows = self._on.all(f"SELECT {_ORDER} FROM {_ORDERS} WHERE state NOT IN ({_FINAL})")
        return [*map(_order, rows)]

    def in_state(self, state: State, limit: int) -> list[Order]:
        """Some of the orders in a state that is not final, the oldest first."""
        query = f"SELECT {_ORDER} FROM {_ORDERS} WHERE state = ? AND state NOT IN ({_FINAL})"
        rows = self._on.all(f"{query} ORDER BY arrival_ms, id LIMIT ?", state, limit)
        return [*map(_order, rows)]

    def counts(self) -> list[tuple[str, str, int]]:
        """State, class, and how many of the orders there are."""
        query = f"SELECT state, order_class, count(*) FROM {_ORDERS} GROUP BY state, order_class"
        return [(str(state), str(kind), int(count)) for state, kind, count in self._on.all(query)]

    def last_event(self) -> int:
        """Number of the newest event; 0 before the first."""
        return int(self._on.all(f"SELECT coalesce(max(seq), 0) FROM {_EVENTS}")[0][0])

    def events(self, after: int, limit: int) -> list[tuple[int, Event]]:
        """Events with numbers above ``after``, in order."""
        query = f"SELECT {_EVENT} FROM {_EVENTS} WHERE seq > ? ORDER BY seq LIMIT ?"
        return [(int(seq), Event(*rest)) for seq, *rest in self._on.all(query, after, limit)]

    def orders_after(self, id: str, limit: int) -> list[Order]:
        """Orders by id, to walk through all of them."""
        query = f"SELECT {_ORDER} FROM {_ORDERS} WHERE id > ? ORDER BY id LIMIT ?"
        return [*map(_order, self._on.all(query, id, limit))]

    def payload(self, id: str) -> bytes | None:
        """What was submitted, sealed; None once it was erased."""
        return self._of_payloads("payload", id)

    def result(self, id: str) -> bytes | None:
        """What came of it, sealed; None without one, or once it was erased."""
        return self._of_payloads("result", id)

    def put_result(self, id: str, result: bytes) -> None:
        """Keep what came of it."""
        self._write(f"UPDATE {_PAYLOADS} SET result = ? WHERE id = ?", result, id)

    def erase(self, ended_before_ms: int) -> int:
        """Forget the results of orders that were over before then; how many."""
        return self._write(f"DELETE FROM {_PAYLOADS} WHERE ended_ms < ?", ended_before_ms)

    def servers(self) -> dict[str, dict[str, Any]]:
        """Documents of the servers, by id."""
        rows = self._on.all(f"SELECT id, document FROM {_SERVERS} ORDER BY id")
        return {str(name): json.loads(document) for name, document in rows}

    def server(self, id: str) -> dict[str, Any] | None:
        """The document of a server."""
        rows = self._on.all(f"SELECT document FROM {_SERVERS} WHERE id = ?", id)
        return json.loads(rows[0][0]) if rows else None

    def put_server(self, id: str, document: dict[str, Any]) -> None:
        """Replace it."""
        self._put(_SERVERS, "id", "document", id, json.dumps(document))

    def plan(self) -> dict[str, Any] | None:
        """The newest plan."""
        rows = self._on.all(f"SELECT document FROM {_PLANS} WHERE name = 'newest'")
        return json.loads(rows[0][0]) if rows else None

    def put_plan(self, document: dict[str, Any]) -> None:
        """Replace it."""
        self._put(_PLANS, "name", "document", "newest", json.dumps(document))

    def fact(self, name: str) -> bytes | None:
        """What is kept of the store under a name."""
        rows = self._on.all(f"SELECT value FROM {_FACTS} WHERE name = ?", name)
        return bytes(rows[0][0]) if rows else None

    def put_fact(self, name: str, value: bytes) -> None:
        """Replace it."""
        self._put(_FACTS, "name", "value", name, value)

    def _of_payloads(self, column: str, id: str) -> bytes | None:
        rows = self._on.all(f"SELECT {column} FROM {_PAYLOADS} WHERE id = ?", id)
        return bytes(rows[0][0]) if rows and rows[0][0] is not None else None

    def _put(self, table: str, key: str, column: str, *values: object) -> None:
        statement = f"INSERT INTO {table} ({key}, {column}) VALUES (?, ?) ON CONFLICT ({key})"
        self._write(f"{statement} DO UPDATE SET {column} = excluded.{column}", *values)

    def _write(self, statement: str, *values: object) -> int:
        self.wrote = True
        return self._on.write(statement, *values)


def _order(row: Row | Iterable[Any]) -> Order:
    named = dict(zip(ORDER_COLUMNS, row, strict=True))
    named["state"] = State(named["state"])
    return Order(**named)
