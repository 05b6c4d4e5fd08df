# SPDX-License-Identifier: Apache-2.0
"""An embedded network in a process of its own, so that client and network share no loop."""

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from pmcb_client.network_file import NetworkFile, parse

from ._child import Child, child


@dataclass(frozen=True)
class RunningNetwork:
    """A network process: where it is, and who may register people."""

    child: Child
    file: NetworkFile
    registrars: Mapping[str, tuple[str, str]]

    def height(self) -> int:
        """How many blocks its ledger has now; clients cannot see this through the gateway."""
        return int(self.child.ask())

    def processes(self) -> Mapping[str, psutil.Process]:
        """The one that is the network."""
        return {"network": psutil.Process(self.child.process.pid)}

    def settings(self) -> Mapping[str, object]:
        """What stands beside the figures."""
        return {"kind": self.file.kind}


@contextmanager
def network_process(folder: Path, contract: str, chaincode: str = "") -> Iterator[RunningNetwork]:
    """Start a network with ``pairs``, ``yardstick`` or ``pmcb``; it ends with the block.

    ``chaincode`` is the address of a server to dial; without one the network runs the contract.
    """
    with child("_network", str(folder), contract, chaincode) as started:
        said = json.loads(started.ready)
        registrars = {msp: (one[0], one[1]) for msp, one in said["registrars"].items()}
        yield RunningNetwork(started, parse(said["file"]), registrars)


async def _serve(folder: Path, contract: str, chaincode: str) -> None:
    """Answer each line with the ledger's height, until standard input ends."""
    from pmcb_benchmarks._pairs import Pairs
    from pmcb_benchmarks._yardstick import Yardstick
    from pmcb_network.embedded import EmbeddedNetwork

    chosen = {"pairs": Pairs(), "yardstick": Yardstick(), "pmcb": None}[contract]
    async with EmbeddedNetwork(folder, contract=chosen, chaincode=chaincode or None) as network:
        said = {"file": network.network_file, "registrars": dict(network.registrars)}
        print(json.dumps(said), flush=True)  # noqa: T201 - the parent reads it
        while await asyncio.to_thread(sys.stdin.readline):
            print(network.height, flush=True)  # noqa: T201


if __name__ == "__main__":
    from pmcb_chaincode.bridge import loop_factory

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(Path(sys.argv[1]), *sys.argv[2:]))
