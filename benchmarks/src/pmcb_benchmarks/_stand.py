# SPDX-License-Identifier: Apache-2.0
"""A Fabric network that is there for one measurement, with our contract and a yardstick."""

import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import psutil

from pmcb_network._launch import Places
from pmcb_network.embedded._ports import choose
from pmcb_network.fabric import _nodes
from pmcb_network.fabric._binaries import find
from pmcb_network.fabric._ca_settings import REGISTRAR
from pmcb_network.fabric._chaincode import Chaincode
from pmcb_network.fabric._folder import folder_of, make, open_network
from pmcb_network.fabric._identities import registrar_secret
from pmcb_network.fabric._layout import NodeFolder
from pmcb_network.fabric._topology import Kind, Node
from pmcb_network.fabric._topology_file import preset
from pmcb_network.fabric._tunables import Tunables

from ._serving import Serving, on_our_bridge
from ._site import pmcb
from ._yardstick import Yardstick

YARDSTICK: Mapping[str, Serving] = {Yardstick.name: on_our_bridge}


class Stand:
    """The network, who may register people, and its processes."""

    def __init__(self, home: Path, tuned: Tunables) -> None:
        self._home = home
        self._tuned = tuned
        self.network = open_network(folder_of(Places(home)), find())
        self.peers = self.network.topology.of(Kind.PEER)
        self.file = self.network.network_file()

    @property
    def registrars(self) -> Mapping[str, tuple[str, str]]:
        """Name and secret of every organisation's registrar."""
        orgs = self.network.topology.organisations
        return {o.msp: (REGISTRAR, registrar_secret(self.network.layout, o.msp)) for o in orgs}

    def serve(self, name: str, serving: Serving) -> None:
        """A yardstick under this name beside our contract, served by one process a peer."""
        chaincode = Chaincode(name, f"{name}_1")
        ports, _ = choose(self._home, [peer.id for peer in self.peers], None)

        def start(peer: Node) -> str:
            folder = self.network.layout.node(f"server{peer.number}-{name}.{peer.msp}")
            where = ("127.0.0.1", ports[peer.id])
            address = f"{where[0]}:{where[1]}"

            def listens() -> bool:
                with socket.create_connection(where, timeout=1.0):
                    return True

            _nodes.start(folder, serving(chaincode.package_id, address))
            what = f"{folder.path.name} to listen"
            _nodes.wait(what, listens, within_s=_nodes.START_S, folder=folder)
            return address

        addresses = {peer: start(peer) for peer in self.peers}
        self.network.deployment.deploy(chaincode, addresses, lambda _: None)

    def processes(self) -> Mapping[str, psutil.Process]:
        """All that run, by the names of their folders."""
        folders = (self.network.layout.root / "nodes").iterdir()
        found = {path.name: _nodes.running(NodeFolder(path)) for path in folders}
        return {name: process for name, process in found.items() if process is not None}

    def height(self) -> int:
        """How many blocks the first peer has."""
        return self.network.lifecycle.height(self.peers[0])[0]

    def settings(self) -> dict[str, object]:
        """What stands beside the figures: topology and tunables."""
        topology = self.network.topology
        return {
            "kind": self.file.kind,
            "preset": topology.name,
            "consensus": str(topology.consensus),
            "endorsement": str(topology.endorsement),
            "orderers": len(topology.of(Kind.ORDERER)),
            "peers": len(self.peers),
            "blocks": asdict(topology.blocks),
            "tunables": asdict(self._tuned),
        }


def shaped(
    name: str, *, endorsement: str | None, block_timeout: str | None, block_messages: int | None
) -> str:
    """The text of a preset, with what is given in place of its own settings."""
    text = preset(name)
    quoted = {"endorsement": endorsement, "timeout": block_timeout}
    given = {key: f'"{value}"' for key, value in quoted.items() if value is not None}
    if block_messages is not None:
        given["messages"] = str(block_messages)
    for key, value in given.items():
        text, changed = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", text)
        assert changed == 1, key
    return text


@contextmanager
def stand(
    home: Path, text: str, tuned: Tunables, contracts: Mapping[str, Serving] = YARDSTICK
) -> Iterator[Stand]:
    """A network of this topology that is up, with these contracts; at the end nothing is left.

    Raises:
        BinariesMissing: Fabric's programs are not here.
    """
    find()
    places = Places(home)
    places.folder.mkdir(mode=0o700, parents=True)
    try:
        make(folder_of(places), text, "topology.toml", None, None, tuned)
        pmcb(home, "network", "up", "--fabric")
        made = Stand(home, tuned)
        for name, serving in contracts.items():
            made.serve(name, serving)
        yield made
    finally:
        pmcb(home, "network", "reset", "--yes")
