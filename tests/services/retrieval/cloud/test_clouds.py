# SPDX-License-Identifier: Apache-2.0
"""What every cloud does, wherever it keeps the bytes; all of them pass the same tests."""

import time
from dataclasses import replace

import pytest
from tests.services.retrieval.cloud.items import entries, items, label

from pmcb_services.retrieval.cloud import LogSlice, Root
from pmcb_services.retrieval.errors import (
    InputError,
    RetrievalError,
    StaleWriter,
    StoreExists,
    UnknownStore,
)


def when(action, within_s=20):
    """What an action gives as soon as it is no longer refused."""
    end = time.monotonic() + within_s
    while True:
        try:
            return action()
        except StaleWriter:
            if time.monotonic() > end:
                raise


def test_another_store_of_the_same_name_is_refused(cloud, store, descriptor):
    """The same again is no change, whatever part differs is refused."""
    cloud.create(descriptor)
    for change in ({"schema_digest": "00" * 32}, {"blob_size": 9}, {"log_size": 5}):
        with pytest.raises(StoreExists, match=store):
            cloud.create(replace(descriptor, **change))
    assert cloud.describe(store) == descriptor


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "store"),
        ({"name": "Icu"}, "store"),
        ({"name": "a/b"}, "store"),
        ({"name": "a" * 65}, "store"),
        ({"schema_digest": "0f"}, "schema_digest"),
        ({"schema_digest": "0F" * 32}, "schema_digest"),
        ({"blob_size": 0}, "blob_size"),
        ({"blob_size": 2**20 + 1}, "blob_size"),
        ({"log_size": -1}, "log_size"),
    ],
)
def test_a_descriptor_that_cannot_be_is_refused(cloud, descriptor, change, field):
    """The part that is to blame is named."""
    with pytest.raises(InputError) as caught:
        cloud.create(replace(descriptor, **change))
    assert caught.value.field == field


def test_a_store_that_nobody_began_is_unknown(cloud):
    """By every call; a name that cannot be is refused as such."""
    calls = [
        cloud.describe,
        lambda s: cloud.lease(s, "me", 1),
        lambda s: cloud.release(s, 1),
        cloud.root,
        lambda s: cloud.put_root(s, 1, Root(1, b"r")),
        cloud.pools,
        lambda s: cloud.put_pool(s, 1, "p", items(1)),
        lambda s: cloud.read_pool(s, "p", b"", 1),
        lambda s: cloud.drop_pool(s, 1, "p"),
        lambda s: cloud.fetch(s, 1, "p", label(1)),
        lambda s: cloud.append(s, 1, 0, entries(0)),
        lambda s: cloud.read_log(s, 0, 1),
        lambda s: cloud.trim(s, 1, 0),
    ]
    for call in calls:
        with pytest.raises(UnknownStore, match="nobody"):
            call("nobody")
        with pytest.raises(InputError):
            call("No/body")


def test_one_writer_at_a_time_holds_the_lease(cloud, store):
    """Renewing keeps the fence; another one waits until it is given back."""
    mine = cloud.lease(store, "mine", 3600)
    assert (mine.holder, mine.seconds, mine.fence) == ("mine", 3600, 1)
    assert cloud.lease(store, "mine", 1800).fence == 1
    with pytest.raises(StaleWriter, match="lease"):
        cloud.lease(store, "other", 3600)
    cloud.release(store, 0)  # of nobody: nothing happens
    with pytest.raises(StaleWriter, match="lease"):
        cloud.lease(store, "other", 3600)
    cloud.release(store, mine.fence)
    assert cloud.lease(store, "other", 3600).fence == 2
    cloud.release(store, mine.fence)  # stale: the other one keeps it
    assert cloud.lease(store, "other", 3600).fence == 2


def test_a_lease_that_ran_out_is_taken_over(cloud, store):
    """By another writer; the first one, too, comes back under a new fence only."""
    assert cloud.lease(store, "first", 0.01).fence == 1
    assert when(lambda: cloud.lease(store, "second", 0.01)).fence == 2
    assert when(lambda: cloud.lease(store, "first", 3600)).fence == 3


def test_who_comes_back_too_late_gets_a_new_fence(cloud, store):
    """Requests of before may still be on their way."""
    first = cloud.lease(store, "same", 0.01).fence
    time.sleep(0.05)  # asking would renew it
    assert cloud.lease(store, "same", 0.01).fence == first + 1


@pytest.mark.parametrize(
    ("holder", "seconds", "field"),
    [
        ("", 1, "holder"),
        ("a" * 65, 1, "holder"),
        ("a\nb", 1, "holder"),
        ("me", 0, "seconds"),
        ("me", -1, "seconds"),
        ("me", 3601, "seconds"),
    ],
)
def test_a_lease_that_cannot_be_is_refused(cloud, store, holder, seconds, field):
    """The part that is to blame is named."""
    with pytest.raises(InputError) as caught:
        cloud.lease(store, holder, seconds)
    assert caught.value.field == field


def test_an_old_fence_changes_nothing(cloud, store, fence):
    """Nor does one that was never given out; fetches, too, need the newest."""
    cloud.put_pool(store, fence, "p", items(1))
    cloud.put_root(store, fence, Root(1, b"one"))
    cloud.append(store, fence, 0, entries(0, 1))
    cloud.release(store, fence)
    newest = cloud.lease(store, "second", 3600).fence
    for stale in (0, fence, newest + 1):
        calls = [
            lambda f: cloud.put_root(store, f, Root(2, b"two")),
            lambda f: cloud.put_pool(store, f, "p", items(2)),
            lambda f: cloud.put_pool(store, f, "q", items(2)),
            lambda f: cloud.drop_pool(store, f, "p"),
            lambda f: cloud.fetch(store, f, "p", label(1)),
            lambda f: cloud.append(store, f, 2, entries(2)),
            lambda f: cloud.trim(store, f, 1),
        ]
        for call in calls:
            with pytest.raises(StaleWriter, match="fence"):
                call(stale)
    assert cloud.root(store) == Root(1, b"one")
    assert cloud.pools(store) == ["p"]
    assert cloud.read_pool(store, "p", b"", 9) == items(1)
    assert cloud.read_log(store, 0, 9) == LogSlice(0, entries(0, 1))


def test_the_root_changes_by_one_version_only(cloud, store, fence):
    """Compare and swap; the very same again is no change, another of its version is refused."""
    assert cloud.root(store) is None
    with pytest.raises(StaleWriter, match="version 0"):
        cloud.put_root(store, fence, Root(2, b"two"))
    for _ in range(2):
        cloud.put_root(store, fence, Root(1, b"one"))
    for refused in (Root(1, b"other"), Root(3, b"three")):
        with pytest.raises(StaleWriter, match="version 1"):
            cloud.put_root(store, fence, refused)
    large = bytes(range(256)) * 2**14  # 4 MiB
    cloud.put_root(store, fence, Root(2, large))
    assert cloud.root(store) == Root(2, large)
    with pytest.raises(StaleWriter, match="version 2"):
        cloud.put_root(store, fence, Root(1, b"one"))


@pytest.mark.parametrize("root", [Root(0, b"none"), Root(-1, b"none"), Root(1, b"")])
def test_a_root_that_cannot_be_is_refused(cloud, store, fence, root):
    """Versions begin with 1, and what is sealed is not empty."""
    with pytest.raises(InputError):
        cloud.put_root(store, fence, root)
    assert cloud.root(store) is None


def test_requests_of_another_form_are_refused(cloud, store, fence):
    """Cut labels, no labels, limits and positions that cannot be, names that are none."""
    cloud.put_pool(store, fence, "p", items(1))
    calls = [
        lambda: cloud.fetch(store, fence, "p", b""),
        lambda: cloud.fetch(store, fence, "p", label(1)[:-1]),
        lambda: cloud.fetch(store, fence, "P", label(1)),
        lambda: cloud.read_pool(store, "p", b"", 0),
        lambda: cloud.read_pool(store, "p", b"short", 1),
        lambda: cloud.read_pool(store, "../p", b"", 1),
        lambda: cloud.put_pool(store, fence, "", items(1)),
        lambda: cloud.drop_pool(store, fence, "a" * 65),
        lambda: cloud.append(store, fence, 0, b""),
        lambda: cloud.append(store, fence, 0, entries(0)[:-1]),
        lambda: cloud.append(store, fence, -1, entries(0)),
        lambda: cloud.append(store, fence, 2**63, entries(0)),
        lambda: cloud.read_log(store, -1, 1),
        lambda: cloud.read_log(store, 0, 0),
        lambda: cloud.trim(store, fence, -1),
    ]
    for call in calls:
        with pytest.raises(InputError):
            call()
    assert cloud.pools(store) == ["p"]
    assert cloud.read_log(store, 0, 9) == LogSlice(0, b"")


def test_stores_know_nothing_of_each_other(cloud, store, fence, descriptor):
    """The same names of pools, the same positions; one name begins with the other's."""
    near = cloud_store = f"{store}.1"
    cloud.create(replace(descriptor, name=near))
    other = cloud.lease(cloud_store, "me", 3600).fence
    cloud.put_pool(store, fence, "p", items(1))
    cloud.put_pool(near, other, "p", items(2))
    cloud.append(near, other, 0, entries(0))
    cloud.put_root(near, other, Root(1, b"near"))
    assert cloud.root(store) is None
    assert cloud.read_log(store, 0, 9) == LogSlice(0, b"")
    cloud.drop_pool(near, other, "p")
    cloud.trim(near, other, 1)
    assert cloud.read_pool(store, "p", b"", 9) == items(1)


def test_refusals_are_those_of_the_package(cloud, store):
    """One sentence each, no bytes of anybody's in it."""
    with pytest.raises(RetrievalError) as caught:
        cloud.put_pool(store, 99, "p", items(1))
    assert str(caught.value).endswith(".")
    assert "\\x" not in str(caught.value)
