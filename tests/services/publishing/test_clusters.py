# SPDX-License-Identifier: Apache-2.0
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from tests.services.publishing.blobs import blobs, box, fitted

from pmcb_services.publishing import NotEnoughData, Numeric, RequestError, Schema
from pmcb_services.publishing._clusters import clusters, coreset, medoids, scores
from pmcb_services.publishing._grid import pooled_counts
from pmcb_services.publishing._lattice import LATTICE, UNIT
from pmcb_services.publishing._measurements import Probe, Step
from pmcb_services.publishing._noise import sample
from pmcb_services.publishing._noise_law import sd
from pmcb_services.publishing._plan import Route

CELLS_ONCE, CELLS_TWICE, WIDE, GRID = (60, 4), (2000, 4), (9000, 2), (60, 2)


@pytest.fixture(scope="module")
def found():
    return fitted(blobs(2000, 2), box(2), k=3)


@pytest.mark.parametrize("k", [0, -1, 65])
@pytest.mark.parametrize("ask", [clusters, lambda m, k: scores(m, [k])])
def test_no_or_too_many_clusters_are_refused(found, ask, k):
    """1 to 64."""
    with pytest.raises(RequestError, match="from 1 to 64"):
        ask(found, k)


def test_an_empty_table_has_not_enough_data():
    """Whatever its columns: the number of persons is counted first and no other row is read."""
    with pytest.raises(NotEnoughData):
        fitted(np.empty((0, 2)), box(2))


@pytest.mark.parametrize("shape", [GRID, CELLS_ONCE, CELLS_TWICE, WIDE])
@pytest.mark.parametrize(("k", "with_rows"), [(None, False), (3, False), (None, True), (3, True)])
@pytest.mark.parametrize("probed", [False, True])
def test_what_stages_cost_sums_to_epsilon(shape, k, with_rows, probed):
    """Exactly, on every route, with and without rows, a given k and a probe."""
    persons, width = shape
    epsilon = Fraction("17/3")
    probe = Probe(persons * UNIT, Fraction(1, 10)) if probed else None
    rows = blobs(persons, width, spread=0.2)
    fit = fitted(rows, box(width), epsilon, seed=1, k=k, with_rows=with_rows, probe=probe)
    assert sum(stage.share for stage in fit.stages) == epsilon
    assert (fit.route is Route.GRID) == (shape == GRID)
    assert bool(fit.of(Step.SECOND)) == (shape in {CELLS_TWICE, WIDE})
    assert bool(fit.of(Step.SIZE)) != probed
    assert len(fit.of(Step.CLUSTERS)) == (k is not None)
    assert bool(fit.of(Step.TREE)) == with_rows


def test_the_coreset_without_noise_stands_for_the_table():
    """At an epsilon of 1000 its mean and weight are the table's, to a thousandth of the box."""
    rows = blobs(5000, 3)
    points = coreset(fitted(rows, box(3), 1000))
    assert points.weights.sum() == pytest.approx(5000, rel=1e-3)
    mean = np.average(points.points, axis=0, weights=points.weights)
    assert np.allclose(mean, rows.mean(axis=0), atol=1e-3)


def test_the_same_measurements_give_the_same_clusters(found):
    """Nothing but the noisy integers is drawn upon."""
    again = fitted(blobs(2000, 2), box(2), k=3)
    assert clusters(found, 7).centres.tobytes() == clusters(again, 7).centres.tobytes()
    other = fitted(blobs(2000, 2), box(2), k=3, seed=1)
    assert other.seed != found.seed


def test_there_are_always_k_clusters():
    """With fewer points than k the heaviest repeat, and what repeats is not supported."""
    few = fitted(np.full((400, 4), 0.5), box(4))
    points = len(coreset(few).points)
    made = clusters(few, 64)
    assert made.centres.shape == (64, 4)
    assert len(made.sizes) == 64
    assert sum(made.supported) <= points < 64


def test_clusters_are_where_the_persons_are(found):
    """Three blobs of 667 persons: three supported clusters, the largest first."""
    made = clusters(found, 3)
    assert all(made.supported)
    sizes = [size.persons for size in made.sizes]
    assert sum(sizes) == pytest.approx(2000, rel=0.2)
    assert np.allclose(np.sort(np.abs(made.centres[:, 0])), [0, 0.7, 0.7], atol=0.05)


def test_given_clusters_are_counted_in_their_own_cells(found):
    """Their counts are a stage of their own, around the centres that are published."""
    (stage,) = found.of(Step.CLUSTERS)
    made = clusters(found, 3)
    assert (made.centres * LATTICE).tolist() == stage.centres.tolist()
    assert [size.persons for size in made.sizes] == stage.counts.tolist()
    assert stage.share == Fraction(1, 25)


@pytest.mark.parametrize("shape", [GRID, CELLS_TWICE])
def test_medoids_are_records_that_could_be(shape):
    """Each coordinate is a value of its column."""
    persons, width = shape
    schema = Schema([Numeric(f"x{place}", -1, 1, step=0.25) for place in range(width)])
    made = medoids(fitted(blobs(persons, width), schema, 6), schema, 3)
    assert made.centres.shape == (3, width)
    assert np.array_equal(made.centres * 4, np.rint(made.centres * 4))


def test_scores_find_the_number_of_clusters():
    """Three blobs, wider than cells, score best with three; cost falls with k."""
    made = scores(fitted(blobs(2000, 2, spread=0.15), box(2)), range(2, 7))
    assert max(made, key=lambda score: score.calinski_harabasz).k == 3
    costs = [score.cost for score in made]
    assert costs == sorted(costs, reverse=True)


def test_one_cluster_has_no_score(found):
    """The index compares clusters."""
    assert np.isnan(scores(found, [1])[0].calinski_harabasz)


def test_columns_without_cells_take_their_mean():
    """Of four columns only one varies: cells live in it, the points lie at the others' means."""
    rows = np.tile([0.0, 0.25, -0.5, 0.0], (400, 1))
    rows[:, 3] = np.random.default_rng(0).choice([-1.0, 1.0], 400)
    fit = fitted(rows, box(4))
    columns = fit.last.columns
    assert 3 in columns
    assert len(columns) < 4
    points = coreset(fit).points
    for column in set(range(4)) - set(columns):
        assert np.unique(points[:, column]).tolist() == [fit.moments.mean[column]]


def test_seeded_bits_are_noise_too():
    """The tests' source gives the law of the real one: a deviation of √2·U within a tenth."""
    drawn = [sample(1, Fraction(1), Random(seed))[0] / UNIT for seed in range(2000)]
    assert np.std(drawn) == pytest.approx(2**0.5, rel=0.1)


@pytest.mark.parametrize("shape", [GRID, CELLS_TWICE])
def test_sizes_sum_over_all_cells(shape):
    """Those that were dropped from the coreset too: otherwise persons would be missing."""
    persons, width = shape
    fit = fitted(blobs(persons, width, spread=0.2), box(width), 6)
    assert len(coreset(fit).cells) < len(fit.last.values)
    counts = fit.last.counts
    if fit.of(Step.GRID):
        counts, _ = pooled_counts(fit.of(Step.GRID)[0], fit.last)
    found = [size.persons for size in clusters(fit, 2).sizes]
    assert sum(found) == pytest.approx(counts.sum())


def test_cells_are_measured_with_the_reach_that_moments_give():
    """Two deviations of each column at first, 1.5·(8/K)^(1/a) of them then, on the lattice."""
    fit = fitted(blobs(2000, 4), box(4))
    (first,), (second,) = fit.of(Step.FIRST), fit.of(Step.SECOND)
    deviation = fit.moments.of(first.columns).deviation * LATTICE
    assert np.allclose(first.reach, 2 * deviation, atol=1)
    cells = round(fit.persons[0] / (4 * sd(5, second.share)))
    assert len(first.columns) == 4
    assert np.allclose(second.reach, 1.5 * deviation * (8 / cells) ** (1 / 4), atol=1)
