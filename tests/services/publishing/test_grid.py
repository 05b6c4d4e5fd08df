# SPDX-License-Identifier: Apache-2.0
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.services.publishing.blobs import box, fitted

from pmcb_services.publishing import Numeric, Ordinal, Schema
from pmcb_services.publishing._grid import axis_parts, grid_centres, grid_cuts, pooled_counts
from pmcb_services.publishing._lattice import LATTICE
from pmcb_services.publishing._measurements import Step

ONE = Fraction(1)
LINE = Numeric("x", -1, 1)


@pytest.mark.parametrize(
    ("persons", "columns", "parts"),
    [
        (10, [LINE], (32,)),  # at least 32 boxes
        (10, [LINE, LINE], (6, 6)),  # √32 = 5.7
        (400, [LINE] * 3, (5, 4, 4)),  # 40^1.2 = 83.7: 4·4·4 is below 4/5 of it, 5·4·4 is not
        (10, [LINE, Ordinal("pain", ["no", "yes"])], (6, 2)),
        (1e9, [LINE], (20_000,)),
    ],
)
def test_axes_are_cut_into_so_many_parts(persons, columns, parts):
    """M = (n·share/10)^(2d/(2+d)), by pencil."""
    assert axis_parts(persons, ONE, columns) == parts


@given(st.integers(1, 12), st.integers(2, 40))
def test_values_are_cut_apart_and_counted_with_the_nearest(parts, values):
    """Each value falls into the box whose run it is in, and a box's centre is its values' mean."""
    column = Numeric("x", 0, values - 1, step=1)
    parts = min(parts, values)
    cuts = grid_cuts([parts], [column])
    points = np.asarray(column.points)
    labels = cuts.assign(points[:, None].astype(float))
    runs = np.array_split(points, parts)
    assert labels.tolist() == [place for place, run in enumerate(runs) for _ in run]
    assert grid_centres([parts], [column])[:, 0].tolist() == [round(run.mean()) for run in runs]


def test_a_continuous_axis_is_cut_evenly():
    """Four parts of [-1, 1] begin at -1, -.5, 0 and .5; a row at a cut falls above it."""
    cuts = grid_cuts([4], [LINE])
    rows = LATTICE * np.array([[-1.0], [-0.5], [-0.25], [0.0], [1.0]])
    assert cuts.assign(rows).tolist() == [0, 1, 1, 2, 3]
    assert (grid_centres([4], [LINE])[:, 0] / LATTICE).tolist() == [-0.75, -0.25, 0.25, 0.75]


def test_boxes_and_their_centres_stand_in_one_order():
    """The centre of each box of a grid of two axes falls into that box."""
    columns = [LINE, Numeric("y", 0, 10, step=1)]
    centres = grid_centres([3, 4], columns)
    assert grid_cuts([3, 4], columns).assign(centres.astype(float)).tolist() == list(range(12))


def test_pooled_counts_without_noise_are_both_counts():
    """At an epsilon of 1000 boxes and cells tell the same number of persons in all."""
    rows = np.random.default_rng(0).uniform(-1, 1, (3, 2))
    found = fitted(rows, box(2), 200)
    (boxes,), (cells,) = found.of(Step.GRID), found.of(Step.LOCAL)
    counts, deviations = pooled_counts(boxes, cells)
    assert counts.sum() == pytest.approx(3, abs=0.5)
    assert (deviations <= cells.noise).all()


def test_a_table_of_few_values_is_no_error():
    """One column of two values: two boxes, at most two cells."""
    schema = Schema([Ordinal("pain", ["no", "yes"])])
    found = fitted(np.array([["yes"], ["no"]] * 200, dtype=object), schema)
    assert len(found.of(Step.GRID)[0].values) == 2
