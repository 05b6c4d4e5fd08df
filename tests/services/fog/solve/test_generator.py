# SPDX-License-Identifier: Apache-2.0
"""Generated instances are the same everywhere, and of the kind they say."""

from typing import get_args

import numpy as np
import pytest

from pmcb_services.fog.errors import InvalidInput
from pmcb_services.fog.solve import braun, dual_bound, uniform, unrelated
from pmcb_services.fog.solve._generator import Consistency


@pytest.mark.parametrize("shape", [(-1, 3), (3, 0)])
def test_shapes_that_cannot_be_are_refused(shape):
    """Less than no orders, or no server."""
    for generate in (uniform, unrelated):
        with pytest.raises(InvalidInput):
            generate(n=shape[0], m=shape[1], seed=0)


@pytest.mark.parametrize("kind", [("x", "hi", "hi"), ("c", "mid", "hi"), ("c", "hi", "")])
def test_unknown_kinds_are_refused(kind):
    """With the kinds that there are."""
    with pytest.raises(InvalidInput, match="hi or lo"):
        braun(*kind, seed=0)


def test_a_seed_draws_speeds_then_lengths_then_affinities():
    """In the order written down, so that anybody can draw the same."""
    rng = np.random.default_rng(42)
    speeds, lengths = rng.uniform(500, 2500, 4), rng.uniform(1000, 20000, 9)
    affinity = np.exp(rng.normal(0, 0.6, (9, 4)))
    one, other = uniform(9, 4, 42), unrelated(9, 4, 42)
    assert one.etc == pytest.approx(lengths[:, None] / speeds)
    assert other.etc == pytest.approx(affinity * lengths[:, None] / speeds)
    assert one.busy_w == pytest.approx(1e-8 * speeds**3)
    assert one.idle_w == pytest.approx(0.6 * one.busy_w)
    assert dual_bound(one).uniform
    assert not dual_bound(other).uniform
    assert unrelated(9, 4, 42).sha256 == other.sha256 != unrelated(9, 4, 43).sha256


def test_consistent_rows_are_sorted_and_semi_consistent_ones_by_half():
    """A quicker server is quicker for all orders: on all, on the even, on no columns."""
    full, none, half = (
        braun(kind, "hi", "lo", n=60, m=8, seed=1).etc for kind in get_args(Consistency)
    )
    assert (np.diff(full) >= 0).all()
    assert not (np.diff(none) >= 0).all(axis=0).any()
    assert (np.diff(half[:, ::2]) >= 0).all()
    assert not (np.diff(half[:, 1::2]) >= 0).all(axis=0).any()


@pytest.mark.parametrize(("task", "most"), [("hi", 3000), ("lo", 100)])
@pytest.mark.parametrize(("machine", "factor"), [("hi", 1000), ("lo", 10)])
def test_heterogeneity_sets_the_range_of_times(task, machine, most, factor):
    """From 1 to their product, and near to it among 8192."""
    etc = braun("i", task, machine, seed=2).etc
    assert etc.shape == (512, 16)
    assert etc.min() >= 1
    assert 0.9 * most * factor < etc.max() <= most * factor
