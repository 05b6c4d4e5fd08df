# SPDX-License-Identifier: Apache-2.0
"""The exact algorithm knows its limits, and is exact within them."""

import itertools

import numpy as np
import pytest

from pmcb_services.fog import Instance, solve
from pmcb_services.fog.errors import InvalidInput
from pmcb_services.fog.solve import Budget, dual_bound, exact, unrelated
from pmcb_services.fog.solve._exact import _branched


def test_what_is_not_linear_or_too_large_is_refused():
    """A delay before sleep, more than 2000 pairs; each with a way out."""

    def batch(**changed):
        return Instance(np.ones((3, 2)), busy_w=[9, 9], idle_w=[5, 5], **changed)

    sleepy = batch(sleep_w=[1, np.nan], sleep_after_s=[1, 0])
    for instance in (sleepy, unrelated(201, 10, 0)):
        with pytest.raises(InvalidInput) as caught:
            solve(instance, "exact")
        assert "pricebat" in caught.value.next_step


def test_what_is_forced_is_tried_and_stopped_in_time():
    """Above 2000 pairs, within 0.2 s: at least as good as what it starts from."""
    instance = unrelated(205, 10, 0)
    bound = dual_bound(instance)
    found = exact(instance, bound, Budget(time_limit=0.2), 0, forced=True)
    assert instance.evaluate(found).cost <= solve(instance, "minmin").cost


def test_small_unrelated_batches_have_a_gap_that_no_plan_closes():
    """20x4: the optimum is above the bound; pricebat finds it, too."""
    instance = unrelated(20, 4, 1)
    best = solve(instance, "exact")
    assert best.gap is not None
    assert best.gap > 1e-3
    assert solve(instance).cost >= best.cost * (1 - 1e-6)
    assert solve(instance).cost <= best.cost * 1.01


def test_pairs_that_are_left_out_are_in_no_better_plan():
    """Branch and bound over all pairs finds nothing cheaper."""
    instance = unrelated(15, 4, 1)
    pairs = np.argwhere(np.isfinite(instance.etc))
    found = _branched(instance, pairs, None)
    assert found is not None
    cost = instance.evaluate(found).cost
    assert solve(instance, "exact").cost == pytest.approx(cost, rel=1e-6)


def test_branch_and_bound_counts_started_work():
    """Three servers, six orders: the least of all 729 placements."""
    rng = np.random.default_rng(0)
    instance = Instance(
        rng.uniform(1, 9, (6, 3)), busy_w=[9, 20, 60], idle_w=[1, 5, 9], ready=[20, 9, 0]
    )
    pairs = np.argwhere(np.isfinite(instance.etc))
    found = _branched(instance, pairs, None)
    assert found is not None
    every = (instance.evaluate(a).cost for a in itertools.product(range(3), repeat=6))
    assert instance.evaluate(found).cost == pytest.approx(min(every), rel=1e-6)


def test_servers_that_sleep_at_once_are_linear():
    """Two of three servers sleep: everything goes to the third."""
    found = Instance(
        [[1.0, 1.0, 1.0]] * 3,
        busy_w=[10, 10, 9],
        idle_w=[9, 9, 9],
        sleep_w=[0, 0, 0],
        penalty=0.0,
    )
    assert solve(found, "exact").assignment.tolist() == [2, 2, 2]


@pytest.mark.parametrize("seed", range(4))
def test_lateness_counts_in_the_order_in_which_servers_run(seed):
    """Three servers, six orders, some overdue, some without deadline: the least of all 729."""
    rng = np.random.default_rng(seed)
    etc = rng.uniform(1, 9, (6, 3))
    etc[0, 1] = np.inf
    dated = Instance(
        etc, busy_w=[9, 20, 60], idle_w=[1, 5, 9], ready=[6, 2, 0], sleep_w=[0, np.nan, 1],
        penalty=[0.5, 0.5, 0.5, 0.0][seed],
        deadlines=[*rng.uniform(-2, 9, 5), np.inf],
        lateness_weights=[[3, 30], [0, 3000]][seed % 2] * 3,
    )  # fmt: skip
    every = [dated.evaluate(a).cost for a in itertools.product(range(3), repeat=6) if a[0] != 1]
    assert solve(dated, "exact").cost == pytest.approx(min(every), rel=1e-6)
    pairs = np.argwhere(np.isfinite(etc))
    found = _branched(dated, pairs, None, best=np.inf)
    assert found is not None  # also without a plan to begin with
    assert dated.evaluate(found).cost == pytest.approx(min(every), rel=1e-6)


def test_without_a_price_of_time_lateness_decides():
    """One quick server that costs more; with both orders there one is late by a second."""
    pair = Instance(
        [[2.0, 1.0]] * 2, busy_w=[1, 8], idle_w=[0, 0], penalty=0.0,
        deadlines=[1, 1], lateness_weights=[5, 20],
    )  # fmt: skip
    every = [pair.evaluate(a).cost for a in itertools.product(range(2), repeat=2)]
    assert solve(pair, "exact").cost == min(every) == 15.0
