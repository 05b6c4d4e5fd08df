# SPDX-License-Identifier: Apache-2.0
"""Prices of unrelated machines, by entropic mirror ascent."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ._kernel import kernel

__all__ = ["ascend"]

_BLOCK = 512
"""Orders looked at together: their least costs stay in the first cache."""

_FIRST, _LAST = 1.0, 0.01
"""Step lengths, in logarithms of prices for a server that has twice the mean load."""

Floats = NDArray[np.float64]


@kernel
def _cheapest(
    pt: Floats, extra: Floats, w: Floats, low: int, best: Floats, chosen: NDArray[np.int64]
) -> None:
    """The least of pt[j]·w[j] + extra[j] over the servers j, for a block of orders."""
    count = len(best)
    best[:] = np.inf
    chosen[:] = 0
    for j in range(len(w)):
        row, price = pt[j, low : low + count], w[j]
        if len(extra):
            more = extra[j, low : low + count]
            for i in range(count):
                v = row[i] * price + more[i]
                smaller = v < best[i]
                best[i] = v if smaller else best[i]
                chosen[i] = j if smaller else chosen[i]
        else:
            for i in range(count):
                v = row[i] * price
                smaller = v < best[i]
                best[i] = v if smaller else best[i]
                chosen[i] = j if smaller else chosen[i]


@kernel
def ascend(
    pt: Floats, extra: Floats, q: Floats, ready: Floats, start: Floats, k: float, steps: int
) -> Floats:
    """The best prices met in ``steps`` steps of entropic mirror ascent.

    lambda_j ← lambda_j·exp(clip(h_t·(l_j/l - 1), -1, 1)), then scaled to sum K;
    l_j = R_j + load of the argmin assignment, l = sum lambda_j l_j/K; h_t falls geometrically
    from 1 to 0.01. On generated instances that ends twenty times as near to the LP as steps that
    fall with the square root of t.

    Args:
        pt: (m, n), times; 0 where ``extra`` is inf.
        extra: (m, n), costs that no price changes, inf where forbidden; or (0, 0) for none.
        q: (m,), c_ij = q_j·p_ij + extra.
        ready: (m,), R_j.
        start: (m,), prices above 0 with sum K.
        k: K, above 0.
        steps: at least 1.
    """
    m, n = pt.shape
    prices, found = start.copy(), start.copy()
    most = -np.inf
    best, chosen = np.empty(_BLOCK), np.empty(_BLOCK, np.int64)
    for t in range(steps):
        loads = ready.copy()
        value = (prices * ready).sum()
        w = q + prices
        for low in range(0, n, _BLOCK):
            count = min(_BLOCK, n - low)
            _cheapest(pt, extra, w, low, best[:count], chosen[:count])
            for i in range(count):
                value += best[i]
                loads[chosen[i]] += pt[chosen[i], low + i]
        if value > most:
            most = value
            found[:] = prices
        mean = (prices * loads).sum() / k
        if not mean > 0:
            break
        step = _FIRST * (_LAST / _FIRST) ** (t / steps)
        for j in range(m):
            prices[j] *= math.exp(min(max(step * (loads[j] / mean - 1.0), -1.0), 1.0))
        prices *= k / prices.sum()
    return found
