# SPDX-License-Identifier: Apache-2.0
"""A cost below which no assignment comes, and the prices that prove it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pmcb_services.fog.errors import InvalidInput
from pmcb_services.fog.model import Instance

from ._ascent import ascend
from ._uniform import best_prices, rank_one

__all__ = ["Bound", "dual_bound", "reduced_costs"]

STEPS = 200
STEPS_OF_LARGE = 50
LARGE = 500_000
"""Pairs above which the ascent takes fewer steps: they bring it as near."""

HAIR = 2.0**-40
"""Prices are scaled down by it: their exact sum then stays below the exact K."""

SLACK = 1e-11
"""Of all terms, taken off the bound: many times what their rounding can add up to."""

_ULPS = 1e-14
"""Relative; some fifty times the rounding of one operation."""

_FLOOR = 1e-3
"""Of K/m, the least price to start from: the ascent only multiplies."""

_ROWS = 4096
"""Orders evaluated together, so that a large instance needs no second matrix."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Bound:
    """A lower bound of the cost of every assignment.

    Attributes:
        prices: (m,), lambda_j, what a second of server j costs; at least 0, their sum at most K.
        value: D(lambda), lowered until exact arithmetic confirms it.
        uniform: whether the machines are uniform, and the bound that of the LP itself.
    """

    prices: Floats
    value: float
    uniform: bool


def dual_bound(
    instance: Instance, *, start: ArrayLike | None = None, steps: int | None = None
) -> Bound:
    """The bound D(lambda) = sum_i min_j (c_ij + lambda_j p_ij) + sum_j lambda_j R_j.

    It holds for all prices of sum K at most; its maximum is the optimum of the LP relaxation.
    Uniform machines have it in closed form, all others by entropic mirror ascent.

    Args:
        instance: orders and servers.
        start: (m,), prices of a similar instance to begin with; K/m each by default.
        steps: of the ascent, at least 1; 200 by default, 50 above 500 000 pairs.

    Two equal orders of 3 s on two equal servers at penalty 1: no less than 3 s.

    >>> pair = Instance([[3, 3], [3, 3]], busy_w=[1, 1], idle_w=[1, 1], penalty=1)
    >>> bound = dual_bound(pair)
    >>> round(bound.value, 9), bound.prices.round(9).tolist(), bound.uniform
    (3.0, [0.5, 0.5], True)
    """
    k = instance.capacity
    if k == 0:
        return _lowered(instance, np.zeros(instance.m), uniform=False)
    uniform = rank_one(instance.etc) if instance.n else None
    late = instance.deadlines is not None and _is_late(instance)
    if instance.n == 0:
        return _lowered(instance, k * _first(np.argmax(instance.ready), instance.m), uniform=False)
    if uniform and not late:
        return _lowered(instance, best_prices(instance, uniform), uniform=True)
    given = best_prices(instance, uniform) if uniform else None
    given = _prices(start, instance) if start is not None else given
    found = [] if given is None else [given]
    found.append(_ascended(instance, given, _steps(steps, instance)))
    bounds = [_lowered(instance, prices, uniform=False) for prices in found]
    return max(bounds, key=lambda bound: bound.value)


def reduced_costs(instance: Instance, prices: Floats) -> Floats:
    """r_ij = c_ij + lambda_j p_ij - min_k (c_ik + lambda_k p_ik), (n, m); inf where forbidden.

    In any plan that costs less than one of cost C, every order has r_ij <= C - D(lambda).
    """
    v = _priced(instance, prices, slice(None))
    v -= v.min(axis=1, keepdims=True)
    return v


def _priced(instance: Instance, prices: Floats, rows: slice) -> Floats:
    c, p = instance.cost[rows], instance.etc[rows]
    if not instance.forbids:
        return c + p * prices
    return np.where(np.isinf(c), np.inf, c + np.where(np.isinf(p), 0.0, p) * prices)


def _lowered(instance: Instance, prices: Floats, *, uniform: bool) -> Bound:
    k, total = instance.capacity, float(prices.sum())
    scaled = prices * ((1.0 - HAIR) * (k / total if total > k else 1.0))
    scaled.flags.writeable = False
    waiting = float((scaled * instance.ready).sum())
    value, terms = waiting, waiting
    for low in range(0, instance.n, _ROWS):
        rows = slice(low, low + _ROWS)
        v = _priced(instance, scaled, rows) - _cancelled(instance, rows)
        best = v.argmin(axis=1)
        taken = np.arange(len(v)), best
        value += float(v[taken].sum())
        terms += float(np.abs(instance.cost[rows][taken]).sum())
        terms += float((instance.etc[rows][taken] * scaled[best]).sum())
    return Bound(scaled, value - SLACK * terms, uniform)


def _cancelled(instance: Instance, rows: slice) -> Floats | float:
    """What rounding can hide where a large part of c_ij is taken off another one."""
    lost: Floats | float = 0.0
    p = instance.etc[rows]
    gain = np.minimum(instance.w_energy * instance.marginal_w, 0.0)
    if gain.any():  # idle power above busy power
        lost = np.where(np.isinf(p), 0.0, p) * (_ULPS * -gain)
    if instance.deadlines is not None and instance.lateness_weights is not None:
        end, due = instance.ready + p, instance.deadlines[rows, None]
        late = (end > due) & np.isfinite(end)
        span = np.add(end, np.abs(due), where=late, out=np.zeros(end.shape))
        lost = lost + _ULPS * instance.lateness_weights[rows, None] * span
    return lost


def _ascended(instance: Instance, start: Floats | None, steps: int) -> Floats:
    k, m = instance.capacity, instance.m
    first = np.full(m, k / m) if start is None else np.maximum(start, _FLOOR * k / m)
    first = first * (k / first.sum())
    q = instance.w_energy * instance.marginal_w
    late = instance.deadlines is not None
    pt, extra = instance.etc.T.copy(), np.empty((0, 0))
    if late or (instance.forbids and not (q > 0).all()):  # inf·0 and inf times a negative are none
        closed = np.isinf(pt)
        pt[closed] = 0.0
        extra = np.where(closed, np.inf, instance.cost.T - q[:, None] * pt)
    return ascend(pt, extra, q, instance.ready, first, k, steps)


def _is_late(instance: Instance) -> bool:
    assert instance.deadlines is not None
    first = instance.ready + np.where(np.isinf(instance.etc), 0.0, instance.etc)
    return bool((first > instance.deadlines[:, None]).any())


def _first(j: np.intp, m: int) -> Floats:
    first: Floats = np.eye(1, m, int(j))[0]
    return first


def _steps(steps: int | None, instance: Instance) -> int:
    if steps is None:
        return STEPS_OF_LARGE if instance.n * instance.m > LARGE else STEPS
    if steps < 1:
        raise InvalidInput("The ascent takes at least 1 step.", field="steps")
    return steps


def _prices(start: ArrayLike, instance: Instance) -> Floats:
    prices = np.array(start, dtype=np.float64)
    if prices.shape != (instance.m,) or not (prices >= 0).all() or not np.isfinite(prices).all():
        raise InvalidInput("start has one price per server, each at least 0.", field="start")
    return prices
