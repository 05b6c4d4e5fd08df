# SPDX-License-Identifier: Apache-2.0
"""What every test may rely on."""

import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.fabric import Fabric, Servers, deployed, fabric_network

# A shell that runs the tests in the background ignores SIGINT, and processes inherit that. Those
# that tests interrupt must hear it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# An example may have to compile a kernel, write to a disk, or wait for a busy machine: what hangs
# meets the timeout of its test.
settings.register_profile("pmcb", deadline=None)
settings.load_profile("pmcb")
# For hours without a hurry: `pytest tests/fuzz --hypothesis-profile=long --timeout=0`.
settings.register_profile("long", max_examples=5000)

# Whichever test comes first waits until a network is up, on a busy machine too.
FABRIC_S = 300


def pytest_itemcollected(item: pytest.Item) -> None:
    """Tests on Fabric have time for that."""
    if item.get_closest_marker("fabric") and not item.get_closest_marker("timeout"):
        item.add_marker(pytest.mark.timeout(FABRIC_S))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Gateway, bridge and services are asyncio's."""
    return "asyncio"


@pytest.fixture(scope="session")
def fabric(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fabric]:
    """A Fabric network of this run's own; skips with the reason where its programs are not."""
    with fabric_network(tmp_path_factory.mktemp("fabric")) as network:
        yield network


@pytest.fixture(scope="session")
def whole_servers(fabric: Fabric) -> Iterator[Servers]:
    """The contract of `tests/scenarios/contracts.py` beside PMCB's, with collections."""
    from tests.scenarios.contracts import COLLECTIONS

    with deployed(fabric, "whole", "tests.scenarios.contracts", COLLECTIONS) as servers:
        yield servers
