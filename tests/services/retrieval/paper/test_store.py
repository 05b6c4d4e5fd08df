# SPDX-License-Identifier: Apache-2.0
"""The reproduction as a store: refused unless acknowledged, exact through inserts and deletes."""

import json
from typing import Any

import numpy as np
import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from pmcb_services.retrieval import Attribute, Carried, Schema
from pmcb_services.retrieval.errors import (
    BadMinimum,
    DuplicateRecord,
    IndexBudgetError,
    InsecureMode,
    NoRange,
    OffGrid,
    TamperedError,
    UnknownRecord,
)
from pmcb_services.retrieval.paper import PaperStore

SCHEMA = Schema(
    "signs",
    [Attribute("HR", 0, 31, 1), Attribute("SBP", 0, 31, 1), Attribute("Temp", 30, 37.75, 0.25)],
    [Carried("patient", "uint32")],
)


@pytest.fixture(autouse=True)
def quiet():
    """Events stay out of the output."""
    with structlog.testing.capture_logs() as log:
        yield log


def rows_of(rng, n: int):
    """Records with ties."""
    rows = rng.integers(0, 32, (n, 3)).astype(np.float64)
    rows[:, 2] = 30 + 0.25 * rows[:, 2]
    return rows


def made(rows, **options) -> PaperStore:
    """A store over some rows; patient = 100 + id."""
    carried = {"patient": np.arange(len(rows)) + 100}
    return PaperStore.create(
        SCHEMA, rows, carried, acknowledge_insecure=True, random_state=1, **options
    )


def test_it_is_refused_unless_acknowledged(quiet):
    """`InsecureMode` says what to use instead; acknowledged, the log carries the label."""
    with pytest.raises(InsecureMode, match="broken") as refusal:
        PaperStore.create(SCHEMA, [[1, 2, 30]], {"patient": [1]})
    assert "oblivious" in refusal.value.next_step
    made(rows_of(np.random.default_rng(0), 3))
    assert quiet == [{"event": "insecure-reproduction-only", "records": 3, "log_level": "warning"}]


def test_an_index_over_its_budget_is_refused_before_it_is_built():
    """The bytes follow from the storage law: 300 records in leaves of 1 have 55 copies."""
    rows = rows_of(np.random.default_rng(0), 300)
    with pytest.raises(IndexBudgetError, match="66,000 bytes"):
        made(rows, leaf=1, max_index_bytes=65_999)
    assert len(made(rows, leaf=1, max_index_bytes=66_000)) == 300


def test_bad_input_is_refused():
    """Minimum, ranges, records, ids: each by its own name, and nothing changes."""
    store = made([[1, 2, 30]])
    minimum: Any
    for minimum in (-1, 0.5, True, "3", None):
        with pytest.raises(BadMinimum):
            store.query({"HR": (1, 2)}, minimum=minimum)
    with pytest.raises(NoRange):
        store.query({})
    with pytest.raises(OffGrid):
        store.insert([[1, 2, 30.1]], {"patient": [1]})
    with pytest.raises(UnknownRecord):
        store.delete([0, 1])
    with pytest.raises(UnknownRecord):
        store.delete([-1])
    with pytest.raises(DuplicateRecord):
        store.delete([0, 0])
    assert len(store) == 1
    store.delete([0])
    with pytest.raises(UnknownRecord):
        store.delete([0])


def test_a_changed_or_swapped_record_is_noticed():
    """AES-GCM binds a record to its number."""
    store = made([[1, 2, 30], [1, 2, 31]])
    sealed = store._cloud.sealed
    sealed[0], sealed[1] = sealed[1], sealed[0]
    with pytest.raises(TamperedError) as found:
        store.query({"HR": (1, 1)})
    assert found.value.index == 0
    sealed[0] = b"short"
    with pytest.raises(TamperedError):
        store.query({"HR": (1, 1)})


def test_an_empty_store_is_valid():
    """It answers nothing, and takes records."""
    store = made(np.empty((0, 3)))
    assert len(store.query({"HR": (0, 31)}, minimum=5)) == 0
    store.insert([[4, 4, 30]], {"patient": [9]})
    assert store.query({"HR": (0, 31)}).carried["patient"].tolist() == [9]


def test_an_answer_says_what_it_is():
    """Values in units, carried fields, the label in JSON, and what the cloud did."""
    answer = made([[1, 2, 30.25], [9, 9, 30]]).query({"HR": (None, 3)}, minimum=2)
    assert answer.values.tolist() == [[1, 2, 30.25], [9, 9, 30]]
    assert answer.carried["patient"].tolist() == [100, 101]
    assert answer.in_range.tolist() == [True, False]
    assert answer.gap.tolist() == [0, 6 / 31]
    assert answer.certified
    document = json.loads(json.dumps(answer.document()))
    assert (document["label"], document["hits"]) == ("insecure-reproduction-only", 1)
    assert document["tests"] == answer.tests


def test_back_tracking_goes_down_from_the_lower_bound_then_up():
    """Of rates 0, 2, 4 ... 18 those in 8..9 and four more: 6, 4, 2, 0, though 10 is nearer."""
    rows = [[rate, 0, 30] for rate in range(0, 20, 2)]
    store = made(rows)
    answer = store.query({"HR": (8, 9)}, minimum=5)
    assert answer.values[:, 0].tolist() == [8, 6, 4, 2, 0]
    assert not answer.certified
    assert store.query({"HR": (8, 9)}, minimum=7).values[:, 0].tolist() == [8, 10, 6, 12, 4, 2, 0]
    everybody = store.query({"HR": (8, 9)}, minimum=99)
    assert len(everybody) == 10
    assert everybody.certified


@pytest.mark.parametrize("forest", ["prefix", "pairs"])
@settings(max_examples=12)
@given(seed=st.integers(0, 2**31), first=st.sampled_from([0, 1, 5, 40, 150]))
def test_answers_are_exact_through_inserts_and_deletes(forest, seed, first):
    """Interleaved changes against plain comparison; blocks never outgrow their places."""
    rng = np.random.default_rng(seed)
    rows = rows_of(rng, first)
    store = made(rows, forest=forest, leaf=4, indexed=2)
    live = list(range(first))
    for _ in range(12):
        if rng.random() < 0.5 or not live:
            new = rows_of(rng, int(rng.integers(0, 12)))
            ids = store.insert(new, {"patient": 100 + len(rows) + np.arange(len(new))})
            live += ids.tolist()
            rows = np.concatenate([rows, new])
        else:
            gone = rng.permutation(live)[: int(rng.integers(0, len(live) + 1))]
            store.delete(gone)
            live = sorted(set(live) - set(gone.tolist()))
        _check(store, rows, live, rng)


def _check(store, rows, live, rng):
    low, high = np.sort(rng.integers(0, 32, (2, 2)), axis=0)
    minimum = int(rng.integers(0, 20))
    answer = store.query(
        {name: pair for name, *pair in zip(("HR", "SBP"), low, high, strict=True)}, minimum=minimum
    )
    held = rows[live]
    inside = ((held[:, :2] >= low) & (held[:, :2] <= high)).all(axis=1)
    hits = np.array(live)[inside].tolist() if len(live) else []
    assert answer.ids[answer.in_range].tolist() == hits
    assert len(answer) == max(len(hits), min(minimum, len(live)))
    assert len(set(answer.ids.tolist()) - set(live)) == 0
    assert (answer.values == rows[answer.ids]).all()
    assert (answer.carried["patient"] == 100 + answer.ids).all()
    status: Any = store.status()
    assert all(len(block.ids) <= 4 << place for place, block in store._blocks.places.items())
    assert status["buffer"] <= 4
    assert store._blocks.held == 0 or status["tombstones"] <= store._blocks.held / 2


def test_a_pair_forest_takes_the_tree_that_serves_best():
    """Both ranged attributes in one tree; a range that selects more than a quarter is scanned."""
    rng = np.random.default_rng(2)
    store = made(rows_of(rng, 3000), forest="pairs", leaf=16)
    narrow = store.query({"SBP": (3, 4), "Temp": (30, 31)})
    assert 0 < narrow.tests < 300
    wide = store.query({"SBP": (0, 20)})
    assert wide.tests == 2 * 3000
    size: Any = store.status()["index_bytes"]
    assert size <= 4 * 3000 * (3 * 9 + 3) * 1.1
