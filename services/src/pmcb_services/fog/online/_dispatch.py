# SPDX-License-Identifier: Apache-2.0
"""The server for an order, at once on its arrival."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._queue import Queue
from ._server import Fleet

__all__ = ["LATENESS", "WEIGHTS", "Choice", "choose", "time_left"]

Floats = NDArray[np.float64]

WEIGHTS = {"control": 100.0, "retrieval": 10.0, "upload": 1.0}  # by class of order
LATENESS = 1e4  # cost of a second after the deadline, per weight
_MARGIN_S = 0.02  # what a claim and a commit may take
_DOUBT = 2.0  # errors of predictions that a deadline leaves room for
_HASTE = 0.001  # per second until the end: of equal servers the soonest


@dataclass(frozen=True)
class Choice:
    """Where an order goes; ``start`` and ``finish`` on the clock of ``now``.

    Attributes:
        server: its index in the fleet.
        feasible: whether it is predicted to end by its deadline.
    """

    server: int
    start: float
    finish: float
    feasible: bool


def time_left(left_s: float, error: float) -> float:
    """Seconds that an order may take by prediction, so that it will hardly be late.

    Args:
        left_s: until its deadline.
        error: relative, of predictions; see `Correction`.
    """
    return (left_s - _MARGIN_S) / (1.0 + _DOUBT * error)


def choose(
    fleet: Fleet,
    row: NDArray[np.float64],
    deadline: float,
    weight: float,
    now: float,
    prices: NDArray[np.float64],
    queues: Sequence[Queue],
    *,
    error: float = 0.0,
) -> Choice | None:
    """The cheapest of the servers that are up, able and not draining; ties to the lowest index.

    A server costs energy, the price of its time, lateness, and waking it where it sleeps::

        e_j + prices_j·p_j + 1e4·weight·max(0, f_j - now - time_left) + wake_j + 0.001·f_j
        e_j = w_E·p_j·(B_j - F_j)
        wake_j = w_E·(wake_s_j·(B_j - F_j) if asleep + (I_j - F_j)·min(idle so far, sleep_after_j))
        f_j = now + R_j + seconds of what is queued and precedes + p_j (+ wake_s_j if asleep)

    The second part of wake_j is the idling before sleep, as far as it is behind the server and
    would come once more: of two servers that are equal, the one that has just worked is cheaper.

    Args:
        fleet: m servers.
        row: (m,) seconds on each; ``inf`` where the order cannot run.
        deadline: on the clock of ``now`` [s]; ``inf`` where there is none.
        weight: of the order's class, see `WEIGHTS`.
        now: [s].
        prices: (m,) lambda of the last re-plan; zeros without a backlog.
        queues: m, what waits for each server.
        error: relative, of predictions for this class.

    Returns:
        ``None`` where no server can take it.

    Two equal servers, of which the first has 3 s of work left:

    >>> from pmcb_services.fog.online import Server
    >>> pair = [Server(id=name, speed=1000, busy_w=10, idle_w=6) for name in "ab"]
    >>> fleet = Fleet.of(pair)
    >>> fleet.ready_at[0] = 3.0
    >>> choose(fleet, np.ones(2), 2.0, 1.0, 0.0, np.zeros(2), [Queue(), Queue()])
    Choice(server=1, start=0.0, finish=1.0, feasible=True)
    """
    open_, ready_at = fleet.open.tolist(), fleet.ready_at.tolist()
    allowed, energy = time_left(deadline - now, error), 1.0 - fleet.penalty
    found, least = None, math.inf
    for place, (seconds, price) in enumerate(zip(row.tolist(), prices.tolist(), strict=True)):
        if not open_[place] or seconds == math.inf:
            continue
        draw, queue = fleet.draws[place], queues[place]
        idle_s = now - ready_at[place]
        is_empty = not queue
        wake_s = draw.wake_s if is_empty and idle_s >= draw.sleep_after else 0.0
        wait = max(-idle_s, 0.0) + queue.before(weight, deadline) + wake_s
        joules = draw.rise_w * (seconds + wake_s)
        if is_empty and idle_s > 0:
            joules += draw.again_w * min(idle_s, draw.sleep_after)
        late = max(wait + seconds - allowed, 0.0)
        cost = energy * joules + price * seconds + LATENESS * weight * late
        cost += _HASTE * (wait + seconds)
        if cost < least:
            found, least = (place, now + wait, now + wait + seconds), cost
    return None if found is None else Choice(*found, feasible=found[2] <= deadline)
