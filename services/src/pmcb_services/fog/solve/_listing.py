# SPDX-License-Identifier: Apache-2.0
"""Assignments in one pass: each order to its cheapest server, or one after the other in a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ._bound import reduced_costs
from ._kernel import kernel

if TYPE_CHECKING:
    from pmcb_services.fog.model import Instance

__all__ = ["cheapest", "listed"]

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]

_NONE = 1e-9  # of the highest price: what is left where prices were made to fit their sum
_EVEN = 0.2  # of the highest price; below it, a list may open too many servers
_HASTE = 1e-9  # of equal servers the one that ends first


@kernel
def _cheapest(p: Floats, c: Floats, prices: Floats) -> Ids:
    n, m = p.shape
    place = np.empty(n, np.int32)
    for i in range(n):
        least, at = np.inf, 0
        for j in range(m):
            if p[i, j] < np.inf:
                cost = c[i, j] + prices[j] * p[i, j]
                if cost < least:
                    least, at = cost, j
        place[i] = at
    return place


@kernel
def _listed(
    p: Floats,
    c: Floats,
    ready: Floats,
    capacity: float,
    factors: Floats,
    order: NDArray[np.int64],
    makespan: float,
) -> Ids:
    n, m = p.shape
    place = np.empty(n, np.int32)
    load = ready.copy()
    for i in order:
        least, at, ends = np.inf, 0, 0.0
        for j in range(m):
            if p[i, j] < np.inf:
                end = load[j] + factors[j] * p[i, j]
                cost = c[i, j] + capacity * (max(end - makespan, 0.0) + _HASTE * end)
                if cost < least:
                    least, at, ends = cost, j, end
        place[i] = at
        load[at] = ends
        makespan = max(makespan, ends)
    return place


def cheapest(instance: Instance, prices: Floats) -> Ids:
    """(n,): the server of least c_ij + price_j·p_ij for each order; ties to the lowest index."""
    return _cheapest(instance.etc, instance.cost, prices)


def listed(instance: Instance, factors: Floats, prices: Floats | None = None) -> Ids:
    """List scheduling, longest min_j p_ij first, each to the server that adds least to TC.

    Args:
        instance: n orders, m servers.
        factors: (m,) multiply the times of a server; ones for `lpt`.
        prices: (m,) of the bound of uniform machines. Servers with a low one are better left
            empty, or nearly so, which a list does not see while the makespan still grows; then
            one by reduced costs, to the makespan of the LP, is tried as well.

    Orders of 3, 2 and 2 s on two equal servers, for the makespan alone: 3 | 2 + 2.

    >>> from pmcb_services.fog import Instance
    >>> times = [[3.0, 3.0], [2.0, 2.0], [2.0, 2.0]]
    >>> even = Instance(times, busy_w=[1, 1], idle_w=[0, 0], penalty=1)
    >>> listed(even, np.ones(2)).tolist()
    [0, 1, 1]
    """
    p, ready, k = instance.etc, instance.ready, instance.capacity
    order = np.argsort(-p.min(axis=1), kind="stable")
    plain = _listed(p, instance.cost, ready, k, factors, order, float(ready.max()))
    if prices is None or not _uneven(prices * p[0]):
        return plain
    used = prices > _NONE * prices.max()
    reduced, level = reduced_costs(instance, prices), _level(p, ready, used)
    priced = _listed(p, reduced, ready, k, factors, order, level)
    return min(plain, priced, key=lambda place: instance.evaluate(place).cost)


def _uneven(prices: Floats) -> bool:
    """Whether some servers are worth much less per unit of length than others."""
    return bool(prices.min() < _EVEN * prices.max())


def _level(p: Floats, ready: Floats, used: NDArray[np.bool_]) -> float:
    """When these uniform machines are done if they share all work evenly."""
    speeds = 1.0 / p[0, used]
    work = float((p[:, 0] / p[0, 0]).sum())
    level = (work + float(speeds @ ready[used])) / float(speeds.sum())
    return max(level, float(ready.max()))
