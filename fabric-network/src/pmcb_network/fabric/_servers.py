# SPDX-License-Identifier: Apache-2.0
"""The processes that serve this installation's contract: one a peer."""

import sys

from . import _nodes
from ._layout import Layout, NodeFolder
from ._nodes import Command
from ._package import package_id
from ._topology import Node


def server_folder(layout: Layout, peer: Node) -> NodeFolder:
    """The folder of a peer's chaincode server."""
    return layout.node(f"server{peer.number}.{peer.msp}")


def start_server(layout: Layout, peer: Node, label: str) -> str:
    """Starts it unless it serves this label, and waits until it is healthy; its address."""
    folder = server_folder(layout, peer)
    address = f"127.0.0.1:{layout.port(peer, 'server')}"
    port = layout.port(peer, "server-operations")
    governance = layout.root / "governance.json"
    words = (
        sys.executable, "-P", "-m", "pmcb_chaincode", "serve", "--governance", str(governance),
    )  # fmt: skip
    environment = {
        "CHAINCODE_ID": package_id(label),
        "CHAINCODE_SERVER_ADDRESS": address,
        "PMCB_CC_OPERATIONS": f"127.0.0.1:{port}",
        "PMCB_CC_AUDIT": str(folder.data / "refusals"),
    }
    _nodes.start(folder, Command(words, environment))
    _nodes.wait_healthy(folder, port)
    return address
