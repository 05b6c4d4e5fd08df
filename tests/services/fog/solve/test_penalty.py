# SPDX-License-Identifier: Apache-2.0
"""How often the penalty value decides anything."""

import numpy as np
import pytest

from pmcb_services.fog import Instance
from pmcb_services.fog.solve import uniform, unrelated


@pytest.mark.parametrize(
    ("idle", "low", "high"), [(0.6, 0.95, 1.0), (0.3, 0.02, 0.25), (0.1, 0, 0)]
)
def test_dear_idling_leaves_the_penalty_nothing_to_decide(idle, low, high):
    """Of 100 random fleets of ten: nearly all at 0.6 of the busy power, none at 0.1."""
    without = [not uniform(20, 10, seed, idle=idle).penalty_matters() for seed in range(100)]
    assert low <= np.mean(without) <= high


def test_the_answer_is_that_of_the_plans():
    """Where it decides nothing, the plans of penalty 0 and 1 cost the same; else they do not."""
    one = uniform(200, 10, 7, idle=0.6)
    assert not one.penalty_matters()
    other = uniform(200, 10, 7, idle=0.1)
    assert other.penalty_matters()
    assert unrelated(100, 5, 0, idle=0.1).penalty_matters()


def test_nothing_to_choose_is_nothing_to_decide():
    """No orders, one server, orders that each run on one server alone."""
    inf = np.inf
    bound = Instance([[1, inf], [inf, 2]], busy_w=[9, 9], idle_w=[1, 1])
    assert not bound.penalty_matters()
    assert not uniform(0, 3, 0).penalty_matters()
    assert not uniform(9, 1, 0).penalty_matters()
