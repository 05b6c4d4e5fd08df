# SPDX-License-Identifier: Apache-2.0
"""Chaincode on a channel: installed, approved by each organisation, committed by a majority.

Every step asks first and looks afterwards: Fabric answers a repeat with an error that is told
from others only by its words.
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pmcb_network.errors import FabricRefused

from ._binaries import Binaries
from ._chaincode import Chaincode
from ._layout import Layout
from ._peer_program import PeerProgram
from ._topology import Kind, Node, Topology

_AT_ONCE = 4


@dataclass(frozen=True)
class Committed:
    """What stands on the channel: the definition's version, and its sequence."""

    version: str
    sequence: int


class Lifecycle:
    """The lifecycle calls of one network, each as the administrator of an organisation."""

    def __init__(self, topology: Topology, layout: Layout, binaries: Binaries) -> None:
        self._topology = topology
        self._layout = layout
        self._program = PeerProgram(topology, layout, binaries)

    def install(self, package: Path, package_id: str) -> None:
        """On every peer of this host that does not have it."""

        def one(peer: Node) -> None:
            self._unless(
                lambda: package_id in self._installed(peer),
                lambda: self._peer(peer, "lifecycle", "chaincode", "install", str(package)),
            )

        self._everywhere(one, self._topology.here.of(Kind.PEER))

    def _installed(self, peer: Node) -> list[str]:
        answer = self._json(peer, "queryinstalled")
        return [str(each["package_id"]) for each in answer.get("installed_chaincodes", [])]

    def committed(self, peer: Node, name: str) -> Committed | None:
        """The definition that a peer goes by; None when there is none."""
        try:
            answer = self._json(peer, "querycommitted", *self._where(name))
        except FabricRefused as error:
            if "404" in str(error) or "is not defined" in str(error):
                return None
            raise
        return Committed(str(answer["version"]), int(answer["sequence"]))

    def approve(self, chaincode: Chaincode, sequence: int) -> None:
        """By every organisation of this host that has not."""

        def one(peer: Node) -> None:
            words = (
                "lifecycle", "chaincode", "approveformyorg", *self._program.orderer(),
                *self._definition(chaincode, sequence), "--package-id", chaincode.package_id,
            )  # fmt: skip
            self._unless(
                lambda: self._approved(peer, chaincode.name, sequence) == chaincode.package_id,
                lambda: self._peer(peer, *words),
            )

        self._everywhere(one, [org.peers[0] for org in self._topology.here.organisations])

    def _unless(self, done: Callable[[], bool], do: Callable[[], object]) -> None:
        """Looks again after a no: what a killed command had begun may have come to its end."""
        if done():
            return
        try:
            do()
        except FabricRefused:
            if not done():
                raise

    def _approved(self, peer: Node, name: str, sequence: int) -> str:
        try:
            answer = self._json(
                peer, "queryapproved", *self._where(name), "--sequence", str(sequence)
            )
        except FabricRefused:
            return ""
        source = answer.get("source", {}).get("Type", {}).get("LocalPackage", {})
        return str(source.get("package_id", ""))

    def unapproved(self, chaincode: Chaincode, sequence: int) -> set[str]:
        """Whose approval has not reached every organisation of this host."""
        missing: set[str] = set()
        for org in self._topology.here.organisations:
            answer = self._json(
                org.peers[0], "checkcommitreadiness", *self._definition(chaincode, sequence)
            )
            approved = {msp for msp, yes in answer["approvals"].items() if yes}
            missing |= {each.msp for each in self._topology.organisations} - approved
        return missing

    def commit(self, chaincode: Chaincode, sequence: int) -> None:
        """By one peer of every organisation, as an administrator of this host."""
        peers = [org.peers[0] for org in self._topology.organisations]
        asked = [
            word
            for peer in peers
            for word in (
                "--peerAddresses", self._layout.address(peer),
                "--tlsRootCertFiles", str(self._layout.root_certificate(peer.msp)),
            )
        ]  # fmt: skip
        definition = self._definition(chaincode, sequence)
        mine = self._topology.here.organisations[0].peers[0]
        self._peer(
            mine, "lifecycle", "chaincode", "commit", *self._program.orderer(), *definition, *asked
        )

    def join(self, peer: Node) -> bool:
        """The channel, unless the peer is on it; that it is now."""
        if f"\n{self._topology.channel}\n" not in f"\n{self._peer(peer, 'channel', 'list')}\n":
            self._peer(peer, "channel", "join", "-b", str(self._layout.channel_block))
        return True

    def delivers(self) -> bool:
        """Whether an orderer delivers the channel's newest block; without a leader it does not."""
        mine = self._topology.here.organisations[0].peers[0]
        block = self._layout.channel_block.with_suffix(".newest")
        words = ("channel", "fetch", "newest", str(block), "-c", self._topology.channel)
        self._peer(mine, *words, *self._program.orderer())
        block.unlink()
        return True

    def height(self, peer: Node) -> tuple[int, str]:
        """How many blocks a peer has, and the hash of the last."""
        said = self._peer(peer, "channel", "getinfo", "-c", self._topology.channel)
        info = json.loads(said[said.index("{") :])
        return int(info["height"]), str(info["currentBlockHash"])

    def _where(self, name: str) -> tuple[str, ...]:
        return ("-C", self._topology.channel, "-n", name)

    def _definition(self, chaincode: Chaincode, sequence: int) -> tuple[str, ...]:
        words = [*self._where(chaincode.name), "-v", chaincode.version, "--sequence", str(sequence)]
        if chaincode.policy:
            words += ["--signature-policy", chaincode.policy]
        if chaincode.collections is not None:
            words += ["--collections-config", str(chaincode.collections)]
        return tuple(words)

    def _json(self, peer: Node, verb: str, *arguments: str) -> Any:
        said = self._peer(peer, "lifecycle", "chaincode", verb, *arguments, "-O", "json")
        return json.loads(said)

    def _peer(self, peer: Node, *arguments: str) -> str:
        return self._program.run(peer, *arguments)

    def _everywhere(self, work: Any, peers: Any) -> None:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(work, peers))
