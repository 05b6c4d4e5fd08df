# SPDX-License-Identifier: Apache-2.0
"""Adversaries that find what there is to find, and nothing where there is nothing."""

import numpy as np
import pytest
from tests.services.retrieval.oblivious.stores import Seeded

from pmcb_services.retrieval import vitals
from pmcb_services.retrieval.cloud import MemoryCloud
from pmcb_services.retrieval.keys import StoreKeys
from pmcb_services.retrieval.leakage import (
    RecordingCloud,
    Workload,
    likeness,
    link,
    locate,
    measure,
    profile_document,
)
from pmcb_services.retrieval.oblivious import ObliviousStore, _seal


@pytest.fixture(autouse=True)
def seeded(monkeypatch):
    """Keys of epochs are drawn from a seed."""
    monkeypatch.setattr(_seal, "secrets", Seeded(1))


HELD = vitals.load(4000).narrowed(2)


def stable(queries, seed):
    """The transcript of the same buckets under labels that never change, and its workload."""
    rng = np.random.default_rng(seed)
    cloud = RecordingCloud(MemoryCloud())
    work = Workload.drawn(HELD.schema, HELD.codes, queries, rng)
    values = HELD.schema.decode(HELD.codes)
    store = ObliviousStore.create(
        cloud, HELD.schema, values, HELD.carried, keys=StoreKeys.generate(), rounds="fixed:2"
    )
    contents = store._held.contents
    for ranges in work.ranges:
        cloud.seen.begin_query()
        found = contents.directory.overlaps(HELD.schema.box(ranges))
        found = found[found < contents.shape.leaves]
        labels = contents.seal.labels(found).tobytes()
        cloud.fetch("store", store._held.writer.fence(), contents.pool, labels)
    return cloud.seen, work, rng


def test_stable_labels_are_caught():
    """Repeats are linked nearly always, and queries fall into the order of what they asked for."""
    seen, work, rng = stable(300, 5)
    alike = likeness(seen.fetched())
    linking = link(alike, seen.ranks()[:, None], work.asked, rng)
    position = locate(alike, seen.ranks()[:, None], work.middle, rng)
    assert linking.value > 0.99
    assert not linking.is_chance
    assert position.value > 0.5
    assert not position.is_chance


def test_fresh_labels_are_not():
    """600 queries, 30 % repeats, a fixed policy: both scores lie within the 99 % null (seeded)."""
    found = measure(HELD.schema, HELD.codes, HELD.carried, rounds="fixed:2", seed=6)
    assert found.queries == 600
    assert found.linking.is_chance
    assert found.position.is_chance
    assert found.with_rounds.value == found.linking.value


def test_doubling_shows_width_classes_and_nothing_else():
    """With rounds as a feature repeats are told a little; without, not at all."""
    found = measure(HELD.schema, HELD.codes, HELD.carried, rounds="doubling", queries=200)
    assert found.linking.is_chance
    document = profile_document({"oblivious, doubling": found})
    assert [mode for mode, said in document.items() if "measured" in said] == [
        "oblivious, doubling"
    ]


def test_likeness_is_shared_over_all():
    """By hand: one of three labels in common."""
    alike = likeness([frozenset({b"a", b"b"}), frozenset({b"b", b"c"}), frozenset()])
    assert alike[0, 1] == pytest.approx(1 / 3)
    assert alike[0, 0] == 1
    assert alike[2].tolist() == [0, 0, 0]


def test_a_perfect_adversary_scores_one():
    """Equal queries share everything, others nothing."""
    asked = np.array([0, 0, 1, 1, 2, 3])
    alike = (asked[:, None] == asked[None, :]).astype(float)
    features = np.zeros((6, 1))
    score = link(alike, features, asked, np.random.default_rng(0))
    assert score.value == 1
    middle = np.arange(6.0)
    assert locate(np.eye(6), middle[:, None], middle, np.random.default_rng(0)).value == (
        pytest.approx(1)
    )


def test_no_repeats_are_no_score():
    """Then there is nothing to tell."""
    score = link(np.eye(3), np.zeros((3, 1)), np.arange(3), np.random.default_rng(0))
    assert score.value == 0.5
    assert score.is_chance
