# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.embedded import patient_network
from tests.scenarios.world import World
from tests.services.publishing.service.crashes import Away, Bits, Mortal
from tests.services.publishing.service.house import House


@pytest.fixture
def anyio_backend():
    """Gateway and services are asyncio's."""
    return "asyncio"


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    """A ledger for all tests: each opens cohorts of its own."""
    with patient_network(tmp_path_factory.mktemp("network")) as (made, _):
        yield made


@pytest.fixture
async def house(place, tmp_path):
    """An institution with tables, its service running, and an analyst elsewhere."""
    async with World(place) as world:
        made = await House.of(world, tmp_path)
        async with made.started():
            yield made


@pytest.fixture
async def mortal(place, tmp_path):
    """With a data set, and nothing running."""
    async with World(place) as world:
        house = await House.of(world, tmp_path)
        made = Mortal(house, Away(house.institution.contract), Bits())
        async with house.started(made.ledger):
            made.cohort = await house.cohort()
            made.name = await house.dataset(made.cohort)
        yield made
