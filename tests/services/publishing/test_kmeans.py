# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.cluster import KMeans

from pmcb_services.publishing._kmeans import nearest, squares_to, weighted_kmeans
from pmcb_services.publishing._medoid import geometric_median, weighted_kmedians


def random_points(seed, n=120, d=3):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.random(n) + 0.01, rng


@pytest.mark.parametrize("seeking", [weighted_kmeans, weighted_kmedians])
def test_with_no_more_points_than_centres_each_is_one(seeking):
    """And nothing is lost."""
    points = np.array([[0.0], [1.0]])
    found = seeking(points, np.ones(2), 3, np.random.default_rng(0))
    assert found.centres.tolist() == points.tolist()
    assert found.cost == 0.0


@pytest.mark.parametrize("seeking", [weighted_kmeans, weighted_kmedians])
def test_equal_points_give_equal_centres(seeking):
    """All rows may be the same: the cost is 0 and nothing divides by it."""
    found = seeking(np.full((9, 2), 0.25), np.ones(9), 3, np.random.default_rng(0))
    assert np.allclose(found.centres, 0.25)
    assert found.cost == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("k", [2, 5, 9])
def test_k_means_costs_no_more_than_the_oracle_s(k):
    """Within a per cent of scikit-learn's best of 20 on the same weighted points."""
    points, weights, rng = random_points(k)
    oracle = KMeans(k, n_init=20, random_state=0).fit(points, sample_weight=weights)
    assert weighted_kmeans(points, weights, k, rng).cost <= 1.01 * oracle.inertia_


@given(st.integers(0, 10**6), st.integers(1, 6))
def test_centres_are_means_of_the_points_nearest_to_them(seed, k):
    """Lloyd's rounds end where both hold."""
    points, weights, rng = random_points(seed, n=25, d=2)
    found = weighted_kmeans(points, weights, k, rng, starts=1)
    assert np.array_equal(found.labels, nearest(points, found.centres)[0])
    for j in range(k):
        own = found.labels == j
        mean = np.average(points[own], axis=0, weights=weights[own])
        assert np.allclose(found.centres[j], mean)


def test_a_weight_counts_as_so_many_points():
    """Weights 1 and 3 are one point and three."""
    points = np.array([[0.0], [1.0], [10.0]])
    found = weighted_kmeans(points, np.array([1.0, 3.0, 1.0]), 2, np.random.default_rng(0))
    assert sorted(found.centres[:, 0].tolist()) == [0.75, 10.0]


def test_squares_are_never_negative():
    """Rounding may not make a distance the root of less than nothing."""
    points = np.full((3, 5), 1 / 3) * 1e6
    assert (squares_to(points, points) >= 0.0).all()


@given(st.integers(0, 10**6))
def test_the_geometric_median_is_the_oracle_s(seed):
    """Its sum of distances is a general minimiser's, to one in ten thousand."""
    points, weights, _ = random_points(seed, n=15, d=2)

    def total(place):
        return weights @ np.linalg.norm(points - place, axis=1)

    found = geometric_median(points, weights, np.average(points, axis=0, weights=weights))
    oracle = minimize(total, points.mean(axis=0), method="Nelder-Mead", options={"xatol": 1e-9})
    assert total(found) <= oracle.fun * (1 + 1e-4)


def test_medians_stay_where_most_of_the_weight_is():
    """A tenth of a cluster far away does not move its median."""
    points = np.array([[0.0, 0.0], [0.0, 4.0], [50.0, 50.0]])
    found = weighted_kmedians(points, np.array([9.0, 1.0, 5.0]), 2, np.random.default_rng(0))
    assert np.allclose(sorted(found.centres.tolist()), [[0, 0], [50, 50]], atol=1e-6)
