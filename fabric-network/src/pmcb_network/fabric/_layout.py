# SPDX-License-Identifier: Apache-2.0
"""Where a network keeps what: one folder a node, one an organisation, one the channel."""

from dataclasses import dataclass
from pathlib import Path

from ._topology import Kind, Node

# A peer's chaincode server stands in one of two places: a new one beside the one it replaces.
SLOTS = ("a", "b")
# What listens in a node, in the order of its ports.
PURPOSES = {
    Kind.CA: ("main", "operations"),
    Kind.ORDERER: ("main", "admin", "operations"),
    Kind.PEER: (
        "main", "chaincode", "operations",
        "server-a", "server-a-operations", "server-b", "server-b-operations",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class NodeFolder:
    """``nodes/<id>``: all that one process reads and writes."""

    path: Path

    @property
    def config(self) -> Path:
        """Its rendered settings; its working folder."""
        return self.path / "config"

    @property
    def data(self) -> Path:
        """Its ledger, or its database."""
        return self.path / "data"

    @property
    def log(self) -> Path:
        """What it says."""
        return self.path / "log" / "node.log"

    @property
    def record(self) -> Path:
        """Which process it is."""
        return self.path / "run.json"


@dataclass(frozen=True)
class IdentityFolder:
    """An identity of a node or an administrator: an MSP folder, and TLS files."""

    path: Path

    @property
    def msp(self) -> Path:
        """Certificate, key and roots, as Fabric's programs read them."""
        return self.path / "msp"

    @property
    def certificate(self) -> Path:
        """The enrolment certificate."""
        return self.msp / "signcerts" / "cert.pem"

    @property
    def tls_certificate(self) -> Path:
        """The TLS certificate."""
        return self.path / "tls" / "server.crt"

    @property
    def tls_key(self) -> Path:
        """The TLS key."""
        return self.path / "tls" / "server.key"


@dataclass(frozen=True)
class Layout:
    """The folder of a network, and its ports."""

    root: Path
    ports: dict[str, int]

    def node(self, node_id: str) -> NodeFolder:
        """A node's own folder."""
        return NodeFolder(self.root / "nodes" / node_id)

    def port(self, node: Node, purpose: str = "main") -> int:
        """Where a node listens."""
        return self.ports[f"{node.id}/{purpose}"]

    def address(self, node: Node, purpose: str = "main") -> str:
        """Where others find a node."""
        return f"{node.host}:{self.port(node, purpose)}"

    def msp(self, org: str) -> Path:
        """The organisation's public MSP folder."""
        return self.root / "orgs" / org / "msp"

    def root_certificate(self, org: str) -> Path:
        """The organisation's CA certificate; it vouches for identities and for TLS."""
        return self.msp(org) / "cacerts" / "ca.pem"

    def identity(self, node: Node) -> IdentityFolder:
        """A node's identity."""
        return IdentityFolder(self.root / "orgs" / node.msp / node.id)

    def admin(self, org: str) -> IdentityFolder:
        """The organisation's administrator."""
        return IdentityFolder(self.root / "orgs" / org / "admin")

    def registrar(self, org: str) -> Path:
        """The secret of the organisation's registrar."""
        return self.root / "orgs" / org / "registrar.json"

    @property
    def channel_block(self) -> Path:
        """The channel's first block, by which nodes join."""
        return self.root / "channel" / "channel.block"

    @property
    def builder(self) -> Path:
        """The peers' external builder."""
        return self.root / "builder"

    @property
    def topology(self) -> Path:
        """The topology that it was made from."""
        return self.root / "topology.toml"

    @property
    def governance(self) -> Path:
        """The rules of its contract that the organisations agreed on."""
        return self.root / "governance.json"

    def servers(self, node: Node) -> Path:
        """Where a peer's builder finds chaincode servers."""
        return self.node(node.id).config / "chaincode.json"

    def connection(self, node: Node, package_id: str) -> Path:
        """What the builder said of an installed package; the peer reads it at every launch."""
        built = (
            self.node(node.id).data / "externalbuilder" / "builds" / package_id.replace(":", "-")
        )
        return built / "release" / "chaincode" / "server" / "connection.json"


def port_names(nodes: tuple[Node, ...]) -> list[str]:
    """Which ports these nodes need."""
    return [f"{node.id}/{purpose}" for node in nodes for purpose in PURPOSES[node.kind]]
