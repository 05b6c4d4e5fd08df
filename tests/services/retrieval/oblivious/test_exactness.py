# SPDX-License-Identifier: Apache-2.0
"""Every answer is the one that a scan of the plain records gives."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.services.retrieval.oblivious.stores import KEYS, SMALL, Records, box_of, schema_of

from pmcb_services.retrieval import vitals
from pmcb_services.retrieval.cloud import MemoryCloud
from pmcb_services.retrieval.keys import StoreKeys
from pmcb_services.retrieval.oblivious import ObliviousStore


@pytest.mark.parametrize("layouts", ["kd", "kd+1d"])
@pytest.mark.parametrize("rounds", ["doubling", "fixed:64"])
@pytest.mark.parametrize("n", [0, 1, 2, 300])
def test_small_stores_answer_as_a_scan_does(n, rounds, layouts):
    """Empty ones too, with k = 0, k in between, k above N, across many epochs."""
    records = Records.drawn(n, 3, seed=n)
    store = records.store(rounds=rounds, layouts=layouts)
    rng = np.random.default_rng(7)
    for _ in range(24):
        records.check(store, box_of(rng, records.schema), int(rng.choice([0, 1, 10, n + 5])))


@pytest.mark.parametrize("attributes", range(1, 9))
def test_every_pattern_of_wildcards_is_answered(attributes):
    """1 to 8 attributes, each ranged or not."""
    records = Records.drawn(150, attributes, levels=6, seed=attributes)
    store = records.store()
    for ranged in product((False, True), repeat=attributes):
        names = np.array(records.schema.names)[list(ranged)].tolist()
        records.check(store, dict.fromkeys(names, (1, 4)), 3)


@pytest.mark.parametrize("distinct", [1, 3])
def test_ties_are_no_special_case(distinct):
    """All records alike, or nearly: buckets are cut by (code, id)."""
    records = Records.drawn(500, 2, distinct=distinct, seed=distinct)
    store = records.store()
    for code in np.unique(records.codes[:, 0]).tolist():
        for lo, hi in ((code, code), (0, code), (code, 15), (max(code - 1, 0), code)):
            records.check(store, {"a0": (lo, hi)})
            records.check(store, {"a0": (lo, hi), "a1": (3, 3)}, 20)


def test_edges_of_the_scale_are_answered():
    """Both ends of a scale of 65,536 levels, single values, and the whole scale."""
    schema = schema_of(1, levels=65_536)
    codes = np.array([[0], [65_535], [65_534], [1], [0]], np.uint16)
    records = Records(schema, codes, np.arange(5))
    store = records.store()
    for pair in ((0, 0), (65_535, 65_535), (65_534, None), (None, 1), (0, 65_535), (2, 65_533)):
        records.check(store, {"a0": pair}, 0)
        records.check(store, {"a0": pair}, 4)


def test_a_minimum_may_be_a_number_of_numpy():
    """As a count of rows often is."""
    records = Records.drawn(300, 2)
    store = records.store()
    records.check(store, {"a0": (3, 3)}, np.int64(40))


def test_deletes_are_made_up_for_in_rounds_and_kept_up_across_the_epoch():
    """The log's length counts as if all of it were tombstones of the nearest records.

    Buckets hold 6 of 8, so that 4 of them, one round, hold 24 records, enough for 19; with ten
    deleted 29 are needed, 5 buckets, two rounds. In the next epoch one would do; but the query that
    begins it had two rounds before.
    """
    codes = np.arange(240, dtype=np.uint16)[:, None]
    records = Records(schema_of(1, levels=256), codes, np.arange(240))
    store = records.store(layouts="kd")
    assert records.check(store, {"a0": (0, 0)}, 19).rounds == 1
    records.delete(store, list(range(10)))
    assert records.check(store, {"a0": (0, 0)}, 19).rounds == 2
    status = store.status()
    while store.status()["rounds_used"] < status["rounds_per_epoch"] - 1:
        records.check(store, {"a0": (100, 100)})
    assert records.check(store, {"a0": (0, 0)}, 19).rounds == 2
    assert store.status()["epoch"] == status["epoch"] + 1
    assert records.check(store, {"a0": (0, 0)}, 19).rounds == 1


def test_absent_values_match_wildcards_only():
    """Nor does a range that is open upwards find them."""
    schema = schema_of(2, missing="code")
    rows: list[list[int | None]] = [[None, 3], [15, 3], [2, None]]
    store = ObliviousStore.create(
        MemoryCloud(), schema, rows, {"patient": [1, 2, 3]}, keys=KEYS, settings=SMALL
    )
    assert store.query({"a0": (0, None)}).ids.tolist() == [1, 2]
    assert store.query({"a1": (3, 3)}).ids.tolist() == [0, 1]
    assert np.isnan(store.query({"a1": (3, 3)}).values[0, 0])


@settings(max_examples=25)
@given(st.data())
def test_any_mixture_of_updates_and_queries_answers_as_a_scan_does(data):
    """Inserts, deletes and queries in any order, across epochs, log full or not."""
    records = Records.drawn(data.draw(st.integers(0, 60)), 2, levels=8, seed=3)
    store = records.store(rounds=data.draw(st.sampled_from(["doubling", "fixed:32"])))
    code = st.integers(0, 7)
    for _ in range(data.draw(st.integers(1, 12))):
        action = data.draw(st.sampled_from(["insert", "delete", "query", "query"]))
        if action == "insert":
            rows = data.draw(st.lists(st.tuples(code, code), min_size=1, max_size=20))
            records.insert(store, np.array(rows, np.uint16), np.full(len(rows), 9))
        elif action == "delete":
            alive = np.flatnonzero(records.live).tolist()
            count = data.draw(st.integers(0, min(len(alive), 20)))
            records.delete(store, data.draw(st.permutations(alive))[:count])
        else:
            ends = sorted(data.draw(st.tuples(code, code)))
            records.check(store, {"a0": tuple(ends)}, data.draw(st.sampled_from([0, 1, 5, 100])))
    assert store.query({}, everything=True).ids.tolist() == np.flatnonzero(records.live).tolist()


@pytest.mark.parametrize("boxes", [500, pytest.param(10_000, marks=pytest.mark.stress)])
def test_many_boxes_of_vital_signs_are_answered_as_by_a_scan(boxes):
    """Five attributes, 1 to 5 of them ranged, about as narrow as people ask."""
    held = vitals.load(2000).narrowed(5)
    values = held.schema.decode(held.codes)
    store = ObliviousStore.create(
        MemoryCloud(), held.schema, values, held.carried, keys=StoreKeys.generate()
    )
    rng = np.random.default_rng(11)
    levels = np.array(held.schema.levels)
    centres = held.codes[rng.integers(0, len(held.codes), boxes)].astype(np.int64)
    width = (levels * rng.random((boxes, 1)) * 0.2).astype(np.int64)
    lo, hi = np.maximum(centres - width, 0), np.minimum(centres + width, levels - 1)
    ranged = rng.random((boxes, 5)) < rng.random((boxes, 1))
    ranged[~ranged.any(axis=1), 0] = True
    tables = [attribute.values for attribute in held.schema.attributes]
    for low, high, is_ranged in zip(lo, hi, ranged, strict=True):
        used = np.flatnonzero(is_ranged)
        ranges = {held.schema.names[j]: (tables[j][low[j]], tables[j][high[j]]) for j in used}
        columns = held.codes[:, used]
        inside = ((columns >= low[used]) & (columns <= high[used])).all(axis=1)
        assert store.query(ranges).ids.tolist() == np.flatnonzero(inside).tolist()


@pytest.mark.stress
@pytest.mark.parametrize("attributes", [5, 8])
def test_a_hundred_thousand_records_are_answered_as_by_a_scan(attributes):
    """With default sizes, k from 0 to 100, and updates in between."""
    held = vitals.load(100_000).narrowed(attributes)
    records = Records(held.schema, held.codes, held.carried["patient"])
    values, tables = held.schema.decode(held.codes), [a.values for a in held.schema.attributes]
    store = ObliviousStore.create(
        MemoryCloud(), held.schema, values, held.carried, keys=StoreKeys.generate()
    )
    rng = np.random.default_rng(5)
    for _ in range(500):
        codes = box_of(rng, held.schema)
        ranges = {
            name: tuple(
                None if end is None else tables[held.schema.names.index(name)][end] for end in pair
            )
            for name, pair in codes.items()
        }
        minimum = int(rng.choice([0, 10, 100]))
        answer = store.query(ranges, minimum)
        hits, nearest, _ = records.expected(codes, minimum)
        assert answer.ids[answer.in_range].tolist() == hits
        if answer.certified:
            assert answer.ids[~answer.in_range].tolist() == nearest
