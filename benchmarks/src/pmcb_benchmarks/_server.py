# SPDX-License-Identifier: Apache-2.0
"""A chaincode server with the contract ``pairs`` in a process of its own."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO


@dataclass(frozen=True)
class RunningServer:
    """A chaincode server's process and its port on 127.0.0.1."""

    process: subprocess.Popen[str]
    port: int

    def cpu_s(self) -> float:
        """Processor seconds that it has used so far, measured by itself."""
        asked = _stream(self.process.stdin)
        asked.write("cpu\n")
        asked.flush()
        return float(_stream(self.process.stdout).readline())


@contextmanager
def server_process(port: int = 0) -> Iterator[RunningServer]:
    """Start a server, on a free port by default; it ends with the block."""
    command = [sys.executable, "-m", "pmcb_benchmarks._server", str(port)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            line = _stream(process.stdout).readline()
            if not line:
                raise RuntimeError("the chaincode server's process did not start")
            yield RunningServer(process, int(line))
        finally:
            _stream(process.stdin).close()
            process.wait(20)


def _stream(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


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
