# SPDX-License-Identifier: Apache-2.0
"""The lease of the single writer."""

import pytest
from tests.services.retrieval.oblivious.clouds import Clock, Meddled

from pmcb_services.retrieval.cloud import MemoryCloud
from pmcb_services.retrieval.cloud._cloud import StoreDescriptor
from pmcb_services.retrieval.errors import CloudUnavailable, StaleWriter
from pmcb_services.retrieval.oblivious._lease import Writer


@pytest.fixture
def clock():
    """One for the cloud and one for the fog would differ; here they agree."""
    return Clock()


@pytest.fixture
def cloud(clock):
    """With a store."""
    found = Meddled(MemoryCloud(clock=clock))
    found.create(StoreDescriptor("store", "00" * 32, 64, 64))
    return found


def test_a_lease_is_renewed_as_it_is_used_and_not_more_often(cloud, clock):
    """Every 3 seconds at most; the fence stays."""
    asked = []
    cloud.before = lambda name, _: asked.append(name)
    writer = Writer(cloud, "store", clock=clock)
    fences = set()
    for _ in range(20):
        clock.now += 1
        fences.add(writer.fence())
    assert fences == {1}
    assert len(asked) == 1 + 6


def test_a_lease_that_ran_out_is_taken_again_if_nobody_had_it(cloud, clock):
    """The fence tells: it grows by one, and by more if somebody wrote in between."""
    writer = Writer(cloud, "store", clock=clock)
    clock.now += 60
    assert writer.fence() == 2
    clock.now += 60
    other = Writer(cloud, "store", clock=clock)
    with pytest.raises(StaleWriter):
        writer.fence()
    other.release()
    with pytest.raises(StaleWriter):
        writer.fence()


def test_a_writer_that_cannot_renew_goes_on_until_its_lease_runs_out(cloud, clock):
    """By its own clock; then it stops."""
    writer = Writer(cloud, "store", clock=clock)
    cloud.fail("lease", 99)
    clock.now += 9
    assert writer.fence() == 1
    clock.now += 2
    with pytest.raises(CloudUnavailable):
        writer.fence()


def test_giving_back_a_lease_may_find_no_answer(cloud, clock):
    """It runs out by itself."""
    writer = Writer(cloud, "store", clock=clock)
    cloud.fail("release", 1)
    writer.release()
    clock.now += 11
    Writer(cloud, "store", clock=clock)
