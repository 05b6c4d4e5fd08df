# SPDX-License-Identifier: Apache-2.0
"""A Fabric network of one preset with the contract ``pairs`` on it, made for kill -9."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import psutil

from pmcb_client.enrolment import CaClient
from pmcb_client.gateway import Identity
from pmcb_client.network_file import Organisation
from pmcb_client.wallet import Wallet, WalletIdentity
from pmcb_network._launch import Places
from pmcb_network.embedded._ports import choose
from pmcb_network.fabric import _control, _nodes
from pmcb_network.fabric._binaries import find
from pmcb_network.fabric._chaincode import Chaincode
from pmcb_network.fabric._folder import folder_of, open_network
from pmcb_network.fabric._joining import leader
from pmcb_network.fabric._layout import NodeFolder
from pmcb_network.fabric._nodes import Command
from pmcb_network.fabric._topology import Kind, Node
from pmcb_network.introduce import registrar_of

from ._chains import PeerReader
from ._load import LABEL

_LEADER_S = 60.0
_COMMAND_S = 180.0
_SERVER = "pmcb_benchmarks._pairs_server"


def _quiet(_: str) -> None:
    """Progress of single steps is not shown."""


class Site:
    """The network, its chaincode servers, and whoever asks single nodes."""

    def __init__(self, home: Path) -> None:
        self.places = Places(home)
        self.network = open_network(folder_of(self.places), find())
        self.file = self.network.network_file()
        self.peers = self.network.topology.of(Kind.PEER)
        self.chaincode = Chaincode("pairs", "pairs_1")
        names = [f"{peer.id}/{what}" for peer in self.peers for what in ("server", "operations")]
        self._ports, _ = choose(home, names, None)

    # -- what runs

    def deploy(self) -> None:
        """``pairs``, served by one process a peer."""
        self.network.deployment.deploy(self.chaincode, self.start_servers(), _quiet)

    def start_servers(self) -> dict[Node, str]:
        """The servers of ``pairs`` that do not run; all their addresses."""
        return {peer: self._start_server(peer) for peer in self.peers}

    def up(self) -> None:
        """Start again what died, as `pmcb network up` does."""
        self.network.up(_quiet)

    def server_folder(self, peer: Node) -> NodeFolder:
        """The folder of a peer's ``pairs`` server; `down` stops whatever is called so."""
        return self.network.layout.node(f"server{peer.number}-pairs.{peer.msp}")

    def _start_server(self, peer: Node) -> str:
        folder = self.server_folder(peer)
        address = f"127.0.0.1:{self._ports[f'{peer.id}/server']}"
        operations = self._ports[f"{peer.id}/operations"]
        environment = {
            "CHAINCODE_ID": self.chaincode.package_id,
            "CHAINCODE_SERVER_ADDRESS": address,
            "PMCB_CC_OPERATIONS": f"127.0.0.1:{operations}",
        }
        _nodes.start(folder, Command((sys.executable, "-P", "-m", _SERVER), environment))
        _nodes.wait_healthy(folder, operations)
        return address

    def leader(self) -> Node:
        """The orderer that leads now.

        Raises:
            NodeFailed: none does.
        """
        found: list[Node] = []

        def seen() -> bool:
            leading = leader(self.network.topology, self.network.layout)
            found.extend([leading] if leading else [])
            return leading is not None

        _nodes.wait("a leader among the orderers", seen, within_s=_LEADER_S)
        return found[-1]

    def kill(self, folder: NodeFolder) -> None:
        """Kill -9, by the process that the folder remembers."""
        process = _nodes.running(folder)
        assert process is not None, folder.path.name
        process.kill()
        _nodes.wait("its end", lambda: _nodes.running(folder) is None, within_s=_LEADER_S)

    def connections(self) -> set[tuple[object, ...]]:
        """Every TCP connection of the network's processes, but for those that ask for health."""
        operations = {
            port
            for name, port in {**self.network.layout.ports, **self._ports}.items()
            if name.endswith("operations")
        }
        found: set[tuple[object, ...]] = set()
        for path in (self.network.layout.root / "nodes").iterdir():
            process = _nodes.running(NodeFolder(path))
            for each in process.net_connections("tcp") if process is not None else ():
                if each.status == psutil.CONN_ESTABLISHED:
                    ends = (each.laddr, each.raddr)
                    if not {end.port for end in ends} & operations:
                        found.add(ends)
        return found

    def logs(self) -> list[Path]:
        """What all processes of the network said."""
        return sorted((self.network.layout.root / "nodes").glob("*/log/*.log"))

    # -- who asks

    @property
    def client(self) -> WalletIdentity:
        """Who puts the load on it."""
        return self._wallet.get(LABEL)

    @property
    def _wallet(self) -> Wallet:
        return Wallet(self.places.home / "wallet")

    async def enrol(self, org: Organisation, name: str, role: str) -> WalletIdentity:
        """Register and enrol a person, and keep it in the wallet.

        Raises:
            CaUnavailable: the CA does not answer.
        """
        registrar = registrar_of(self._wallet, org)
        assert registrar is not None  # `up` put it there
        async with CaClient(org.ca_url, org.tls_ca, org.ca_name) as ca:
            secret = await ca.register(registrar, name, {"pmcb.role": role})
            made = await ca.enroll(name, secret)
        return self._wallet.put(name, Identity(org.msp, made.certificate_pem), made.private_key)

    @asynccontextmanager
    async def reader(self, peer: Node) -> AsyncIterator[PeerReader]:
        """A peer that is asked directly."""
        layout = self.network.layout
        root = layout.root_certificate(peer.msp).read_text()
        reader = PeerReader(layout.address(peer), root, self.client, self.file.channel)
        try:
            yield reader
        finally:
            await reader.close()

    def heights(self) -> list[tuple[int, str]]:
        """How many blocks each peer has, and the hash of the last."""
        return [self.network.lifecycle.height(peer) for peer in self.peers]


@contextmanager
def site(home: Path, preset: str) -> Iterator[Site]:
    """A network that is up; at the end nothing of it is left.

    Raises:
        BinariesMissing: Fabric's programs are not here.
    """
    find()
    places = Places(home)
    places.folder.mkdir(mode=0o700, parents=True)
    try:
        pmcb(home, "network", "up", "--fabric", "--preset", preset)
        made = Site(home)
        made.deploy()
        asyncio.run(made.enrol(made.file.orgs[0], LABEL, "authority"))
        yield made
    finally:
        _control.down(places, _quiet)  # here: what we started again are our own children
        pmcb(home, "network", "reset", "--yes")


def pmcb(home: Path, *words: str) -> str:
    """What a command of ours says, run as a user would.

    Raises:
        RuntimeError: it failed; with what it said.
    """
    done = subprocess.run(
        [sys.executable, "-c", "from pmcb_client.cli import main; main()", "--home", home, *words],
        capture_output=True, text=True, timeout=_COMMAND_S, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"pmcb {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def settings_of(site: Site) -> dict[str, object]:
    """What stands beside the figures: topology and tunables."""
    topology = site.network.topology
    return {
        "preset": topology.name,
        "consensus": str(topology.consensus),
        "endorsement": str(topology.endorsement),
        "orderers": len(topology.of(Kind.ORDERER)),
        "peers": len(site.peers),
        "block_timeout": topology.blocks.timeout,
        "block_messages": topology.blocks.messages,
        "load_before": round(os.getloadavg()[0], 2),
    }
