# SPDX-License-Identifier: Apache-2.0
"""What became of every order."""

from __future__ import annotations

from pmcb_services.fog.online._kinds import KINDS
from pmcb_services.fog.online._order import Event, Order
from pmcb_services.fog.online._state import State

from ._workload import Arrival

__all__ = ["Record"]

_SETTLED = frozenset({State.DONE, State.FAILED, State.UNKNOWN, State.DEAD})
# Kinds of which nobody may repeat what perhaps was done.
_HELD = {name for name, kind in KINDS.items() if kind.on_unknown == "hold"}


class Record:
    """Orders, their events, when each began last [s], and when it was done.

    Args:
        count: of the orders that are to come.
    """

    def __init__(self, count: int) -> None:
        self.orders: dict[str, Order] = {}
        self.events: list[Event] = []
        self.started: dict[str, float] = {}
        self.finished: dict[str, float] = {}
        self.fenced = 0
        self.unsettled = count

    def admit(self, arrival: Arrival) -> None:
        """An order arrives."""
        dated = arrival.deadline < float("inf")
        order = Order(
            id=arrival.id,
            kind=arrival.kind,
            order_class=arrival.order_class,
            submitter="",
            body_sha256="",
            length=arrival.length,
            size=arrival.size,
            arrival_ms=round(1000 * arrival.at),
            changed_ms=round(1000 * arrival.at),
            deadline_ms=round(1000 * arrival.deadline) if dated else 0,
            weight=arrival.weight,
            on_unknown="hold" if arrival.kind in _HELD else "rerun",
        )
        self.orders[order.id] = order
        self.events.append(order.event(None))

    def become(self, after: Order) -> None:
        """An order has another state now."""
        before = self.orders[after.id]
        self.events.append(after.event(before))
        self.orders[after.id] = after
        self.unsettled -= after.state in _SETTLED and before.state not in _SETTLED

    def waiting(self) -> list[str]:
        """Ids of the orders that no server can take yet."""
        return [name for name, order in self.orders.items() if order.state is State.NEW]
