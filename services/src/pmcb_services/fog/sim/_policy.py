# SPDX-License-Identifier: Apache-2.0
"""Where an arriving order goes: the gateway's own rule, and others to compare it with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from pmcb_services.fog.online import Fleet, Queue, Waiting, choose

__all__ = ["Place", "Policy", "placing"]

Floats = NDArray[np.float64]
Place = Callable[[Fleet, Waiting, float, Floats, Sequence[Queue]], int]


class Policy(StrEnum):
    """How orders are placed."""

    ROUND_ROBIN = "round_robin"  # each server in turn
    MCT = "mct"  # where it ends soonest
    ENERGY_DEADLINE = "energy_deadline"  # `choose`, without prices
    ROLLING = "rolling"  # `choose`, and all that waits placed anew as time goes by


def placing(policy: Policy) -> Place:
    """A function that gives an order's server, or -1 where none can take it."""
    if policy is Policy.ROUND_ROBIN:
        return _RoundRobin()
    return _soonest if policy is Policy.MCT else _chosen


class _RoundRobin:
    def __init__(self) -> None:
        self._next = 0

    def __call__(
        self, fleet: Fleet, order: Waiting, now: float, prices: Floats, queues: Sequence[Queue]
    ) -> int:
        del now, prices, queues
        able = fleet.open & np.isfinite(order.row)
        for step in range(len(able)):
            place = (self._next + step) % len(able)
            if able[place]:
                self._next = place + 1
                return place
        return -1


def _soonest(
    fleet: Fleet, order: Waiting, now: float, prices: Floats, queues: Sequence[Queue]
) -> int:
    """At penalty 1 and without prices what `choose` minimises rises with the end alone."""
    return _chosen(replace(fleet, penalty=1.0), order, now, np.zeros_like(prices), queues)


def _chosen(
    fleet: Fleet, order: Waiting, now: float, prices: Floats, queues: Sequence[Queue]
) -> int:
    choice = choose(
        fleet, order.row, order.deadline, order.weight, now, prices, queues, error=order.error
    )
    return -1 if choice is None else choice.server
