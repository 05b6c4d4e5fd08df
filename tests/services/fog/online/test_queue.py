# SPDX-License-Identifier: Apache-2.0
"""What waits for a server, in the order in which it will run."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmcb_services.fog.online import Precedence, Queue

KEYS = st.builds(
    Precedence,
    st.sampled_from([-100.0, -10.0, -1.0]),
    st.sampled_from([1.0, 2.0, math.inf]),
    st.integers(0, 3).map(float),
    st.text("abc", max_size=2),
)
QUEUED = st.dictionaries(KEYS, st.floats(0.01, 100), max_size=12)


def filled(queued):
    """A queue of these orders."""
    queue = Queue()
    for key, seconds in queued.items():
        queue.add(key, seconds)
    return queue


def test_what_is_not_queued_cannot_be_removed():
    """The error names the order, also where another stands at its place."""
    queue = filled({Precedence(-1, 5, 0, "b"): 1.0})
    for absent in ("a", "c"):
        with pytest.raises(KeyError, match=absent):
            queue.remove(Precedence(-1, 5, 0, absent))
    assert len(queue) == 1


def test_weight_comes_before_deadline_and_that_before_arrival_and_id():
    """As the model has it."""
    first, *others = [
        Precedence(-100, math.inf, 9, "z"),
        Precedence(-1, 2, 9, "z"),
        Precedence(-1, 3, 1, "z"),
        Precedence(-1, 3, 2, "a"),
        Precedence(-1, 3, 2, "b"),
    ]
    queue = filled(dict.fromkeys([*reversed(others), first], 1.0))
    assert list(queue) == [first, *others]
    assert [queue.pop()[0] for _ in range(5)] == [first, *others]


@given(QUEUED, st.sampled_from([100.0, 10.0, 1.0]), st.sampled_from([1.0, 2.0, math.inf]))
def test_what_precedes_a_new_order_is_what_is_no_worse(queued, weight, deadline):
    """Of equal weight and deadline the one that came first runs first; any length, both ends."""
    expected = sum(s for key, s in queued.items() if key[:2] <= (-weight, deadline))
    assert filled(queued).before(weight, deadline) == pytest.approx(expected, abs=1e-9)


@given(QUEUED, st.randoms())
def test_work_is_what_is_left_whatever_was_taken_out(queued, random):
    """Nothing is left of rounding when the last one goes."""
    queue, left = filled(queued), dict(queued)
    for key in random.sample(sorted(queued), len(queued)):
        assert queue.work == pytest.approx(sum(left.values()))
        assert queue.remove(key) == left.pop(key)
    assert queue.work == 0.0
    assert not queue
