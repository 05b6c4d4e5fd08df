# SPDX-License-Identifier: Apache-2.0
"""How failures stretch work."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmcb_services.fog.sim._failure import Failure, stretched


def slow(at, until, factor):
    """A server on which everything takes so many times as long for a while."""
    return Failure(at, until, "a", "slow", factor)


@pytest.mark.parametrize(
    ("failures", "start", "seconds", "end"),
    [
        ([], 3.0, 2.0, 5.0),
        ([slow(0, math.inf, 3)], 1.0, 2.0, 7.0),
        ([slow(1, 3, 2)], 0.0, 3.0, 4.0),  # 1 s, 2 s that do one, 1 s
        ([slow(1, 3, 2)], 5.0, 3.0, 8.0),
        ([slow(0, 4, 2), slow(0, 2, 4)], 0.0, 1.5, 4.0),  # the slower one counts
        ([Failure(0, 9, "a", "crash")], 0.0, 2.0, 2.0),
    ],
)
def test_work_ends_later_for_what_falls_into_slow_times(failures, start, seconds, end):
    """By hand."""
    assert stretched(failures, start, seconds) == pytest.approx(end)


@given(
    st.lists(st.tuples(st.floats(0, 20), st.floats(0.1, 9), st.floats(1, 8)), max_size=4),
    st.floats(0, 25),
    st.floats(0.01, 20),
)
def test_the_rate_integrates_to_the_work(spans, start, seconds):
    """Against a sum over small steps of 1 / factor."""
    failures = [slow(at, at + length, factor) for at, length, factor in spans]
    end = stretched(failures, start, seconds)
    steps = 4000
    width = (end - start) / steps
    done = 0.0
    for k in range(steps):
        now = start + (k + 0.5) * width
        done += width / max((f.factor for f in failures if f.at <= now < f.until), default=1.0)
    assert done == pytest.approx(seconds, abs=8 * width + 1e-9)
