# SPDX-License-Identifier: Apache-2.0
"""What releases are judged on and beside: tables, weights, other programs, attacks on them."""

import importlib
import random
import sys
from fractions import Fraction

import numpy as np
import pytest

from pmcb_benchmarks import _publishing_anchors as anchors
from pmcb_benchmarks import _publishing_samples as samples
from pmcb_benchmarks._publishing_audit import FarRecord, MedoidTie
from pmcb_benchmarks._publishing_costs import Run, paid, reference
from pmcb_benchmarks._publishing_products import Draw, _compared
from pmcb_benchmarks._publishing_real import adult_words, vitals
from pmcb_benchmarks._publishing_shapes import SHAPES
from pmcb_services.publishing import Nominal, Numeric, Schema
from pmcb_services.publishing._fit import Means

with_diffprivlib = pytest.mark.skipif(
    not anchors.installed("diffprivlib"), reason="diffprivlib is not installed"
)


def means(seed=0):
    """Sources that repeat."""
    return Means(random.Random(seed), np.random.default_rng(seed))


@pytest.mark.parametrize("name", ["adult-words", "icu-vitals"])
def test_a_table_whose_file_is_missing_is_left_out(tmp_path, monkeypatch, name):
    """No stand-in is judged on under its name."""
    monkeypatch.delenv("PMCB_DATA", raising=False)
    assert samples.sample(name, tmp_path) is None


def test_adult_s_words_become_codes(tmp_path, monkeypatch):
    """Listed values by their place; one that is not listed is missing."""
    folder = tmp_path / "data" / "publishing"
    folder.mkdir(parents=True)
    monkeypatch.delenv("PMCB_DATA", raising=False)
    first = "39, State-gov, 77516, Bachelors, 13, Never-married, ?, Not-in-family, White, Male"
    line = f"{first}, 2174, 0, 40, ?, <=50K"
    (folder / "adult.data").write_text(f"age, workclass\n{line}\n")
    (folder / "adult.test").write_text(line.replace("State-gov", "?"))
    data = adult_words(tmp_path)
    assert data is not None
    assert data.rows[0].tolist() == [39, 13, 40, 5, 2, 3, 0, 1]
    assert np.isnan(data.rows[1, 3])
    assert data.schema.width == 3 + 8 + 7 + 6 + 5 + 2


def test_an_hour_of_intensive_care_is_a_row_of_its_stay(tmp_path, monkeypatch):
    """Codes of the temperature are twentieths of a degree above 30."""
    folder = tmp_path / "data" / "vitals"
    folder.mkdir(parents=True)
    monkeypatch.delenv("PMCB_DATA", raising=False)
    codes = np.array([[80, 115, 60, 150, 105, 79, 15, 76]], dtype=np.int16)
    np.savez(folder / "icu-vitals.npz", q=codes, rid=np.array([7], dtype=np.int32))
    data = vitals(tmp_path)
    assert data is not None
    assert data.rows.tolist() == [[80, 115, 60, 37.5, 105, 79, 15, 76, 7]]


@pytest.mark.parametrize("name", SHAPES)
def test_made_up_tables_repeat_and_lie_within_their_bounds(name):
    """All but a few cells; a person's rows weigh no more than one."""
    data = SHAPES[name]()
    assert np.array_equal(data.rows, SHAPES[name]().rows)
    for column, cells in zip(data.schema.columns, data.rows.T, strict=False):
        if isinstance(column, Numeric):
            outside = (cells < float(column.lower)) | (cells > float(column.upper))
            assert outside.mean() < 0.02


def test_persons_weigh_as_the_schema_says(tmp_path):
    """Once each by subject; by row an eighth for each of at most eight rows."""
    once, alike = (samples.sample(name, tmp_path) for name in ("visits", "visits-by-row"))
    assert once is not None
    assert alike is not None
    assert once.weights.sum() == pytest.approx(5000, abs=0.1)
    _, visits = np.unique(once.data.rows[:, -1], return_counts=True)
    assert len(alike.points) == np.minimum(visits, 8).sum()
    assert np.all(alike.weights == 1 / 8)


def test_k_means_itself_costs_one_and_one_centre_the_variance(tmp_path):
    """The reference is the cheapest of fifty; its own centres are judged by the same weights."""
    run = Run(tmp_path, "visits", "", "", (1,), 0)
    held = samples.sample("visits", tmp_path)
    assert held is not None
    middle = np.average(held.points, axis=0, weights=held.weights)
    variance = held.weights @ ((held.points - middle) ** 2).sum(axis=1)
    assert reference(run)[1] == pytest.approx(variance)


def test_a_refused_run_costs_nothing(tmp_path, monkeypatch):
    """It is counted elsewhere; 220 films are too few at an epsilon of 1."""
    monkeypatch.delenv("PMCB_DATA", raising=False)
    assert paid(Run(tmp_path, "csm", "1", "mpdp-k", (5,), 0)) == {}
    assert paid(Run(tmp_path, "csm", "1", "mpdp-k-sizes", (5,), 0)) == {}


@pytest.mark.parametrize("change", samples.CHANGES)
def test_changed_bounds_leave_the_shape_of_the_data(tmp_path, monkeypatch, change):
    """Distances are all scaled alike, by 1/2 and 2/3, or not at all."""
    monkeypatch.delenv("PMCB_DATA", raising=False)
    plain, other = (samples.sample(name, tmp_path) for name in ("adl", f"adl:{change}"))
    assert plain is not None
    assert other is not None
    factor = {"doubled": 1 / 2, "shifted": 2 / 3, "reversed": 1.0}[change]
    gaps = [np.linalg.norm(each.points[1:] - each.points[:-1], axis=1) for each in (plain, other)]
    assert gaps[1] == pytest.approx(factor * gaps[0], abs=1e-4)


@with_diffprivlib
def test_diffprivlib_s_centres_lie_within_the_schema_s_bounds():
    """A Nominal column's coordinates are 0 up to its weight over √2."""
    schema = Schema([Numeric("x", -1, 1), Nominal("sex", range(2))])
    points = np.tile([[0.5, 2**-0.5, 0.0], [-0.5, 0.0, 2**-0.5]], (500, 1))
    found = anchors.diffprivlib_centres(points, schema, 1000.0, 2, 0)
    assert found.shape == (2, 3)
    assert np.all(found >= [-1, 0, 0])
    assert np.all(found <= [1, 2**-0.5 + 1e-9, 2**-0.5 + 1e-9])


def test_what_is_lent_for_an_import_is_taken_back(monkeypatch):
    """Names that scikit-learn has are left alone."""
    importlib.import_module("sklearn.tree")
    tree = sys.modules["sklearn.tree._tree"]
    monkeypatch.delattr(tree, "DOUBLE", raising=False)
    monkeypatch.setattr(tree, "DTYPE", "its own", raising=False)
    with anchors._lent():
        assert tree.DOUBLE is np.float64
        assert tree.DTYPE == "its own"
    assert not hasattr(tree, "DOUBLE")
    assert tree.DTYPE == "its own"


@with_diffprivlib
def test_diffprivlib_shows_whether_anybody_is_in_a_cluster():
    """A lone record takes a centre out of the middle half, where nobody's stays."""
    attack = FarRecord()
    outcomes = [
        [attack.outcome(side, Fraction(1), means(seed)) for seed in range(10)] for side in (0, 1)
    ]
    assert max(lone for lone, _ in outcomes[0]) <= 0.5 + 1e-9
    assert np.mean([lone > 0.5 for lone, _ in outcomes[1]]) > 0.5


def test_a_medoid_crosses_the_domain():
    """One record more, and the noisy medoid is nearer to the other corner: 7 of ε = 1's 12."""
    attack = MedoidTie()
    gaps = [
        np.mean([attack.outcome(side, Fraction(1), means(seed))[0] for seed in range(60)])
        for side in (0, 1)
    ]
    assert gaps[0] > 2
    assert gaps[1] < -2


@pytest.mark.skipif(not anchors.installed("kmedoids"), reason="kmedoids is not installed")
def test_fasterpam_finds_the_heaps():
    """Three places, two of whose rows lie .1 beside the medoid."""
    heaps = np.array([[-0.5, 0.0], [0.5, 0.0], [0.0, 0.8]])
    beside = heaps[:2] + np.array([0.1, 0.0])
    points = np.vstack([np.repeat(heaps, 20, axis=0), beside])
    medoids, cost = anchors.fasterpam(points, 3, 0)
    assert sorted(map(tuple, medoids)) == sorted(map(tuple, heaps))
    assert cost == pytest.approx(0.2)


@pytest.mark.filterwarnings("ignore::pmcb_services.publishing.PrivacyWarning")
def test_rows_are_compared_as_the_table_encodes_them(tmp_path, monkeypatch):
    """Values of a step stand on the lattice in both; at an epsilon of 1000 both have as many."""
    monkeypatch.delenv("PMCB_DATA", raising=False)
    found = _compared(Draw(tmp_path, "adl", "1000", 0, None, 1.0))
    assert found["ks"] is not None
    assert found["ks"] < 0.02
    assert found["medoids"] is None
