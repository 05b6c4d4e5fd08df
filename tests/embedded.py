# SPDX-License-Identifier: Apache-2.0
"""An embedded network beside tests: in a thread of its own, as other processes would meet it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pmcb_client.network_file import parse
from pmcb_network.embedded import EmbeddedNetwork
from tests.scenarios.place import Place

YEAR_S = 400 * 24 * 3600


@contextmanager
def in_a_thread(network: EmbeddedNetwork) -> Iterator[Place]:
    """The network runs, and this is where it is."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(network.__aenter__(), loop).result(30)
    try:
        yield Place("embedded", parse(network.network_file), network.registrars)
    finally:
        asyncio.run_coroutine_threadsafe(network.__aexit__(None, None, None), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@contextmanager
def patient_network(folder: Path) -> Iterator[tuple[Place, EmbeddedNetwork]]:
    """PMCB's contract, with a window of a year: tests play weeks in seconds by moving clocks."""
    network = EmbeddedNetwork(folder, time_window_s=YEAR_S)
    with in_a_thread(network) as place:
        yield place, network
