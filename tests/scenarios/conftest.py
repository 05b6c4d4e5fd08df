# SPDX-License-Identifier: Apache-2.0
"""One network a session of each kind, one world a test."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from tests.embedded import in_a_thread, patient_network
from tests.fabric import Fabric, Servers
from tests.scenarios.contracts import Turns, Whole
from tests.scenarios.place import Place
from tests.scenarios.world import World

from pmcb_network.embedded import EmbeddedNetwork


@pytest.fixture(scope="session", autouse=True)
async def one_loop(anyio_backend: str) -> None:
    """All stories share a loop while this lives: gRPC still tells it of streams that ended."""


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, EmbeddedNetwork]]:
    """PMCB's contract on an embedded network."""
    with patient_network(tmp_path_factory.mktemp("network")) as made:
        yield made


@pytest.fixture(
    scope="session", params=["embedded", pytest.param("fabric", marks=pytest.mark.fabric)]
)
def place(request: pytest.FixtureRequest) -> Place:
    """A network of each kind."""
    if request.param == "embedded":
        made, _ = request.getfixturevalue("embedded")
        assert isinstance(made, Place)
        return made
    fabric = request.getfixturevalue("fabric")
    assert isinstance(fabric, Fabric)
    return Place("fabric", fabric.file, fabric.registrars)


@pytest.fixture(scope="session")
def embedded_whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The contract of `contracts.py` on an embedded network of its own."""
    network = EmbeddedNetwork(
        tmp_path_factory.mktemp("whole"), contract=Whole(Turns("HospitalAMSP", "HospitalBMSP"))
    )
    with in_a_thread(network) as place:
        yield place


@pytest.fixture(scope="session")
def fabric_whole(fabric: Fabric, whole_servers: Servers) -> tuple[Place, Servers]:
    """The contract of `contracts.py` on Fabric, and what serves it."""
    file = replace(fabric.file, chaincode="whole")
    return Place("fabric", file, fabric.registrars), whole_servers


@pytest.fixture(params=["embedded", pytest.param("fabric", marks=pytest.mark.fabric)])
async def either(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """The contract of `contracts.py` on a network of each kind."""
    if request.param == "embedded":
        place = request.getfixturevalue("embedded_whole")
    else:
        place, _ = request.getfixturevalue("fabric_whole")
    async with World(place) as made:
        yield made


@pytest.fixture
async def whole(fabric_whole: tuple[Place, Servers]) -> AsyncIterator[World]:
    """The contract of `contracts.py` on Fabric, for what the embedded network does not offer."""
    async with World(fabric_whole[0]) as made:
        yield made


@pytest.fixture
async def world(place: Place) -> AsyncIterator[World]:
    async with World(place) as made:
        yield made
