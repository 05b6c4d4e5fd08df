# SPDX-License-Identifier: Apache-2.0
"""One person's rows weigh one unit together, whatever their number."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmcb_services.publishing import Numeric, Schema, Table, _subject
from pmcb_services.publishing._lattice import UNIT
from pmcb_services.publishing._subject import Unit, weigh

X = Numeric("x", 0, 100)


def schema_of(weigh="subject", cap=None):
    """One column and a tag."""
    return Schema([X], subject="who", weigh=weigh, cap=cap)


def array_of(pairs):
    """Values beside tags."""
    array = np.empty((len(pairs), 2), dtype=object)
    for at, pair in enumerate(pairs):
        array[at] = pair
    return array


def kept(pairs, schema):
    """All (lattice value, weight) of a table, sorted."""
    chunks = Table.open(array_of(pairs), schema).chunks()
    return sorted((x, w) for rows, ws in chunks for x, w in zip(rows[:, 0], ws, strict=True))


def test_rows_without_a_tag_are_dropped():
    """Absent, empty, blank and NaN tags are no person, and are not merged into one."""
    tags = [None, "", "  ", float("nan"), float("inf"), "a"]
    assert kept(list(zip([10, 20, 30, 40, 60, 50], tags, strict=True)), schema_of()) == [(0, UNIT)]


def test_tags_are_texts_without_blanks():
    """7, 7.0 and " 7" are one person; "07" is another."""
    rows = [(50, 7), (50, 7.0), (50, " 7"), (50, "07")]
    assert Counter(w for _, w in kept(rows, schema_of())) == {UNIT // 3: 3, UNIT: 1}


def test_each_person_counts_once_or_each_row_alike():
    """By hand: 3 rows of one person and 1 of another, by subject and by row with cap 4."""
    rows = [(0, "a"), (50, "a"), (100, "a"), (50, "b")]
    assert [w for _, w in kept(rows, schema_of())] == [UNIT // 3, UNIT // 3, UNIT, UNIT // 3]
    assert {w for _, w in kept(rows, schema_of("row", 4))} == {UNIT // 4}


@pytest.mark.parametrize("by", ["subject", "row"])
def test_past_the_cap_the_same_rows_are_kept_in_any_order(by):
    """5 of 40 rows are kept, not the lowest ones, whatever the order; each weighs U // 5."""
    rows = [(value, "a") for value in range(40)] + [(50, "b")]
    schema = schema_of(by, 5)
    found = kept(rows, schema)
    rng = np.random.default_rng(3)
    for _ in range(5):
        assert kept([rows[at] for at in rng.permutation(len(rows))], schema) == found
    of_a = [value for value, _ in found if value < 0]
    assert len(of_a) == 5
    assert max(of_a) > X.encode([4])[0, 0]


def test_another_schema_keeps_other_rows():
    """The salt is the schema's hash: which rows are kept is public and not for choice."""
    rows = [(value, "a") for value in range(100)]
    first = kept(rows, schema_of("subject", 5))
    assert kept(rows, Schema([X], subject="who", cap=5, expected_size=9)) != first


def test_equal_rows_past_the_cap_are_kept_up_to_it():
    """Ties in rank are rows that are the same: just so many are kept, anew at each reading."""
    table = Table.open(array_of([(50, "a")] * 9 + [(70, "a")]), schema_of("subject", 4))
    for _ in range(2):
        assert sum(len(x) for x, _ in table.chunks()) == 4


def test_more_persons_than_are_held_at_once(monkeypatch):
    """Persons above the cap are taken in groups, keys are merged in parts: nothing changes."""
    rows = [(value, f"p{value % 7}") for value in range(100)]
    found = kept(rows, schema_of("subject", 3))
    monkeypatch.setattr(_subject, "HELD", 6)
    monkeypatch.setattr(_subject, "MERGE", 1)
    assert kept(rows, schema_of("subject", 3)) == found
    assert len(found) == 21


def test_a_person_who_was_not_counted_is_dropped():
    """A source that has grown since it was counted adds nobody without a weight."""
    unit = Unit(alike=False, cap=4, salt=b"")
    weights = weigh([["a", "c"]], list, unit)
    places, found = weights.chooser()(np.zeros((4, 1)), ["a", "b", "z", "c"])
    assert places.tolist() == [0, 3]
    assert found.tolist() == [UNIT, UNIT]


def test_keys_that_hold_zero_bytes_stay_apart():
    """The array of keys compares whole hashes, also those that end in zeros."""
    ends_in_zero = next(str(i) for i in range(10_000) if _subject._key(str(i))[-1] == 0)
    tags = [[ends_in_zero], [str(i) for i in range(3000)]]
    weights = weigh(tags, list, Unit(alike=False, cap=9, salt=b""))
    assert weights.rows.sum() == 3001
    places, persons = weights.find([ends_in_zero])
    assert len(places) == 1
    assert weights.rows[persons[0]] == 1 + (int(ends_in_zero) < 3000)


PAIRS = st.lists(st.tuples(st.integers(0, 100), st.sampled_from("abcd")), max_size=60)


@given(PAIRS, st.sampled_from(["subject", "row"]), st.integers(1, 20))
def test_nobody_weighs_more_than_one_unit(pairs, by, cap):
    """Each person's weights sum to at most U, and a person's weights depend on nobody else."""
    whole = kept(pairs, schema_of(by, cap))
    people = defaultdict(list)
    for value, tag in pairs:
        people[tag].append((value, tag))
    alone = [kept(rows, schema_of(by, cap)) for rows in people.values()]
    assert all(0 < sum(w for _, w in rows) <= UNIT for rows in alone)
    assert all(len(rows) <= cap for rows in alone)
    assert sorted(pair for rows in alone for pair in rows) == whole
