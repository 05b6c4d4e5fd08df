# SPDX-License-Identifier: Apache-2.0
"""What every cloud does with a store's pools."""

from dataclasses import replace

import pytest
from tests.services.retrieval.cloud.items import blobs, items, label

from pmcb_services.retrieval.errors import InputError, MissingBlob

FORMS = {
    "none": b"",
    "cut": items(1)[:-1],
    "longer": items(1) + b"x",
    "falling": items(1, 3, 2),
    "repeated": items(1, 1),
}


@pytest.mark.parametrize("data", FORMS.values(), ids=FORMS)
def test_items_of_another_form_are_refused_whole(cloud, store, fence, data):
    """Wrong sizes, falling or repeated labels: nothing of it is kept, no pool begins."""
    with pytest.raises(InputError) as caught:
        cloud.put_pool(store, fence, "p", data)
    assert caught.value.field == "items"
    assert cloud.pools(store) == []


def test_items_come_back_by_label_and_in_order(cloud, store, fence):
    """A fetch keeps the order of its labels; reading ascends, however they came."""
    cloud.put_pool(store, fence, "p", items(5, 6, 300))
    cloud.put_pool(store, fence, "p", items(1, 2, 256))
    assert cloud.fetch(store, fence, "p", label(300) + label(1) + label(6)) == blobs(300, 1, 6)
    assert cloud.fetch(store, fence, "p", label(2)) == blobs(2)
    assert cloud.read_pool(store, "p", b"", 100) == items(1, 2, 5, 6, 256, 300)
    assert cloud.read_pool(store, "p", b"", 2) == items(1, 2)
    assert cloud.read_pool(store, "p", label(2), 3) == items(5, 6, 256)
    assert cloud.read_pool(store, "p", label(3), 1) == items(5)
    assert cloud.read_pool(store, "p", label(300), 5) == b""


def test_the_same_items_again_are_no_change(cloud, store, fence):
    """A repeat after a lost answer; other bytes under a label replace it."""
    for _ in range(2):
        cloud.put_pool(store, fence, "p", items(1, 2))
    assert cloud.read_pool(store, "p", b"", 9) == items(1, 2)
    cloud.put_pool(store, fence, "p", items(2, 3, mark=7))
    assert cloud.read_pool(store, "p", b"", 9) == items(1) + items(2, 3, mark=7)
    assert cloud.fetch(store, fence, "p", label(2) + label(1)) == blobs(2, mark=7) + blobs(1)


def test_one_unknown_label_fails_the_whole_fetch(cloud, store, fence):
    """Nothing is answered in part; labels of other pools are unknown, too."""
    cloud.put_pool(store, fence, "p", items(1, 2))
    cloud.put_pool(store, fence, "q", items(3))
    for wanted in (label(1) + label(3), label(9), label(0) + label(2)):
        with pytest.raises(MissingBlob):
            cloud.fetch(store, fence, "p", wanted)
    with pytest.raises(MissingBlob):
        cloud.fetch(store, fence, "r", label(1))
    with pytest.raises(MissingBlob):
        cloud.read_pool(store, "r", b"", 1)


def test_a_dropped_pool_is_gone_and_its_neighbours_stay(cloud, store, fence):
    """Dropping again is no error; begun anew it is empty."""
    for pool in ("b", "a", "c"):
        cloud.put_pool(store, fence, pool, items(1, 2))
    assert cloud.pools(store) == ["a", "b", "c"]
    for _ in range(2):
        cloud.drop_pool(store, fence, "b")
    assert cloud.pools(store) == ["a", "c"]
    with pytest.raises(MissingBlob):
        cloud.fetch(store, fence, "b", label(1))
    cloud.put_pool(store, fence, "b", items(7))
    assert cloud.read_pool(store, "b", b"", 9) == items(7)
    assert cloud.read_pool(store, "c", b"", 9) == items(1, 2)


def test_many_items_are_read_in_slices(cloud, descriptor):
    """More than 4 MiB, put and read at once and piece by piece."""
    size = 60_000
    cloud.create(replace(descriptor, blob_size=size))
    fence = cloud.lease(descriptor.name, "me", 3600).fence
    made = [label(n) + bytes([n]) * size for n in range(150)]
    cloud.put_pool(descriptor.name, fence, "p", b"".join(made))
    assert cloud.read_pool(descriptor.name, "p", b"", 1000) == b"".join(made)
    assert cloud.read_pool(descriptor.name, "p", label(9), 2) == made[10] + made[11]
    wanted = b"".join(label(n) for n in range(149, -1, -1))
    found = cloud.fetch(descriptor.name, fence, "p", wanted)
    assert found == b"".join(each[16:] for each in reversed(made))
