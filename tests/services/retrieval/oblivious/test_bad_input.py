# SPDX-License-Identifier: Apache-2.0
"""What cannot be asked is refused before anything is sent."""

import numpy as np
import pytest
from tests.services.retrieval.oblivious.stores import KEYS, Records

from pmcb_services.retrieval import Attribute, Schema, errors
from pmcb_services.retrieval._settings import Settings
from pmcb_services.retrieval.cloud import MemoryCloud
from pmcb_services.retrieval.leakage import RecordingCloud
from pmcb_services.retrieval.oblivious import ObliviousStore, _updates


@pytest.fixture
def watched():
    """A store and what its cloud sees."""
    cloud = RecordingCloud(MemoryCloud())
    return Records.drawn(100, 2).store(cloud=cloud), cloud.seen


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (lambda s: s.query({}), errors.NoRange),
        (lambda s: s.query({"a0": (9, 2)}), errors.EmptyRange),
        (lambda s: s.query({"b": (1, 2)}), errors.UnknownAttribute),
        (lambda s: s.query({"a0": (1, "2")}), errors.NotANumber),
        (lambda s: s.query({"a0": (1, 2)}, -1), errors.BadMinimum),
        (lambda s: s.query({"a0": (1, 2)}, 1.5), errors.BadMinimum),
        (lambda s: s.query({"a0": (1, 2)}, True), errors.BadMinimum),
        (lambda s: s.query({"a0": (1, 2)}, None), errors.BadMinimum),
        (lambda s: s.insert([[1, 16]], {"patient": [1]}), errors.OutOfDomain),
        (lambda s: s.insert([[1, -1]], {"patient": [1]}), errors.OutOfDomain),
        (lambda s: s.insert([[1, 1.5]], {"patient": [1]}), errors.OffGrid),
        (lambda s: s.insert([[1, 1, 1]], {"patient": [1]}), errors.WrongAttributeCount),
        (lambda s: s.insert([[1, None]], {"patient": [1]}), errors.MissingValue),
        (lambda s: s.insert([[1, 1]]), errors.MissingValue),
        (lambda s: s.delete([3, 3]), errors.DuplicateRecord),
        (lambda s: s.delete([100]), errors.UnknownRecord),
        (lambda s: s.delete([-1]), errors.UnknownRecord),
        (lambda s: s.delete([2**32]), errors.UnknownRecord),
        (lambda s: s.delete([1.0]), errors.NotANumber),
        (lambda s: s.delete([True]), errors.NotANumber),
        (lambda s: s.delete(3), errors.NotANumber),
        (lambda s: s.patient("3"), errors.NotANumber),
        (lambda s: s.patient(True), errors.NotANumber),
        (lambda s: s.colour("", [1]), errors.SchemaError),
        (lambda s: s.colour("ill", ["1"]), errors.NotANumber),
        (lambda s: s.colour("ill", [70_000]), errors.NotANumber),
        (lambda s: s.colour("ill", 1), errors.NotANumber),
        (lambda s: s.analyse({"a0": (1, 2)}, "ill"), errors.UnknownAttribute),
        (lambda s: s.profile("ill"), errors.UnknownAttribute),
        (lambda s: s.profile("ill", bins=1), errors.BadMinimum),
        (lambda s: s.query({"a0": (0, 9)}, max_rounds=1), errors.QueryTooWide),
        (lambda s: s.query({}, everything=True, may_export=False), errors.QueryTooWide),
    ],
)
def test_bad_requests_are_refused_before_anything_is_sent(watched, ask, error):
    """By name; the store goes on."""
    store, seen = watched
    before = len(seen.events)
    with pytest.raises(error):
        ask(store)
    assert len(seen.events) == before
    assert len(store.query({"a0": (0, 1)}, 3)) >= 3


def test_a_dead_record_cannot_be_deleted_again(watched):
    """Nor is anything else of the request deleted."""
    store, _ = watched
    store.delete([7])
    with pytest.raises(errors.UnknownRecord, match="7"):
        store.delete([6, 7])
    assert store.status()["live"] == 99


def test_fixed_policies_refuse_wide_queries_by_telling_the_rounds_they_need(watched):
    """Before any request, so that the refusal is invisible; export is refused, too."""
    cloud = RecordingCloud(MemoryCloud())
    store = Records.drawn(400, 2).store(cloud=cloud, rounds="fixed:2")
    before = len(cloud.seen.events)
    with pytest.raises(errors.QueryTooWide) as refused:
        store.query({"a0": (0, 12)})
    assert refused.value.rounds_needed > 2
    with pytest.raises(errors.QueryTooWide):
        store.query({"a0": (1, 1)}, 200)
    with pytest.raises(errors.QueryTooWide):
        store.export()
    assert len(cloud.seen.events) == before


def test_a_query_that_an_epoch_change_makes_too_wide_looks_like_any_other():
    """It was narrow enough when the epoch ended for it; the cloud sees the usual rounds."""
    cloud = RecordingCloud(MemoryCloud())
    records = Records.drawn(200, 1, seed=4)
    store = records.store(cloud=cloud, rounds="fixed:1")
    records.insert(store, [[0]] * 16, np.arange(16))
    for _ in range(store.status()["rounds_per_epoch"]):
        store.query({"a0": (0, 0)})
    before = len(cloud.seen.events)
    with pytest.raises(errors.QueryTooWide):
        store.query({"a0": (0, 0)})
    kinds = [event.kind for event in cloud.seen.events[before:]]
    assert kinds.count("put_root") == kinds.count("fetch") == 1
    assert store.status()["rounds_used"] == 1


@pytest.mark.parametrize(
    "options",
    [
        {"rounds": "exact"},
        {"rounds": "fixed:0"},
        {"rounds": "fixed:5000"},
        {"layouts": "pairs"},
    ],
)
def test_unknown_policies_and_layouts_are_refused(options):
    """The message lists what there is."""
    with pytest.raises(errors.SchemaError):
        Records.drawn(10, 2).store(**options)


@pytest.mark.parametrize("size", [{"bucket": 1}, {"fill": 0}, {"batch": 0}, {"log": 0}])
def test_sizes_have_ranges(size):
    """Named with the error."""
    with pytest.raises(ValueError, match=next(iter(size))):
        Settings(**size)


def test_ids_run_out_before_they_come_again(watched, monkeypatch):
    """A store gives 2^32 - 2 ids in its life."""
    store, _ = watched
    monkeypatch.setattr(_updates, "MOST_IDS", 101)
    store.insert([[1, 1]], {"patient": [1]})
    with pytest.raises(errors.TooManyRecords):
        store.insert([[1, 1]], {"patient": [1]})


def test_a_schema_without_patients_counts_none():
    """And carries nothing, which is no special case."""
    schema = Schema("s", [Attribute("x", 0, 9, 1)])
    store = ObliviousStore.create(MemoryCloud(), schema, [[1], [5], [7]], keys=KEYS)
    for ask in (
        lambda: store.patient(1),
        lambda: store.colour("ill", [1]),
        lambda: store.analyse({"x": (1, 2)}, "ill"),
        lambda: store.profile("ill"),
    ):
        with pytest.raises(errors.SchemaError):
            ask()
    assert store.insert([[5]]).tolist() == [3]
    assert store.query({"x": (5, 5)}, 3).ids.tolist() == [1, 3, 2]
    assert store.query({"x": (5, 5)}).carried.shape == (2,)


def test_inserting_nothing_is_nothing(watched):
    """No request, no id."""
    store, seen = watched
    before = len(seen.events)
    assert store.insert(np.zeros((0, 2)), {"patient": []}).tolist() == []
    store.delete([])
    assert len(seen.events) == before
