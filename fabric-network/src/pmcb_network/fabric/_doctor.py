# SPDX-License-Identifier: Apache-2.0
"""Measures what `pmcb network doctor` judges, on a network that may be down or half broken."""

import json
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from shutil import disk_usage

import httpx
import psutil

from pmcb_network._findings import (
    Finding,
    Grade,
    Port,
    check_certificates,
    check_disk,
    check_modes,
    check_ports,
    check_running,
    guarded,
)
from pmcb_network.embedded._ports import is_free
from pmcb_network.errors import BinariesMissing, FabricRefused, NetworkError

from . import _nodes
from ._binaries import Binaries, find
from ._checks import (
    ServerState,
    check_builder,
    check_clocks,
    check_heights,
    check_leader,
    check_servers,
    seconds_of,
)
from ._folder import open_network
from ._identities import ca_name
from ._joining import leader
from ._layout import NodeFolder
from ._network import FabricNetwork
from ._own_contract import CHAINCODE
from ._ports import listeners
from ._servers import Server, servers_of
from ._topology import Kind, Node

_SETTLE_S, _POLL_S, _ASK_S = 5.0, 0.5, 3.0
_ADVICE = (
    "nothing renews a node's, an administrator's or a CA's certificate: make the network anew in "
    "time (pmcb network reset, then up)"
)


def examine(folder: Path, private: list[Path]) -> list[Finding]:
    """Every check on the network in the folder; ``private`` are the folders with secrets."""
    binaries, programs = _programs()
    found = [
        *programs,
        *guarded("disk", lambda: check_disk(disk_usage(folder).free)),
        *guarded("file modes", lambda: check_modes(private)),
    ]
    try:
        network = open_network(folder, binaries or Binaries({}))
    except NetworkError as error:
        return [*found, Finding("folder", Grade.FAIL, str(error), error.next_step)]
    return found + Examination(network, with_programs=binaries is not None).findings()


def _programs() -> tuple[Binaries | None, list[Finding]]:
    try:
        binaries = find()
    except BinariesMissing as error:
        return None, [Finding("programs", Grade.FAIL, str(error), error.next_step)]
    if binaries.warnings:
        return binaries, [Finding("programs", Grade.WARN, each) for each in binaries.warnings]
    folders = sorted({str(path.parent) for path in binaries.paths.values()})
    return binaries, [Finding("programs", Grade.OK, f"are fit, in {', '.join(folders)}")]


class Examination:
    """One look at a network that can be read."""

    def __init__(self, network: FabricNetwork, *, with_programs: bool) -> None:
        self._network = network
        self._layout = network.layout
        self._here = network.topology.here
        self._with_programs = with_programs

    def findings(self) -> list[Finding]:
        """All of them, each check by itself."""
        checks = {
            "processes": self._processes,
            "ports": self._ports,
            "certificates": self._certificates,
            "builder": lambda: check_builder(self._layout.builder),
            "clocks": self._clocks,
            "orderers": self._leader,
            "blocks": self._heights,
            "contract": self._servers,
        }
        return [found for name, check in checks.items() for found in guarded(name, check)]

    def _processes(self) -> list[Finding]:
        peers = self._here.of(Kind.PEER)
        folders = [self._layout.node(node.id) for node in self._here.nodes]
        running = {each.path.name: _runs(each) for each in folders}
        for peer in peers:
            servers = servers_of(self._layout, peer)
            ran = [server for server in servers if server.is_running]
            running |= {server.id: server.is_running for server in ran or servers[:1]}
        return check_running(running)

    def _ports(self) -> list[Finding]:
        def seen() -> Iterator[Port]:
            for name, host, number, folder in listeners(self._layout, self._here.nodes):
                process = _nodes.running(folder)
                listening = None if process is None else _listening(process)
                free = process is not None or is_free(number, host)
                yield Port(name, number, listening, free)

        return check_ports(seen())

    def _certificates(self) -> list[Finding]:
        layout = self._layout
        files: dict[str, Path] = {}
        for org in self._network.topology.organisations:
            files[f"the root of {org.msp}"] = layout.root_certificate(org.msp)
        for org in self._here.organisations:
            owners = {f"the administrator of {org.msp}": layout.admin(org.msp)}
            owners |= {node.id: layout.identity(node) for node in org.orderers + org.peers}
            for owner, identity in owners.items():
                files[f"the certificate of {owner}"] = identity.certificate
                files[f"the TLS certificate of {owner}"] = identity.tls_certificate
        there = {name: path.read_bytes() for name, path in files.items() if path.exists()}
        return check_certificates(there, datetime.now(UTC), advice=_ADVICE)

    def _clocks(self) -> list[Finding]:
        found: list[Finding] = []
        apart_s: dict[str, float] = {}
        for node in self._network.topology.nodes:
            mine = node in self._here.nodes
            if mine and not _runs(self._layout.node(node.id)):
                continue
            if not mine and node.kind is not Kind.CA:
                continue  # speaks gRPC only to others, and that tells no time
            try:
                apart_s[node.id] = self._ahead_s(node)
            except (httpx.HTTPError, OSError, KeyError, ValueError) as error:
                what = f"{node.id} did not tell its time: {error}"
                found.append(Finding("clocks", Grade.WARN, what))
        return found + check_clocks(apart_s, seconds_of(self._network.tuned.time_window))

    def _ahead_s(self, node: Node) -> float:
        """By the ``Date`` of an answer, which is up to a second old."""
        before = time.time()
        if node.kind is Kind.CA:
            url = f"https://{self._layout.address(node)}/cainfo?ca={ca_name(node.msp)}"
            root = str(self._layout.root_certificate(node.msp))
            trusted = ssl.create_default_context(cafile=root)
            answer = httpx.get(url, verify=trusted, timeout=_ASK_S, trust_env=False)
        else:
            port = self._layout.port(node, "operations")
            answer = _nodes.get(f"http://127.0.0.1:{port}/healthz")
        told = parsedate_to_datetime(answer.headers["Date"]).timestamp() + 0.5
        return told - (before + time.time()) / 2

    def _leader(self) -> list[Finding]:
        orderers = self._here.of(Kind.ORDERER)
        running = any(_runs(self._layout.node(node.id)) for node in orderers)
        others = any(org.orderers for org in self._network.topology.elsewhere)
        found = leader(self._here, self._layout)
        if found is None and not running and not others:
            return []  # told by the processes
        return check_leader(found.id if found else None, delivers=others and self._delivers())

    def _delivers(self) -> bool:
        try:
            return self._with_programs and self._network.lifecycle.delivers()
        except FabricRefused:
            return False

    def _heights(self) -> list[Finding]:
        """Reads again for a while when they differ: a block reaches one peer before another."""
        first = later = self._read_heights()
        deadline = time.monotonic() + _SETTLE_S
        while len(set(later.values())) > 1 and time.monotonic() < deadline:
            time.sleep(_POLL_S)
            later = self._read_heights()
        return check_heights(first, later)

    def _read_heights(self) -> dict[str, int]:
        peers = self._running_peers()
        return {peer.id: self._network.lifecycle.height(peer)[0] for peer in peers}

    def _running_peers(self) -> list[Node]:
        """Those that can be asked."""
        if not self._with_programs:
            return []
        peers = self._here.of(Kind.PEER)
        return [peer for peer in peers if _runs(self._layout.node(peer.id))]

    def _servers(self) -> list[Finding]:
        return check_servers(
            self._server(peer, server)
            for peer in self._here.of(Kind.PEER)
            for server in servers_of(self._layout, peer)
            if server.is_running
        )

    def _server(self, peer: Node, server: Server) -> ServerState:
        committed = None
        if peer in self._running_peers():
            standing = self._network.lifecycle.committed(peer, CHAINCODE)
            committed = standing.version if standing else ""
        told = json.loads(self._layout.servers(peer).read_bytes()).get(server.label, {})
        return ServerState(
            server.id,
            self._is_healthy(server),
            server.label,
            committed,
            told.get("address") == server.address,
        )

    def _is_healthy(self, server: Server) -> bool:
        try:
            return _nodes.get(f"http://127.0.0.1:{server.operations_port}/healthz").is_success
        except httpx.HTTPError:
            return False


def _runs(folder: NodeFolder) -> bool:
    return _nodes.running(folder) is not None


def _listening(process: psutil.Process) -> frozenset[int]:
    connections = process.net_connections(kind="inet")
    return frozenset(c.laddr.port for c in connections if c.status == psutil.CONN_LISTEN)
