# SPDX-License-Identifier: Apache-2.0
"""How a yardstick's chaincode server is started: on our bridge, or on Node's shim."""

import sys
from collections.abc import Callable
from pathlib import Path

from pmcb_network.fabric._nodes import Command

from ._node import HERE, environment, program

Serving = Callable[[str, str], Command]
"""From a package id and an address to the server's command."""

NODE_FOLDER = HERE / "yardstick"


def on_our_bridge(package_id: str, address: str) -> Command:
    """``_yardstick.py``."""
    variables = {"CHAINCODE_ID": package_id, "CHAINCODE_SERVER_ADDRESS": address}
    return Command((sys.executable, "-P", "-m", "pmcb_benchmarks._yardstick"), variables)


def on_nodes_shim(node_modules: Path) -> Serving:
    """The same contract on these packages; the shim logs errors only."""
    quiet = {"CORE_CHAINCODE_LOGGING_SHIM": "ERROR", "CORE_CHAINCODE_LOGGING_LEVEL": "ERROR"}

    def command(package_id: str, address: str) -> Command:
        words = (
            program("node"), str(node_modules / "fabric-shim" / "cli.js"), "server",
            f"--chaincode-address={address}", f"--chaincode-id={package_id}",
            f"--module-path={NODE_FOLDER}",
        )  # fmt: skip
        return Command(words, {**environment(node_modules), **quiet})

    return command
