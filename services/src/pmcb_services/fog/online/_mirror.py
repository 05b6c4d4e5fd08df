# SPDX-License-Identifier: Apache-2.0
"""What a gateway reads of the store to mirror it: all at first, then what others have written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ._order import Order
from ._session import Session

__all__ = ["DRAINING", "Read", "read_all", "read_since"]

DRAINING = "draining"
"""The fact of the store that its gateways drain; empty where they do not."""

TAIL_EVENTS = 1000


@dataclass(frozen=True)
class Read:
    """What stands, as of one moment.

    Attributes:
        seen: number of the newest event in it.
        orders: as they stand.
        servers: all documents, by id.
        draining: whether gateways drain.
    """

    seen: int
    orders: list[Order]
    servers: dict[str, dict[str, Any]]
    draining: bool


def read_all(session: Session) -> Read:
    """With all orders that are not over."""
    return _read(session, session.last_event(), session.unfinished())


def read_since(session: Session, seen: int) -> Read:
    """With the orders of the next events after one; of at most 1000."""
    events = session.events(seen, TAIL_EVENTS)
    orders = [session.get(name) for name in {event.order for _, event in events}]
    return _read(session, events[-1][0] if events else seen, orders)


def _read(session: Session, seen: int, orders: list[Order]) -> Read:
    return Read(seen, orders, session.servers(), bool(session.fact(DRAINING)))
