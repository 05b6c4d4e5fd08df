# SPDX-License-Identifier: Apache-2.0
"""The scheduling LP, and its integer programme, as scipy's HiGHS solves them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import coo_array

if TYPE_CHECKING:
    from pmcb_services.fog import Instance

__all__ = ["lp_optimum", "mip_cost"]


def _programme(
    instance: Instance,
) -> tuple[np.ndarray, coo_array, coo_array, tuple[np.ndarray, np.ndarray]]:
    """Costs, "once" and "loads" of one variable a pair, and the makespan as the last."""
    rows, columns = np.nonzero(np.isfinite(instance.etc))
    n, m, count = instance.n, instance.m, len(rows)
    each = np.arange(count)
    once = coo_array((np.ones(count), (rows, each)), shape=(n, count + 1))
    data = np.append(instance.etc[rows, columns], -np.ones(m))
    place = np.append(columns, np.arange(m)), np.append(each, np.full(m, count))
    loads = coo_array((data, place), shape=(m, count + 1))
    costs = np.append(instance.cost[rows, columns], instance.capacity)
    return costs, once, loads, (rows, columns)


def lp_optimum(instance: Instance) -> float:
    """The least sum of c x + K M, each order placed once, in parts if need be, no load above M."""
    costs, once, loads, _ = _programme(instance)
    found = linprog(
        costs, A_eq=once.tocsr(), b_eq=np.ones(instance.n), A_ub=loads.tocsr(),
        b_ub=-instance.ready, method="highs",
    )  # fmt: skip
    assert found.status == 0, found.message
    return float(found.fun)


def mip_cost(instance: Instance, seconds: float) -> float | None:
    """The cost of the plan that HiGHS finds in a time; None where it finds none."""
    costs, once, loads, (rows, columns) = _programme(instance)
    whole = np.append(np.ones(len(rows)), 0)
    found = milp(
        costs,
        integrality=whole,
        bounds=Bounds(0, np.where(whole == 1, 1, np.inf)),
        constraints=[
            LinearConstraint(once.tocsr(), 1, 1),
            LinearConstraint(loads.tocsr(), -np.inf, -instance.ready),
        ],
        options={"time_limit": seconds},
    )
    if found.x is None:
        return None
    chosen = found.x[:-1] > 1 / 2
    assignment = np.zeros(instance.n, np.int32)
    assignment[rows[chosen]] = columns[chosen]
    return instance.evaluate(assignment).cost
