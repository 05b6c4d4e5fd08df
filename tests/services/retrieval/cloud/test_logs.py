# SPDX-License-Identifier: Apache-2.0
"""What every cloud does with a store's log; two writers at once, and many threads."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from tests.services.retrieval.cloud.items import blobs, entries, items, label

from pmcb_services.retrieval.cloud import LogSlice
from pmcb_services.retrieval.errors import LogConflict, StaleWriter


def test_the_log_has_no_gaps(cloud, store, fence):
    """The same bytes again are no change, alone or before new ones; other bytes are refused."""
    with pytest.raises(LogConflict, match="position 0"):
        cloud.append(store, fence, 1, entries(1))
    for _ in range(2):
        cloud.append(store, fence, 0, entries(0, 1, 2))
    cloud.append(store, fence, 2, entries(2, 3))
    for first, data in ((5, entries(5)), (1, entries(9)), (3, entries(7, 4)), (2, entries(2, 9))):
        with pytest.raises(LogConflict):
            cloud.append(store, fence, first, data)
    assert cloud.read_log(store, 0, 100) == LogSlice(0, entries(0, 1, 2, 3))
    assert cloud.read_log(store, 1, 2) == LogSlice(1, entries(1, 2))
    assert cloud.read_log(store, 4, 1) == LogSlice(4, b"")


def test_a_trimmed_log_goes_on_where_it_was(cloud, store, fence):
    """Positions are never reused; what was trimmed can neither be read nor written."""
    cloud.append(store, fence, 0, entries(*range(10)))
    for _ in range(2):
        cloud.trim(store, fence, 4)
    cloud.trim(store, fence, 2)  # less than what is gone: nothing
    assert cloud.read_log(store, 0, 3) == LogSlice(4, entries(4, 5, 6))
    with pytest.raises(LogConflict):
        cloud.append(store, fence, 3, entries(3))
    cloud.trim(store, fence, 99)  # beyond the end: all of it
    assert cloud.read_log(store, 0, 9) == LogSlice(10, b"")
    with pytest.raises(LogConflict, match="position 10"):
        cloud.append(store, fence, 0, entries(0))
    cloud.append(store, fence, 10, entries(10))
    assert cloud.read_log(store, 0, 9) == LogSlice(10, entries(10))


def test_a_long_log_is_read_whole(cloud, descriptor):
    """More than one slice of it, written and read at once."""
    size = 60_000
    cloud.create(replace(descriptor, log_size=size))
    fence = cloud.lease(descriptor.name, "me", 3600).fence
    data = [label(n) + bytes([n]) * size for n in range(150)]
    cloud.append(descriptor.name, fence, 0, b"".join(data))
    cloud.trim(descriptor.name, fence, 3)
    assert cloud.read_log(descriptor.name, 0, 1000) == LogSlice(3, b"".join(data[3:]))
    assert cloud.read_log(descriptor.name, 100, 2) == LogSlice(100, data[100] + data[101])


def test_two_writers_never_both_succeed(cloud, store):
    """The first one goes on writing while the second takes over: its later writes are refused."""
    first = cloud.lease(store, "first", 3600).fence

    def write():
        done = 0
        try:
            while done < 2000:
                cloud.append(store, first, done, entries(done))
                done += 1
        except StaleWriter:
            return done
        return done

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        cloud.release(store, first)
        second = cloud.lease(store, "second", 3600).fence
        seen = cloud.read_log(store, 0, 9999).items
        written = writing.result()
    assert second == first + 1
    assert seen == entries(*range(written))
    cloud.append(store, second, written, entries(7))


def test_threads_append_and_fetch_at_once(cloud, descriptor):
    """Four writers of four stores, each of whom reads what it wrote."""

    def work(number):
        name = f"{descriptor.name}-{number}"
        cloud.create(replace(descriptor, name=name))
        fence = cloud.lease(name, "me", 3600).fence
        for n in range(20):
            cloud.append(name, fence, n, entries(n + number))
            cloud.put_pool(name, fence, "p", items(n, mark=number))
            assert cloud.fetch(name, fence, "p", label(n)) == blobs(n, mark=number)
        return cloud.read_log(name, 0, 99).items

    with ThreadPoolExecutor(4) as pool:
        logs = list(pool.map(work, range(4)))
    assert logs == [entries(*range(n, n + 20)) for n in range(4)]
