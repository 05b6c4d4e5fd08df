# SPDX-License-Identifier: Apache-2.0
"""Plans are those of the definition, and see no cache."""

import inspect

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.services.retrieval.oblivious.stores import SMALL, Records, box_of

from pmcb_services.retrieval.oblivious import _planner
from pmcb_services.retrieval.oblivious._contents import layout_names
from pmcb_services.retrieval.oblivious._directory import Directory
from pmcb_services.retrieval.oblivious._layout import build
from pmcb_services.retrieval.oblivious._planner import nearest, plan, wish
from pmcb_services.retrieval.oblivious._policy import Policy
from pmcb_services.retrieval.oblivious._shape import Shape


def defined(directory, shape, layouts, box, need, policy):
    """The least R, and the layout, as the definition says it."""
    found = []
    for layout in range(layouts):
        gaps = directory.gaps(box, shape.of_layout(layout))
        counts = directory.counts[shape.of_layout(layout)]
        order = sorted((gap, at) for at, gap in enumerate(gaps) if np.isfinite(gap))
        c = sum(1 for gap, _ in order if gap == 0)
        prefix = total = 0
        while need and prefix < len(order) and total < need:
            total += int(counts[order[prefix][1]])
            prefix += 1
        rounds = policy.rounds(max(1, -(-max(c, prefix) // shape.batch)))
        read = rounds * shape.batch
        left = order[read][0] if read < len(order) else np.inf
        key = (rounds, -left if need else c, layout)
        found.append((key, layout))
    (rounds, *_), layout = min(found)
    return rounds, layout


@settings(max_examples=60)
@given(st.integers(0, 400), st.integers(0, 99), st.sampled_from([0, 1, 7, 60, 1000]))
def test_a_plan_is_the_one_of_the_definition(n, seed, need):
    """Fewest rounds, then the largest gap left, then the lowest layout; wishes are the nearest."""
    records = Records.drawn(n, 2, seed=seed, levels=9)
    policy, names = Policy(), layout_names("kd+1d", records.schema)
    shape = Shape.of(n, len(names), 10, SMALL, policy)
    slots = build(records.codes, records.patients, names, shape)
    patients = records.patients.astype(np.uint16)
    directory = Directory.of(records.codes, slots, patients, shape.leaves)
    box = records.schema.box(box_of(np.random.default_rng(seed), records.schema))
    made = plan(directory, shape, 3, box, need, policy)
    assert (made.rounds, made.layout) == defined(directory, shape, 3, box, need, policy)
    cached = np.random.default_rng(seed).random(shape.buckets) < 0.3
    found = wish(made, shape, cached)
    assert len(found) <= made.rounds * shape.batch
    assert not cached[found].any()
    gaps = directory.gaps(box, slice(0, shape.buckets))
    in_layout = range(*shape.of_layout(made.layout).indices(shape.buckets))
    order = sorted((gaps[at], at) for at in in_layout if np.isfinite(gaps[at]) and not cached[at])
    wanted = [at for gap, at in order if need or gap == 0][: made.rounds * shape.batch]
    assert found.tolist() == wanted


@settings(max_examples=60)
@given(st.integers(0, 900), st.integers(1, 3), st.integers(0, 99), st.booleans())
def test_no_bucket_that_may_hold_hits_is_left_out(n, layouts, seed, wild):
    """However buckets fall into groups: those of gap 0 that are not empty, and no other."""
    records = Records.drawn(n, 2, seed=seed, levels=40)
    names = layout_names("kd+1d", records.schema)[:layouts]
    shape = Shape(n, len(names), max(1, n // 2), 16, 64, 4, 4)
    slots = build(records.codes, None, names, shape)
    directory = Directory.of(records.codes, slots, None, shape.leaves)
    rng = np.random.default_rng(seed)
    ranges = {} if wild else box_of(rng, records.schema)
    box = records.schema.box(ranges, everything=True)
    gaps = directory.gaps(box, slice(0, shape.buckets))
    assert directory.overlaps(box).tolist() == np.flatnonzero(gaps == 0).tolist()


def test_a_planner_is_shown_no_cache():
    """Its arguments are box, directory and what is public."""
    arguments = set(inspect.signature(_planner.plan).parameters)
    assert arguments == {"directory", "shape", "layouts", "box", "need", "policy"}


def test_the_nearest_are_taken_by_gap_then_position():
    """Infinite ones never; ties by position."""
    gaps = np.array([0.2, np.inf, 0.1, 0.2, 0.0, 0.2])
    assert nearest(gaps, 3).tolist() == [4, 2, 0]
    assert nearest(gaps, 9).tolist() == [4, 2, 0, 3, 5]
    assert nearest(gaps, 5).tolist() == [4, 2, 0, 3, 5]
