# SPDX-License-Identifier: Apache-2.0
import secrets
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans
from tests.services.publishing.blobs import blobs, box

from pmcb_services.publishing import (
    EpsilonError,
    NotEnoughData,
    Numeric,
    Ordinal,
    RequestError,
    Schema,
    TableUnreadable,
)
from pmcb_services.publishing._lattice import UNIT
from pmcb_services.publishing._measurements import Probe
from pmcb_services.publishing._mpdp_k import MPDPK


def model(width=2, **parameters):
    given = {"schema": box(width), "epsilon": "1", "n_clusters": 3, "bits": Random(0)}
    return MPDPK(**(given | {"random_state": 0} | parameters))


@pytest.mark.parametrize("k", [0, -3, 65, 2.0, "3", True])
def test_numbers_of_clusters_out_of_range_are_refused(k):
    """Before any row is read; the error names the parameter."""
    with pytest.raises(RequestError, match="from 1 to 64") as refusal:
        model(n_clusters=k).fit(None)
    assert refusal.value.field == "n_clusters"


@pytest.mark.parametrize("epsilon", [0, "-1", "abc", 0.1, "1001"])
def test_epsilons_out_of_range_are_refused(epsilon):
    """A float is refused too: it is not exact."""
    with pytest.raises(EpsilonError):
        model(epsilon=epsilon).fit(blobs(2000, 2))


def test_a_schema_is_one():
    """Bounds are never taken from the data."""
    with pytest.raises(RequestError, match="schema"):
        model(schema=None).fit(blobs(2000, 2))


def test_unknown_parameters_are_refused():
    """With the names of those there are."""
    with pytest.raises(RequestError, match="n_clusters") as refusal:
        model().set_params(max_iter=3)
    assert refusal.value.field == "max_iter"


def test_rows_are_told_apart_only_by_released_clusters():
    """Without clusters nothing can be predicted, and there are no labels of fitted rows ever."""
    with pytest.raises(RequestError, match="Fit"):
        model().predict(np.zeros((1, 2)))
    with pytest.raises(RequestError, match="Fit"):
        model(n_clusters=None).fit(blobs(2000, 2)).predict(np.zeros((1, 2)))
    fitted = model().fit(blobs(2000, 2))
    assert not hasattr(fitted, "labels_")
    assert not hasattr(fitted, "fit_predict")


def test_a_table_of_other_columns_is_refused():
    """By its shape, which is public."""
    with pytest.raises(TableUnreadable):
        model().fit(blobs(100, 3))


@pytest.mark.parametrize("persons", [0, 1, 2])
def test_hardly_anybody_is_refused_or_unsupported(persons):
    """The noisy number decides: most of twelve seeds are refused, each naming another epsilon.

    Of the clusters of the others hardly one in ten is said to have anybody in it.
    """
    told, supported = [], []
    for seed in range(12):
        try:
            fitted = model(bits=Random(seed)).fit(np.zeros((persons, 2)))
        except NotEnoughData as refusal:
            told.append(refusal.least)
        else:
            supported += [size.is_supported for size in fitted.sizes_]
    assert len(told) >= 6
    assert len(set(told)) > 1
    assert np.mean(supported) <= 0.1


def test_after_a_probe_a_refusal_reads_nothing():
    """What is known already decides: the table is not touched and nothing is spent."""

    def unreadable():
        return iter([None])  # whoever asks for a chunk gets what is none

    probe = Probe(10 * UNIT, Fraction(1, 50))
    with pytest.raises(NotEnoughData) as refusal:
        model(probe=probe).fit(unreadable)
    assert refusal.value.least == Fraction(188, 100)  # 4·4.5/10 over 24/25, to three digits


@pytest.mark.parametrize("cell", [np.nan, np.inf, -np.inf, 1e300])
def test_no_cell_is_an_error(cell):
    """It is clipped, or stands in the middle."""
    rows = blobs(2000, 2)
    rows[::50, 0] = cell
    assert model().fit(rows).cluster_centers_.shape == (3, 2)


def test_it_is_cloned_with_what_cannot_be_copied():
    """Sources of noise and executors are the same in the clone, and nothing else is fitted."""
    with ThreadPoolExecutor(1) as pool:
        original = model(bits=secrets.SystemRandom(), executor=pool).fit(blobs(2000, 2))
        copy = clone(original)
    assert copy.get_params() == original.get_params()
    assert not hasattr(copy, "sizes_")
    assert copy.set_params(n_clusters=4).n_clusters == 4
    assert original.n_clusters == 3


def test_clusters_cost_hardly_more_than_k_means():
    """The mean ratio of five seeded fits at epsilon 1 is at most 1.1; one centre's is 100."""
    rows = blobs(3000, 2)
    least = KMeans(3, n_init=5, random_state=0).fit(rows).inertia_
    ratios = []
    for seed in range(5):
        fitted = model(bits=Random(seed), random_state=seed).fit(rows)
        gaps = ((rows[:, None] - fitted.cluster_centers_) ** 2).sum(axis=2).min(axis=1).sum()
        ratios.append(gaps / least)
    assert np.mean(ratios) <= 1.1


def test_the_public_seed_is_not_the_noise_s():
    """With one random state and the system's bits two fits differ."""
    rows = blobs(2000, 2)
    first, second = (model(bits=secrets.SystemRandom()).fit(rows).measurements_ for _ in range(2))
    assert first.stages[0].values.tolist() != second.stages[0].values.tolist()


def test_centres_are_in_original_units():
    """Years are years; lists give their values."""
    schema = Schema([Numeric("age", 0, 100), Ordinal("pain", ["no", "yes"])])
    rows = np.array([[20.0, "no"], [80.0, "yes"]] * 1000, dtype=object)
    fitted = model(schema=schema, n_clusters=2).fit(rows)
    found = sorted(fitted.cluster_centers_.tolist())
    assert [pain for _, pain in found] == ["no", "yes"]
    assert [age for age, _ in found] == pytest.approx([20, 80], abs=3)
    assert fitted.n_features_in_ == 2


def test_rows_of_the_caller_go_to_the_nearest_centre():
    """A subject's column is not needed for that."""
    schema = Schema([Numeric("x", -1, 1)], subject="who")
    table = np.array([[place, f"p{row}"] for row in range(900) for place in (-0.5,)], dtype=object)
    table[::2, 0] = 0.5
    fitted = model(schema=schema, n_clusters=2).fit(table)
    low, high = fitted.predict(np.array([[-0.6], [0.6]]))
    assert fitted.cluster_centers_[low, 0] < 0 < fitted.cluster_centers_[high, 0]
    assert fitted.predict(np.empty((0, 1))).tolist() == []


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_an_executor_adds_up_the_same_sums(pool):
    """Chunks go to threads or processes; the measurements are the same bytes."""
    rows = blobs(20_000, 2)
    alone = model(rows=True).fit(rows).measurements_
    with pool(2) as executor:
        together = model(rows=True, executor=executor).fit(rows).measurements_
    pairs = zip(alone.stages, together.stages, strict=True)
    assert all(a.values.tobytes() == b.values.tobytes() for a, b in pairs)
