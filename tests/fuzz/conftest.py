# SPDX-License-Identifier: Apache-2.0
import asyncio
from contextlib import AsyncExitStack

import pytest
from tests.fuzz.front import Front
from tests.network.contracts import Notes

from pmcb_network.embedded import EmbeddedNetwork
from pmcb_network.embedded._blocks import verify


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    """One network for all examples, on a loop that runs while one of them does."""
    folder = tmp_path_factory.mktemp("network") / "network"
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        network = EmbeddedNetwork(folder, contract=Notes(), time_window_s=10**6)
        runner.run(stack.enter_async_context(network))
        made = Front(network, runner)
        runner.run(made.prepare(stack))
        yield made
        verify(network._store.current, "notes")
        runner.run(stack.aclose())
