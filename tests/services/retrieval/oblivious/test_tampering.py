# SPDX-License-Identifier: Apache-2.0
"""Whatever a cloud does to the bytes is told by name, and never an empty answer."""

import numpy as np
import pytest
from tests.services.retrieval.oblivious.clouds import Meddled
from tests.services.retrieval.oblivious.stores import KEYS, Records, schema_of

from pmcb_services.retrieval import errors
from pmcb_services.retrieval.cloud._cloud import LogSlice, Root, StoreDescriptor
from pmcb_services.retrieval.keys import StoreKeys
from pmcb_services.retrieval.oblivious import MemoryState, ObliviousStore

BOX = {"a0": (2, 12)}


@pytest.fixture
def cloud():
    """One that can be made to lie."""
    return Meddled()


@pytest.fixture
def records():
    """300 of them."""
    return Records.drawn(300, 2)


def lie(cloud, name, change):
    """Change every answer of one request."""
    cloud.after = lambda called, args, answer: change(answer) if called == name else answer


def flipped(blob):
    """One bit is another."""
    return blob[:5] + bytes([blob[5] ^ 1]) + blob[6:]


def swapped(cloud):
    """The first two blobs of an answer change places."""
    size = cloud.describe("store").blob_size
    return lambda answer: answer[size : 2 * size] + answer[:size] + answer[2 * size :]


@pytest.mark.parametrize(
    "change",
    [
        flipped,
        lambda answer: answer[:-1],
        lambda answer: answer[:-112],
        lambda answer: answer + b"\0",
        lambda answer: b"",
        lambda answer: answer[112:224] + answer[112:],
        lambda answer: bytes(len(answer)),
    ],
    ids=["bit flip", "truncated", "short", "oversize", "nothing", "duplicate", "foreign"],
)
def test_a_changed_answer_is_refused_and_the_store_suspended(cloud, records, change):
    """The error names an index; afterwards nothing is answered any more."""
    store = records.store(cloud=cloud)
    lie(cloud, "fetch", change)
    with pytest.raises(errors.TamperedError) as refused:
        store.query(BOX)
    assert refused.value.index is not None
    assert refused.value.status == 502
    cloud.honest()
    for again in (lambda: store.query(BOX), lambda: store.insert([[1, 1]], {"patient": [1]})):
        with pytest.raises(errors.TamperedError):
            again()
    assert store.status()["is_suspended"]


def test_swapped_blobs_are_refused(cloud, records):
    """Both are genuine, and neither is where it belongs."""
    store = records.store(cloud=cloud)
    lie(cloud, "fetch", swapped(cloud))
    with pytest.raises(errors.TamperedError):
        store.query(BOX)


def test_a_blob_of_a_dummy_is_checked_too(cloud, records):
    """A cloud cannot find out which labels are dummies by changing them."""
    store = records.store(cloud=cloud)
    store.query({"a0": (3, 3), "a1": (3, 3)})
    held = store._held
    pool = cloud.inner._stores["store"].pools[held.contents.pool]
    shape = held.contents.shape
    for label in held.contents.seal.labels(np.arange(shape.buckets, shape.blobs)):
        pool.blobs[label.tobytes()] = flipped(pool.blobs[label.tobytes()])
    with pytest.raises(errors.TamperedError):
        store.query({"a0": (3, 3), "a1": (3, 3)})


def test_blobs_of_an_old_epoch_are_refused(cloud, records):
    """A replay under the new labels does not open."""
    store = records.store(cloud=cloud)
    held = store._held
    pools = cloud.inner._stores["store"].pools
    old = list(pools[held.contents.pool].blobs.values())
    store.export()
    new = pools[held.contents.pool].blobs
    new.update(zip(new, old, strict=True))
    with pytest.raises(errors.TamperedError):
        store.query(BOX)


def test_a_label_that_is_gone_is_a_missing_blob(cloud, records):
    """Nothing is answered in part."""
    store = records.store(cloud=cloud)
    cloud.inner._stores["store"].pools[store._held.contents.pool].blobs.clear()
    with pytest.raises(errors.MissingBlob):
        store.query(BOX)
    with pytest.raises(errors.MissingBlob):
        store.query(BOX)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (flipped, errors.TamperedError),
        (lambda items: items[:-1], errors.TamperedError),
        (lambda items: items[:16] + items[:112] + items[128:], errors.TamperedError),
        (lambda items: items + bytes(112), errors.TamperedError),
        (lambda items: items or bytes(112), errors.TamperedError),
        (lambda items: items[112:], errors.MissingBlob),
        (lambda items: b"", errors.MissingBlob),
    ],
    ids=["bit flip", "cut", "foreign", "oversize", "one more", "short", "nothing"],
)
def test_a_changed_pool_is_refused_as_it_is_read(cloud, records, change, error):
    """The epoch does not change by it."""
    store = records.store(cloud=cloud)
    epoch = store.status()["epoch"]
    lie(cloud, "read_pool", change)
    with pytest.raises(error):
        store.export()
    assert store.status()["epoch"] == epoch


def emptied(part):
    """As if nothing had been written."""
    return LogSlice(part.first, b"")


@pytest.mark.parametrize(
    "change",
    [
        emptied,
        lambda part: LogSlice(part.first, part.items[:-1]),
        lambda part: LogSlice(part.first, flipped(part.items) if part.items else b""),
        lambda part: LogSlice(part.first + 1, part.items[43:]),
        lambda part: LogSlice(part.first, part.items[43:86] + part.items[:43] + part.items[86:]),
    ],
    ids=["cut tail", "cut within", "bit flip", "lost first", "swapped"],
)
def test_a_changed_log_is_refused_as_it_is_read(cloud, records, change):
    """It must be whole, in order, and reach what was acknowledged."""
    state = MemoryState()
    store = records.store(cloud=cloud, state=state)
    assert cloud.describe("store").log_size + 16 == 43
    records.insert(store, [[1, 1], [2, 2], [3, 3]], np.arange(3))
    cloud.honest()
    lie(cloud, "read_log", change)
    with pytest.raises(errors.TamperedError):
        ObliviousStore.open(cloud, "store", KEYS, state=state)


def test_a_log_of_an_old_generation_is_refused(cloud, records):
    """What was written before the epoch change does not open after it."""
    state = MemoryState()
    store = records.store(cloud=cloud, state=state)
    records.insert(store, [[1, 1]], np.arange(1))
    old = cloud.read_log("store", 0, 9).items
    store.export()
    records.insert(store, [[2, 2]], np.arange(1))
    cloud.honest()
    lie(cloud, "read_log", lambda part: LogSlice(part.first, old if part.items else b""))
    with pytest.raises(errors.TamperedError):
        ObliviousStore.open(cloud, "store", KEYS, state=state)


def test_an_older_root_is_a_roll_back(cloud, records):
    """So is none, and another one of the same version."""
    state = MemoryState()
    store = records.store(cloud=cloud, state=state)
    old = cloud.root("store")
    store.export()
    new = cloud.root("store")
    cloud.honest()
    for shown in (old, None):
        lie(cloud, "root", lambda _, shown=shown: shown)
        cloud.clock.now += 60
        with pytest.raises(errors.RolledBack):
            ObliviousStore.open(cloud, "store", KEYS, state=state)
    cloud.honest()
    other = MemoryState(root=(new.version, bytes(32)), epoch=state.epoch)
    with pytest.raises(errors.RolledBack):
        ObliviousStore.open(cloud, "store", KEYS, state=other)
    follower = MemoryState(root=(new.version - 1, bytes(32)), epoch=state.epoch)
    with pytest.raises(errors.RolledBack):
        ObliviousStore.open(cloud, "store", KEYS, state=follower)


@pytest.mark.parametrize(
    "change",
    [
        lambda root: Root(root.version, flipped(root.sealed)),
        lambda root: Root(root.version, root.sealed[:-1]),
        lambda root: Root(root.version, root.sealed[:20]),
        lambda root: Root(root.version, b""),
        lambda root: Root(root.version + 1, root.sealed),
    ],
    ids=["bit flip", "cut", "short", "nothing", "other version"],
)
def test_a_changed_root_is_refused(cloud, records, change):
    """Nothing of it is believed."""
    records.store(cloud=cloud)
    cloud.honest()
    lie(cloud, "root", change)
    with pytest.raises(errors.TamperedError):
        ObliviousStore.open(cloud, "store", KEYS)


def test_a_changed_descriptor_is_refused(cloud, records):
    """The schema's digest is bound into the root."""
    records.store(cloud=cloud)
    cloud.honest()
    lie(cloud, "describe", lambda d: StoreDescriptor(d.name, "00" * 32, d.blob_size, d.log_size))
    with pytest.raises(errors.TamperedError):
        ObliviousStore.open(cloud, "store", KEYS)


def test_wrong_keys_and_other_stores_are_told_apart(cloud, records):
    """A key that never sealed it; and the root of another store of the same keys."""
    records.store(cloud=cloud)
    records.store(cloud=cloud, name="other")
    cloud.honest()
    with pytest.raises(errors.KeyMismatch):
        ObliviousStore.open(cloud, "store", StoreKeys.generate())
    other = cloud.root("other")
    cloud.honest()
    lie(cloud, "root", lambda _: other)
    with pytest.raises(errors.WrongStore):
        ObliviousStore.open(cloud, "store", KEYS)


def test_unknown_and_present_stores_are_told(cloud, records):
    """Neither is opened or overwritten by mistake."""
    with pytest.raises(errors.UnknownStore):
        ObliviousStore.open(cloud, "store", KEYS)
    records.store(cloud=cloud).close()
    with pytest.raises(errors.StoreExists):
        records.store(cloud=cloud)
    other = Records(schema_of(3), np.zeros((1, 3), np.uint16), np.zeros(1))
    with pytest.raises(errors.StoreExists):
        other.store(cloud=cloud)
    records.check(ObliviousStore.open(cloud, "store", KEYS), BOX)
