# SPDX-License-Identifier: Apache-2.0
"""Each kind of cloud, once a run; every test begins a store of its own."""

from itertools import count

import pytest
from tests.services.retrieval.cloud.serving import remote, served

from pmcb_benchmarks._postgres import absent, postgres
from pmcb_services.retrieval.cloud import LmdbCloud, MemoryCloud, PostgresCloud, StoreDescriptor

_numbers = count()


@pytest.fixture(scope="session")
def memory():
    """In this process."""
    return MemoryCloud()


@pytest.fixture(scope="session")
def lmdb(tmp_path_factory):
    """In a folder; its map begins so small that it has to grow."""
    cloud = LmdbCloud(tmp_path_factory.mktemp("cloud"), map_bytes=2**17)
    yield cloud
    cloud.close()


@pytest.fixture(scope="session")
def database():
    """A PostgreSQL's address."""
    if reason := absent():
        pytest.skip(reason)
    with postgres() as url:
        yield url


@pytest.fixture(scope="session")
def postgresql(database):
    """In that database."""
    cloud = PostgresCloud(database)
    yield cloud
    cloud.close()


@pytest.fixture(scope="session")
def url(memory):
    """A server's address."""
    with served(memory) as found:
        yield found


@pytest.fixture(scope="session")
def http(url):
    """Behind that server."""
    with remote(url) as cloud:
        yield cloud


@pytest.fixture(params=["memory", "lmdb", "postgresql", "http"])
def cloud(request):
    """Any of them."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def descriptor():
    """Of a store that nobody has yet; blobs of 8 bytes, log entries of 4."""
    return StoreDescriptor(f"store-{next(_numbers)}", "0f" * 32, blob_size=8, log_size=4)


@pytest.fixture
def store(cloud, descriptor):
    """That store, begun."""
    cloud.create(descriptor)
    return descriptor.name


@pytest.fixture
def fence(cloud, store):
    """Of its first writer, for an hour."""
    return cloud.lease(store, "first", 3600).fence
