# SPDX-License-Identifier: Apache-2.0
"""The contract's server as an organisation runs it, with its log of refusals; it may be killed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Self

from pmcb_chaincode._label import package_label
from pmcb_chaincode.contract import Governance

__all__ = ["Chaincode"]


class Chaincode:
    """``python -m pmcb_chaincode serve``, at the same address in each of its lives.

    Args:
        folder: for its log, and what it refuses.

    Attributes:
        address: ``host:port``.
        refusals: the folder that `pmcb audit verify` takes.
    """

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.address = f"127.0.0.1:{probe.getsockname()[1]}"
        self.refusals = folder / "refusals"
        self._log = folder / "chaincode.log"
        self._environment = {
            **os.environ,
            "CHAINCODE_ID": f"{package_label(Governance.load(None))}:soak",
            "CHAINCODE_SERVER_ADDRESS": self.address,
            "PMCB_CC_AUDIT": str(self.refusals),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.end()

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Once more, where it has ended."""
        self.end()
        command = [sys.executable, "-P", "-m", "pmcb_chaincode", "serve"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )

    def end(self) -> None:
        """At once, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
