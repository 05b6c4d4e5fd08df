# SPDX-License-Identifier: Apache-2.0
"""Boxes: what lies inside, and how far the rest is."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pmcb_services.retrieval import Attribute, Schema

SCHEMA = Schema("s", [Attribute("x", 0, 10, 1), Attribute("y", 0, 100, 1)])
CODES = arrays(np.uint16, st.tuples(st.integers(0, 30), st.just(2)), elements=st.integers(0, 10))


def test_the_gap_is_the_greatest_distance_in_shares_of_a_scale():
    """By hand: x is 2 of 10 steps off, y 30 of 100."""
    box = SCHEMA.box({"x": (3, 5), "y": (10, 20)})
    codes = np.array([[1, 15], [1, 50], [3, 10], [6, 9]], np.uint16)
    assert box.gap(codes).tolist() == [0.2, 0.3, 0.0, 0.1]
    assert box.contains(codes).tolist() == [False, False, True, False]


def test_bounds_that_span_the_box_have_no_gap():
    """The least gap of any record within them is none."""
    box = SCHEMA.box({"x": (3, 5)})
    low, high = np.array([[0, 0], [7, 0]], np.uint16), np.array([[4, 9], [9, 9]], np.uint16)
    assert box.gap_of_bounds(low, high).tolist() == [0.0, 0.2]


@given(CODES, st.integers(0, 10), st.integers(0, 10))
def test_inside_is_where_the_gap_is_zero(codes, one, other):
    """Two ways to say it agree with the definition, and bounds never overstate."""
    lo, hi = min(one, other), max(one, other)
    box = SCHEMA.box({"x": (lo, hi)})
    inside = [lo <= x <= hi for x in codes[:, 0].tolist()]
    assert box.contains(codes).tolist() == inside
    assert (box.gap(codes) == 0).tolist() == inside
    if len(codes):
        low, high = codes.min(0, keepdims=True), codes.max(0, keepdims=True)
        assert box.gap_of_bounds(low, high)[0] <= box.gap(codes).min()
