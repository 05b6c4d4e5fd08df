# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.embedded import patient_network
from tests.scenarios.world import World
from tests.services.intake.study import Study


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    """A ledger of this folder's own: services read it from its beginning."""
    with patient_network(tmp_path_factory.mktemp("network")) as (made, _):
        yield made


@pytest.fixture
async def study(place, tmp_path):
    """A releaser, three verifiers, an institution, receivers; nothing published yet."""
    async with World(place) as world:
        yield await Study.of(world, tmp_path)
