# SPDX-License-Identifier: Apache-2.0
from fractions import Fraction

import numpy as np
import pytest

from pmcb_services.publishing._cells import cell_columns, first_cells, second_cells
from pmcb_services.publishing._coreset import Coreset, kept, shrunk
from pmcb_services.publishing._moments import Moments, moments, pooled

ONE = Fraction(1)


def point(count, total, noise, centre=0.0, reach=0.4):
    cell = np.array([[centre]]), np.array([[reach]]), np.array([count]), np.array([[total]])
    return shrunk(*cell, noise).item()


@pytest.mark.parametrize(
    ("count", "total", "noise", "expected"),
    [
        (100.0, 50.0, 0.0, 0.2),  # without noise the mean: half of the reach
        (10.0, 5.0, 10.0, 0.2 * 0.15 / 1.15),  # noise as large as the count
        (10.0, 90.0, 0.0, 0.4),  # noisy sums are cut at the reach
        (0.25, 0.5, 0.0, 0.2),  # a count below 1 does not blow the sum up
        (-3.0, 9.0, 1.0, 0.4 * 0.15 / 1.15),
    ],
)
def test_a_cell_s_mean_is_trusted_as_far_as_its_count(count, total, noise, expected):
    """C + λ·mean·h with λ = .15/(.15 + (noise/count)²), by pencil."""
    assert point(count, total, noise) == pytest.approx(expected)


def test_points_stay_in_the_domain():
    """A cell at the border may not send its point out."""
    assert point(9.0, 9.0, 0.0, centre=0.9) == 1.0


@pytest.mark.parametrize(
    ("least", "at_least", "expected"), [(2.0, 1, [1, 3]), (9.0, 1, [3]), (2.0, 3, [0, 1, 3])]
)
def test_small_cells_are_dropped_but_never_all(least, at_least, expected):
    """Those above the threshold, or the largest few."""
    assert kept(np.array([2.0, 3.0, -1.0, 8.0]), least, at_least).tolist() == expected


def test_counts_are_pooled_by_their_variances():
    """Deviations 1 and 3: the first weighs nine times as much."""
    value, deviation = pooled([(10.0, 1.0), (20.0, 3.0)])
    assert value == pytest.approx(11.0)
    assert deviation == pytest.approx(0.9**0.5)


def test_moments_without_noise_are_those_of_the_table():
    """Mean and deviation by numpy."""
    rows = np.random.default_rng(0).uniform(-0.5, 0.9, (500, 3))
    sums = np.concatenate([rows.sum(axis=0), (2 * rows**2 - 1).sum(axis=0)])
    found = moments(500.0, sums, 0.0)
    assert np.allclose(found.mean, rows.mean(axis=0))
    assert np.allclose(found.deviation, rows.std(axis=0))


def test_moments_that_are_all_noise_are_those_assumed():
    """The middle, and a variance of a tenth."""
    found = moments(10.0, np.full(4, 1e6), 1e9)
    assert np.allclose(found.mean, 0.0)
    assert np.allclose(found.deviation**2, 0.1)


def test_fewer_than_ten_persons_are_taken_for_ten():
    """A noisy number of persons may be negative."""
    assert moments(-4.0, np.zeros(2), 1.0).persons == 10.0


def test_cells_leave_out_columns_that_hardly_vary():
    """Of three columns the one of deviation .9 pays for its noise, the other two do not."""
    few = Moments(300.0, np.zeros(3), np.array([0.05, 0.9, 0.05]))
    assert cell_columns(few, ONE) == (1,)
    many = Moments(1e6, np.zeros(3), np.array([0.05, 0.9, 0.05]))
    assert cell_columns(many, ONE) == (0, 1, 2)


@pytest.mark.parametrize(("persons", "cells"), [(10.0, 8), (1e3, 125), (1e6, 400)])
@pytest.mark.parametrize("wide", [False, True])
def test_first_cells_lie_about_the_middle(persons, cells, wide):
    """n/(4·sd(2, 1)) = n/8 of them, 8 to 400, in the domain; their reach in [.05, 2]."""
    known = Moments(persons, np.array([0.9]), np.array([0.2]))
    rng = np.random.default_rng(0)
    centres, reach = first_cells(known, ONE, wide=wide, rng=rng)
    assert centres.shape == reach.shape == (cells, 1)
    assert np.abs(centres).max() <= 1.0
    assert ((reach >= 0.4) if wide else (reach == 0.4)).all()
    assert reach.max() <= 2.0


def test_second_cells_are_the_first_points_where_these_are_few():
    """8 of 3 asked for: 3; the reach is 1.5 deviations."""
    known = Moments(50.0, np.zeros(1), np.array([0.2]))
    points = Coreset(np.array([[-0.5], [0.0], [0.5]]), np.ones(3), np.arange(3))
    rng = np.random.default_rng(0)
    centres, reach = second_cells(points, known, ONE, wide=False, rng=rng)
    assert np.array_equal(centres, points.points)
    assert np.allclose(reach, 0.3)
    _, far = second_cells(points, known, ONE, wide=True, rng=rng)
    assert np.allclose(far, 0.7 * 0.5)
