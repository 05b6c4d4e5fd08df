# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse
from scipy.optimize import linear_sum_assignment
from tests.clustering.oracle import least_cost, ratio_cut

from pmcb_clustering import (
    ParameterError,
    SimilarityGraph,
    bounded_assignment,
    receiver_metrics,
    refine,
    scale_features,
    similarity_graph,
)
from pmcb_clustering._assignment import size_bounds
from pmcb_clustering._partition import bounded_kmeans, fiedler_intervals
from pmcb_clustering._spectrum import spectral_embedding

costs = st.tuples(st.integers(2, 7), st.integers(2, 3)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.integers(0, 6).map(float))
)
features = st.tuples(st.integers(6, 40), st.just(4)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.integers(0, 3).map(float))
)


@pytest.mark.parametrize(("low", "high"), [(-1, 4), (3, 2), (3, 4), (0, 1)])
def test_bounds_that_cannot_be_met_are_refused(low, high):
    """Five users and two labels."""
    with pytest.raises(ParameterError, match="5 users do not fit into 2 levels"):
        bounded_assignment(np.zeros((5, 2)), low, high)


@given(st.integers(2, 10**6), st.integers(2, 16))
def test_size_bounds_can_be_met(n, t):
    """Always, and they never differ by more than a quarter where levels have ten users."""
    low, high = size_bounds(n, t)
    assert low * t <= n <= high * t
    if n >= 20 * t:
        assert high <= 1.25 * low


@given(costs, st.data())
def test_bounded_assignment_costs_least(table, data):
    """As much as the best of all assignments, for any feasible bounds."""
    n, t = table.shape
    low = data.draw(st.integers(0, n // t))
    high = data.draw(st.integers(max(low, -(-n // t)), n))
    labels = bounded_assignment(table, low, high)
    sizes = np.bincount(labels, minlength=t)
    assert low <= sizes.min()
    assert sizes.max() <= high
    assert table[np.arange(n), labels].sum() == pytest.approx(least_cost(table, low, high))


@given(st.integers(0, 10**6), st.integers(2, 6), st.integers(2, 12))
def test_equal_sizes_cost_what_linear_sum_assignment_finds(seed, t, per_level):
    """With every level repeated per seat, an independent solver agrees."""
    table = np.random.default_rng(seed).random((t * per_level, t))
    labels = bounded_assignment(table, per_level, per_level)
    rows, seats = linear_sum_assignment(np.repeat(table, per_level, axis=1))
    least = np.repeat(table, per_level, axis=1)[rows, seats].sum()
    assert table[np.arange(len(table)), labels].sum() == pytest.approx(least, rel=1e-9)


def test_equal_users_are_split_by_the_given_order():
    """Who moves among equals is decided by ``ties``, not by place."""
    table = np.tile([0.0, 1.0], (4, 1))
    ties = np.array([3, 0, 2, 1])
    assert bounded_assignment(table, 2, 2, ties=ties).tolist() == [0, 1, 0, 1]


@given(features, st.integers(2, 4), st.integers(0, 10**6))
def test_ratio_cut_is_its_definition_and_refining_never_raises_it(rows, t, seed):
    """On all pairs of users; sizes stay within the bounds."""
    graph = similarity_graph(rows, t, neighbours=3)
    bounds = size_bounds(len(rows), t)
    labels = np.random.default_rng(seed).permutation(np.arange(len(rows)) % t)
    before = graph.ratio_cut(labels)
    assert before == pytest.approx(ratio_cut(graph, labels))
    refined = refine(graph, labels, *bounds)
    assert graph.ratio_cut(refined) <= before + 1e-9
    sizes = np.bincount(refined, minlength=t)
    assert bounds[0] <= sizes.min()
    assert sizes.max() <= bounds[1]


@given(features, st.integers(2, 4))
def test_the_similarity_graph_is_one_symmetric_piece(rows, t):
    """Equal rows share points of at most n / (4 T) users; weights are similarities per pair."""
    graph = similarity_graph(rows, t, neighbours=3)
    weights = graph.weights.toarray()
    assert np.array_equal(weights, weights.T)
    assert not weights.diagonal().any()
    assert graph.multiplicity.max() <= max(1, len(rows) // (4 * t))
    assert np.array_equal(graph.features[graph.point_of], rows)
    per_pair = weights / np.outer(graph.multiplicity, graph.multiplicity)
    assert per_pair.max() <= 1.0
    reached = np.linalg.matrix_power((weights > 0) + np.eye(len(weights)), len(weights))
    assert (reached > 0).all()


def test_similarity_by_hand():
    """Eq. (1) with one sigma: exp(-d^2 / (2 sigma^2))."""
    rows = np.array([[0.0, 0, 0, 0], [1.0, 0, 0, 0], [3.0, 0, 0, 0]])
    weights = similarity_graph(rows, 2, neighbours=2, sigma=2.0).weights.toarray()
    assert weights[0, 1] == pytest.approx(np.exp(-1 / 8))
    assert weights[1, 2] == pytest.approx(np.exp(-4 / 8))
    assert weights[0, 2] == pytest.approx(np.exp(-9 / 8))


@pytest.fixture(scope="module")
def similar(small):
    """The similarity graph of a small social graph, and its features."""
    rows = scale_features(receiver_metrics(small, normalisation="count"))
    return similarity_graph(rows, 3), rows


def test_eigenvectors_solve_the_pencil(similar):
    """L y = lambda C y for the three smallest eigenvalues, against a dense solver."""
    graph, _ = similar
    assert len(graph.multiplicity) > 200  # the sparse way
    vectors = spectral_embedding(graph, 3)
    weights = graph.weights.toarray()
    laplacian = np.diag(weights.sum(axis=1)) - weights
    root = 1 / np.sqrt(graph.multiplicity)
    expected = np.linalg.eigvalsh(laplacian * np.outer(root, root))[:3]
    scale = (vectors**2 * graph.multiplicity[:, None]).sum(axis=0)
    assert np.allclose((vectors * (laplacian @ vectors)).sum(axis=0) / scale, expected, atol=1e-8)
    assert np.allclose(vectors[:, 0], vectors[0, 0], rtol=1e-5)


def test_eigenvectors_of_a_regular_graph_repeat():
    """A windmill has few eigenvalues: one start spans too little, and the solver draws another."""
    sails = np.kron(np.eye(30), np.ones((10, 10))) - np.eye(300)
    sails[0, 10:] = sails[10:, 0] = 1
    ones, of = np.ones(300, dtype=np.int64), np.arange(300)
    graph = SimilarityGraph(of, np.zeros((300, 1)), ones, sparse.csr_array(sails), 300, 1)
    first, second = (spectral_embedding(graph, 4) for _ in range(2))
    assert np.array_equal(first, second)


def test_fiedler_intervals_keep_the_bounds_and_the_order(similar):
    """Levels are intervals of the second eigenvector; no interval, no answer."""
    graph, rows = similar
    fiedler = spectral_embedding(graph, 2)[:, 1]
    bounds = size_bounds(len(rows), 3)
    labels = fiedler_intervals(graph, fiedler, 3, bounds)
    assert labels is not None
    sizes = np.bincount(labels)
    assert bounds[0] <= sizes.min()
    assert sizes.max() <= bounds[1]
    along = labels[np.argsort(fiedler[graph.point_of], kind="stable")]
    assert (np.diff(along) >= 0).all()
    assert fiedler_intervals(graph, fiedler, 3, (len(rows), len(rows))) is None


def test_bounded_kmeans_settles(similar):
    """Nobody would move again, given the centres."""
    graph, rows = similar
    bounds = size_bounds(len(rows), 3)
    ties = np.arange(len(rows))
    labels = bounded_kmeans(rows, 3, bounds, ties, 0)
    centres = np.stack([rows[labels == label].mean(axis=0) for label in range(3)])
    distances = ((rows[:, None] - centres) ** 2).sum(axis=2)
    again = bounded_assignment(distances, *bounds, ties=ties)
    assert np.array_equal(again, labels)
    assert graph.ratio_cut(refine(graph, labels, *bounds)) < graph.ratio_cut(labels)
