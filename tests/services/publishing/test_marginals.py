# SPDX-License-Identifier: Apache-2.0
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.services.publishing.blobs import blobs, box, fitted

from pmcb_services.publishing import Nominal, Numeric, Ordinal, RequestError, Schema, Table
from pmcb_services.publishing._marginals import leaves, measure_marginals, shares_of
from pmcb_services.publishing._measurements import Step
from pmcb_services.publishing._rows import synthetic_rows

DICE = Schema(
    [
        Numeric("die", 1, 20, step=1),
        Ordinal("pain", ["no", "some", "much"]),
        Nominal("ward", ["a", "b", "c"]),
        Numeric("score", 0, 1),
    ]
)


def dice(persons, seed=0):
    rng = np.random.default_rng(seed)
    die = np.minimum(rng.integers(1, 21, persons), rng.integers(1, 21, persons))
    pain = np.where(die > 10, "much", np.where(die > 5, "some", "no"))
    ward = np.where(die > 10, "c", np.where(rng.random(persons) < 0.3, "a", "b"))
    table = np.empty((persons, 4), dtype=object)
    table[:, 0], table[:, 1], table[:, 2], table[:, 3] = die, pain, ward, rng.random(persons) ** 2
    return table


def trees(rows, schema, epsilon, seed=0):
    table = Table.open(rows, schema)
    stages = measure_marginals(table, schema, Fraction(epsilon), Random(seed), None)
    return [[s for s in stages if s.columns == (place,)] for place in range(len(schema.columns))]


def test_rows_that_nobody_paid_for_are_refused():
    """A release without trees has none."""
    with pytest.raises(RequestError, match="paid"):
        synthetic_rows(fitted(blobs(900, 2), box(2)), box(2))


@given(st.fractions(Fraction(1, 100), 10, max_denominator=100))
def test_the_trees_cost_their_share(share):
    """20 values are two levels, 3 one, those of the lattice six; without order one level."""
    die, pain, ward, score = shares_of(DICE, share)
    assert 2 * die == pain == ward == 6 * score == share / 4


def test_without_noise_leaves_are_the_histogram():
    """At an epsilon of 1000 every value of a column stands alone with its part of the rows."""
    rows = dice(2000)
    grown = trees(rows, DICE, 1000)
    texts = [[str(face) for face in range(1, 21)], ["no", "some", "much"], ["a", "b", "c"]]
    for place, names in enumerate(texts):
        column = DICE.columns[place]
        found = leaves(column, grown[place])
        mass = np.zeros(column.count)
        for leaf in found:
            mass[leaf.first : leaf.stop] = float(leaf.mass) / (leaf.stop - leaf.first)
        expected = [np.mean(rows[:, place].astype(str) == name) for name in names]
        assert np.allclose(mass, expected, atol=1e-3)


@pytest.mark.parametrize("epsilon", ["1/1000", "1/10", "1", "10"])
def test_masses_sum_to_one_whatever_the_noise(epsilon):
    """Leaves lie one after the other within the column's values and hold everybody."""
    for column, stages in zip(DICE.columns, trees(dice(300), DICE, epsilon), strict=True):
        found = leaves(column, stages)
        assert sum(leaf.mass for leaf in found) == pytest.approx(1.0)
        assert all(leaf.first < leaf.stop for leaf in found)
        edges = [edge for leaf in found for edge in (leaf.first, leaf.stop)]
        assert edges == sorted(edges)
        assert edges[0] >= 0
        assert edges[-1] <= column.count


def test_every_level_is_paid_for_even_if_nothing_grows():
    """Of an empty table nothing is split after the first level, and all levels are measured."""
    for stages, levels in zip(trees(np.empty((0, 4)), DICE, "1/100"), (2, 1, 1, 6), strict=True):
        assert [stage.level for stage in stages] == list(range(1, levels + 1))


def test_rows_are_records_that_could_be():
    """As many as there are persons, each value one of its column's, the same whenever asked."""
    found = fitted(dice(3000), DICE, 4, with_rows=True)
    rows = synthetic_rows(found, DICE)
    assert len(rows) == pytest.approx(3000, abs=100)
    assert np.allclose(DICE.snap(rows), rows)
    assert np.array_equal(synthetic_rows(found, DICE), rows)
    die, pain, ward, score = zip(*DICE.decode(rows[:50]), strict=True)
    assert set(die) <= set(range(1, 21))
    assert set(pain) <= {"no", "some", "much"}
    assert set(ward) <= {"a", "b", "c"}
    assert all(0 <= each <= 1 for each in score)


def test_columns_keep_their_own_distribution_and_each_other():
    """Distributions differ by less than .05, and what goes together still does (seeded)."""
    table = dice(5000)
    encoded = np.vstack([x for x, _ in Table.open(table, DICE).chunks()]) / 2**16
    rows = synthetic_rows(fitted(table, DICE, 4, with_rows=True), DICE)
    rows = np.rint(rows * 2**16) / 2**16
    for place in (0, 1, 5):
        grid = np.unique(encoded[:, place])
        parts = [
            np.searchsorted(np.sort(of[:, place]), grid, side="right") / len(of)
            for of in (encoded, rows)
        ]
        assert np.abs(parts[0] - parts[1]).max() < 0.05
    assert np.allclose(
        (rows[:, 2:5] > 0).mean(axis=0), (encoded[:, 2:5] > 0).mean(axis=0), atol=0.05
    )
    truth = np.corrcoef(encoded[:, 0], encoded[:, 4] > 0)[0, 1]
    assert np.corrcoef(rows[:, 0], rows[:, 4] > 0)[0, 1] == pytest.approx(truth, abs=0.2)


def test_trees_leave_the_coreset_as_it_is():
    """They are measured last, and the seed of what is derived does not know them."""
    rows = blobs(2000, 2)
    found = fitted(rows, box(2), with_rows=True)
    bare = found.__class__(found.epsilon, 2, found.route, found.stages[:4])
    assert [stage.step for stage in found.stages[4:]] == [Step.TREE] * 12
    assert found.seed == bare.seed
