# SPDX-License-Identifier: Apache-2.0
"""One network a session of each kind, one world a test."""

import asyncio
import json
import os
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.scenarios.place import Place
from tests.scenarios.world import World

from pmcb_client.network_file import load, parse
from pmcb_network.embedded import EmbeddedNetwork


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
async def one_loop(anyio_backend: str) -> None:
    """All stories share a loop while this lives: gRPC still tells it of streams that ended."""


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, EmbeddedNetwork]]:
    """An embedded network in a thread of its own, as other processes would meet it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    # Stories play weeks in seconds by moving the client's clock, so the window is a year wide.
    network = EmbeddedNetwork(tmp_path_factory.mktemp("network"), time_window_s=400 * 24 * 3600)
    asyncio.run_coroutine_threadsafe(network.__aenter__(), loop).result(30)
    try:
        place = Place("embedded", parse(network.network_file), network.registrars)
        yield place, network
    finally:
        asyncio.run_coroutine_threadsafe(network.__aexit__(None, None, None), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@pytest.fixture(
    scope="session", params=["embedded", pytest.param("fabric", marks=pytest.mark.fabric)]
)
def place(request: pytest.FixtureRequest) -> Place:
    """A network of each kind; Fabric's is the one that the environment names."""
    if request.param == "embedded":
        made, _ = request.getfixturevalue("embedded")
        assert isinstance(made, Place)
        return made
    path = os.environ.get("PMCB_FABRIC_NETWORK")
    if not path:
        pytest.skip("PMCB_FABRIC_NETWORK names no network.json of a running Fabric network")
    registrars = json.loads(Path(path).with_name("registrars.json").read_text())
    return Place(
        "fabric", load(path), {msp: (one["id"], one["secret"]) for msp, one in registrars.items()}
    )


@pytest.fixture
async def world(place: Place) -> AsyncIterator[World]:
    async with World(place) as made:
        yield made
