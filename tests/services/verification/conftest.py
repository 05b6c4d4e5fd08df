# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.embedded import patient_network
from tests.scenarios.world import World
from tests.services.verification.court import Court


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    """A ledger of this folder's own: services read it from its beginning."""
    with patient_network(tmp_path_factory.mktemp("network")) as (made, _):
        yield made


@pytest.fixture
async def court(place, tmp_path):
    """A releaser, two verifiers, an institution, receivers; nothing published yet."""
    async with World(place) as world:
        yield await Court.of(world, tmp_path)
