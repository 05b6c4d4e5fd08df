# SPDX-License-Identifier: Apache-2.0
"""Epsilon is an exact fraction."""

import warnings
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmcb_services.publishing import EpsilonError, PrivacyWarning, parse_epsilon

NONE = [
    "",
    "abc",
    "nan",
    "inf",
    "-1",
    "+1",
    "1_0",
    " 1",
    "1 ",
    "1,5",
    ".5",
    "5.",
    "1//2",
    "1e",
    "٣",
]
NONE += ["1/0", "1e999999999", "9" * 100]
OUTSIDE = ["0", "0.0", "0/5", "1001", "1000.1", "1e4", "1/1000000001", "1e-10", 0, -1, 1001]


@pytest.mark.parametrize("text", [*NONE, *OUTSIDE, 0.1, 1.0, True, None, b"1", [1]])
def test_what_is_no_epsilon_is_refused(text):
    """Zero, negatives, words, floats and denominators above 10^9 are refused, with one class."""
    with pytest.raises(EpsilonError) as caught:
        parse_epsilon(text)
    assert caught.value.exit_code == 2
    assert caught.value.field == "epsilon"
    assert caught.value.next_step


def test_ten_times_a_tenth_is_one():
    """No part of a budget is lost to rounding."""
    assert 10 * parse_epsilon("0.1") == 1
    assert parse_epsilon("1/3") * 3 == 1
    assert parse_epsilon("0.5") == parse_epsilon("5e-1") == parse_epsilon(Fraction(1, 2))


def test_a_large_epsilon_is_warned_of():
    """Above 10 the caller is told; at 10 not yet."""
    with pytest.warns(PrivacyWarning):
        assert parse_epsilon("1000") == 1000
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse_epsilon(10) == 10


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_ratios_keep_their_value(p, q):
    """Every ratio in range comes back as itself."""
    exact = Fraction(p, q)
    if exact <= 10:
        assert parse_epsilon(f"{p}/{q}") == exact
