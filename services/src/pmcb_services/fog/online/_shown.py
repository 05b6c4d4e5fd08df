# SPDX-License-Identifier: Apache-2.0
"""An order as it is told of."""

from __future__ import annotations

from typing import Any

from ._order import Order

__all__ = ["Document", "shown", "shown_to_operator"]

Document = dict[str, Any]


def shown(order: Order) -> Document:
    """An order as its submitter sees it."""
    finish_ms = order.finish_ms or None
    start_ms = None if finish_ms is None else finish_ms - int(order.predicted_s * 1000)
    return {
        "id": order.id,
        "kind": order.kind,
        "class": order.order_class,
        "state": order.state,
        "cause": order.cause,
        "epoch": order.epoch,
        "attempts": order.attempts,
        "on_unknown": order.on_unknown,
        "server": order.server or None,
        "start_ms": start_ms,
        "finish_ms": finish_ms,
        "deadline_ms": order.deadline_ms or None,
        "deadline_feasible": bool(order.feasible),
        "changed_ms": order.changed_ms,
    }


def shown_to_operator(order: Order) -> Document:
    """With whose it is and what it is about: somebody has to look at the device."""
    about = {"submitter": order.submitter, "subject": order.subject, "command": order.command}
    return {**shown(order), **about}
