# SPDX-License-Identifier: Apache-2.0
"""Colours of a store, and what the fog joins with its answers."""

import numpy as np
import pytest
from tests.services.retrieval.oblivious.stores import Records

from pmcb_services.retrieval.cloud import MemoryCloud
from pmcb_services.retrieval.leakage import RecordingCloud


@pytest.fixture
def records():
    """Patients 0 to 79."""
    return Records.drawn(400, 2)


def test_an_analysis_is_one_query_joined_with_the_colour(records):
    """Counts as by a scan; the cloud sees what any query shows."""
    cloud = RecordingCloud(MemoryCloud())
    store = records.store(cloud=cloud)
    store.colour("ill", range(30))
    before = len(cloud.seen.events)
    found = store.analyse({"a0": (0, 3)}, "ill")
    kinds = {event.kind for event in cloud.seen.events[before:]}
    assert kinds == {"fetch"}
    inside = np.unique(records.patients[records.codes[:, 0] <= 3])
    assert found.inside == len(inside)
    assert found.coloured_inside == (inside < 30).sum()
    assert found.patients == len(np.unique(records.patients))


def test_a_colour_is_one_write_of_the_root_and_leaves_the_pool_alone(records):
    """Whoever is in it."""
    cloud = RecordingCloud(MemoryCloud())
    store = records.store(cloud=cloud)
    before = len(cloud.seen.events)
    store.colour("ill", [3, 1, 3])
    store.colour("well", {2})
    assert [event.kind for event in cloud.seen.events[before:]] == ["put_root"] * 2
    assert store._held.contents.colours["ill"].tolist() == [1, 3]
    store.colour("ill", [])
    store.colour("nobody", [])
    assert store.status()["colours"] == ["well"]


def test_patients_inserted_since_are_counted(records):
    """Those of the log, too."""
    store = records.store()
    store.colour("ill", [999])
    assert store.analyse({"a0": (0, 15)}, "ill").coloured == 0
    records.insert(store, [[1, 1]], np.array([999]))
    found = store.analyse({"a0": (0, 15)}, "ill")
    assert (found.coloured, found.coloured_inside) == (1, 1)


def test_a_profile_reads_everything_and_orders_by_lift(records):
    """By the same rules as the function that it calls."""
    store = records.store()
    ill = np.unique(records.patients[records.codes[:, 1] == 15])[:8]
    store.colour("ill", ill)
    findings = store.profile("ill", bins=4)
    assert {f.attribute for f in findings} == {"a0", "a1"}
    assert findings[0].analysis.lift >= findings[-1].analysis.lift
    assert sum(f.attribute == "a0" for f in findings) == 4


@pytest.mark.parametrize("rounds", ["doubling", "fixed:8"])
def test_a_patients_records_are_found(records, rounds):
    """Across buckets, updates and epochs; strangers have none."""
    store = records.store(rounds=rounds)
    for patient in (0, 17, 79):
        records.insert(store, [[5, 5]], np.array([patient]))
        mine = np.flatnonzero(records.patients == patient)
        records.delete(store, [mine[0]])
        answer = store.patient(patient)
        assert answer.ids.tolist() == mine[1:].tolist()
        assert answer.in_range.all()
        assert (answer.carried["patient"] == patient).all()
    assert len(store.patient(60_000)) == 0
    assert len(store.patient(10**9)) == 0


def test_a_patient_with_very_many_records_is_read_by_an_export():
    """Half of the store or more; then a new epoch begins."""
    records = Records.drawn(900, 1)
    records.patients[:] = 7
    store = records.store(layouts="kd")
    epoch = store.status()["epoch"]
    assert len(store.patient(7)) == 900
    assert store.status()["epoch"] == epoch + 1


def test_an_empty_store_has_no_patients():
    """Asking for one is no error."""
    store = Records.drawn(0, 2).store()
    assert len(store.patient(3)) == 0
    store.colour("ill", [3])
    assert store.analyse({"a0": (1, 2)}, "ill").patients == 0
    assert store.profile("ill") == []
