# SPDX-License-Identifier: Apache-2.0
"""A chaincode server with the contract ``pairs`` in a process of its own."""

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ._child import Child, child


@dataclass(frozen=True)
class RunningServer:
    """A chaincode server's process and its port on 127.0.0.1."""

    child: Child
    port: int

    def cpu_s(self) -> float:
        """Processor seconds that it has used so far, measured by itself."""
        return float(self.child.ask())


@contextmanager
def server_process(port: int = 0) -> Iterator[RunningServer]:
    """Start a server, on a free port by default; it ends with the block."""
    with child("_server", str(port)) as started:
        yield RunningServer(started, int(started.ready))


async def _serve(port: int) -> None:
    """Answer each line with the processor time used, until standard input ends."""
    from pmcb_benchmarks._pairs import Pairs
    from pmcb_chaincode.bridge import ChaincodeServer

    async with ChaincodeServer(Pairs(), "pairs:benchmark", f"127.0.0.1:{port}") as server:
        print(server.port, flush=True)  # noqa: T201 - the parent reads it
        while await asyncio.to_thread(sys.stdin.readline):
            print(time.process_time(), flush=True)  # noqa: T201


if __name__ == "__main__":
    from pmcb_chaincode.bridge import loop_factory

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(int(sys.argv[1])))
