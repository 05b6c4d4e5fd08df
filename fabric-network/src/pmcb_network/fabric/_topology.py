# SPDX-License-Identifier: Apache-2.0
"""What a network is made of: organisations, their nodes, the hosts these stand on."""

from dataclasses import dataclass, replace
from enum import StrEnum

from pmcb_network.errors import TopologyError


class Kind(StrEnum):
    """What a node is."""

    CA = "ca"
    ORDERER = "orderer"
    PEER = "peer"


class Consensus(StrEnum):
    """How orderers agree."""

    RAFT = "raft"
    BFT = "bft"


class Endorsement(StrEnum):
    """How many organisations endorse a transaction."""

    MAJORITY = "MAJORITY"
    OR = "OR"
    AND = "AND"


@dataclass(frozen=True)
class Node:
    """One process of an organisation, on one host."""

    kind: Kind
    msp: str
    number: int
    host: str

    @property
    def id(self) -> str:
        """Its name in this network, and its folder's."""
        number = "" if self.kind is Kind.CA else self.number
        return f"{self.kind}{number}.{self.msp}"


@dataclass(frozen=True)
class Organisation:
    """An MSP: its CA, its orderers and its peers."""

    msp: str
    ca: Node
    orderers: tuple[Node, ...]
    peers: tuple[Node, ...]

    @property
    def host(self) -> str:
        """The machine that its nodes stand on, all of them."""
        return self.ca.host

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All of them, the CA first."""
        return (self.ca, *self.orderers, *self.peers)


@dataclass(frozen=True)
class Blocks:
    """When an orderer cuts a block: after a time, a number of transactions, or a size."""

    timeout: str
    messages: int
    preferred_bytes: str


@dataclass(frozen=True)
class Topology:
    """A network: who takes part, and by which rules.

    Attributes:
        port_base: the first port on every host; None where the only host picks free ones.
        host: the one of several hosts that it is seen from; empty where there is one.
    """

    name: str
    channel: str
    consensus: Consensus
    endorsement: Endorsement
    blocks: Blocks
    organisations: tuple[Organisation, ...]
    port_base: int | None = None
    host: str = ""

    @property
    def here(self) -> "Topology":
        """The part on this host: the organisations whose keys and administrators are here."""
        if not self.host:
            return self
        return replace(
            self, organisations=tuple(org for org in self.organisations if org.host == self.host)
        )

    @property
    def elsewhere(self) -> tuple[Organisation, ...]:
        """The organisations of other hosts: of these, public material is here at most."""
        return tuple(org for org in self.organisations if self.host not in {"", org.host})

    def seen_from(self, host: str | None) -> "Topology":
        """The same network, seen from one of its hosts; the only one needs no name.

        Raises:
            TopologyError: it has no such host, or several and none is named.
        """
        known = ", ".join(self.hosts)
        if host is not None and host not in self.hosts:
            raise TopologyError(f"the topology has no host {host}; it has {known}")
        if len(self.hosts) == 1:
            return self
        if host is None:
            raise TopologyError(
                f"the topology has several hosts: {known}",
                next_step="say which one this is with --host",
            )
        return replace(self, host=host)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes, organisation by organisation."""
        return tuple(node for org in self.organisations for node in org.nodes)

    def of(self, kind: Kind) -> tuple[Node, ...]:
        """The nodes of one kind."""
        return tuple(node for node in self.nodes if node.kind is kind)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The machines it runs on."""
        return tuple(sorted({node.host for node in self.nodes}))
