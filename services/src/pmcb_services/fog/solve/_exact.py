# SPDX-License-Identifier: Apache-2.0
"""The optimum of a small batch, by branch and bound."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array, hstack

from pmcb_services.fog.errors import InvalidInput
from pmcb_services.fog.model import Instance

from ._bound import Bound, reduced_costs
from ._budget import Budget
from ._heuristic import lpt, minmin
from ._late import late
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
        instance: n orders, m servers; without a delay before sleep.
        bound: of the instance.
        budget: its seconds limit the search; an effort does not.
        seed: of the plan to improve on.
        forced: also above 2000 pairs.

    Raises:
        InvalidInput: a delay before sleep, or more pairs.
    """
    _check(instance, forced=forced)
    if instance.capacity == 0 and instance.deadlines is None:
        cheapest: Ids = instance.cost.argmin(axis=1).astype(np.int32)
        return cheapest
    plans = [lpt(instance), minmin(instance)]
    plans.append(pricebat(instance, bound, Budget(_EFFORT, budget.left_s), seed))
    best = min(plans, key=lambda plan: instance.evaluate(plan).cost)
    budget.spend(instance.n * instance.m)
    cost = instance.evaluate(best).cost
    slack = _ROUNDING * abs(bound.value)
    pairs = np.argwhere(reduced_costs(instance, bound.prices) <= cost - bound.value + slack)
    found = _branched(instance, pairs, budget.left_s, best=cost)
    if found is None or instance.evaluate(found).cost >= cost:
        return best
    return found


def _check(instance: Instance, *, forced: bool) -> None:
    delayed = instance.sleeps and bool((instance.sleep_after_s[~np.isnan(instance.sleep_w)]).any())
    if delayed:
        raise InvalidInput(
            "The exact algorithm knows no delay before sleep.",
            field="algorithm",
            next_step="Use pricebat, whose gap says how near it comes.",
        )
    if instance.n * instance.m > PAIRS and not forced:
        raise InvalidInput(
            f"The exact algorithm takes up to {PAIRS} pairs of order and server.",
            field="algorithm",
            next_step="Use pricebat, whose gap says how near it comes.",
        )


def _branched(
    instance: Instance, pairs: NDArray[np.int64], time_limit: float | None, *, best: float = np.inf
) -> Ids | None:
    """The least sum c x + K M + sum weight L, every order once, R_j + sum p x <= M.

    Args:
        instance: n orders, m servers.
        pairs: (count, 2), order and server, by order: those that are left.
        time_limit: seconds; None: as long as it takes.
        best: cost of a known plan; no dearer one is looked for.
    """
    rows, columns = pairs[:, 0], pairs[:, 1]
    count, n, m = len(pairs), instance.n, instance.m
    p, c = instance.etc[rows, columns], instance.cost[rows, columns]
    second, price = float(p.max()), instance.capacity or 1.0
    dated = late(instance, pairs, best)
    k = len(dated.weights)
    at = np.arange(count)
    once = coo_array((np.ones(count), (rows, at)), shape=(n, count))
    loads = coo_array((p / second, (columns, at)), shape=(m, count))
    over = np.full((m, 1), -1.0)
    constraints = [
        LinearConstraint(_side_by_side(once, coo_array((n, 1 + k))), 1.0, 1.0),
        LinearConstraint(
            _side_by_side(loads, over, coo_array((m, k))), -np.inf, -instance.ready / second
        ),
    ]
    if k:
        waited = _side_by_side(dated.waited / second, coo_array((len(dated.most), 1)), dated.orders)
        constraints.append(LinearConstraint(waited, -np.inf, dated.most / second))
    found = milp(
        np.concatenate([c / (second * price), [instance.capacity / price], dated.weights / price]),
        integrality=np.append(np.ones(count), np.zeros(1 + k)),
        bounds=Bounds(0.0, np.append(np.ones(count), np.full(1 + k, np.inf))),
        constraints=constraints,
        options={"mip_rel_gap": 0.0} | ({} if time_limit is None else {"time_limit": time_limit}),
    )
    if found.x is None:
        return None
    share = np.full((n, m), -1.0)
    share[rows, columns] = found.x[:count]
    chosen: Ids = share.argmax(axis=1).astype(np.int32)
    return chosen


def _side_by_side(*blocks: object) -> csr_array:
    return csr_array(hstack(blocks))
