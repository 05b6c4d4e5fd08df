# SPDX-License-Identifier: Apache-2.0
"""A Node contract, served by fabric-shim in a process of its own."""

import asyncio
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

from pmcb_benchmarks._node import environment

CONTRACT = Path(__file__).parent / "contract"
# What the shim logs goes to stdout too; at this level it is nothing.
QUIET = {"CORE_CHAINCODE_LOGGING_SHIM": "CRITICAL", "CORE_CHAINCODE_LOGGING_LEVEL": "CRITICAL"}


class NodeServer:
    """`fabric-chaincode-node server` while the context lasts; `kill` ends it as a crash would."""

    def __init__(self, node_modules: Path, address: str, contract: Path = CONTRACT) -> None:
        self.address = address
        self._command = (
            "node",
            str(node_modules / "fabric-shim" / "cli.js"),
            "server",
            f"--chaincode-address={address}",
            "--chaincode-id=notes:1",
            f"--module-path={contract}",
        )
        self._env = {**environment(node_modules), **QUIET}

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, env=self._env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        return self

    def __exit__(self, *exc: object) -> None:
        self.kill()

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def until_it_listens(self) -> None:
        """Waits for its port: until it is bound, a network made meanwhile could be given it."""
        host, port = self.address.rsplit(":", 1)
        for _ in range(200):
            assert self.is_running, "the server has ended: is its port taken?"
            with socket.socket() as probe:
                if probe.connect_ex((host, int(port))) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError("the server does not listen")

    async def until_it_says(self, word: str) -> None:
        """Reads what the contract prints, up to a line of this word."""
        said = self._process.stdout
        assert said is not None
        async with asyncio.timeout(60):
            while (line := await asyncio.to_thread(said.readline)).strip() != word.encode():
                assert line, "the server has ended"

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
