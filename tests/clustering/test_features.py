# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import rankdata

from pmcb_clustering import EmptyCluster, ParameterError, influence, scale_features
from pmcb_clustering._features import round_significant
from pmcb_clustering._influence import inversion_rate, rank_labels

METRICS = np.array([[1, 0, 0, 0.7], [3, 4, 0.5, 1.2], [3, 9, 0.5, 1.2], [9, 50, 0.1, 2.0]])


@pytest.mark.parametrize(
    ("scaling", "weights", "complaint"),
    [
        ("zscore", (1, 1, 1, 1), "must be one of robust, rank, logz, raw"),
        ("rank", (1, 1, 1), "four numbers"),
        ("rank", (1, 1, 1, -1), "at least 0"),
        ("rank", (1, 1, 1, np.nan), "four numbers"),
        ("rank", (0, 0, 0, 0), "all 0"),
    ],
)
def test_bad_scaling_and_weights_are_refused(scaling, weights, complaint):
    """With what is allowed."""
    with pytest.raises(ParameterError, match=complaint):
        scale_features(METRICS, scaling, weights=weights)


def test_an_empty_cluster_is_named():
    """Its influence is undefined."""
    with pytest.raises(EmptyCluster, match="label 1") as caught:
        influence(METRICS, np.array([0, 0, 2, 2]))
    assert caught.value.label == 1


def test_ranks_by_hand():
    """Ties share their mean rank."""
    assert scale_features(METRICS, "rank")[:, 0].tolist() == [0.125, 0.5, 0.5, 0.875]


def test_robust_keeps_the_tail_of_betweenness():
    """Ranks, but betweenness is ln(1 + count / n) stretched to 0 .. 1."""
    features = scale_features(METRICS)
    assert np.array_equal(features[:, [0, 2, 3]], scale_features(METRICS, "rank")[:, [0, 2, 3]])
    expected = np.log1p(METRICS[:, 1] / 4) / np.log1p(50 / 4)
    assert np.allclose(features[:, 1], expected, atol=1e-15)


def test_logz_and_raw():
    """Columns of mean 0 and spread 1; the metrics themselves; a constant column is 0."""
    features = scale_features(METRICS, "logz")
    assert np.allclose(features.mean(axis=0), 0, atol=1e-12)
    assert np.allclose(features.std(axis=0), 1)
    assert np.array_equal(scale_features(METRICS, "raw"), METRICS)
    for scaling in ("logz", "robust"):
        assert np.isfinite(scale_features(np.ones((3, 4)), scaling)).all()


def test_weights_multiply_the_scaled_features():
    """A factor each."""
    doubled = scale_features(METRICS, weights=(2, 1, 0, 1))
    assert np.array_equal(doubled, scale_features(METRICS) * [2, 1, 0, 1])


def test_the_last_digits_make_no_difference():
    """Metrics that differ beyond nine digits are tied."""
    nudged = METRICS * (1 + 1e-13 * np.arange(4)[:, None])
    for scaling in ("robust", "rank", "logz", "raw"):
        assert np.array_equal(scale_features(METRICS, scaling), scale_features(nudged, scaling))


@given(arrays(np.float64, 8, elements=st.floats(0, 1e12, allow_subnormal=False)))
def test_rounding_to_significant_digits(values):
    """Within half a unit of the ninth digit, and again the same."""
    rounded = round_significant(values)
    assert (np.abs(rounded - values) <= 1e-8 * values + 1e-300).all()
    assert np.allclose(round_significant(rounded), rounded, rtol=1e-15, atol=0)


def test_influence_by_hand():
    """Eq. (2): the sum of the mean features; the least influential is level 1."""
    labels = np.array([1, 0, 0, 1])
    expected = [METRICS[1:3].sum() / 2, METRICS[[0, 3]].sum() / 2]
    assert np.allclose(influence(METRICS, labels), expected)
    assert rank_labels(labels, influence(METRICS, labels)).tolist() == [2, 1, 1, 2]
    assert rank_labels(np.array([0, 1]), np.array([3.0, 3.0])).tolist() == [1, 2]


@given(st.data())
def test_inversions_are_counted_over_pairs(data):
    """As by trying all pairs."""
    n = data.draw(st.integers(2, 12))
    scores = np.array(data.draw(st.lists(st.integers(0, 5), min_size=n, max_size=n)), np.float64)
    levels = np.array(data.draw(st.lists(st.integers(1, 3), min_size=n, max_size=n)))
    pairs = [(i, j) for i in range(n) for j in range(n) if levels[i] < levels[j]]
    wrong = sum((scores[i] > scores[j]) + (scores[i] == scores[j]) / 2 for i, j in pairs)
    assert inversion_rate(scores, levels) == pytest.approx(wrong / len(pairs) if pairs else 0)


def test_ranks_are_scipys(small):
    """An independent ranking of a whole graph's degrees."""
    metrics = np.column_stack([small.degrees.astype(np.float64)] * 4)
    expected = (rankdata(small.degrees) - 0.5) / small.n_users
    assert np.array_equal(scale_features(metrics, "rank")[:, 0], expected)
