# SPDX-License-Identifier: Apache-2.0
"""The page on planning shows what happens: its lines run, its numbers are those of the code."""

import doctest
import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from pmcb_services.fog import Instance, check, errors, solve
from pmcb_services.fog.solve import ALGORITHMS, dual_bound, uniform

PAGE = Path(__file__).parents[2] / "docs/fog.md"
TEXT = PAGE.read_text()


def test_the_lines_of_the_page_run():
    """And print what stands below them."""
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert result.attempted > 3
    assert result.failed == 0


def test_the_example_by_hand_is_right():
    """Costs, K, energy, the next best placement and the bound, as the page gives them."""
    etc = [[2.0, 1.0], [3.0, 1.5], [6.0, 3.0]]
    ward = Instance(etc, busy_w=[10, 80], idle_w=[6, 48], penalty=0.5)
    costs = sorted(ward.evaluate(a).cost for a in itertools.product((0, 1), repeat=3))
    assert costs[:2] == [180, 195.5]
    assert ward.cost.tolist() == [[4, 16], [6, 24], [12, 48]]
    assert ward.capacity == 27.5
    bound = dual_bound(ward)
    assert bound.value == pytest.approx(11000 * (27.5 + 2 + 16) / 3000)
    assert [f"{price:.2f}" for price in bound.prices] == ["13.17", "14.33"]
    for figure in ("195.5", "166.83", "(13.17, 14.33)", "356 J"):
        assert figure in TEXT


def test_the_fleets_of_the_page_are_counted():
    """How many of 500 leave the penalty nothing to decide."""
    for idle, shown in ((0.6, 494), (0.3, 45), (0.1, 0)):
        fleets = [uniform(20, 10, seed, idle=idle) for seed in range(500)]
        assert np.sum([not fleet.penalty_matters() for fleet in fleets]) == shown
        assert re.search(rf"\| {idle}[^|]*\| {shown} \|", TEXT)


def test_the_scenario_of_the_page_can_be_planned(tmp_path):
    """As a user would copy it: two orders, one of them with a deadline."""
    (block,) = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "ward.json").write_text(block)
    found = Instance.from_scenario(tmp_path / "ward.json")
    assert found.etc == pytest.approx(np.array([[2, 1], [3, 1.5]]))
    assert found.floor_w == pytest.approx([6, 4])
    plan = solve(found)
    assert plan.order_ids == ("o1", "o2")
    check(found, plan)


def test_every_algorithm_stands_on_the_page():
    """With its name as `solve` takes it."""
    assert not [name for name in ALGORITHMS if f"`{name}`" not in TEXT]


def test_every_error_of_the_page_is_there():
    """By its code."""
    codes = {getattr(errors, name).code for name in errors.__all__}
    shown = re.findall(r"`([A-Z]+_[A-Z_]+|INFEASIBLE)`", TEXT)
    assert shown
    assert set(shown) <= codes
