# SPDX-License-Identifier: Apache-2.0
"""Fabric's program ``peer`` as an organisation's administrator uses it."""

from . import _nodes
from ._binaries import Binaries
from ._layout import Layout
from ._topology import Kind, Node, Topology


class PeerProgram:
    """Asks the peers of one network, each time as the administrator of an organisation here."""

    def __init__(self, topology: Topology, layout: Layout, binaries: Binaries) -> None:
        self._topology = topology
        self._layout = layout
        self._binaries = binaries

    def run(self, peer: Node, *arguments: str, asked: Node | None = None) -> str:
        """What it says, as the administrator of this peer's organisation.

        Args:
            peer: of this host.
            arguments: without those that name the orderer.
            asked: the peer to ask, maybe of another host; by default ``peer`` itself.

        Raises:
            FabricRefused: it ended with an error.
        """
        asked = asked or peer
        layout = self._layout
        environment = {
            "FABRIC_CFG_PATH": str(layout.node(peer.id).config),
            "FABRIC_LOGGING_SPEC": "error",
            "CORE_PEER_LOCALMSPID": peer.msp,
            "CORE_PEER_MSPCONFIGPATH": str(layout.admin(peer.msp).msp),
            "CORE_PEER_ADDRESS": layout.address(asked),
            "CORE_PEER_TLS_ENABLED": "true",
            "CORE_PEER_TLS_ROOTCERT_FILE": str(layout.root_certificate(asked.msp)),
        }
        return self._binaries.run("peer", *arguments, environment=environment)

    def orderer(self) -> tuple[str, ...]:
        """The arguments that name an orderer, one of this host that runs where it has any."""
        orderers = self._topology.here.of(Kind.ORDERER) or self._topology.of(Kind.ORDERER)
        running = [each for each in orderers if _nodes.running(self._layout.node(each.id))]
        orderer = (running or orderers)[0]
        root = self._layout.root_certificate(orderer.msp)
        return ("-o", self._layout.address(orderer), "--tls", "--cafile", str(root))
