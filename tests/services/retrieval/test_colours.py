# SPDX-License-Identifier: Apache-2.0
"""Whether the patients of a colour crowd inside a range."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pmcb_services.retrieval._colours import analysed, fisher, holm, profiled

COUNT = st.integers(0, 40)


@given(COUNT, COUNT, COUNT, COUNT)
def test_fishers_test_agrees_with_another_library(a, b, c, d):
    """Two-sided, on any table."""
    expected = stats.fisher_exact([[a, b], [c, d]]).pvalue
    assert fisher(a, a + b, a + c, a + b + c + d) == pytest.approx(expected, rel=1e-9)


def test_fishers_test_holds_for_large_stores():
    """10,821 patients, a fifth of them inside."""
    expected = stats.fisher_exact([[150, 2014], [350, 8307]]).pvalue
    assert fisher(150, 2164, 500, 10_821) == pytest.approx(expected, rel=1e-6)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holms_correction_never_lowers_and_keeps_order(p):
    """It multiplies the least by m, and stays at most 1."""
    corrected = holm(np.array(p))
    assert (corrected >= np.array(p)).all()
    assert (corrected <= 1).all()
    assert corrected[np.argmin(p)] == min(1, min(p) * len(p))
    order = np.argsort(p, kind="stable")
    assert (np.diff(corrected[order]) >= 0).all()


def test_a_patient_counts_once():
    """By hand: 2 of 3 inside are coloured, 2 of 6 in all: lift (2/3) / (1/3) = 2."""
    found = analysed(np.array([1, 1, 2, 3, 3]), np.array([1, 2, 99]), np.arange(1, 7))
    assert (found.inside, found.coloured_inside) == (3, 2)
    assert (found.patients, found.coloured) == (6, 2)
    assert found.lift == pytest.approx(2)
    assert found.p == pytest.approx(stats.fisher_exact([[2, 1], [0, 3]]).pvalue)
    assert found.small


def test_nobody_inside_is_no_lift():
    """Null for JSON, and chance explains it."""
    found = analysed(np.array([], int), np.array([1]), np.arange(3))
    assert np.isnan(found.lift)
    assert found.document()["lift"] is None
    assert found.p == 1
    assert not np.isnan(analysed(np.array([1]), np.array([1]), np.arange(3)).lift)


def test_the_attribute_that_a_disease_is_tied_to_comes_first():
    """Coloured patients have high y; the other attribute, and ties, say nothing."""
    rng = np.random.default_rng(3)
    patients = np.repeat(np.arange(400), 5)
    is_ill = patients < 60
    x = rng.integers(0, 100, len(patients)).astype(float)
    y = rng.integers(0, 80, len(patients)) + np.where(is_ill, 60.0, 0.0)
    flat = np.ones(len(patients))
    values = np.column_stack([x, y, flat])
    findings = profiled(("x", "y", "flat"), values, patients, np.arange(60), bins=8)
    assert findings[0].attribute == "y"
    assert findings[0].p_holm < 1e-6
    assert findings[0].analysis.lift > 3
    assert not findings[0].analysis.small
    assert {f.attribute: sum(g.attribute == f.attribute for g in findings) for f in findings} == {
        "x": 8, "y": 8, "flat": 1,
    }  # fmt: skip
    assert all(f.p_holm > 0.05 for f in findings if f.attribute != "y")
    lifts = [f.analysis.lift for f in findings]
    assert lifts == sorted(lifts, reverse=True)
    assert findings[0].document()["low"] == findings[0].low


def test_absent_values_are_in_no_bin():
    """And an attribute that is absent everywhere has none."""
    values = np.array([[1.0, np.nan], [2.0, np.nan], [np.nan, np.nan]])
    findings = profiled(("x", "y"), values, np.array([1, 2, 3]), np.array([3]), bins=2)
    assert [(f.attribute, f.low, f.high) for f in findings] == [("x", 1, 1), ("x", 2, 2)]
    assert all(f.analysis.coloured_inside == 0 for f in findings)
