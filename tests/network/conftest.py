# SPDX-License-Identifier: Apache-2.0
"""A network of its own for each test that asks for one."""

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.network.ca_wire import Ca, fabrics_ca
from tests.network.contracts import Notes
from tests.network.wire import Person, Wire, connect

from pmcb_network._process import running
from pmcb_network.embedded import EmbeddedNetwork


@dataclass
class Clock:
    """Milliseconds UTC that pass only when a test says so."""

    now_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)

    def __call__(self) -> int:
        return self.now_ms

    def advance(self, *, seconds: float = 0, days: float = 0) -> None:
        self.now_ms += round((seconds + days * 86_400) * 1000)


def person(network: EmbeddedNetwork, name: str, *, index: int = 0, **more) -> Person:
    """An identity of the organisation at `index`, issued by its CA."""
    org = network._material.organizations[index]
    issued: Person = Person.issue(org.ca, org.msp_id, name, **more)
    return issued


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def network(tmp_path: Path) -> AsyncIterator[EmbeddedNetwork]:
    async with EmbeddedNetwork(tmp_path / "network", contract=Notes()) as made:
        yield made


@pytest.fixture
async def wire(network: EmbeddedNetwork) -> AsyncIterator[Wire]:
    async with connect(network) as channel:
        yield Wire(channel)


@pytest.fixture
def alice(network: EmbeddedNetwork) -> Person:
    return person(network, "alice")


@pytest.fixture(params=["embedded", pytest.param("fabric", marks=pytest.mark.fabric)])
async def ca(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ca]:
    """A CA of each kind."""
    if request.param == "embedded":
        async with EmbeddedNetwork(tmp_path / "ca", contract=Notes()) as network:
            made = Ca.of(network)
            async with made.http:
                yield made
        return
    made = Ca(*fabrics_ca(request.getfixturevalue("fabric")), "fabric")
    async with made.http:
        yield made


@pytest.fixture
async def own(network: EmbeddedNetwork) -> AsyncIterator[Ca]:
    """The CA of the test's own embedded network."""
    made = Ca.of(network)
    async with made.http:
        yield made


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home whose network is ended whatever the test did, and leaves nothing behind."""
    folder = tmp_path / "home"
    yield folder
    record = folder / "network" / "run.json"
    process = running(record)
    if process is not None:
        process.kill()
        process.wait(10)
