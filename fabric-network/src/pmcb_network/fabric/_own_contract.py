# SPDX-License-Identifier: Apache-2.0
"""This installation's contract on the channel, under the rules that organisations agreed on."""

import asyncio
import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from pmcb_chaincode._label import package_label
from pmcb_chaincode.contract import Governance
from pmcb_client.files import write_atomic
from pmcb_client.network_file import NetworkFile
from pmcb_client.wallet import WalletIdentity
from pmcb_network.introduce import wait_for_ping

from . import _nodes
from ._chaincode import Chaincode
from ._deployment import SAME_ELSEWHERE, UP_ELSEWHERE, Deployment
from ._layout import Layout
from ._servers import Server, place_for, servers_of
from ._topology import Kind, Node, Topology

CHAINCODE = "pmcb"
_AT_ONCE = 8


class OwnContract:
    """Brings the installed code onto the channel beside what is served there, then ends the latter.

    ``bring``, a ping by whoever asks, ``settle``. A run that was killed in between is finished by
    the next: what stands on the channel says how far it came.
    """

    def __init__(
        self, topology: Topology, layout: Layout, deployment: Deployment, rules: Governance
    ) -> None:
        self._topology = topology
        self._layout = layout
        self._deployment = deployment
        self.rules = rules

    def standing(self) -> str:
        """The label that the channel has; empty: none."""
        found = self._deployment.standing(CHAINCODE)
        return found.version if found is not None else ""

    def bring(self, say: Callable[[str], None], rules: Governance | None = None) -> None:
        """The installed code under these rules onto the channel, unless it stands there already.

        What is served goes on meanwhile. The rules, by default those that stand, are kept once
        they stand on every peer here.

        Raises:
            AwaitsOthers, NodeFailed, FabricRefused: as `Deployment.deploy` says.
        """
        standing = self.standing()
        rules = rules or self._agreed(standing)
        label = package_label(rules)
        say(f"starting chaincode servers of {label}")
        peers = self._topology.here.of(Kind.PEER)

        def start(peer: Node) -> str:
            server = place_for(servers_of(self._layout, peer), label, standing)
            server.start(rules, label)
            return server.address

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            addresses = dict(zip(peers, pool.map(start, peers), strict=True))
        elsewhere = SAME_ELSEWHERE if standing else UP_ELSEWHERE
        chaincode = Chaincode(CHAINCODE, label)
        self._deployment.deploy(chaincode, addresses, say, elsewhere=elsewhere)
        self._keep(rules, say)

    def settle(
        self,
        network: NetworkFile,
        registrars: Iterable[WalletIdentity],
        say: Callable[[str], None],
        *,
        within_s: float,
    ) -> int:
        """Ends the servers of other labels than the standing one; how many there were.

        First a ping is committed through each registrar's gateway, by what stands.

        Raises:
            StartFailed: no ping was committed; the other servers go on.
        """
        standing = self.standing()
        others = [server for server in self.running() if server.label != standing]
        if not others:
            return 0
        say(f"waiting until {standing} answers through every gateway")
        for registrar in registrars:
            asyncio.run(wait_for_ping(network, registrar, within_s=within_s, committed=True))
        say(f"stopping chaincode servers of {', '.join(sorted({each.label for each in others}))}")
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(lambda server: _nodes.stop(server.folder), others))
        return len(others)

    def running(self) -> list[Server]:
        """The servers that run on this host."""
        peers = self._topology.here.of(Kind.PEER)
        servers = [server for peer in peers for server in servers_of(self._layout, peer)]
        return [server for server in servers if server.is_running]

    def _agreed(self, standing: str) -> Governance:
        """The rules of what stands, where a server of this host has them; else those kept."""
        for peer in self._topology.here.of(Kind.PEER):
            for server in servers_of(self._layout, peer):
                if standing and server.label == standing:
                    return Governance.load(server.governance)
        return self.rules

    def _keep(self, rules: Governance, say: Callable[[str], None]) -> None:
        """After the commit: until then, and when killed before this, the servers have them."""
        if rules != self.rules:
            say("keeping the governance that the organisations approved")
            self.rules = rules
            document = json.dumps(rules.as_json(), indent=1).encode()
            write_atomic(self._layout.governance, document, mode=0o600)
