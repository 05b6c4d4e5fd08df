# SPDX-License-Identifier: Apache-2.0
"""Assignments of orders with deadlines, improved by what the orders wait for each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ._queues_kernel import Demand, Queued, begin, rearrange
from ._random import stream

if TYPE_CHECKING:
    from pmcb_services.fog.model import Instance

__all__ = ["Queues"]

Ids = NDArray[np.int32]

CHUNK = 5_000
"""Proposals between two looks at the clock."""

_HOT, _COLD = 3.0, 1e-4  # in what the plan costs above the bound, for each order


class Queues:
    """Anneals assignments of one instance by their cost, but for a delay before sleep.

    The annealing of `Annealing` knows no lateness but what no queue can avoid, and so is quicker;
    where deadlines are missed this goes on from what that has found.

    Args:
        instance: n orders with deadlines, m servers, K > 0.
        servers: (n, kc), where each order may go, the likeliest first; -1 after the last.
    """

    def __init__(self, instance: Instance, servers: Ids) -> None:
        assert instance.deadlines is not None
        assert instance.lateness_weights is not None
        self._first = first = instance.precedence
        p = instance.etc[first]
        allowed = np.isfinite(p)
        second = float(np.max(p, where=allowed, initial=0.0))
        self._unit = instance.capacity * second
        power = instance.w_energy * instance.marginal_w / instance.capacity
        times = p / second
        self._demand = Demand(
            times=times,
            costs=np.where(allowed, times, 0.0) * power,
            weights=instance.lateness_weights[first] / instance.capacity,
            due=instance.deadlines[first] / second,
            ready=instance.ready / second,
            servers=servers[first],
        )

    def improve(
        self,
        place: Ids,
        proposals: int,
        excess: float,
        rng: np.random.Generator,
        *,
        expired: Callable[[], bool] = lambda: False,
    ) -> Ids:
        """The cheapest assignment that an annealing from ``place`` has seen.

        Args:
            place: (n,), where it begins; kept.
            proposals: moves and swaps that are tried.
            excess: what ``place`` costs above the bound; above 0.
            rng: gives the seed of its own stream.
            expired: asked every 5,000 proposals whether to stop.
        """
        n, m = self._demand.times.shape
        now = Queued(
            place=place[self._first].astype(np.int32),
            queue=np.empty((m, n), np.int32),
            held=np.empty(m, np.int32),
            load=np.empty(m),
            late=np.empty(m),
            best=np.empty(n, np.int32),
            tally=np.empty(3),
            random=stream(rng),
        )
        begin(self._demand, now)
        share = excess / (self._unit * n)
        for first in range(0, proposals, CHUNK):
            if first and expired():
                break
            span = first, min(first + CHUNK, proposals), proposals
            rearrange(self._demand, now, (_HOT * share, _COLD * share), span)
        found = np.empty_like(now.best)
        found[self._first] = now.best
        return found
