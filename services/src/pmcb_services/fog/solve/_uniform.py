# SPDX-License-Identifier: Apache-2.0
"""Uniform machines, p_ij = L_i/s_j: found by their rank, bounded in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pmcb_services.fog.model import Instance

__all__ = ["Uniform", "best_prices", "level", "rank_one"]

TOLERANCE = 1e-9
"""Relative; a matrix of lengths over speeds is exact to 1e-15, one of measured times is not."""

_FIRST_ROWS = 8
"""Looked at before all others: unrelated machines show there."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Uniform:
    """p_ij = lengths_i/speeds_j, in the unit in which the first order has length 1.

    Attributes:
        lengths: (n,), above 0.
        speeds: (m,), above 0.
    """

    lengths: Floats
    speeds: Floats


def rank_one(etc: Floats) -> Uniform | None:
    """Lengths and speeds behind an ETC matrix, (n, m) with n > 0; None if it has none.

    >>> found = rank_one(np.array([[2.0, 1.0], [6.0, 3.0]]))
    >>> found.lengths.tolist(), found.speeds.tolist()
    ([1.0, 3.0], [0.5, 1.0])
    >>> rank_one(np.array([[2.0, 1.0], [1.0, 2.0]])) is None
    True
    """
    for rows in (etc[:_FIRST_ROWS], etc):
        if not np.isfinite(rows).all():
            return None
        with np.errstate(over="ignore", invalid="ignore"):  # lengths beyond float64 are no match
            lengths = rows[:, 0] / etc[0, 0]
            expected = lengths[:, None] * etc[0]
            if not (np.abs(rows - expected) <= TOLERANCE * rows).all():
                return None
    return Uniform(lengths, 1.0 / etc[0])


def level(uniform: Uniform, gamma: Floats, ready: Floats, capacity: float) -> float:
    """The price mu of a unit of length at the LP's optimum.

    Work flows to the servers like water. Server j opens where mu reaches gamma_j, what the energy
    of a unit of length costs on it, and fills first the time until the busiest server is free;
    then all open servers share the capacity K. Cost O(n + m log m).

    Args:
        uniform: n lengths, m speeds.
        gamma: (m,), w_E (B_j - F_j)/s_j.
        ready: (m,), R_j.
        capacity: K.

    Speeds 1 and 3, no energy, K = 1: mu = K/(1 + 3), and the bound of work 8 is 8·mu = 2 s.

    >>> two = Uniform(np.array([2.0, 6.0]), np.array([1.0, 3.0]))
    >>> level(two, np.zeros(2), np.zeros(2), 1.0)
    0.25
    """
    work, latest = float(uniform.lengths.sum()), float(ready.max())
    order = np.argsort(gamma, kind="stable")
    speed = weighted = room = mu = 0.0
    for place, j in enumerate(order):
        speed += uniform.speeds[j]
        weighted += uniform.speeds[j] * gamma[j]
        room += uniform.speeds[j] * (latest - ready[j])
        if work <= room:
            return float(gamma[j])
        mu = (capacity + weighted) / speed
        if place + 1 < len(order) and mu <= gamma[order[place + 1]]:
            break
    return float(mu)


def best_prices(instance: Instance, uniform: Uniform) -> Floats:
    """The prices of the LP's dual optimum, (m,): lambda_j = s_j·max(mu - gamma_j, 0), sum K.

    Three quarters of the makespan's price on a server of three times the speed:

    >>> pair = Instance([[2, 2 / 3], [6, 2]], busy_w=[0, 0], idle_w=[0, 0], penalty=1)
    >>> best_prices(pair, rank_one(pair.etc)).tolist()
    [0.25, 0.75]
    """
    s, k = uniform.speeds, instance.capacity
    gamma = instance.w_energy * instance.marginal_w / s
    prices: Floats = s * np.maximum(level(uniform, gamma, instance.ready, k) - gamma, 0.0)
    prices[np.argmax(instance.ready)] += max(0.0, k - float(prices.sum()))
    return prices
