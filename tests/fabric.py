# SPDX-License-Identifier: Apache-2.0
"""A Fabric network for a whole run of tests, and contracts of ours on its channel."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pmcb_client.network_file import NetworkFile
from pmcb_network._launch import Places
from pmcb_network.embedded._ports import choose
from pmcb_network.errors import BinariesMissing
from pmcb_network.fabric import _nodes
from pmcb_network.fabric._binaries import Binaries, find
from pmcb_network.fabric._ca_settings import REGISTRAR
from pmcb_network.fabric._chaincode import Chaincode
from pmcb_network.fabric._folder import folder_of, make, open_network
from pmcb_network.fabric._identities import registrar_secret
from pmcb_network.fabric._network import FabricNetwork
from pmcb_network.fabric._topology import Kind
from pmcb_network.fabric._topology_file import preset
from pmcb_network.fabric._tunables import Tunables
from tests.network.shell import listening, pmcb

ROOT = Path(__file__).parents[1]
# Stories play weeks in seconds by moving the client's clock.
TUNED = Tunables(time_window="9600h")


def programs() -> Binaries:
    """Fabric's programs; the test skips with the reason where there are none."""
    try:
        return find(os.environ)
    except BinariesMissing as error:
        pytest.skip(f"{error}; {error.next_step}")


@dataclass(frozen=True)
class Fabric:
    """A network that runs, in a home of its own."""

    home: Path
    network: FabricNetwork

    @property
    def file(self) -> NetworkFile:
        return self.network.network_file()

    @property
    def registrars(self) -> dict[str, tuple[str, str]]:
        """Who may register people, by organisation: id and secret."""
        layout = self.network.layout
        return {org.msp: (REGISTRAR, registrar_secret(layout, org.msp)) for org in self.file.orgs}

    def logs(self) -> list[Path]:
        """What all its processes said: nodes, and every chaincode server."""
        nodes = self.network.layout.root / "nodes"
        return sorted([*nodes.glob("*/log/*"), *self.home.glob("serving/*/*.log")])


@contextmanager
def fabric_network(home: Path, *, tuned: Tunables = TUNED) -> Iterator[Fabric]:
    """A network as `pmcb network up` brings it up; nothing of it is left at the end.

    `PMCB_FABRIC_PRESET` names another preset than `dev`.
    """
    binaries = programs()
    folder = folder_of(Places(home))
    name = os.environ.get("PMCB_FABRIC_PRESET", "dev")
    make(folder, preset(name), f"{name}.toml", None, None, tuned)
    try:
        pmcb(home, "network", "up", check=0)
        yield Fabric(home, open_network(folder, binaries))
    finally:
        pmcb(home, "network", "reset", "--yes", check=0)


@dataclass
class Servers:
    """One process an organisation that serves a contract; `kill` ends it as a crash would."""

    module: str
    package_id: str
    folder: Path
    ports: Mapping[str, int]
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, msp: str) -> str:
        """Its address, once it listens."""
        address = f"127.0.0.1:{self.ports[msp]}"
        settings = {"CHAINCODE_ID": self.package_id, "CHAINCODE_SERVER_ADDRESS": address}
        with (self.folder / f"{msp}.log").open("ab") as log:
            self._running[msp] = subprocess.Popen(
                [sys.executable, "-m", self.module, msp],
                env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        _nodes.wait(f"{self.module} to serve", lambda: listening(self.ports[msp]), within_s=30)
        return address

    def start_again(self, msp: str) -> None:
        """Unless it runs."""
        if msp not in self._running:
            self.start(msp)

    def kill(self, msp: str) -> None:
        process = self._running.pop(msp)
        process.kill()
        process.wait()

    def kill_all(self) -> None:
        for msp in list(self._running):
            self.kill(msp)


@contextmanager
def deployed(
    fabric: Fabric, name: str, module: str, collections: object = None
) -> Iterator[Servers]:
    """The contract that `python -m module MSP` serves, on the channel under this name."""
    folder = fabric.home / "serving" / name
    folder.mkdir(parents=True)
    asked: Path | None = None
    if collections is not None:
        asked = folder / "collections.json"
        asked.write_text(json.dumps(collections))
    chaincode = Chaincode(name, f"{name}_1", collections=asked)
    msps = [org.msp for org in fabric.file.orgs]
    ports, _ = choose(folder, msps, None)
    servers = Servers(module, chaincode.package_id, folder, ports)
    try:
        addresses = {msp: servers.start(msp) for msp in msps}
        peers = fabric.network.topology.of(Kind.PEER)
        told = {peer: addresses[peer.msp] for peer in peers}
        fabric.network.deployment.deploy(chaincode, told, lambda _: None)
        yield servers
    finally:
        servers.kill_all()
