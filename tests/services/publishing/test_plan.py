# SPDX-License-Identifier: Apache-2.0
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmcb_services.publishing import NotEnoughData
from pmcb_services.publishing._plan import Plan, Route, share

EPSILONS = st.fractions(Fraction(1, 1000), 100, max_denominator=1000)


def plan(epsilon=1, width=1, *, rows=False, counted=False, probed=True):
    return Plan(Fraction(epsilon), width, rows=rows, counted=counted, probed=probed)


@pytest.mark.parametrize(
    ("width", "least"),
    [(1, 14), (2, 18), (3, 22), (4, 163), (6, 213)],
    # 4·(d + 2.5) persons in up to three columns, 25·(d + 2.5) above, at an epsilon of 1
)
def test_too_few_persons_are_refused(width, least):
    """Below a signal of 4 in up to three columns, and of 25 in more."""
    with pytest.raises(NotEnoughData):
        plan(width=width).route(least - 1, nominal=False)
    assert plan(width=width).route(least, nominal=False)


@pytest.mark.parametrize("persons", [-5.0, 0.0])
def test_no_epsilon_is_told_without_persons(persons):
    """A noisy number may be none at all."""
    with pytest.raises(NotEnoughData) as refusal:
        plan().route(persons, nominal=False)
    assert refusal.value.least is None


def test_a_refusal_says_what_it_cost():
    """Without a probe three per cent; after one nothing, and then nothing is said of it."""
    with pytest.raises(NotEnoughData, match="has cost 3/100") as refusal:
        plan(probed=False).route(1.0, nominal=False)
    assert refusal.value.spent == Fraction(3, 100)
    with pytest.raises(NotEnoughData) as refusal:
        plan().route(1.0, nominal=False)
    assert refusal.value.spent == 0
    assert "cost" not in str(refusal.value)


def test_an_epsilon_above_all_that_are_allowed_is_not_told():
    """One person in four columns would need 162.5, a tenth of one 1625."""
    assert plan(width=4).least_epsilon(1.0) == 163
    assert plan(width=4).least_epsilon(0.1) is None


@given(EPSILONS, st.integers(1, 128), st.floats(0.5, 1e7), st.booleans(), st.booleans())
def test_the_least_epsilon_would_do(epsilon, width, persons, rows, counted):
    """Asked with it, the same table is not refused; with one per cent less, it is."""
    least = plan(epsilon, width, rows=rows, counted=counted).least_epsilon(persons)
    if least is not None:
        enough = plan(least, width, rows=rows, counted=counted)
        assert enough.route(persons, nominal=False)
        with pytest.raises(NotEnoughData):
            plan(least * Fraction(99, 100), width, rows=rows, counted=counted).route(
                persons, nominal=False
            )


@pytest.mark.parametrize(
    ("width", "persons", "nominal", "route"),
    [
        (1, 559, False, Route.GRID),  # a signal of 160 is 560 persons in one column
        (1, 560, False, Route.CELLS),
        (1, 559, True, Route.CELLS),
        (3, 879, False, Route.GRID),
        (3, 880, False, Route.CELLS),
        (4, 500, False, Route.CELLS),
    ],
)
def test_a_grid_serves_small_tables_of_few_columns(width, persons, nominal, route):
    """Up to three columns, none of them nominal, below a signal of 160."""
    assert plan(width=width).route(persons, nominal=nominal) is route


@pytest.mark.parametrize(
    ("epsilon", "part"),
    [("1", "30/1000"), ("1/10", "125/1000"), ("1/100", "250/1000"), ("1/4", "50/1000")],
)
def test_the_number_of_persons_costs_more_where_epsilon_is_small(epsilon, part):
    """1/(80·epsilon), between 3/100 and 1/4; nothing after a probe."""
    assert plan(epsilon, probed=False).for_size == Fraction(part) * Fraction(epsilon)
    assert plan(epsilon).for_size == 0


@pytest.mark.parametrize(
    ("signal", "part"), [(10, "35/100"), (60, "1/4"), (100, "15/100"), (150, "1/10"), (1e6, "1/10")]
)
def test_moments_cost_more_where_the_signal_is_weak(signal, part):
    """15/s of the body, between 1/10 and 35/100."""
    assert plan(2).for_moments(signal) == 2 * Fraction(part)


def test_a_second_partition_and_far_cells_need_signal():
    """Two above 60, wide above 1000."""
    assert len(plan().for_partitions(60)) == 1
    assert len(plan().for_partitions(60.1)) == 2
    assert not plan().is_wide(1000)
    assert plan().is_wide(1000.1)


@given(EPSILONS, st.floats(4, 1e6), st.booleans(), st.booleans(), st.booleans())
def test_all_parts_sum_to_epsilon(epsilon, signal, rows, counted, probed):
    """Exactly, on both ways."""
    made = plan(epsilon, 3, rows=rows, counted=counted, probed=probed)
    around = made.for_size + made.for_rows + made.for_sizes
    assert around + made.for_moments(signal) + sum(made.for_partitions(signal)) == epsilon
    assert around + sum(made.for_grid()) == epsilon


def test_shares_are_thousandths():
    """So that a release can state them."""
    assert share(0.0304) == Fraction(3, 100)
