# SPDX-License-Identifier: Apache-2.0
"""A row's cell follows from the row alone, exactly."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pmcb_services.publishing._partition import Grid, Voronoi, Whole, assign

S = 2**16
COORDINATES = st.sampled_from([-S, -1, 0, 1, S]) | st.integers(-S, S)

THREADS = """
import hashlib, numpy as np
from pmcb_services.publishing._partition import assign
rng = np.random.default_rng(5)
x = rng.integers(-65536, 65537, (3000, 58)).astype(float)
centres = rng.integers(-65536, 65537, (300, 58))
print(hashlib.sha256(assign(x, centres).tobytes()).hexdigest())
"""


def nearest(row, centres):
    """The lowest of the nearest centres, in Python's integers."""
    distances = [sum((int(a) - int(b)) ** 2 for a, b in zip(row, c, strict=True)) for c in centres]
    return distances.index(min(distances))


@st.composite
def rows_and_centres(draw):
    """Small tables, many of them with ties and extremes."""
    d = draw(st.integers(1, 5))
    m, k = draw(st.integers(1, 12)), draw(st.integers(1, 9))
    x = draw(hnp.arrays(np.int64, (m, d), elements=COORDINATES))
    return x.astype(np.float64), draw(hnp.arrays(np.int64, (k, d), elements=COORDINATES))


@pytest.mark.parametrize(
    ("centres", "message"),
    [
        (np.zeros((0, 2), np.int64), "whole numbers"),
        (np.zeros((2, 2)), "whole numbers"),
        (np.zeros(2, np.int64), "whole numbers"),
        (np.array([[S + 1]]), "must lie in"),
        (np.array([[np.iinfo(np.int64).min]]), "must lie in"),
    ],
)
def test_centres_off_the_lattice_are_refused(centres, message):
    """Only whole numbers within the lattice keep the products exact."""
    with pytest.raises((TypeError, ValueError), match=message):
        assign(np.zeros((1, 1)), centres)


@given(rows_and_centres())
def test_cells_are_those_of_whole_numbers(case):
    """Against Python's integers, ties and extremes among them."""
    x, centres = case
    assert assign(x, centres).tolist() == [nearest(row, centres) for row in x]


@given(rows_and_centres(), st.data())
def test_no_row_moves_another(case, data):
    """Adding, removing and permuting rows, and cutting them anywhere, changes no row's cell."""
    x, centres = case
    cells = assign(x, centres)
    order = data.draw(st.permutations(range(len(x))))
    assert np.array_equal(assign(x[order], centres), cells[order])
    gone = data.draw(st.integers(0, len(x) - 1))
    assert np.array_equal(assign(np.delete(x, gone, 0), centres), np.delete(cells, gone))
    cut = data.draw(st.integers(0, len(x)))
    parts = [assign(part, centres) for part in (x[:cut], x[cut:])]
    assert np.array_equal(np.concatenate(parts), cells)


def test_half_way_at_the_far_corners_of_128_coordinates():
    """The largest products there are: an exact tie goes to the lowest, one lattice step decides."""
    centres = np.array([[S] * 128, [-S] * 128, [S] * 128])
    x = np.zeros((3, 128))
    x[1, 0], x[2, 127] = -1, 1
    assert assign(x, centres).tolist() == [0, 1, 0]


@pytest.mark.parametrize(("d", "k"), [(1, 1), (1, 5000), (6, 400), (58, 300), (128, 70)])
def test_large_chunks_are_the_same_however_they_are_cut(d, k):
    """Tables of many blocks, against the formula in integers, whole and in odd pieces."""
    rng = np.random.default_rng(d * k)
    x = rng.integers(-S, S + 1, (997, d))
    centres = rng.integers(-S, S + 1, (k, d))
    expected = ((centres**2).sum(axis=1) - 2 * x @ centres.T).argmin(axis=1)
    rows = x.astype(np.float64)
    assert np.array_equal(assign(rows, centres), expected)
    for size in (1, 63, 64, 65, 500):
        parts = [assign(rows[at : at + size], centres) for at in range(0, len(rows), size)]
        assert np.array_equal(np.concatenate(parts), expected)


def test_threads_change_no_cell():
    """One and three threads of the library that multiplies give the same bytes."""
    runs = []
    for threads in (1, 3):
        count = {f"{name}_NUM_THREADS": str(threads) for name in ("OPENBLAS", "OMP", "MKL")}
        command = [sys.executable, "-c", THREADS]
        environment = os.environ | count
        done = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
        runs.append(done.stdout)
    assert runs[0]
    assert len(set(runs)) == 1


@given(rows_and_centres(), st.data())
def test_boxes_of_a_grid(case, data):
    """A row's box counts the cuts at or below each of its coordinates."""
    x, _ = case
    cuts = [
        np.array(sorted(data.draw(st.sets(COORDINATES, max_size=4))), dtype=np.int64) for _ in x.T
    ]
    grid = Grid(cuts)
    places = [[sum(cut <= value) for cut, value in zip(cuts, row, strict=True)] for row in x]
    assert grid.assign(x).tolist() == [np.ravel_multi_index(tuple(p), grid.shape) for p in places]
    assert grid.size == np.prod([len(cut) + 1 for cut in cuts])


def test_one_cell_holds_all():
    """The whole domain is one cell, as are the cells of one centre."""
    x = np.array([[0.0], [5.0]])
    assert Whole().assign(x).tolist() == Voronoi(np.array([[3]])).assign(x).tolist() == [0, 0]
    assert Whole().size == 1
