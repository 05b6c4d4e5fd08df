# SPDX-License-Identifier: Apache-2.0
"""A budget counts what it allows, and ends with the first refusal."""

from pmcb_services.fog.solve import Budget


def test_after_a_refusal_nothing_is_allowed():
    """A smaller call that would still fit is not of the same sequence."""
    budget = Budget(100)
    assert budget.spend(60)
    assert budget.left == 40
    assert not budget.spend(41)
    assert not budget.spend(1)
    assert budget.expired
    assert budget.spent == 60


def test_time_runs_out():
    """By the clock it is given."""
    now = [5.0]
    budget = Budget(time_limit=2.0, clock=lambda: now[0])
    assert budget.spend(10**12)
    assert budget.left is None
    assert budget.left_s == 2.0
    now[0] = 7.0
    assert budget.expired
    assert not budget.spend(1)


def test_without_limits_everything_is_allowed():
    """For a call that ends by itself."""
    budget = Budget()
    assert budget.spend(10**12)
    assert not budget.expired
    assert budget.left_s is None
