# SPDX-License-Identifier: Apache-2.0
"""A Fabric network on this machine: brought up step by step, each of which may be repeated."""

import asyncio
import json
import re
import ssl
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from pmcb_chaincode._label import package_label
from pmcb_chaincode.contract import Governance
from pmcb_client.files import write_atomic
from pmcb_client.network_file import NetworkFile, parse
from pmcb_network.errors import FabricRefused

from . import _nodes
from ._binaries import Binaries
from ._builder import SERVERS_VARIABLE, write_builder
from ._ca_settings import ca_settings
from ._channel import PROFILE, configtx
from ._identities import ca_name, enrol, publish_msp, registrar_secret
from ._layout import Layout, NodeFolder
from ._lifecycle import Lifecycle
from ._nodes import Command
from ._orderer_settings import orderer_settings
from ._package import package, package_id
from ._peer_settings import peer_settings
from ._topology import Consensus, Kind, Node, Topology
from ._tunables import Tunables

CHAINCODE = "pmcb"
_START_S, _LEADER_S, _AGREE_S = 40.0, 60.0, 30.0
_ASK_S = 3.0
_AT_ONCE = 8


class FabricNetwork:
    """The nodes of a topology in one folder.

    Every step looks first: what runs is left alone, what is there is not made again.
    """

    def __init__(
        self,
        topology: Topology,
        layout: Layout,
        binaries: Binaries,
        governance: Governance,
        tuned: Tunables,
    ) -> None:
        self.topology = topology
        self.layout = layout
        self._binaries = binaries
        self._governance = governance
        self._tuned = tuned
        self.lifecycle = Lifecycle(topology, layout, binaries, CHAINCODE)

    def up(self, say: Callable[[str], None]) -> None:
        """From nothing, or from whatever stands, to a network whose contract answers.

        Raises:
            NodeFailed: names the step, the reason, and the last lines of the node's log.
            FabricRefused: one of Fabric's programs said no.
        """
        say("starting the certificate authorities")
        self._together(self._start_ca, self.topology.of(Kind.CA))
        say("enrolling nodes and administrators")
        self._enrol()
        say("making the channel")
        self._make_channel()
        self._render()
        say("starting orderers and peers")
        self._together(self._start, self.topology.of(Kind.ORDERER) + self.topology.of(Kind.PEER))
        say("joining the channel")
        self._together(self._join, self.topology.of(Kind.ORDERER))
        _nodes.wait("a leader among the orderers", self._has_leader, within_s=_LEADER_S)
        self._together(self._join, self.topology.of(Kind.PEER))
        self.deploy(say)

    def deploy(self, say: Callable[[str], None]) -> None:
        """This installation's contract on the channel; nothing when it stands there already."""
        label = package_label(self._governance)
        identity = package_id(label)
        say(f"starting chaincode servers of {label}")
        self._together(lambda peer: self._start_server(peer, label), self.topology.of(Kind.PEER))
        self._install(label, identity)
        self._commit(label, identity, say)
        say("waiting until the gateways find endorsers")

    def _install(self, label: str, identity: str) -> None:
        file = self.layout.root / "packages" / f"{label}.tar.gz"
        file.parent.mkdir(exist_ok=True)
        write_atomic(file, package(label), mode=0o600)
        self.lifecycle.install(file, identity)

    def _commit(self, label: str, identity: str, say: Callable[[str], None]) -> None:
        first = self.topology.organisations[0].peers[0]
        standing = self.lifecycle.committed(first)
        if standing is not None and standing.version == label:
            self.lifecycle.approve(label, standing.sequence, identity)
            return
        sequence = standing.sequence + 1 if standing else 1
        say("approving the contract")
        self.lifecycle.approve(label, sequence, identity)
        _nodes.wait(
            "the organisations' approvals",
            lambda: self.lifecycle.ready_to_commit(label, sequence),
            within_s=_AGREE_S,
        )
        say("committing the contract")
        self.lifecycle.commit(label, sequence)

        def everywhere() -> bool:
            found = [self.lifecycle.committed(peer) for peer in self.topology.of(Kind.PEER)]
            return all(each is not None and each.sequence == sequence for each in found)

        _nodes.wait("the commit on every peer", everywhere, within_s=_AGREE_S)

    # -- single nodes

    def _start_ca(self, node: Node) -> None:
        folder = self.layout.node(node.id)
        folder.data.mkdir(parents=True, exist_ok=True)
        secret = registrar_secret(self.layout, node.msp)
        settings = ca_settings(node, self.layout, name=ca_name(node.msp), secret=secret)
        _write(folder.data / "fabric-ca-server-config.yaml", settings)
        # The operations address has no setting that works: it must be a variable.
        operations = f"127.0.0.1:{self.layout.port(node, 'operations')}"
        command = Command(
            (self._binaries["fabric-ca-server"], "start", "--home", str(folder.data)),
            {
                "HOME": str(folder.data),
                "FABRIC_CA_SERVER_OPERATIONS_LISTENADDRESS": operations,
            },
        )
        _nodes.start(folder, command)

        def answers() -> bool:
            trusted = ssl.create_default_context(cafile=str(folder.data / "ca-cert.pem"))
            url = f"https://{self.layout.address(node)}/cainfo"
            with httpx.Client(verify=trusted, trust_env=False, timeout=_ASK_S) as client:
                return client.get(url, params={"ca": ca_name(node.msp)}).is_success

        _nodes.wait(f"{node.id} to answer", answers, within_s=_START_S, folder=folder)

    def _enrol(self) -> None:
        async def all_of_them() -> None:
            for org in self.topology.organisations:
                publish_msp(self.layout, org)
                await enrol(self.layout, org, org.nodes)

        asyncio.run(all_of_them())

    def _make_channel(self) -> None:
        block = self.layout.channel_block
        if block.exists():
            return
        _write(block.parent / "configtx.yaml", configtx(self.topology, self.layout))
        made = block.with_suffix(".new")
        self._binaries.run(
            "configtxgen", "-configPath", str(block.parent), "-profile", PROFILE,
            "-channelID", self.topology.channel, "-outputBlock", str(made),
        )  # fmt: skip
        made.rename(block)

    def _render(self) -> None:
        write_builder(self.layout.builder)
        for node in self.topology.nodes:
            config = self.layout.node(node.id).config
            if node.kind is Kind.PEER:
                settings = peer_settings(node, self.topology, self.layout, self._tuned)
                _write(config / "core.yaml", settings)
            elif node.kind is Kind.ORDERER:
                settings = orderer_settings(node, self.topology, self.layout, self._tuned)
                _write(config / "orderer.yaml", settings)

    def _start(self, node: Node) -> None:
        folder = self.layout.node(node.id)
        environment = {
            "FABRIC_CFG_PATH": str(folder.config),
            "FABRIC_LOGGING_SPEC": self._tuned.logging,
        }
        words: tuple[str, ...] = (self._binaries["orderer"],)
        if node.kind is Kind.PEER:
            words = (self._binaries["peer"], "node", "start")
            environment[SERVERS_VARIABLE] = str(self.layout.servers(node))
        _nodes.start(folder, Command(words, environment))
        self._wait_healthy(folder, node.id, self.layout.port(node, "operations"))

    def _start_server(self, peer: Node, label: str) -> None:
        """The chaincode server of a peer; the builder's file names it before any install."""
        folder = self.server_folder(peer)
        governance = self.layout.root / "governance.json"
        address = f"127.0.0.1:{self.layout.port(peer, 'server')}"
        operations = f"127.0.0.1:{self.layout.port(peer, 'server-operations')}"
        known = self.layout.servers(peer)
        servers = json.loads(known.read_bytes()) if known.exists() else {}
        servers[label] = {"address": address, "dial_timeout": "10s", "tls_required": False}
        _write(known, servers)
        words = (
            sys.executable, "-P", "-m", "pmcb_chaincode", "serve", "--governance", str(governance),
        )  # fmt: skip
        environment = {
            "CHAINCODE_ID": package_id(label),
            "CHAINCODE_SERVER_ADDRESS": address,
            "PMCB_CC_OPERATIONS": operations,
            "PMCB_CC_AUDIT": str(folder.data / "refusals"),
        }
        _nodes.start(folder, Command(words, environment))
        port = self.layout.port(peer, "server-operations")
        self._wait_healthy(folder, folder.path.name, port)

    def server_folder(self, peer: Node) -> NodeFolder:
        """The folder of a peer's chaincode server."""
        return self.layout.node(f"server{peer.number}.{peer.msp}")

    def _wait_healthy(self, folder: NodeFolder, name: str, port: int) -> None:
        def healthy() -> bool:
            return _get(f"http://127.0.0.1:{port}/healthz").is_success

        _nodes.wait(f"{name} to be healthy", healthy, within_s=_START_S, folder=folder)

    def _join(self, node: Node) -> None:
        """Asks again until it works: nodes are healthy a little before they can be asked."""
        join = self._join_orderer if node.kind is Kind.ORDERER else self.lifecycle.join
        _nodes.wait(
            f"{node.id} to join {self.topology.channel}",
            lambda: join(node),
            within_s=_START_S,
            folder=self.layout.node(node.id),
        )

    def _join_orderer(self, node: Node) -> bool:
        """By the participation API, under mutual TLS as the organisation's administrator."""
        admin = self.layout.admin(node.msp)
        trusted = ssl.create_default_context(cafile=str(self.layout.root_certificate(node.msp)))
        trusted.load_cert_chain(admin.tls_certificate, admin.tls_key)
        url = f"https://localhost:{self.layout.port(node, 'admin')}/participation/v1/channels"
        with httpx.Client(verify=trusted, trust_env=False, timeout=30.0) as client:
            if client.get(f"{url}/{self.topology.channel}").is_success:
                return True
            block = self.layout.channel_block.read_bytes()
            answer = client.post(url, files={"config-block": ("config.block", block)})
        if not answer.is_success:
            raise FabricRefused(answer.text.strip())
        return True

    def _has_leader(self) -> bool:
        kind = {Consensus.RAFT: "etcdraft", Consensus.BFT: "BFT"}[self.topology.consensus]
        leads = re.compile(
            rf'^consensus_{kind}_is_leader{{channel="{self.topology.channel}"}} 1$', re.MULTILINE
        )
        for node in self.topology.of(Kind.ORDERER):
            port = self.layout.port(node, "operations")
            if leads.search(_get(f"http://127.0.0.1:{port}/metrics").text):
                return True
        return False

    def network_file(self) -> NetworkFile:
        """What clients read; no secret is in it."""
        orgs: list[dict[str, Any]] = []
        for org in self.topology.organisations:
            root = self.layout.root_certificate(org.msp).read_text()
            orgs.append(
                {
                    "msp": org.msp,
                    "gateway": self.layout.address(org.peers[0]),
                    "msp_ca": root,
                    "crl": "",
                    "tls_ca": root,
                    "ca_url": f"https://{self.layout.address(org.ca)}",
                    "ca_name": ca_name(org.msp),
                }
            )
        return parse(
            {
                "version": 1,
                "kind": "fabric",
                "channel": self.topology.channel,
                "chaincode": CHAINCODE,
                "orgs": orgs,
            }
        )

    def _together(self, work: Callable[[Node], None], nodes: tuple[Node, ...]) -> None:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(work, nodes))


def _get(url: str) -> httpx.Response:
    return httpx.get(url, timeout=_ASK_S, trust_env=False)


def _write(path: Any, document: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, json.dumps(document, indent=1).encode(), mode=0o600)
