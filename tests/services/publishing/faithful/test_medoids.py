# SPDX-License-Identifier: Apache-2.0
"""k-medoids and MP-INIT on cases that can be counted by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pmcb_services.publishing.faithful._medoids import (
    CANDIDATES,
    EXACT_ROWS,
    distance_sums,
    k_medoids,
    medoid,
    medoids,
)
from pmcb_services.publishing.faithful._mp_init import Reading, mp_init, overlay, spread, subsets

PAIRS = np.array([[0.0, 0.0], [0.1, 0.0], [1.0, 1.0], [0.9, 1.0]])


def rng(seed: int = 0) -> np.random.Generator:
    """A seeded generator."""
    return np.random.default_rng(seed)


def is_near(record, spot) -> bool:
    """Whether a record lies within 0.2 of a spot in each coordinate."""
    return bool(np.abs(record - spot).max() < 0.2)


@pytest.mark.parametrize("reading", list(Reading))
@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_few_rows_still_give_k_centres(reading: Reading, n: int):
    """Fewer rows than clusters or parts are repeated; without rows the origin is given."""
    found = mp_init(np.full((n, 2), 0.5), 3, rng(), reading=reading)
    assert found.shape == (3, 2)
    assert (found == (0.5 if n else 0.0)).all()


def test_an_empty_cluster_keeps_its_centre():
    """No row, no new centre."""
    kept = np.array([[0.0, 0.0], [7.0, 7.0]])
    found = medoids(PAIRS, np.zeros(4, dtype=np.int64), kept, rng())
    assert found[1].tolist() == [7.0, 7.0]


def test_the_first_of_equal_medoids_is_taken():
    """Of two records each is as good as the other."""
    assert medoid(np.array([[2.0], [1.0]]), rng()).tolist() == [2.0]


@given(arrays(np.float64, (9, 2), elements=st.integers(-8, 8).map(lambda v: v / 8)))
def test_a_medoid_has_the_least_sum_of_distances(rows):
    """Against the definition, written out."""
    sums = [sum(np.hypot(*(row - other)) for other in rows) for row in rows]
    found = sum(np.hypot(*(medoid(rows, rng()) - other)) for other in rows)
    assert found == pytest.approx(min(sums), abs=1e-6)


def test_large_clusters_are_sampled():
    """64 candidates judged by 1,024 rows; the best lies in the middle of a line."""
    line = np.linspace(-1, 1, EXACT_ROWS + 1)[:, None]
    candidates, sums = distance_sums(line, rng())
    assert candidates.shape == (CANDIDATES, 1)
    assert abs(candidates[sums.argmin()][0]) < 0.1
    more, _ = distance_sums(line, rng(), np.array([[5.0]]))
    assert more[0].tolist() == [5.0]


@pytest.mark.parametrize("seed", range(5))
def test_two_pairs_are_two_clusters(seed: int):
    """Whatever record comes first: one medoid lies in each pair."""
    centres, labels = k_medoids(PAIRS, 2, rng(seed))
    assert labels[0] == labels[1] != labels[2] == labels[3]
    assert {tuple(centre) for centre in centres} <= {tuple(row) for row in PAIRS}


def test_spread_is_the_sum_of_squared_distances():
    """Against the definition, for points in three dimensions."""
    points = rng().normal(size=(7, 3))
    expected = [sum(((one - other) ** 2).sum() for other in points) for one in points]
    assert spread(points) == pytest.approx(expected)


def test_overlaid_runs_put_centres_into_the_large_far_subsets():
    """Two heavy spots and a light one: the two centres are records of the heavy ones."""
    spots = np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, 0.1]])
    rows = np.repeat(spots, [50, 50, 2], axis=0) + rng().normal(0, 0.02, (102, 2))
    left, right = sorted(overlay(rows, 2, 5, rng()).tolist())
    assert is_near(np.array(left), spots[0])
    assert is_near(np.array(right), spots[1])


def test_of_all_sets_the_most_separate_is_taken():
    """Two spots of 30: of six sets of two centres, one record of each spot is the best."""
    rows = np.repeat([[-1.0], [1.0]], 30, axis=0)
    assert sorted(subsets(rows, 2, 5, rng()).ravel().tolist()) == [-1.0, 1.0]
