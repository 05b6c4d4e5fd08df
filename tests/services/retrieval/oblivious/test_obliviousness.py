# SPDX-License-Identifier: Apache-2.0
"""What the cloud sees does not depend on what is stored or asked."""

from collections import Counter

import numpy as np
import pytest
from scipy import stats
from tests.services.retrieval.oblivious.stores import Records, Seeded, box_of

from pmcb_services.retrieval.cloud import MemoryCloud
from pmcb_services.retrieval.leakage import RecordingCloud
from pmcb_services.retrieval.oblivious import _seal


@pytest.fixture(autouse=True)
def seeded(monkeypatch):
    """Keys of epochs are drawn from a seed."""
    monkeypatch.setattr(_seal, "secrets", Seeded(1))


def watched(records, **options):
    """A store on a recording cloud, and the transcript."""
    cloud = RecordingCloud(MemoryCloud())
    return records.store(cloud=cloud, **options), cloud.seen


def mixed(records, store, seen, seed=3, queries=80):
    """A mixture of queries, patients, inserts and deletes."""
    rng = np.random.default_rng(seed)
    for at in range(queries):
        seen.begin_query()
        if at % 10 == 4:
            store.patient(int(records.patients[at]))
        else:
            records.check(store, box_of(rng, records.schema), int(rng.choice([0, 0, 20])))
        if at % 7 == 3:
            records.insert(store, rng.integers(0, 16, (5, 2)), np.arange(5))
            records.delete(store, rng.choice(np.flatnonzero(records.live), 5, replace=False))


@pytest.mark.parametrize("rounds", ["doubling", "fixed:64"])
def test_every_batch_looks_alike_and_no_label_comes_twice(rounds):
    """Exactly q labels, sorted, none of them fetched before in the epoch, at most T rounds."""
    records = Records.drawn(500, 2)
    store, seen = watched(records, rounds=rounds)
    mixed(records, store, seen)
    batch = store.status()["batch"]
    most: dict[str, int] = {}
    fetched: Counter[tuple[str, bytes]] = Counter()
    for event in seen.of("fetch"):
        assert len(event.labels) == batch
        assert list(event.labels) == sorted(event.labels)
        fetched.update((event.pool, label) for label in event.labels)
        most[event.pool] = most.get(event.pool, 0) + 1
    assert max(fetched.values()) == 1
    assert len(most) > 3
    assert max(most.values()) <= store.status()["rounds_per_epoch"]
    if rounds != "doubling":
        assert set(seen.rounds()) == {64}


def test_pools_are_written_and_read_in_the_order_of_their_labels():
    """Neither the buckets' order nor the old labels' order shows."""
    records = Records.drawn(500, 2)
    store, seen = watched(records)
    mixed(records, store, seen)
    put: dict[str, list[bytes]] = {}
    for event in seen.of("put_pool"):
        put.setdefault(event.pool, []).extend(event.labels)
    assert len(put) > 3
    for labels in put.values():
        assert labels == sorted(set(labels))
    every = [label for labels in put.values() for label in labels]
    assert len(every) == len(set(every))
    for pool in put:
        after = [event.labels[0] for event in seen.of("read_pool") if event.pool == pool]
        assert after == sorted(after)


def test_an_insert_looks_like_a_delete_whatever_it_holds():
    """Same size, fresh labels, one request; nothing in them repeats."""
    records = Records.drawn(100, 2)
    store, seen = watched(records)
    for _ in range(3):
        records.insert(store, [[1, 1], [1, 1]], np.array([1, 1]))
        records.delete(store, [len(records.codes) - 2, len(records.codes) - 1])
    appended = seen.of("append")
    assert len({event.size for event in appended}) == 1
    size = appended[0].size // 2
    items = [event.data[at : at + size] for event in appended for at in (0, size)]
    assert len({item[:16] for item in items}) == len(items)
    assert len({item[16:] for item in items}) == len(items)


def test_rounds_do_not_depend_on_what_is_cached():
    """The same query takes the same rounds, first or last, and as many on a fresh store."""
    records = Records.drawn(800, 2)
    rng = np.random.default_rng(2)
    boxes = [box_of(rng, records.schema) for _ in range(20)]
    store, _ = watched(records)
    alone = [watched(records)[0].query(box, 9).rounds for box in boxes]
    assert [store.query(box, 9).rounds for box in boxes] == alone
    assert [store.query(box, 9).rounds for box in reversed(boxes)] == alone[::-1]


def test_rounds_do_not_tell_deletes_from_inserts():
    """After as many deletes as inserts elsewhere the same queries take the same rounds."""
    one, other = Records.drawn(400, 2), Records.drawn(400, 2)
    first, second = one.store(), other.store()
    one.insert(first, one.codes[:12], one.patients[:12])
    other.delete(second, list(range(12)))
    rng = np.random.default_rng(4)
    for _ in range(30):
        box = box_of(rng, one.schema)
        assert one.check(first, box, 30).rounds == other.check(second, box, 30).rounds


def test_roots_of_stores_of_one_shape_have_one_size():
    """Whatever the colours, the patients and the directory say."""
    one, other = Records.drawn(300, 2, seed=1), Records.drawn(300, 2, seed=2, distinct=1)
    (first, seen), (second, also_seen) = watched(one), watched(other)
    first.colour("ill", [1, 2, 3])
    second.colour("ill", list(range(50)))
    sizes = [[event.size for event in each.of("put_root")] for each in (seen, also_seen)]
    assert sizes[0] == sizes[1]
    assert len(set(sizes[0])) == 1


def test_a_constant_workload_looks_like_a_uniform_one():
    """Labels are uniform under both: chi-square at 1 %, by a fixed seed; counts are equal."""
    records = Records.drawn(600, 2)
    constant, seen = watched(records, rounds="fixed:4")
    uniform, also_seen = watched(records, rounds="fixed:4")
    rng = np.random.default_rng(9)
    for _ in range(150):
        at = int(rng.integers(1, 15))
        constant.query({"a0": (7, 7), "a1": (7, 7)})
        uniform.query({"a0": (at, at), "a1": (at, at)})
    for transcript in (seen, also_seen):
        firsts = [label[0] // 16 for e in transcript.of("fetch") for label in e.labels]
        assert stats.chisquare(np.bincount(firsts, minlength=16)).pvalue > 0.01
    shown = [[(e.kind, len(e.labels), e.size) for e in t.events] for t in (seen, also_seen)]
    assert shown[0] == shown[1]


def test_epochs_cannot_be_linked_by_the_order_of_labels():
    """Where a bucket lies in one pool says nothing of where it lies in the next (1 %, seeded)."""
    records = Records.drawn(600, 2)
    store, _ = watched(records)
    places = []
    for _ in range(2):
        contents = store._held.contents
        labels = contents.seal.labels(np.arange(contents.shape.blobs))
        places.append(labels.view(">u8")[:, 0].astype(float))
        store.export()
    assert stats.spearmanr(*places).pvalue > 0.01


def test_labels_of_an_epoch_say_nothing_of_later_ones():
    """A label that was spent matches no pool or log item written afterwards."""
    records = Records.drawn(300, 2)
    store, seen = watched(records)
    spent = set()
    for _ in range(3):
        records.check(store, {"a0": (3, 9)})
        spent |= {label for event in seen.of("fetch") for label in event.labels}
        records.insert(store, [[4, 4]], np.array([1]))
        before = len(seen.events)
        store.export()
        later = [e for e in seen.events[before:] if e.kind == "put_pool"]
        assert later
        assert not spent & {label for event in later for label in event.labels}


def test_no_nonce_is_used_twice_under_a_key(monkeypatch):
    """Every (key, index) is sealed once, over pools, logs, failures and recoveries."""
    used: Counter[tuple[bytes, int]] = Counter()
    sealed = _seal.Seal.seal

    def counting(self, indices, labels, plains):
        used.update((self.blob_key, index) for index in indices.tolist())
        return sealed(self, indices, labels, plains)

    monkeypatch.setattr(_seal.Seal, "seal", counting)
    records = Records.drawn(300, 2)
    store, seen = watched(records)
    mixed(records, store, seen, queries=30)
    assert len(used) > 1000
    assert max(used.values()) == 1


def test_a_deleted_record_is_in_no_blob_after_the_change():
    """Every slot of every layout of the new pool is opened."""
    records = Records.drawn(300, 2)
    store, _ = watched(records)
    records.delete(store, [5, 6])
    store.export()
    contents = store._held.contents
    pool = contents.whole_pool()
    inner = store._held.cloud

    def ask(after, limit):
        return inner.read_pool("store", contents.pool, after, limit)

    ids: Counter[int] = Counter()
    for plain in pool.read(ask, kept=pool.shape.buckets):
        ids.update(np.frombuffer(plain, contents.build.dtype)["id"].tolist())
    del ids[0xFFFF_FFFF]
    assert set(ids) == set(range(300)) - {5, 6}
    assert set(ids.values()) == {len(contents.build.names)}
