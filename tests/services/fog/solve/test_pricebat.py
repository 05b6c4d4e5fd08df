# SPDX-License-Identifier: Apache-2.0
"""Bats among prices come near to the bound, whatever the instance adds to the plain model."""

import numpy as np
import pytest

from pmcb_services.fog import Instance, check, solve
from pmcb_services.fog.solve import (
    Budget,
    dual_bound,
    lpt,
    minmin,
    pricebat,
    psa,
    uniform,
    unrelated,
)


@pytest.mark.parametrize(
    ("generate", "n", "m", "effort", "gap"),
    [
        (uniform, 100, 10, 300_000, 0.05),
        (uniform, 1000, 10, 1_000_000, 0.02),
        (unrelated, 100, 10, 2_000_000, 2.0),
        (unrelated, 512, 16, 1_000_000, 0.8),
        (unrelated, 1000, 10, 300_000, 0.4),
    ],
)
def test_plans_come_near_to_the_bound(generate, n, m, effort, gap):
    """Gaps in percent, of instances that nothing was tuned on; LPT and min-min are far above."""
    instance = generate(n, m, 7)
    plan = solve(instance, effort=effort, seed=1)
    check(instance, plan)
    assert plan.gap is not None
    assert 100 * plan.gap <= gap
    assert plan.cost < min(instance.evaluate(each(instance)).cost for each in (lpt, minmin))


def test_pricebat_beats_its_repair_alone_on_small_batches():
    """Where local optima part the plans, many starts find more: mean of eight batches, one seed."""
    efforts = dict.fromkeys(("pricebat", "psa"), 1_500_000)
    gaps = {
        name: np.mean([solve(unrelated(40, 8, s), name, effort).gap for s in range(8)])
        for name, effort in efforts.items()
    }
    assert gaps["pricebat"] < gaps["psa"]


@pytest.mark.parametrize("algorithm", [pricebat, psa])
def test_without_a_price_of_time_each_order_goes_to_its_cheapest_server(algorithm):
    """No idle power and penalty 0: K = 0, nothing is annealed and nothing spent."""
    instance = Instance([[1, 3], [4, 2]], busy_w=[2, 1], idle_w=[0, 0], penalty=0)
    budget = Budget(effort=10**6)
    assert algorithm(instance, dual_bound(instance), budget, 0).tolist() == [0, 1]
    assert budget.spent == 0


def _sleepy(rng, base):
    return Instance(
        base.etc, busy_w=base.busy_w, idle_w=base.idle_w, penalty=0.3,
        sleep_w=base.idle_w * rng.choice([0.1, np.nan], base.m), sleep_after_s=np.full(base.m, 2.0),
    )  # fmt: skip


def _hurried(rng, base):
    return Instance(
        base.etc, busy_w=base.busy_w, idle_w=base.idle_w, penalty=0.3,
        deadlines=rng.uniform(0, 300, base.n), lateness_weights=rng.choice([1.0, 100.0], base.n),
    )  # fmt: skip


def _weighed(rng, base):
    return Instance(
        base.etc, busy_w=base.busy_w, idle_w=base.idle_w, penalty=0.7, normalise=True,
        ready=rng.uniform(0, 200, base.m),
    )  # fmt: skip


@pytest.mark.parametrize("change", [_sleepy, _hurried, _weighed])
@pytest.mark.parametrize("generate", [uniform, unrelated])
def test_what_the_model_adds_is_planned_exactly(change, generate):
    """Sleep, deadlines, weights: TC is evaluated, not its lower bound, and the plan is checked."""
    rng = np.random.default_rng(5)
    instance = change(rng, generate(60, 6, 5))
    plans = [solve(instance, effort=effort, seed=2) for effort in (0, 100_000, 600_000)]
    for plan in plans:
        check(instance, plan)
    costs = [plan.cost for plan in plans]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] < costs[0]


def test_many_servers_are_planned():
    """More servers than an order's choices are kept of."""
    instance = unrelated(300, 60, 3)
    plan = solve(instance, effort=300_000)
    check(instance, plan)
    assert plan.cost < instance.evaluate(lpt(instance)).cost


@pytest.mark.parametrize("algorithm", ["pricebat", "psa"])
@pytest.mark.parametrize("generate", [uniform, unrelated])
def test_under_a_time_limit_the_last_annealing_cools_in_what_is_left(algorithm, generate):
    """More time than the first rounds take: the plan is near to the bound, and proves it."""
    instance = generate(200, 8, 1)
    plan = solve(instance, algorithm, time_limit=0.1)
    check(instance, plan)
    assert plan.effort > 30_000
    assert plan.gap is not None
    assert plan.gap < 0.02
