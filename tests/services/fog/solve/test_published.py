# SPDX-License-Identifier: Apache-2.0
"""The published algorithms do what they are said to do, and no more."""

import numpy as np
import pytest

from pmcb_services.fog import Instance
from pmcb_services.fog.solve import Budget, abc, ba, ba_literal, dual_bound, pso, uniform
from pmcb_services.fog.solve._colony import _Colony
from pmcb_services.fog.solve._decoded import Decoder

ITERATIONS = 60
ALL = {
    "ba sparse": (ba, {}),
    "ba dense": (ba, {"dense": True}),
    "ba literal": (ba_literal, {}),
    "pso": (pso, {}),
    "pso steady": (pso, {"steady": True}),
    "abc": (abc, {}),
}


def traced(name, instance, seed=0, iterations=ITERATIONS):
    run, changed = ALL[name]
    each = instance.n if run is ba_literal else 40
    rows = []
    plan = run(
        instance, dual_bound(instance), Budget(effort=each * (iterations + 1)), seed,
        trace=lambda *row: rows.append(row), **changed,
    )  # fmt: skip
    return plan, rows


@pytest.mark.parametrize("name", ALL)
def test_the_best_so_far_never_gets_worse(name):
    """Told of after each iteration; the last is the plan's cost and energy; seeds repeat."""
    instance = uniform(40, 6, 42)
    plan, rows = traced(name, instance)
    assert [row[0] for row in rows] == list(range(1, ITERATIONS + 1))
    costs = [row[1] for row in rows]
    assert costs == sorted(costs, reverse=True)
    assert name == "ba literal" or costs[-1] < costs[0]  # which is stuck at once
    found = instance.evaluate(plan)
    assert rows[-1][1:] == (found.cost, found.energy)
    again, _ = traced(name, instance)
    assert plan.tolist() == again.tolist()
    assert plan.tolist() != traced(name, instance, seed=1)[0].tolist()


@pytest.mark.parametrize("name", ALL)
def test_a_longer_run_begins_like_a_shorter_one(name):
    """A budget cuts one fixed sequence, so that more is never worse."""
    instance = uniform(30, 5, 1)
    assert traced(name, instance)[1][:20] == traced(name, instance, iterations=20)[1]


@pytest.mark.parametrize("name", ALL)
def test_forbidden_pairs_stay_empty(name):
    """Orders whose server may not run them go to where they take least."""
    rng = np.random.default_rng(0)
    etc = rng.uniform(1, 9, (30, 4))
    etc[rng.random((30, 4)) < 0.6] = np.inf
    etc[:, 2] = 5.0
    instance = Instance(etc, busy_w=np.ones(4), idle_w=np.ones(4))
    plan, _ = traced(name, instance, iterations=10)
    assert np.isfinite(etc[np.arange(30), plan]).all()


def test_positions_are_read_from_the_slowest_server_to_the_fastest():
    """Clipped to [0, m): times 3, 1 and 2 s make 0 the first server, 1 the third, 2 the second."""
    instance = Instance([[3, 1, 2]] * 4, busy_w=np.ones(3), idle_w=np.ones(3))
    assert Decoder(instance).assign(np.array([[-5.0, 0.99, 1.0, 3.0]])).tolist() == [[0, 0, 2, 1]]


@pytest.mark.parametrize("sleeps", [False, True])
def test_a_population_costs_what_the_model_says(sleeps):
    """One count for all, beside each evaluated alone."""
    rng = np.random.default_rng(1)
    instance = Instance(
        rng.uniform(1, 9, (12, 4)), busy_w=rng.uniform(1, 9, 4), idle_w=np.full(4, 2.0),
        ready=rng.uniform(0, 9, 4), sleep_w=[1.0] * 4 if sleeps else None,
        deadlines=rng.uniform(0, 20, 12) if sleeps else None,
    )  # fmt: skip
    decoder, positions = Decoder(instance), rng.uniform(0, 4, (7, 12))
    alone = [instance.evaluate(place).cost for place in decoder.assign(positions)]
    assert decoder.costs(positions) == pytest.approx(alone, rel=1e-12)


def test_bees_give_up_a_source_that_does_not_get_better():
    """It is drawn anew, and the best that was seen is kept."""
    instance = uniform(20, 4, 0)
    colony = _Colony(instance, np.random.default_rng(0), None)
    colony.settle(np.arange(20))
    best, before = colony.best.cost, colony._x.copy()
    colony.failures[:] = 3
    colony.settle(np.array([int(colony._costs.argmin())]))
    assert (colony._x != before).any(axis=1).sum() == 1
    assert colony.best.cost <= best
    assert sorted(colony.failures.tolist()) == [0, *[3] * 19]


def test_a_source_that_nothing_betters_is_given_up():
    """On equal servers nothing does where there is one order; an equal place is no better one."""
    instance = Instance([[1.0, 1.0]], busy_w=[1, 1], idle_w=[1, 1])
    colony = _Colony(instance, np.random.default_rng(0), None)
    colony.settle(np.arange(20))
    for _ in range(6):
        colony.search(np.arange(20))
    assert (colony.failures == 6).all()
