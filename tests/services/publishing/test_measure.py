# SPDX-License-Identifier: Apache-2.0
"""One unit moves what is measured by at most its weight, and noise is on every number."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from fractions import Fraction
from random import Random, SystemRandom

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pmcb_services.publishing import Numeric, Schema, Table, TableUnreadable, _measure
from pmcb_services.publishing._lattice import CHUNK, LATTICE, UNIT
from pmcb_services.publishing._measure import measure, measure_counts, measure_each, measure_vector
from pmcb_services.publishing._partition import Cells, Grid, Voronoi

ONE = Fraction(1)
S = LATTICE


@contextmanager
def noiseless():
    """The sums themselves: Lemma 1 speaks of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_measure, "sample", lambda dimension, share, bits: [0] * dimension)
        yield


def schema_of(d, **unit):
    """D columns in [-1, 1]: coordinates are the cells themselves."""
    return Schema([Numeric(f"x{at}", -1, 1) for at in range(d)], **unit)


def wild(x):
    """Two functions that leave [-1, 1] on both sides, and one that changes fast."""
    first = x[:, 0]
    return np.stack([3 * first, -7 * first, first * first % 1009], axis=1), np.array([S, S, 1009])


def all_measured(table):
    """The integers of every way to measure, each as (K, D)."""
    rng = np.random.default_rng(1)
    d = table.schema.width
    centres = rng.integers(-S, S + 1, (5, d))
    reach = rng.integers(1, S, (5, d))
    grid = Grid([np.array([0])] * min(d, 2) + [np.array([], dtype=int)] * (d - min(d, 2)))
    yield measure(table, centres, reach, ONE).values
    yield measure(table, centres[:, :1], reach[:, :1], ONE, columns=[d - 1]).values
    for cells in (centres, grid, None):
        yield measure_counts(table, cells, ONE)[:, None]
    yield measure_vector(table, wild, 3, ONE)[None]


def distance(one, other):
    """How far neighbours are apart: the sum over cells of the largest difference."""
    with noiseless():
        pairs = zip(all_measured(one), all_measured(other), strict=True)
        return [int(np.abs(a - b).max(axis=1).sum()) for a, b in pairs]


def array_of(rows, width):
    """Any cells."""
    array = np.empty((len(rows), width), dtype=object)
    for at, row in enumerate(rows):
        array[at] = row
    return array


CELL = st.floats(-1.5, 1.5) | st.sampled_from([-1, 0, 1, None, "x", np.nan, np.inf, -np.inf, 1e300])


@st.composite
def tables(draw):
    """Rows of d cells each, and where one more is put."""
    d = draw(st.integers(1, 4))
    row = st.tuples(*[CELL] * d)
    rows = draw(st.lists(row, max_size=8))
    return d, rows, draw(row), draw(st.integers(0, len(rows)))


@given(tables())
@example((1, [], (0.0,), 0)).via("empty against one record")
@example((2, [(0.1, 0.1)] * 5, (1, 1), 2)).via("a lone far corner")
@example((1, [(-1,), (1,)], (0.0,), 1)).via("on a border")
@example((2, [(0.5, 0.5)], (1e300, -np.inf), 0)).via("out of bounds")
@example((2, [(0.5, 0.5)], (np.nan, "x"), 0)).via("no number")
@example((1, [(0.25,)] * 6, (0.25,), 3)).via("duplicates")
@example((6, [tuple([0.1] * 6)], tuple([-1] * 6), 0)).via("six columns")
@example((58, [tuple([0.1] * 58)], tuple([1] * 58), 0)).via("fifty-eight columns")
def test_one_row_moves_the_sums_by_its_weight(case):
    """Lemma 1: adding a record anywhere changes the q_j by max-norms that sum to U exactly."""
    d, rows, new, at = case
    more = [*rows[:at], new, *rows[at:]]
    one, other = (Table.open(array_of(each, d), schema_of(d)) for each in (rows, more))
    assert distance(one, other) == [UNIT] * 6


@given(tables(), CELL)
def test_replacing_a_row_costs_twice(case, cell):
    """One record in place of another: at most 2U."""
    d, rows, new, at = case
    one = [*rows[:at], new, *rows[at:]]
    other = [*rows[:at], tuple([cell] * d), *rows[at:]]
    tables_ = [Table.open(array_of(each, d), schema_of(d)) for each in (one, other)]
    assert max(distance(*tables_)) <= 2 * UNIT


TAGGED = st.lists(st.tuples(CELL, CELL, st.sampled_from(["a", "b", "c", None])), max_size=30)


@given(TAGGED, st.sampled_from(["subject", "row"]), st.integers(1, 9))
def test_one_person_moves_the_sums_by_at_most_a_unit(rows, by, cap):
    """Lemma 1 for persons of many rows, also of more than the cap."""
    schema = schema_of(2, subject="who", weigh=by, cap=cap)
    others = [row for row in rows if row[2] != "a"]
    one, other = (Table.open(array_of(each, 3), schema) for each in (rows, others))
    assert max(distance(one, other)) <= UNIT


def test_sums_by_hand():
    """Two rows at 1/2 and -1/4 about the centres 1 and 0 of reach 1/2 and 1/8: -1 and -1 (cut)."""
    table = Table.open(np.array([[0.75], [-0.25]]), schema_of(1))
    centres, reach = np.array([[S], [0]]), np.array([[S // 2], [S // 8]])
    with noiseless():
        found = measure(table, centres, reach, ONE)
        moments = measure_vector(table, lambda x: (x, np.array([S])), 1, ONE)
    assert found.count.tolist() == [UNIT, UNIT]
    assert found.sums.tolist() == [[-UNIT // 2], [-UNIT]]
    assert moments.tolist() == [2 * UNIT, UNIT // 2]


def test_cells_in_some_of_the_columns():
    """The cells live in the last column and the first, in this order; the middle is not seen."""
    table = Table.open(np.array([[0.5, -1, -1], [0.5, 1, -1]]), schema_of(3))
    centres, reach = np.array([[S, S], [-S, 0]]), np.array([[S, S], [S, S]])
    with noiseless():
        found = measure(table, centres, reach, ONE, columns=[2, 0])
    assert found.values.tolist() == [[0, 0, 0], [2 * UNIT, 0, UNIT]]


@given(st.integers(0, 2**31))
def test_sums_are_those_of_whole_numbers(seed):
    """Against the formula in Python's integers, with weights that are no power of two."""
    rng = np.random.default_rng(seed)
    rows = [(*rng.uniform(-1.2, 1.2, 2), int(rng.integers(4))) for _ in range(12)]
    table = Table.open(array_of(rows, 3), schema_of(2, subject="who"))
    centres, reach = rng.integers(-S, S + 1, (3, 2)), rng.integers(1, 2**17, (3, 2))
    expected = [[0, 0, 0] for _ in range(3)]
    for x, weights in table.chunks():
        for row, cell, weight in zip(x, Voronoi(centres).assign(x), weights, strict=True):
            w = int(weight)
            expected[cell][0] += w
            for at in range(2):
                h = int(reach[cell, at])
                q = (2 * w * (int(row[at]) - int(centres[cell, at])) + h) // (2 * h)
                expected[cell][at + 1] += min(max(q, -w), w)
    with noiseless():
        assert measure(table, centres, reach, ONE).values.tolist() == expected


def test_functions_that_overflow_still_add_no_more_than_the_weight():
    """Numerators at the ends of 64 bits are cut before they are multiplied."""
    ends = np.array([[np.iinfo(np.int64).min, np.iinfo(np.int64).max]])
    table = Table.open(np.zeros((1, 1)), schema_of(1))
    with noiseless():
        found = measure_vector(table, lambda _: (ends, np.array([2**41, 2**41])), 2, ONE)
    assert found.tolist() == [UNIT, -UNIT, UNIT]


def test_several_partitions_in_one_reading():
    """The same counts as one by one."""
    table = Table.open(np.linspace(-1, 1, 99)[:, None], schema_of(1))
    partitions: list[Cells] = [Voronoi(np.array([[-S], [S]])), Grid([np.array([0, 100, 200])])]
    with noiseless():
        found = measure_each(table, partitions, [ONE, ONE])
        alone = [measure_counts(table, cells, ONE) for cells in partitions]
    assert [each.tolist() for each in found] == [each.tolist() for each in alone]


@pytest.mark.parametrize(
    ("centres", "reach"),
    [
        (np.array([[0]]), np.array([[0]])),
        (np.array([[0]]), np.array([[-1]])),
        (np.array([[0]]), np.array([[0.5]])),
        (np.array([[0]]), np.array([[1, 1]])),
        (np.array([[0.5]]), np.array([[1]])),
    ],
)
def test_cells_that_are_none_are_refused(centres, reach):
    """Reach is above 0, both are whole numbers, and of one shape."""
    with pytest.raises((TypeError, ValueError)):
        measure(Table.open(np.zeros((1, 1)), schema_of(1)), centres, reach, ONE)


def test_empty_cells_have_noise_too():
    """Of a table without rows every number is noise, of the deviation of its dimension."""
    table = Table.open(np.zeros((0, 3)), schema_of(3))
    centres = np.zeros((400, 3), dtype=np.int64)
    values = measure(table, centres, centres + 1, ONE, Random(1)).values / UNIT
    assert (values != 0).all()
    assert values.std() == pytest.approx(np.sqrt(5 * 6 / 3), rel=0.1)  # 5 % is 3.2 errors


def test_the_share_sets_the_noise_and_cells_are_independent():
    """A tenth of the share is ten times the noise; no two cells have the same."""
    table = Table.open(np.zeros((0, 1)), schema_of(1))
    cells = Grid([np.arange(-500, 500)])
    wide = measure_counts(table, cells, Fraction(1, 10), Random(2)) / UNIT
    narrow = measure_counts(table, cells, ONE, Random(2)) / UNIT
    assert wide.std() / narrow.std() == pytest.approx(10, rel=0.15)
    assert len(set(wide.tolist())) > 990


def test_each_measurement_has_fresh_noise():
    """The operating system's source is the default."""
    table = Table.open(np.zeros((0, 1)), schema_of(1))
    first, second = (measure_counts(table, None, ONE).tolist() for _ in range(2))
    assert first != second != measure_counts(table, None, ONE, SystemRandom()).tolist()


def test_noise_beyond_64_bits_is_cut():
    """An epsilon of next to nothing gives numbers of no use, and no error."""
    table = Table.open(np.zeros((1, 1)), schema_of(1))
    tiny = Fraction(1, 10**18)
    found = measure_counts(table, Grid([np.arange(20)]), tiny, Random(3))
    assert np.abs(found).max() == 2**62


@pytest.fixture(scope="module")
def large():
    """Three chunks and a half, and cells for them."""
    rng = np.random.default_rng(8)
    table = Table.open(rng.uniform(-1, 1, (CHUNK * 7 // 2, 4)), schema_of(4))
    return table, rng.integers(-S, S, (30, 4)), rng.integers(1, S, (30, 4))


def test_the_executor_changes_no_byte(large):
    """Threads and processes give what one thread gives."""
    table, centres, reach = large

    def run(executor):
        found = measure(table, centres, reach, ONE, Random(5), executor=executor)
        return found.values.tobytes()

    expected = run(None)
    spawn = multiprocessing.get_context("spawn")
    with ThreadPoolExecutor(3) as threads, ProcessPoolExecutor(1, mp_context=spawn) as processes:
        for executor in (threads, processes):
            assert run(executor) == expected


def test_a_table_that_breaks_off_breaks_off(large):
    """An unreadable rest is an error with an executor too, and nothing is published."""
    _, centres, reach = large

    class Broken:
        def chunks(self):
            yield np.zeros((3, 4)), np.full(3, UNIT)
            raise TableUnreadable("gone")

    with ThreadPoolExecutor(1) as executor, pytest.raises(TableUnreadable):
        measure(Broken(), centres, reach, ONE, executor=executor)


def test_the_order_of_rows_and_the_size_of_chunks_change_nothing(large):
    """Sums are exact: permuted rows in chunks of any size have the same."""
    table, centres, reach = large
    rows = np.vstack([x for x, _ in table.chunks()])
    with noiseless():
        expected = measure(table, centres, reach, ONE).values
    shuffled = np.random.default_rng(9).permutation(rows)

    class Cut:
        def __init__(self, size):
            self.size = size

        def chunks(self):
            for at in range(0, len(shuffled), self.size):
                part = shuffled[at : at + self.size]
                yield part, np.full(len(part), UNIT)

    for size in (999, 5000, len(shuffled)):
        with noiseless():
            found = measure(Cut(size), centres, reach, ONE).values
        assert np.array_equal(found, expected)
