# SPDX-License-Identifier: Apache-2.0
"""What of a Fabric network is on this machine, brought up by steps that may be repeated."""

import asyncio
import json
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import httpx

from pmcb_chaincode.contract import Governance
from pmcb_client.files import write_atomic
from pmcb_client.network_file import NetworkFile, parse
from pmcb_network.errors import AwaitsOthers, NodeFailed

from . import _nodes
from ._binaries import Binaries
from ._builder import SERVERS_VARIABLE, write_builder
from ._ca_settings import ca_settings
from ._channel import PROFILE, configtx
from ._deployment import UP_ELSEWHERE, Deployment
from ._exchange import Exchange
from ._identities import ca_name, enrol, publish_msp, registrar_secret
from ._joining import join_orderer, leader
from ._layout import Layout
from ._lifecycle import Lifecycle
from ._nodes import Command
from ._orderer_settings import orderer_settings
from ._own_contract import CHAINCODE, OwnContract
from ._peer_settings import peer_settings
from ._topology import Kind, Node, Topology
from ._tunables import Tunables

_LEADER_S = 60.0
_CATCH_UP_S = 120.0
_OTHERS_S = 20.0
_ASK_S = 3.0
_AT_ONCE = 8
_T = TypeVar("_T")


class FabricNetwork:
    """The nodes of a topology on one host, in one folder.

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
        self.tuned = tuned
        self.exchange = Exchange(topology, layout, governance)
        self.lifecycle = Lifecycle(topology, layout, binaries)
        self.deployment = Deployment(topology, layout, self.lifecycle)
        self.contract = OwnContract(topology, layout, self.deployment, governance)

    def up(self, say: Callable[[str], None]) -> None:
        """From nothing, or from whatever stands, to a network whose contract answers.

        Raises:
            AwaitsOthers: this host did what it can alone; says which host goes on, and how.
            NodeFailed: names the step, the reason, and the last lines of the node's log.
            FabricRefused: one of Fabric's programs said no.
        """
        here = self.topology.here
        say("starting the certificate authorities")
        self._together(self._start_ca, here.of(Kind.CA))
        say("enrolling nodes and administrators")
        self._enrol()
        self.exchange.check_complete()
        self._make_channel(say)
        self._render()
        say("starting orderers and peers")
        self._together(self._start, here.of(Kind.ORDERER) + here.of(Kind.PEER))
        say("joining the channel")
        self._together(self._join, here.of(Kind.ORDERER))
        self._wait_for_leader()
        self._together(self._join, here.of(Kind.PEER))
        self._catch_up()
        self.contract.bring(say)
        say("waiting until the gateways find endorsers")

    def _catch_up(self) -> None:
        """A peer that replays the chain would say that nothing was approved yet."""
        peers = self.topology.here.of(Kind.PEER)

        def heights() -> list[int]:
            return self._together(lambda peer: self.lifecycle.height(peer)[0], peers)

        newest = max(heights())
        _nodes.wait(
            "the peers to have the newest blocks",
            lambda: min(heights()) >= newest,
            within_s=_CATCH_UP_S,
        )

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

        _nodes.wait(f"{node.id} to answer", answers, within_s=_nodes.START_S, folder=folder)

    def _enrol(self) -> None:
        async def all_of_them() -> None:
            for org in self.topology.here.organisations:
                publish_msp(self.layout, org)
                await enrol(self.layout, org, org.nodes)

        asyncio.run(all_of_them())

    def _make_channel(self, say: Callable[[str], None]) -> None:
        block = self.layout.channel_block
        if block.exists():
            return
        say("making the channel")
        _write(block.parent / "configtx.yaml", configtx(self.topology, self.layout))
        made = block.with_suffix(".new")
        self._binaries.run(
            "configtxgen", "-configPath", str(block.parent), "-profile", PROFILE,
            "-channelID", self.topology.channel, "-outputBlock", str(made),
        )  # fmt: skip
        made.rename(block)

    def _render(self) -> None:
        write_builder(self.layout.builder)
        for node in self.topology.here.nodes:
            config = self.layout.node(node.id).config
            if node.kind is Kind.PEER:
                settings = peer_settings(node, self.topology, self.layout, self.tuned)
                _write(config / "core.yaml", settings)
            elif node.kind is Kind.ORDERER:
                settings = orderer_settings(node, self.topology, self.layout, self.tuned)
                _write(config / "orderer.yaml", settings)

    def _start(self, node: Node) -> None:
        folder = self.layout.node(node.id)
        environment = {
            "FABRIC_CFG_PATH": str(folder.config),
            "FABRIC_LOGGING_SPEC": self.tuned.logging_spec,
        }
        words: tuple[str, ...] = (self._binaries["orderer"],)
        if node.kind is Kind.PEER:
            words = (self._binaries["peer"], "node", "start")
            environment[SERVERS_VARIABLE] = str(self.layout.servers(node))
        _nodes.start(folder, Command(words, environment))
        _nodes.wait_healthy(folder, self.layout.port(node, "operations"))

    def _join(self, node: Node) -> None:
        """Asks again until it works: nodes are healthy a little before they can be asked."""

        def join() -> bool:
            if node.kind is Kind.ORDERER:
                return join_orderer(self.layout, self.topology.channel, node)
            return self.lifecycle.join(node)

        _nodes.wait(
            f"{node.id} to join {self.topology.channel}",
            join,
            within_s=_nodes.START_S,
            folder=self.layout.node(node.id),
        )

    def _wait_for_leader(self) -> None:
        """By its own metrics here; of other hosts' orderers, by what they deliver."""
        others = [node.id for org in self.topology.elsewhere for node in org.orderers]

        def orders() -> bool:
            if leader(self.topology.here, self.layout) is not None:
                return True
            return bool(others) and self.lifecycle.delivers()

        try:
            _nodes.wait(
                "a leader among the orderers",
                orders,
                within_s=_OTHERS_S if others else _LEADER_S,
            )
        except NodeFailed as error:
            if not others:
                raise
            raise AwaitsOthers(str(error), next_step=UP_ELSEWHERE) from error

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

    def _together(self, work: Callable[[Node], _T], nodes: tuple[Node, ...]) -> list[_T]:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(work, nodes))


def _write(path: Any, document: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, json.dumps(document, indent=1).encode(), mode=0o600)
