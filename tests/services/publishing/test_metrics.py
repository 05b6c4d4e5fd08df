# SPDX-License-Identifier: Apache-2.0
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import calinski_harabasz_score
from tests.services.publishing.blobs import blobs, box

from pmcb_services.publishing import Table
from pmcb_services.publishing._metrics import (
    accuracy,
    calinski_harabasz,
    cost,
    f_measure,
    internal_metrics,
)
from pmcb_services.publishing._paid import measure_metrics

LABELS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4)), min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("persons", "k", "within"), [(10.0, 1, 1.0), (2.0, 2, 1.0), (-4.0, 3, 1.0), (10.0, 2, -1.0)]
)
def test_an_index_without_meaning_is_none(persons, k, within):
    """Noisy sums may be anything."""
    assert np.isnan(calinski_harabasz(persons, k, within, 5.0))


def test_the_index_is_the_oracle_s():
    """With the clusters' means for centres it is scikit-learn's."""
    rows = blobs(300, 3)
    labels = np.arange(300) % 4
    means = np.stack([rows[labels == j].mean(axis=0) for j in range(4)])
    within = ((rows - means[labels]) ** 2).sum()
    total = ((rows - rows.mean(axis=0)) ** 2).sum()
    found = calinski_harabasz(300, 4, within, total)
    assert found == pytest.approx(calinski_harabasz_score(rows, labels))


@given(LABELS)
def test_accuracy_is_the_oracle_s(pairs):
    """The best matching is scipy's."""
    reference, found = np.array(pairs).T
    table = np.zeros((7, 5))
    np.add.at(table, (reference, found), 1)
    rows, columns = linear_sum_assignment(-table)
    assert accuracy(reference, found) == pytest.approx(table[rows, columns].sum() / len(pairs))


@given(LABELS)
def test_f_measure_is_its_formula(pairs):
    """Σ (n_i/n)·max 2pr/(p + r), pair by pair; 1 against itself, whatever the names."""
    reference, found = np.array(pairs).T
    total = 0.0
    for i in set(reference.tolist()):
        best = 0.0
        for j in set(found.tolist()):
            both = np.sum((reference == i) & (found == j))
            p, r = both / np.sum(found == j), both / np.sum(reference == i)
            best = max(best, 2 * p * r / (p + r) if both else 0.0)
        total += np.mean(reference == i) * best
    assert f_measure(reference, found) == pytest.approx(total)
    assert f_measure(reference, 9 - reference) == pytest.approx(1.0)


def test_internal_metrics_say_so():
    """k-means' own centres are perfect; what is computed without noise is marked."""
    rows = blobs(300, 2, spread=0.01)
    centres = np.stack(
        [rows[np.abs(rows[:, 0] - place) < 0.2].mean(axis=0) for place in (-0.7, 0, 0.7)]
    )
    rng = np.random.default_rng(0)
    found = internal_metrics(rows, np.ones(300), centres, rng, starts=5)
    assert (found.f_measure, found.accuracy) == (1.0, 1.0)
    assert found.cost_ratio == pytest.approx(1.0)
    assert found.internal
    assert "INTERNAL" in found.banner


def test_no_cost_at_all_is_a_ratio_of_one():
    """All rows at their centres; infinite where only k-means has none."""
    rng, rows = np.random.default_rng(0), np.full((5, 1), 0.5)
    assert internal_metrics(rows, np.ones(5), rows[:1], rng).cost_ratio == 1.0
    assert internal_metrics(rows, np.ones(5), -rows[:1], rng).cost_ratio == np.inf


def test_paid_metrics_are_those_of_the_table():
    """At an epsilon of 1000 persons, cost and total are the table's within their error."""
    rows = blobs(500, 2)
    centres = np.array([[-0.7, 0.7], [0.0, 0.0], [0.7, -0.7]])
    table = Table.open(rows, box(2))
    middle = np.zeros(2)
    found = measure_metrics(table, centres, middle, Fraction(1000), Random(0))
    assert found.persons == pytest.approx(500, abs=0.1)
    assert found.cost == pytest.approx(cost(rows, np.ones(500), centres), abs=0.1)
    assert found.total == pytest.approx((rows**2).sum(), abs=0.1)
    assert found.cost_error == pytest.approx(4 * 2 * 5.08 / 1000, rel=0.2)


def test_paid_metrics_are_noisy():
    """At an epsilon of .1 another seed tells another cost."""
    table = Table.open(blobs(500, 2), box(2))
    paid = [
        measure_metrics(table, np.zeros((1, 2)), np.zeros(2), Fraction(1, 10), Random(seed)).cost
        for seed in range(2)
    ]
    assert paid[0] != paid[1]
