# SPDX-License-Identifier: Apache-2.0
"""No assignment costs less than the bound, and the bound comes near to the LP."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.services.fog.solve.lp import drawn, optimum

from pmcb_services.fog import Instance
from pmcb_services.fog.errors import InvalidInput
from pmcb_services.fog.solve import dual_bound, reduced_costs, uniform, unrelated

INF, NAN = np.inf, np.nan


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=150)
def test_no_assignment_costs_less_than_the_bound(seed):
    """Whatever the prices: those of the search, and any others of sum K at most."""
    instance = drawn(seed)
    rng = np.random.default_rng(seed)
    prices = rng.exponential(size=instance.m)
    prices *= rng.random() * instance.capacity / prices.sum()
    lagrangian = np.where(np.isinf(instance.etc), 0.0, instance.etc) * prices + instance.cost
    dual = lagrangian.min(axis=1).sum() + prices @ instance.ready
    shares = np.where(np.isinf(instance.etc), 0.0, rng.random(instance.etc.shape))
    cost = instance.evaluate(shares.argmax(axis=1)).cost
    assert dual <= cost + 1e-9 * abs(cost)
    assert dual_bound(instance).value <= cost


def test_closed_form_is_the_optimum_of_the_lp():
    """A hundred random fleets, with and without started work: HiGHS agrees to 1e-9."""
    rng = np.random.default_rng(5)
    for k in range(100):
        n, m = rng.integers(1, 25), rng.integers(1, 8)
        speeds = rng.uniform(500, 2500, m)
        busy = 1e-8 * speeds**3
        instance = Instance(
            rng.uniform(1000, 20000, (n, 1)) / speeds,
            busy_w=busy,
            idle_w=rng.choice([0.1, 0.3, 0.6, 1.2]) * busy,
            penalty=rng.choice([0.0, 0.2, 0.5, 1.0]),
            ready=(k % 2) * rng.uniform(0, 150, m),
        )
        bound = dual_bound(instance)
        assert bound.uniform
        assert bound.value == pytest.approx(optimum(instance), rel=1e-9)


def test_ascent_comes_within_a_hundredth_of_a_percent_of_the_lp():
    """On generated unrelated machines; four of them, 512x16 among them."""
    for n, m in ((60, 5), (200, 10), (512, 16), (1000, 10)):
        instance = unrelated(n, m, seed=n)
        true = optimum(instance)
        assert 0 <= true - dual_bound(instance).value <= 1e-4 * true


@pytest.mark.parametrize("seed", range(8))
def test_the_lp_of_odd_instances_is_not_exceeded_either(seed):
    """Forbidden pairs, sleep, deadlines, idle power above busy power; and it comes near."""
    instance = drawn(seed, n=40)
    true = optimum(instance) if instance.capacity > 0 else dual_bound(instance).value
    found = dual_bound(instance).value
    assert found <= true + 1e-9 * abs(true)
    assert found >= true - 1e-3 * abs(true)


def test_uniform_machines_with_deadlines_start_from_the_closed_form():
    """Lateness that nothing avoids moves the optimum away from it; both ends are looked at."""
    plain = uniform(40, 6, 2, idle=0.1)
    for lateness in (1e-9, 1.0, 100.0):
        dated = Instance(
            plain.etc,
            busy_w=plain.busy_w,
            idle_w=plain.idle_w,
            deadlines=np.full(40, 3.0),
            lateness_weights=np.full(40, lateness),
        )
        true, bound = optimum(dated), dual_bound(dated)
        assert not bound.uniform
        assert true * (1 - 5e-4) <= bound.value <= true * (1 + 1e-9)
    nearly = dual_bound(dated, start=np.append(np.zeros(5), 1.0), steps=1)
    assert nearly.value <= bound.value


def test_a_warm_start_is_never_worse_than_what_it_starts_from():
    """The given prices are evaluated, too."""
    instance = unrelated(300, 8, seed=1)
    good = dual_bound(instance)
    again = dual_bound(instance, start=good.prices, steps=1)
    assert again.value >= good.value - 1e-9 * good.value
    alone = np.array([instance.capacity, *np.zeros(7)])  # the ascent starts beside it
    least = instance.cost + instance.etc * alone
    assert dual_bound(instance, start=alone, steps=1).value >= (1 - 1e-9) * least.min(axis=1).sum()


def test_prices_are_a_certificate():
    """None below 0, their sum at most K, and no one can change them."""
    for seed in range(20):
        instance = drawn(seed)
        prices = dual_bound(instance).prices
        assert (prices >= 0).all()
        assert prices.sum() <= instance.capacity
        assert not prices.flags.writeable


def test_reduced_costs_say_where_a_better_plan_may_place():
    """The best server of an order has 0, a forbidden one inf."""
    instance = drawn(3)
    r = reduced_costs(instance, dual_bound(instance).prices)
    assert (r.min(axis=1) == 0).all()
    assert (np.isinf(r) == np.isinf(instance.etc)).all()


def test_without_a_price_of_time_the_cheapest_servers_are_the_bound():
    """K = 0: lambda = 0."""
    instance = Instance([[1, 2], [3, 1]], busy_w=[4, 8], idle_w=[0, 0], penalty=0)
    bound = dual_bound(instance)
    assert bound.prices.tolist() == [0, 0]
    assert bound.value == pytest.approx(4 + 8)


def test_machines_are_uniform_up_to_a_billionth():
    """Beyond it, or with a forbidden pair, they are not."""

    def found(times):
        return dual_bound(Instance(times, busy_w=np.ones(5), idle_w=np.ones(5))).uniform

    etc = uniform(50, 5, 0).etc
    off, closed = etc.copy(), etc.copy()
    off[40, 3] *= 1 + 3e-9
    closed[40, 3] = INF
    assert found(etc * (1 + 1e-12))
    assert not found(off)
    assert not found(closed)


@pytest.mark.parametrize(
    "bad", [{"steps": 0}, {"start": [1.0]}, {"start": [1, -1, 1]}, {"start": [1, NAN, 1]}]
)
def test_prices_and_steps_that_cannot_be_are_refused(bad):
    """A price below 0 proves nothing."""
    with pytest.raises(InvalidInput):
        dual_bound(unrelated(9, 3, 0), **bad)
