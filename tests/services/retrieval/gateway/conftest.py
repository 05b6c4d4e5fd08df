# SPDX-License-Identifier: Apache-2.0
from contextlib import closing

import pytest
from tests.embedded import patient_network
from tests.scenarios.world import World
from tests.services.publishing.service.starter import Starter
from tests.services.retrieval.gateway.processes import HASTY, Machines
from tests.services.retrieval.gateway.ward import Ward


@pytest.fixture
def anyio_backend():
    """Gateway and services are asyncio's."""
    return "asyncio"


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    """A ledger for all tests: each registers a store of its own."""
    with patient_network(tmp_path_factory.mktemp("network")) as (found, _):
        yield found


@pytest.fixture
async def world(place):
    """With its people."""
    async with World(place) as made:
        yield made


@pytest.fixture
async def ward(world, tmp_path):
    """An institution whose store is served, and a worker without a grant."""
    made = await Ward.of(world, tmp_path)
    await made.build()
    async with made.started():
        yield made


@pytest.fixture(scope="session")
def starters(tmp_path_factory):
    """Of a cloud's process and of a gateway's, and the file to which both log."""
    log = tmp_path_factory.mktemp("log") / "serve.log"
    with closing(Starter(log, HASTY)) as cloud, closing(Starter(log, HASTY)) as gateway:
        yield cloud, gateway, log


@pytest.fixture
def machines(place, tmp_path, starters):
    """Nothing runs yet, nor at the end."""
    cloud, gateway, _ = starters
    found = Machines.of(place, tmp_path / "home", cloud, gateway)
    yield found
    found.close()
