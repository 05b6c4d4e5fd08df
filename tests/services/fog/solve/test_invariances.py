# SPDX-License-Identifier: Apache-2.0
"""What must not change, or must change in step, when an instance is written differently."""

import numpy as np
import pytest

from pmcb_services.fog import Instance
from pmcb_services.fog.solve import dual_bound, uniform, unrelated

SPEEDS = np.random.default_rng(1).uniform(500, 2500, 5)
LENGTHS = np.random.default_rng(2).uniform(1000, 20000, 40)
ASSIGNMENT = np.random.default_rng(3).integers(0, 5, 40)


def fleet(lengths, speeds, penalty=0.5):
    busy = 1e-8 * speeds**3
    return Instance(lengths[:, None] / speeds, busy_w=busy, idle_w=0.6 * busy, penalty=penalty)


@pytest.mark.parametrize("generate", [uniform, unrelated])
def test_permuted_orders_and_servers_keep_cost_and_bound(generate):
    """To 1e-12: only sums are added up in another order."""
    instance = generate(80, 7, 4)
    rng = np.random.default_rng(0)
    rows, columns = rng.permutation(80), rng.permutation(7)
    assignment = rng.integers(0, 7, 80)
    other = Instance(
        instance.etc[rows][:, columns],
        busy_w=instance.busy_w[columns],
        idle_w=instance.idle_w[columns],
    )
    moved = np.argsort(columns)[assignment[rows]]
    cost = instance.evaluate(assignment).cost
    assert other.evaluate(moved).cost == pytest.approx(cost, rel=1e-12)
    assert dual_bound(other).value == pytest.approx(dual_bound(instance).value, rel=1e-12)


def test_longer_orders_cost_in_proportion():
    """L·k: makespan, energy and the linear costs grow by k."""
    one, three = fleet(LENGTHS, SPEEDS), fleet(3 * LENGTHS, SPEEDS)
    assert three.cost == pytest.approx(3 * one.cost)
    before, after = one.evaluate(ASSIGNMENT), three.evaluate(ASSIGNMENT)
    assert after.makespan == pytest.approx(3 * before.makespan)
    assert after.energy == pytest.approx(3 * before.energy)


def test_faster_servers_with_as_much_longer_orders_burn_their_cube():
    """s·k with L·k keeps the makespan; power grows by k³."""
    before = fleet(LENGTHS, SPEEDS).evaluate(ASSIGNMENT)
    after = fleet(2 * LENGTHS, 2 * SPEEDS).evaluate(ASSIGNMENT)
    assert after.makespan == pytest.approx(before.makespan)
    assert after.energy == pytest.approx(8 * before.energy)


def test_a_further_server_never_raises_the_bound_of_the_makespan():
    """At penalty 1; below, its idle power may."""
    values = [dual_bound(fleet(LENGTHS, SPEEDS[:m], penalty=1.0)).value for m in range(1, 6)]
    assert values == sorted(values, reverse=True)
    dear = Instance([[1.0, 9.0]], busy_w=[1, 99], idle_w=[1, 99], penalty=0.5)
    alone = Instance([[1.0]], busy_w=[1], idle_w=[1], penalty=0.5)
    assert dual_bound(dear).value > dual_bound(alone).value


@pytest.mark.parametrize("penalty", [0.0, 0.5, 1.0])
def test_a_further_order_never_lowers_the_bound(penalty):
    """Where idle power is at most busy power."""
    values = [dual_bound(fleet(LENGTHS[:n], SPEEDS, penalty)).value for n in range(1, 40)]
    assert values == sorted(values)
