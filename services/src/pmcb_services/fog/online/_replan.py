# SPDX-License-Identifier: Apache-2.0
"""All queued orders placed anew, with prices for those to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ._dispatch import LATENESS, time_left
from ._queue import Waiting
from ._server import Fleet

if TYPE_CHECKING:
    from pmcb_services.fog.model import Certificate, Instance
    from pmcb_services.fog.solve import Bound

__all__ = ["Replanned", "replan"]

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]
Places = NDArray[np.intp]

_WORTH = 0.999  # of the cost in place: for less nothing is moved
_HEATS = (3.0, 1.0, 0.1, 0.03)  # tiny batches need hot ones: measured
_WARM = (0.1, 0.03)  # of a long queue, whose plan in place is near: the others gain nothing
_LONG = 100  # orders
_EACH, _MOST = 250, 40_000  # proposals of each heat for each order, and in all: 20 ms
_QUEUED = 20_000  # proposals at most, where deadlines are missed


@dataclass(frozen=True)
class Replanned:
    """A new plan for what waits.

    Attributes:
        assignment: (n,) index of each order's server, as they were given; -1: none can take it.
        prices: (m,) lambda, for `choose` and the next re-plan; 0 for servers that take nothing.
        before, after: predicted cost of the old plan and of this one, lateness included.
        adopted: whether this one is cheaper by more than 0.1 %; else it is the old one.
        certificate: of the plan's cost; ``None`` where nothing can be placed.
    """

    assignment: Ids
    prices: Floats
    before: float
    after: float
    adopted: bool
    certificate: Certificate | None


def replan(
    fleet: Fleet,
    waiting: Sequence[Waiting],
    now: float,
    prices: Floats,
    *,
    seed: int = 0,
    time_limit: float | None = None,
) -> Replanned:
    """Anneal from the plan in place; nothing that has started moves.

    Args:
        fleet: m servers.
        waiting: n orders that have not started.
        now: [s].
        prices: (m,) of the last re-plan, to start from.
        seed: of the annealing.
        time_limit: seconds after which to end early; without one, the same plan every time.

    Two equal servers, and both orders wait for the first:

    >>> from pmcb_services.fog.online import Server
    >>> pair = [Server(id=name, speed=1000, busy_w=10, idle_w=6) for name in "ab"]
    >>> both = [Waiting(name, "upload", np.ones(2), 1.0, np.inf, 0.0, 0) for name in "xy"]
    >>> found = replan(Fleet.of(pair), both, 0.0, np.zeros(2))
    >>> sorted(found.assignment.tolist()), found.before, found.after, found.adopted
    ([0, 1], 17.0, 10.5, True)
    """
    from pmcb_services.fog.solve import dual_bound, plan_of

    places = np.flatnonzero(fleet.open)
    rows = np.array([each.row for each in waiting]).reshape(len(waiting), len(fleet.open))
    able = np.isfinite(rows[:, places]).any(axis=1)
    come = [(waiting[i].arrival, waiting[i].id, i) for i in np.flatnonzero(able).tolist()]
    order = [i for _, _, i in sorted(come)]
    if not order:
        nowhere = np.full(len(waiting), -1, dtype=np.int32)
        return Replanned(nowhere, np.zeros_like(prices), 0.0, 0.0, adopted=False, certificate=None)
    instance = _instance(fleet, [waiting[i] for i in order], places, now)
    bound = dual_bound(instance, start=prices[places] if prices[places].any() else None)
    start = _start(instance, bound, [waiting[i].server for i in order], places)
    before = instance.evaluate(start).cost
    found = _annealed(instance, bound, start, before, time_limit, seed)
    after = instance.evaluate(found).cost
    adopted = after < _WORTH * before
    plan = plan_of(instance, found if adopted else start, bound, algorithm="psa", seed=seed)
    assignment = np.full(len(waiting), -1, dtype=np.int32)
    assignment[order] = places[plan.assignment]
    every = np.zeros_like(prices)
    every[places] = bound.prices
    return Replanned(
        assignment, every, before, plan.cost, adopted=adopted, certificate=plan.certificate
    )


def _instance(fleet: Fleet, waiting: Sequence[Waiting], places: Places, now: float) -> Instance:
    """What waits, in the order of arrival, on the servers that take it."""
    from pmcb_services.fog.model import Instance

    after = fleet.sleep_after[places]
    return Instance(
        np.array([each.row[places] for each in waiting]),
        busy_w=fleet.busy_w[places],
        idle_w=fleet.idle_w[places],
        penalty=fleet.penalty,
        ready=np.maximum(fleet.ready_at[places] - now, 0.0),
        sleep_w=fleet.sleep_w[places],
        sleep_after_s=np.where(np.isinf(after), 0.0, after),
        deadlines=[time_left(each.deadline - now, each.error) for each in waiting],
        lateness_weights=[LATENESS * each.weight for each in waiting],
        order_ids=[each.id for each in waiting],
        server_ids=[fleet.servers[place].id for place in places],
    )


def _start(instance: Instance, bound: Bound, servers: Sequence[int], places: Places) -> Ids:
    """The plan in place; who is on no open server goes to the cheapest."""
    from pmcb_services.fog.solve import reduced_costs

    column = {place: j for j, place in enumerate(places.tolist())}
    start = np.array([column.get(server, -1) for server in servers], dtype=np.int32)
    row = np.arange(len(start))
    lost = (start < 0) | np.isinf(instance.etc[row, start])
    start[lost] = reduced_costs(instance, bound.prices)[lost].argmin(axis=1)
    return start


def _annealed(
    instance: Instance,
    bound: Bound,
    start: Ids,
    before: float,
    time_limit: float | None,
    seed: int,
) -> Ids:
    """The cheapest of the plan in place, what the prices ask for, and a list schedule, annealed."""
    from pmcb_services.fog.solve import Budget, lpt
    from pmcb_services.fog.solve._annealing import Schedule
    from pmcb_services.fog.solve._search import Search

    if instance.m == 1 or instance.capacity == 0:
        cheapest: Ids = instance.cost.argmin(axis=1).astype(np.int32)
        return cheapest
    search = Search(instance, bound, Budget(time_limit=time_limit), seed)
    search.keep(start, before)
    listed = lpt(instance)
    search.keep(listed, search.worth(listed))
    for heat in _HEATS if instance.n < _LONG else _WARM:
        schedule = Schedule(hot=heat, cold=0.003, soft=30, hard=1000)
        found = search.repair(search.best, min(_EACH * instance.n, _MOST), schedule)
        if found is not None:
            search.keep(*found)
    search.queue(min(_EACH * instance.n, _QUEUED))
    return search.best
