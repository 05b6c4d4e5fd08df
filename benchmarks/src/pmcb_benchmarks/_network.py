# SPDX-License-Identifier: Apache-2.0
"""An embedded network in a process of its own, so that client and network share no loop."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pmcb_client.network_file import NetworkFile, parse


@dataclass(frozen=True)
class RunningNetwork:
    """A network process: where it is, and who may register people."""

    process: subprocess.Popen[str]
    file: NetworkFile
    registrars: Mapping[str, tuple[str, str]]

    def height(self) -> int:
        """How many blocks its ledger has now; clients cannot see this through the gateway."""
        asked = _stream(self.process.stdin)
        asked.write("height\n")
        asked.flush()
        return int(_stream(self.process.stdout).readline())


@contextmanager
def network_process(folder: Path, contract: str, chaincode: str = "") -> Iterator[RunningNetwork]:
    """Start a network with the contract ``pairs`` or ``pmcb``; it ends with the block.

    ``chaincode`` is the address of a server to dial; without one the network runs the contract.
    """
    command = [sys.executable, "-m", "pmcb_benchmarks._network", str(folder), contract, chaincode]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            line = _stream(process.stdout).readline()
            if not line:
                raise RuntimeError("the network process did not start")
            said = json.loads(line)
            registrars = {msp: (one[0], one[1]) for msp, one in said["registrars"].items()}
            yield RunningNetwork(process, parse(said["file"]), registrars)
        finally:
            _stream(process.stdin).close()
            process.wait(20)


def _stream(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


async def _serve(folder: Path, contract: str, chaincode: str) -> None:
    """Answer each line with the ledger's height, until standard input ends.

    When the parent dies, so does the network.
    """
    from pmcb_benchmarks._pairs import Pairs
    from pmcb_network.embedded import EmbeddedNetwork

    chosen = Pairs() if contract == "pairs" else None
    async with EmbeddedNetwork(folder, contract=chosen, chaincode=chaincode or None) as network:
        said = {"file": network.network_file, "registrars": dict(network.registrars)}
        print(json.dumps(said), flush=True)  # noqa: T201 - the parent reads it
        while await asyncio.to_thread(sys.stdin.readline):
            print(network.height, flush=True)  # noqa: T201


if __name__ == "__main__":
    from pmcb_chaincode.bridge import loop_factory

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(Path(sys.argv[1]), *sys.argv[2:]))
