# SPDX-License-Identifier: Apache-2.0
"""The processes that serve this installation's contract: one a peer, two while it is replaced."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pmcb_chaincode.contract import Governance
from pmcb_client.files import write_atomic

from . import _nodes
from ._layout import SLOTS, Layout, NodeFolder
from ._nodes import Command
from ._package import package_id
from ._topology import Node


@dataclass(frozen=True)
class Server:
    """One of a peer's places for a chaincode server: a folder and two ports of its own."""

    layout: Layout
    peer: Node
    slot: str

    @property
    def id(self) -> str:
        """Its name in this network, and its folder's."""
        return f"server{self.peer.number}{self.slot}.{self.peer.msp}"

    @property
    def folder(self) -> NodeFolder:
        """Where it keeps what."""
        return self.layout.node(self.id)

    @property
    def port(self) -> int:
        """Where its peer dials it."""
        return self.layout.port(self.peer, f"server-{self.slot}")

    @property
    def operations_port(self) -> int:
        """Where it answers about its health."""
        return self.layout.port(self.peer, f"server-{self.slot}-operations")

    @property
    def address(self) -> str:
        """Where its peer dials it; both stand on one host."""
        return f"127.0.0.1:{self.port}"

    @property
    def governance(self) -> Path:
        """The rules that it serves: its own copy, for those of the network are replaced last."""
        return self.folder.config / "governance.json"

    @property
    def label(self) -> str:
        """The label that it was last started for, whether or not it runs; empty: never."""
        environment = _nodes.environment(self.folder)
        named = environment.get("CHAINCODE_ID", "") if isinstance(environment, dict) else ""
        return str(named).partition(":")[0]

    @property
    def is_running(self) -> bool:
        """Whether its process runs."""
        return _nodes.running(self.folder) is not None

    def start(self, rules: Governance, label: str) -> None:
        """Starts it unless it serves this label, and waits until it is healthy."""
        self.folder.config.mkdir(parents=True, exist_ok=True)
        document = json.dumps(rules.as_json(), indent=1).encode()
        write_atomic(self.governance, document, mode=0o600)
        words = (
            sys.executable, "-P", "-m", "pmcb_chaincode", "serve",
            "--governance", str(self.governance),
        )  # fmt: skip
        environment = {
            "CHAINCODE_ID": package_id(label),
            "CHAINCODE_SERVER_ADDRESS": self.address,
            "PMCB_CC_OPERATIONS": f"127.0.0.1:{self.operations_port}",
            "PMCB_CC_AUDIT": str(self.folder.data / "refusals"),
        }
        _nodes.start(self.folder, Command(words, environment))
        _nodes.wait_healthy(self.folder, self.operations_port)


def servers_of(layout: Layout, peer: Node) -> tuple[Server, ...]:
    """A peer's places for chaincode servers, whether or not one runs there."""
    return tuple(Server(layout, peer, slot) for slot in SLOTS)


def place_for(servers: Sequence[Server], label: str, standing: str) -> Server:
    """Where a label is served: where it was, else anywhere but where the standing one is."""
    for server in servers:
        if server.label == label:
            return server
    return next(server for server in servers if not standing or server.label != standing)
