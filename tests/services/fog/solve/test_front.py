# SPDX-License-Identifier: Apache-2.0
"""The front lies between what its plans reach and what its cuts leave."""

import json

import numpy as np
import pytest

from pmcb_services.fog import Instance, check, front, solve
from pmcb_services.fog.errors import InvalidInput
from pmcb_services.fog.solve import hypervolume, uniform, unrelated


@pytest.mark.parametrize("points", [1, 0, -3])
def test_a_front_has_two_ends(points):
    """Less than two points are refused."""
    with pytest.raises(InvalidInput):
        front(uniform(9, 3, 0), points)


@pytest.fixture(scope="module")
def found():
    """A front of unrelated machines with little idle power."""
    instance = unrelated(120, 6, 1, idle=0.1)
    return instance, front(instance, 12)


def test_plans_stand_in_order_and_none_beats_another(found):
    """More energy buys less time; each plan proves itself under its own penalty."""
    instance, result = found
    assert len(result.plans) > 5
    energies = [plan.energy for plan in result.plans]
    spans = [plan.makespan for plan in result.plans]
    assert energies == sorted(set(energies))
    assert spans == sorted(set(spans), reverse=True)
    for plan in result.plans:
        check(instance.at(plan.certificate.w_makespan), plan)


def test_no_plan_lies_below_a_cut(found):
    """Neither those of the front nor those of other penalties, algorithms and chance."""
    instance, result = found
    rng = np.random.default_rng(0)
    random = [instance.evaluate(rng.integers(0, 6, 120)) for _ in range(50)]
    plans = [solve(instance.at(penalty), seed=3) for penalty in (0.1, 0.9)]
    for each in [*result.plans, *plans, *random]:
        for cut in result.cuts:
            assert cut.w_energy * each.energy + cut.w_makespan * each.makespan >= cut.bound


def test_the_hypervolume_is_less_than_its_bound_and_near_to_it(found):
    """The cuts leave little that the plans do not reach."""
    result = found[1]
    assert 0.9 * result.hypervolume_bound < result.hypervolume <= result.hypervolume_bound
    json.dumps(result.document())


def test_plans_are_within_two_percent_of_the_envelope(found):
    """At 120 orders that is mostly the gap between whole orders and the LP."""
    assert all(plan.gap < 0.02 for plan in found[1].plans)


def test_hypervolume_by_hand():
    """Two steps; a point that is beaten, or outside, adds nothing."""
    assert hypervolume([(1, 3), (2, 1)], (4, 4)) == 3 * 1 + 2 * 2
    assert hypervolume([(1, 3), (2, 1), (3, 3), (5, 0), (0, 5)], (4, 4)) == 7
    assert hypervolume([], (4, 4)) == 0


def test_where_the_penalty_decides_nothing_the_front_is_a_point():
    """One plan is quickest and burns least."""
    result = front(Instance([[1.0, 1.0]] * 4, busy_w=[9, 9], idle_w=[9, 9]))
    assert len(result.plans) == 1
    assert result.hypervolume == pytest.approx(0.1 * 36 * 0.1 * 2)
    assert result.hypervolume == pytest.approx(result.hypervolume_bound)
