# SPDX-License-Identifier: Apache-2.0
"""Gaps that plans reach within a time, and bounds beside the LP that HiGHS solves."""

from __future__ import annotations

from collections.abc import Callable
from statistics import mean, median
from time import perf_counter
from typing import Any

from pmcb_services.fog import Instance, check, solve
from pmcb_services.fog.solve import dual_bound, lpt, minmin, uniform, unrelated

from ._plans_lp import lp_optimum
from ._plans_targets import UNIFORM, Case

__all__ = ["below_the_lp", "fresh", "gaps", "warm_up"]

Advance = Callable[[int], None]

_PLANNING = 0.8  # of the time; the rest is for the proof
_REPEATS = 7  # of a bound
_CHECKED = 100_000  # pairs; exact arithmetic takes long beyond


def fresh(kind: str, orders: int, servers: int, seed: int) -> Instance:
    """A batch that nothing was computed of yet."""
    generate = uniform if kind == UNIFORM else unrelated
    return generate(orders, servers, seed)


def warm_up() -> None:
    """Compile, or load what was compiled."""
    for kind in (UNIFORM, "unrelated"):
        solve(fresh(kind, 50, 5, 0))


def gaps(case: Case, *, batches: int, seed: int) -> list[dict[str, Any]]:
    """A row for each time: gaps in percent over fresh batches, timed from outside.

    Args:
        case: kind, size and times.
        batches: how many; their seeds follow one another, as do those of the plans.
        seed: of the first.
    """
    rows = []
    for seconds, most in case.within:
        reached, took, lists = [], [], []
        for each in range(seed, seed + batches):
            instance = fresh(case.kind, case.orders, case.servers, each)
            begun = perf_counter()
            plan = solve(instance, time_limit=_PLANNING * seconds, seed=each)
            took.append(perf_counter() - begun)
            if case.orders * case.servers <= _CHECKED:
                check(instance, plan)
            assert plan.gap is not None
            reached.append(100 * plan.gap)
            bound = plan.certificate.bound
            costs = (instance.evaluate(each(instance)).cost for each in (lpt, minmin))
            lists.append([100 * (cost / bound - 1) for cost in costs])
        rows.append({
            "kind": case.kind,
            "orders": case.orders,
            "servers": case.servers,
            "seconds": seconds,
            "most": most,
            "batches": batches,
            "gap_mean": mean(reached),
            "gap_worst": max(reached),
            "took_s": median(took),
            "lpt_mean": mean(row[0] for row in lists),
            "minmin_mean": mean(row[1] for row in lists),
        })  # fmt: skip
    return rows


def below_the_lp(orders: int, servers: int, seed: int) -> dict[str, Any]:
    """How far a bound of unrelated servers is below the LP, in percent, and how long both take."""
    took = []
    for _ in range(_REPEATS):
        instance = fresh("unrelated", orders, servers, seed)
        assert instance.cost is not None  # computed once for all that look at the instance
        begun = perf_counter()
        bound = dual_bound(instance)
        took.append(perf_counter() - begun)
    begun = perf_counter()
    optimum = lp_optimum(instance)
    return {
        "orders": orders,
        "servers": servers,
        "below": 100 * (1 - bound.value / optimum),
        "seconds": median(took),
        "highs_s": perf_counter() - begun,
    }
