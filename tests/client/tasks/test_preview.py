# SPDX-License-Identifier: Apache-2.0
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmcb_client.tasks import majority_collusion, preview, read_task_file
from pmcb_client.usage_errors import SplitImpossible


@pytest.mark.parametrize(("receivers", "collusion"), [(0, 0.5), (3, -0.1), (3, 1.1)])
def test_chances_outside_their_range_are_refused(receivers, collusion):
    """A chance is in [0, 1], and somebody must receive."""
    with pytest.raises(ValueError, match="must be"):
        majority_collusion(receivers, collusion)


@given(st.integers(1, 60), st.fractions(0, 1, max_denominator=50))
def test_p_t_is_the_exact_binomial_tail(receivers, collusion):
    """The sum in logarithms equals the sum in exact fractions."""
    exact = sum(
        comb(receivers, k) * collusion**k * (1 - collusion) ** (receivers - k)
        for k in range(receivers // 2 + 1, receivers + 1)
    )
    assert majority_collusion(receivers, float(collusion)) == pytest.approx(float(exact), abs=1e-12)


def test_p_t_of_two_needs_both():
    """More than half of two is two."""
    assert majority_collusion(2, 0.1) == pytest.approx(float(Fraction(1, 100)))


def test_p_t_survives_a_thousand_receivers():
    """Powers and binomials beyond the range of floats do not spoil the sum."""
    assert majority_collusion(999, 0.5) == pytest.approx(0.5, abs=1e-9)
    assert majority_collusion(1_000, 0.1) == pytest.approx(0, abs=1e-100)


def test_more_slots_than_a_task_may_have_are_refused(task_path):
    """Three subtasks of 400 receivers exceed a thousand slots."""
    text = task_path.read_text().replace("receivers: 9", "receivers: 400")
    task_path.write_text(text)
    with pytest.raises(SplitImpossible, match="1,000 slots") as refused:
        preview(read_task_file(task_path), (5, 5, 5))
    assert "333" in refused.value.next_step


def test_a_row_says_who_may_take_what(task_path):
    """One row for each level, sensitivity rising, with the persons of that level."""
    rows = preview(read_task_file(task_path), (30, 20, 10), collusion=0.2)
    assert [(row.subtask, row.level, row.sensitivity, row.available) for row in rows] == [
        (0, 1, 1, 30),
        (1, 2, 3, 20),
        (2, 3, 5, 10),
    ]
    assert {row.slots for row in rows} == {9}
    assert rows[0].majority_collusion == pytest.approx(majority_collusion(9, 0.2))
