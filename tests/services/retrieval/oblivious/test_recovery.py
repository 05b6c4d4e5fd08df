# SPDX-License-Identifier: Apache-2.0
"""Whatever happens to the writer, one whole epoch stands and no acknowledged write is lost."""

from itertools import pairwise

import numpy as np
import pytest
from tests.services.retrieval.oblivious.clouds import Killed, Meddled
from tests.services.retrieval.oblivious.stores import KEYS, Records

from pmcb_services.retrieval import errors
from pmcb_services.retrieval.leakage import RecordingCloud
from pmcb_services.retrieval.oblivious import MemoryState, ObliviousStore, _pool

WRITES = ["put_pool", "put_root", "drop_pool", "trim"]


@pytest.fixture
def cloud():
    """One that can be made to fail."""
    return Meddled()


def reopened(cloud, state, records):
    """The store taken over, and everything in it checked."""
    cloud.honest()
    store = ObliviousStore.open(cloud, "store", KEYS, state=state)
    assert store.status()["live"] == records.live.sum()
    records.check(store, {"a0": (3, 9)}, 5)
    records.check(store, {})
    return store


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("name", WRITES)
def test_killed_at_any_write_of_an_epoch_change_one_whole_epoch_stands(
    cloud, monkeypatch, name, after
):
    """At every PUT, before it or just after; what was acknowledged is there."""
    monkeypatch.setattr("pmcb_services.retrieval.oblivious._pool._SLICE_BYTES", 2000)
    records, state = Records.drawn(200, 2), MemoryState()
    store = records.store(cloud=cloud, state=state)
    deaths = 0
    for count in range(1, 100):
        records.insert(store, [[3, 3], [5, 5]], np.array([7, 7]))
        records.delete(store, [count])
        cloud.die_at(name, count, after=after)
        try:
            store.export()
        except Killed:
            deaths += 1
        else:
            break
        store = reopened(cloud, state, records)
    assert deaths == (15 if name == "put_pool" else 1)
    assert len(cloud.pools("store")) == 1


@pytest.mark.parametrize("after", [False, True])
def test_killed_while_inserting_the_record_is_there_or_not_as_a_whole(cloud, after):
    """Before the cloud has it, it is lost; after, it stands though nobody acknowledged it."""
    records, state = Records.drawn(50, 2), MemoryState()
    store = records.store(cloud=cloud, state=state)
    records.insert(store, [[1, 2]], np.array([3]))
    cloud.die_at("append", 1, after=after)
    with pytest.raises(Killed):
        store.insert([[9, 9], [8, 8]], {"patient": [1, 2]})
    cloud.honest()
    store = ObliviousStore.open(cloud, "store", KEYS, state=state)
    assert store.status()["live"] == 51 + 2 * after
    if after:
        assert store.query({"a0": (8, 9), "a1": (8, 9)}).ids.tolist()[-2:] == [51, 52]


def test_killed_while_creating_the_store_may_be_created_again(cloud):
    """Without a root there is no store yet."""
    records, state = Records.drawn(50, 2), MemoryState()
    cloud.die_at("put_pool", 1, after=True)
    with pytest.raises(Killed):
        records.store(cloud=cloud, state=state)
    cloud.honest()
    with pytest.raises(errors.UnknownStore):
        ObliviousStore.open(cloud, "store", KEYS, state=state)
    records.check(records.store(cloud=cloud, state=state), {"a0": (3, 9)})
    assert len(cloud.pools("store")) == 1


def test_no_label_of_a_dead_epoch_is_fetched_again(cloud):
    """After a take-over the first query begins with a new epoch."""
    records, state = Records.drawn(300, 2), MemoryState()
    watched = RecordingCloud(cloud)
    store = records.store(cloud=watched, state=state)
    records.check(store, {"a0": (3, 9)})
    spent = {label for event in watched.seen.of("fetch") for label in event.labels}
    cloud.honest()
    store = ObliviousStore.open(watched, "store", KEYS, state=state)
    before = len(watched.seen.events)
    records.check(store, {"a0": (3, 9)})
    later = [event for event in watched.seen.events[before:] if event.kind == "fetch"]
    assert later
    assert not spent & {label for event in later for label in event.labels}


def test_a_store_is_taken_over_without_any_state(cloud):
    """The cloud and the keys are enough; log, colours and ids go on."""
    records = Records.drawn(100, 3)
    store = records.store(cloud=cloud)
    records.insert(store, [[1, 2, 3]] * 5, np.arange(5))
    records.delete(store, [0, 101])
    store.colour("ill", [1, 2])
    store.close()
    store = ObliviousStore.open(cloud, "store", KEYS)
    assert store.schema == records.schema
    assert store.status()["colours"] == ["ill"]
    records.insert(store, [[4, 4, 4]], np.array([1]))
    records.check(store, {"a0": (0, 9)}, 200)


def test_log_generations_add_up_over_recoveries(cloud):
    """Each recovery seals under new keys, the next one reads them all, and a fold drops them."""
    records, state = Records.drawn(20, 2), MemoryState()
    store = records.store(cloud=cloud, state=state)
    for at in range(4):
        records.insert(store, [[at, at]], np.array([at]))
        cloud.honest()
        store = ObliviousStore.open(cloud, "store", KEYS, state=state)
    assert store.status()["log"] == 4
    assert len(store._held.contents.generations) == 5
    records.check(store, {"a0": (0, 3)})
    assert store.status()["log"] == 0
    assert len(store._held.contents.generations) == 1


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("name", ["fetch", "append", "put_pool", "put_root", "drop_pool"])
def test_requests_without_an_answer_are_repeated_byte_for_byte(cloud, name, after):
    """Twice without an answer is no error, whether the cloud had done the work or not."""
    records = Records.drawn(200, 2)
    watched = RecordingCloud(cloud)
    store = records.store(cloud=watched)
    cloud.fail(name, 2, after=after)
    records.insert(store, [[1, 1]], np.array([1]))
    records.check(store, {"a0": (3, 9)}, 3)
    store.export()
    seen = watched.seen.of(name)
    alike = [one for one, other in pairwise(seen) if one == other]
    assert len(alike) >= 2
    records.check(store, {"a0": (3, 9)}, 3)


def test_a_cloud_that_stays_away_is_told_and_the_same_batch_comes_first_afterwards(cloud):
    """Its round counts as used, its indices as touched."""
    records = Records.drawn(300, 2)
    watched = RecordingCloud(cloud)
    store = records.store(cloud=watched)
    cloud.fail("fetch", 3)
    with pytest.raises(errors.CloudUnavailable) as refused:
        store.query({"a0": (3, 9)})
    assert refused.value.exit_code == 3
    assert store.status()["rounds_used"] == 1
    lost = watched.seen.of("fetch")[-1].labels
    before = len(watched.seen.of("fetch"))
    records.check(store, {"a1": (3, 3)}, 4)
    after = [event.labels for event in watched.seen.of("fetch")[before:]]
    assert after[0] == lost
    spent = [label for labels in after for label in labels]
    assert len(spent) == len(set(spent))
    for _ in range(40):
        records.check(store, {"a0": (3, 9)}, 9)


def test_refusals_use_up_no_dummies_of_rounds_that_were_not_sent(cloud):
    """However often a cloud refuses, an epoch has dummies for all of its rounds."""
    records = Records.drawn(300, 2)
    store = records.store(cloud=cloud)

    def refuse(name, _):
        if name == "fetch":
            raise errors.AccessError("Your clock is wrong.")

    for _ in range(60):
        cloud.before = refuse
        with pytest.raises(errors.AccessError):
            store.query({"a0": (3, 9)})
        cloud.before = lambda *_: None
        records.check(store, {"a1": (3, 3)})


def test_parts_of_pools_that_a_cloud_left_unfinished_are_dropped(cloud, monkeypatch):
    """However many attempts at an epoch failed, the next one leaves its own pool alone."""
    monkeypatch.setattr(_pool, "_SLICE_BYTES", 2000)
    records = Records.drawn(300, 2)
    store = records.store(cloud=cloud)
    for _ in range(3):
        pools = set(cloud.pools("store"))

        def away(name, args, pools=pools):
            if name == "put_pool" and set(cloud.inner.pools("store")) > pools:
                raise errors.CloudUnavailable("No answer.")

        cloud.before = away
        with pytest.raises(errors.CloudUnavailable):
            store.export()
        cloud.before = lambda *_: None
    assert len(cloud.pools("store")) == 4
    store.export()
    assert len(cloud.pools("store")) == 1
    records.check(store, {"a0": (3, 9)})


@pytest.mark.parametrize("name", ["append", "put_root", "put_pool"])
@pytest.mark.parametrize("after", [False, True])
def test_a_write_whose_outcome_is_unknown_is_settled_before_anything_else(cloud, name, after):
    """The store goes on where it stood, or where the write had brought it."""
    records = Records.drawn(100, 2)
    store = records.store(cloud=cloud)
    cloud.fail(name, 3, after=after)
    if name == "append":
        with pytest.raises(errors.CloudUnavailable):
            records.insert(store, [[7, 7]], np.array([1]))
        records.codes = np.concatenate([records.codes, np.array([[7, 7]], np.uint16)])
        records.patients, records.live = np.append(records.patients, 1), np.ones(101, bool)
    else:
        with pytest.raises(errors.CloudUnavailable):
            store.export()
    records.check(store, {"a0": (3, 9)}, 3)
    records.insert(store, [[2, 2]], np.array([1]))
    records.check(store, {}, 0)


def test_the_lease_runs_out_by_the_clock_and_the_old_writer_stops(cloud):
    """A second writer waits for the lease; once it has it, the first one is refused."""
    records, state = Records.drawn(50, 2), MemoryState()
    first = records.store(cloud=cloud, state=state)
    with pytest.raises(errors.StaleWriter):
        ObliviousStore.open(cloud, "store", KEYS, state=state)
    cloud.clock.now += 11
    second = ObliviousStore.open(cloud, "store", KEYS, state=state)
    with pytest.raises(errors.StaleWriter):
        first.insert([[1, 1]], {"patient": [1]})
    with pytest.raises(errors.StaleWriter):
        first.query({"a0": (1, 2)})
    records.check(second, {"a0": (1, 2)})


def test_a_cloud_that_lets_two_write_is_found_out(cloud):
    """It leases twice and checks no fence; the epoch's number can be claimed only once."""
    records, state = Records.drawn(50, 2), MemoryState()
    first = records.store(cloud=cloud, state=state)
    cloud.clock.now += 11
    second = ObliviousStore.open(cloud, "store", KEYS, state=state)
    cloud.inner.drop_pool = lambda *_: None
    second.export()
    cloud.inner._held = lambda store, fence: cloud.inner._kept(store)
    with pytest.raises(errors.ForkDetected):
        first.export()
    with pytest.raises(errors.ForkDetected):
        first.query({"a0": (1, 2)})


def test_an_idle_store_keeps_its_lease_by_renewing_it():
    """Nobody takes it over meanwhile."""
    cloud, state = Meddled(), MemoryState()
    store = Records.drawn(50, 2).store(cloud=cloud, state=state)
    store._held.writer._clock = cloud.clock
    store._held.writer._since = cloud.clock.now
    for _ in range(9):
        cloud.clock.now += 4
        store.renew()
        with pytest.raises(errors.StaleWriter):
            ObliviousStore.open(cloud, "store", KEYS, state=state)


def test_a_closed_store_is_closed(cloud):
    """The next writer need not wait."""
    records, state = Records.drawn(50, 2), MemoryState()
    with records.store(cloud=cloud, state=state) as store:
        pass
    with pytest.raises(errors.StaleWriter, match="closed"):
        store.query({"a0": (1, 2)})
    records.check(ObliviousStore.open(cloud, "store", KEYS, state=state), {"a0": (1, 2)})
