# SPDX-License-Identifier: Apache-2.0
"""Runs an embedded network as a process of its own, until a signal asks it to end."""

import asyncio
import json
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from pmcb_chaincode.bridge import loop_factory
from pmcb_client.files import write_atomic
from pmcb_network._files import make_folder
from pmcb_network._process import Record

from ._node import EmbeddedNetwork

_log = logging.getLogger("pmcb_network")
NOT_A_BLOCKCHAIN = (
    "The embedded network is one process for trying out, tests and teaching: not a blockchain."
)
Ready = Callable[[EmbeddedNetwork], Awaitable[None]]


def run(folder: Path, *, chaincode: str | None, ports: int | None, ready: Ready | None) -> None:
    """Serves the folder; returns after SIGTERM or SIGINT, everything accepted being on disk.

    While it serves, `run.json` in the folder says which process this is and `network.json` where
    clients find it; `ready` runs once it answers.
    """
    os.umask(0o077)
    make_folder(folder)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(folder, chaincode, ports, ready))


async def _serve(
    folder: Path, chaincode: str | None, ports: int | None, ready: Ready | None
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    found, record = folder / "network.json", folder / "run.json"
    network = EmbeddedNetwork(folder, chaincode=chaincode, ports=ports)
    async with network:
        try:
            Record.of_this_process().write(record)
            write_atomic(found, json.dumps(network.network_file).encode(), mode=0o600)
            _log.info("%s", NOT_A_BLOCKCHAIN)
            _log.info("serving %d blocks", network.height)
            if ready is not None:
                await ready(network)
            await stop.wait()
            _log.info("stopping")
        finally:
            found.unlink(missing_ok=True)
            record.unlink(missing_ok=True)
    _log.info("stopped")
