# SPDX-License-Identifier: Apache-2.0
"""The optimum of a small batch, by branch and bound."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from pmcb_services.fog.errors import InvalidInput
from pmcb_services.fog.model import Instance

from ._bound import Bound, reduced_costs
from ._budget import Budget
from ._heuristic import lpt, minmin
from ._pricebat import pricebat

__all__ = ["exact"]

PAIRS = 2000
"""n·m up to which an answer in seconds can be hoped for."""

_EFFORT = 300_000
_ROUNDING = 1e-9

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]


def exact(
    instance: Instance, bound: Bound, budget: Budget, seed: int, *, forced: bool = False
) -> Ids:
    """The cheapest assignment, from HiGHS' branch and bound (`scipy.optimize.milp`).

    Only the pairs are left that a better plan than a known one may use: r_ij <= best - D. With a
    time limit that does not reach, it is the best that was found.

    Args:
        instance: n orders, m servers; without deadlines, and without a delay before sleep.
        bound: of the instance.
        budget: its seconds limit the search; an effort does not.
        seed: of the plan to improve on.
        forced: also above 2000 pairs.

    Raises:
        InvalidInput: a cost that is not linear, or more pairs.
    """
    _check(instance, forced=forced)
    if instance.capacity == 0:
        cheapest: Ids = instance.cost.argmin(axis=1).astype(np.int32)
        return cheapest
    plans = [lpt(instance), minmin(instance)]
    plans.append(pricebat(instance, bound, Budget(_EFFORT, budget.left_s), seed))
    best = min(plans, key=lambda plan: instance.evaluate(plan).cost)
    budget.spend(instance.n * instance.m)
    room = instance.evaluate(best).cost - bound.value
    slack = _ROUNDING * abs(bound.value)
    pairs = np.argwhere(reduced_costs(instance, bound.prices) <= room + slack)
    found = _branched(instance, pairs, budget.left_s)
    if found is None or instance.evaluate(found).cost >= instance.evaluate(best).cost:
        return best
    return found


def _check(instance: Instance, *, forced: bool) -> None:
    delayed = instance.sleeps and bool((instance.sleep_after_s[~np.isnan(instance.sleep_w)]).any())
    if instance.deadlines is not None or delayed:
        raise InvalidInput(
            "The exact algorithm knows neither deadlines nor a delay before sleep.",
            field="algorithm",
            next_step="Use pricebat, whose gap says how near it comes.",
        )
    if instance.n * instance.m > PAIRS and not forced:
        raise InvalidInput(
            f"The exact algorithm takes up to {PAIRS} pairs of order and server.",
            field="algorithm",
            next_step="Use pricebat, whose gap says how near it comes.",
        )


def _branched(instance: Instance, pairs: NDArray[np.int64], time_limit: float | None) -> Ids | None:
    """The least sum c x + K M, every order once, R_j + sum p x <= M."""
    rows, columns = pairs[:, 0], pairs[:, 1]
    count, n, m = len(pairs), instance.n, instance.m
    p, c = instance.etc[rows, columns], instance.cost[rows, columns]
    second = float(p.max())
    last = np.full(m, count)
    once = coo_array((np.ones(count), (rows, np.arange(count))), shape=(n, count + 1))
    data = np.concatenate([p / second, -np.ones(m)])
    where = np.concatenate([columns, np.arange(m)]), np.concatenate([np.arange(count), last])
    loads = coo_array((data, where), shape=(m, count + 1))
    found = milp(
        np.append(c / (second * instance.capacity), 1.0),
        integrality=np.append(np.ones(count), 0),
        bounds=Bounds(0.0, np.append(np.ones(count), np.inf)),
        constraints=[
            LinearConstraint(once.tocsr(), 1.0, 1.0),
            LinearConstraint(loads.tocsr(), -np.inf, -instance.ready / second),
        ],
        options={"mip_rel_gap": 0.0} | ({} if time_limit is None else {"time_limit": time_limit}),
    )
    if found.x is None:
        return None
    share = np.full((n, m), -1.0)
    share[rows, columns] = found.x[:count]
    chosen: Ids = share.argmax(axis=1).astype(np.int32)
    return chosen
