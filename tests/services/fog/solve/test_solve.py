# SPDX-License-Identifier: Apache-2.0
"""Planning keeps its promises: refusals, repeatability, more effort is never worse."""

import itertools
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from pmcb_services.fog import Instance, check, solve
from pmcb_services.fog.errors import InvalidInput
from pmcb_services.fog.solve import ALGORITHMS, uniform, unrelated


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"algorithm": "best"}, "algorithm"),
        ({"effort": -1}, "effort"),
        ({"effort": 1.5}, "effort"),
        ({"effort": True}, "effort"),
        ({"seed": -1}, "seed"),
        ({"seed": "1"}, "seed"),
        ({"time_limit": 0}, "time_limit"),
        ({"time_limit": -1.0}, "time_limit"),
        ({"time_limit": np.inf}, "time_limit"),
        ({"time_limit": np.nan}, "time_limit"),
        ({"time_limit": "1"}, "time_limit"),
    ],
)
def test_arguments_outside_their_range_are_refused(changed, field):
    """Before anything is computed; an unknown name is answered with the known ones."""
    with pytest.raises(InvalidInput) as caught:
        solve(uniform(5, 2, 0), **changed)
    assert caught.value.field == field
    if field == "algorithm":
        assert all(name in caught.value.next_step for name in ALGORITHMS)


def enumerated(instance):
    plans = itertools.product(range(instance.m), repeat=instance.n)
    allowed = (a for a in plans if np.isfinite(instance.etc[np.arange(instance.n), a]).all())
    return min(instance.evaluate(np.array(a)).cost for a in allowed)


@pytest.mark.parametrize("algorithm", ["exact", "pricebat"])
@pytest.mark.parametrize("penalty", [0.0, 0.5, 1.0])
def test_small_batches_are_solved_to_the_optimum(algorithm, penalty):
    """Three servers, eight orders, also with started work: all 6561 assignments are tried."""
    rng = np.random.default_rng(int(4 * penalty))
    instance = Instance(
        rng.uniform(1, 9, (8, 3)),
        busy_w=rng.uniform(10, 80, 3),
        idle_w=rng.uniform(1, 10, 3),
        penalty=penalty,
        ready=rng.uniform(0, 4, 3),
    )
    plan = solve(instance, algorithm)
    assert plan.cost == pytest.approx(enumerated(instance), rel=1e-6)
    check(instance, plan)


def test_the_worked_example_of_the_documentation():
    """Its best plan costs 180, its bound is 166.8: a gap of 7.9 % that no plan can close."""
    etc = [[2.0, 1.0], [3.0, 1.5], [6.0, 3.0]]
    instance = Instance(etc, busy_w=[10, 80], idle_w=[6, 48], penalty=0.5)
    plan = solve(instance, "exact")
    assert plan.assignment.tolist() == [1, 0, 1]
    assert plan.cost == enumerated(instance) == 180
    assert plan.certificate.bound == pytest.approx(11_000 * 45.5 / 3000)
    assert plan.certificate.prices == pytest.approx([13.1667, 14.3333], abs=1e-4)
    assert plan.gap == pytest.approx(0.0789, abs=1e-4)


@pytest.mark.parametrize("generate", [uniform, unrelated])
def test_the_same_seed_and_effort_give_the_same_plan_on_any_threads(generate):
    """Four threads at once, and alone; another seed may give another plan."""
    instance = generate(80, 6, 3)
    alone = solve(instance, seed=5, effort=200_000)
    with ThreadPoolExecutor(4) as pool:
        plans = list(pool.map(lambda _: solve(instance, seed=5, effort=200_000), range(4)))
    for plan in plans:
        assert plan.assignment.tolist() == alone.assignment.tolist()
        assert plan.document() == alone.document()


@pytest.mark.stress
def test_another_process_gives_the_same_plan():
    """Of every algorithm, from its own compilation."""
    instance = unrelated(40, 4, 1)
    names = sorted(ALGORITHMS)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        others = list(pool.map(solve, [instance] * len(names), names, [2000] * len(names)))
    for name, other in zip(names, others, strict=True):
        assert other.document() == solve(instance, name, 2000).document()


@pytest.mark.parametrize("algorithm", ["pricebat", "psa"])
def test_more_effort_is_never_worse(algorithm):
    """A budget cuts one fixed sequence of calls."""
    instance = unrelated(120, 8, 2)
    efforts = (0, 10, 30_000, 100_000, 200_000, 400_000, 800_000)
    plans = [solve(instance, algorithm, effort=effort) for effort in efforts]
    costs = [plan.cost for plan in plans]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] < costs[0]
    assert all(plan.effort <= effort for plan, effort in zip(plans, efforts, strict=True))


@pytest.mark.parametrize("effort", [0, 10**15])
def test_a_time_limit_replaces_the_effort(effort):
    """However small or great the effort would be."""
    instance = unrelated(50, 5, 0)
    solve(instance)  # compiles
    plan = solve(instance, effort=effort, time_limit=0.3)
    assert 0 < plan.effort < 10**9


@pytest.mark.parametrize("algorithm", [name for name in ALGORITHMS if name != "exact"])
@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (2, 5), (6, 3)])
def test_edges_have_valid_plans(algorithm, shape):
    """No orders, one server, fewer orders than servers, equal servers: checked, and repeatable."""
    m = shape[1]
    instance = Instance(np.ones(shape), busy_w=np.full(m, 9.0), idle_w=np.full(m, 5.0))
    effort = 40_000 if algorithm in {"pricebat", "psa"} else 400
    plans = [solve(instance, algorithm, effort=effort) for _ in range(2)]
    check(instance, plans[0])
    assert plans[0].assignment.dtype == np.int32
    assert plans[0].assignment.tolist() == plans[1].assignment.tolist()


@pytest.mark.parametrize("algorithm", ["pricebat", "psa", "minmin", "lpt"])
def test_forbidden_pairs_and_extreme_times_are_planned(algorithm):
    """1e-300 s beside 1e300 s, most pairs forbidden: no warning, no wrong plan."""
    rng = np.random.default_rng(0)
    etc = 10.0 ** rng.uniform(-300, 300, (20, 4))
    etc[np.arange(20)[:, None] % 4 != np.arange(4)] = np.inf
    etc[:, 0] = 1e300
    instance = Instance(etc, busy_w=np.ones(4), idle_w=np.ones(4))
    check(instance, solve(instance, algorithm, effort=40_000))


@pytest.mark.parametrize("penalty", [0.0, 0.1, 0.5])
def test_servers_that_are_not_worth_opening_stay_empty(penalty):
    """Little idle power: where the bound leaves servers empty, so does the plan, within 0.2 %."""
    for seed in range(4):
        plan = solve(uniform(100, 10, seed, idle=0.1, penalty=penalty))
        assert plan.gap is not None
        assert plan.gap < 2e-3


def test_a_plan_says_where_the_penalty_decides_nothing():
    """Dear idling: the quickest plan burns least."""
    assert solve(uniform(100, 10, 7, idle=0.6)).notes
    assert not solve(uniform(100, 10, 7, idle=0.1)).notes
