# SPDX-License-Identifier: Apache-2.0
"""A contract onto the channel: told to the builders, installed, approved, committed."""

import json
from collections.abc import Callable, Mapping

from pmcb_client.files import write_atomic
from pmcb_network.errors import AwaitsOthers, FabricRefused, NodeFailed

from . import _nodes
from ._chaincode import Chaincode
from ._layout import Layout
from ._lifecycle import Committed, Lifecycle
from ._package import package
from ._topology import Kind, Node, Topology

_AGREE_S = 30.0
# Approvals of other hosts are there, or will not come by waiting: only this host's may be behind.
_CATCH_UP_S = 5.0
UP_ELSEWHERE = (
    "run `pmcb network up` on the other hosts, where they have the channel (here: pmcb network org "
    "export; there: pmcb network org import), then here again"
)
SAME_ELSEWHERE = "run the same on the other hosts, then here again; what stood is served until then"


class Deployment:
    """Brings contracts onto the channel of one network. Every step looks first."""

    def __init__(self, topology: Topology, layout: Layout, lifecycle: Lifecycle) -> None:
        self._topology = topology
        self._layout = layout
        self._lifecycle = lifecycle

    def deploy(
        self,
        chaincode: Chaincode,
        servers: Mapping[Node, str],
        say: Callable[[str], None],
        *,
        elsewhere: str = SAME_ELSEWHERE,
    ) -> bool:
        """Whether the channel has a new definition now; False when the same one stood already.

        ``servers`` gives each peer the address of its chaincode server, which should answer. A
        definition that is replaced goes on being served until every peer here has the new one.
        ``elsewhere`` is the advice where other hosts' approvals are missing.

        Raises:
            AwaitsOthers: an organisation of another host did not approve yet.
            NodeFailed: the organisations do not agree in time.
            FabricRefused: a peer or an orderer said no.
        """
        for peer, address in servers.items():
            self._tell_builder(peer, chaincode, address)
        self._install(chaincode)
        is_new = self._commit(chaincode, say, elsewhere)
        for peer in servers:
            self._forget_others(peer, chaincode)
        return is_new

    def standing(self, name: str) -> Committed | None:
        """What the channel has under a name, as the first peer of this host knows it."""
        return self._lifecycle.committed(self._topology.here.organisations[0].peers[0], name)

    def told(self, peer: Node) -> dict[str, dict[str, object]]:
        """What a peer's builder knows, by label: where the server is, and of which chaincode."""
        known = self._layout.servers(peer)
        return dict(json.loads(known.read_bytes())) if known.exists() else {}

    def _tell_builder(self, peer: Node, chaincode: Chaincode, address: str) -> None:
        """Before the install: peers run their builder then, and keep what it said.

        They read that again at every launch, so a label that is served elsewhere now, or came
        back, is found there.
        """
        connection = {"address": address, "dial_timeout": "10s", "tls_required": False}
        servers = self.told(peer) | {chaincode.label: {**connection, "chaincode": chaincode.name}}
        self._write_servers(peer, servers)
        kept = self._layout.connection(peer, chaincode.package_id)
        if kept.exists():
            write_atomic(kept, json.dumps(connection).encode(), mode=0o600)

    def _forget_others(self, peer: Node, chaincode: Chaincode) -> None:
        """Labels that the chaincode had before: nothing is launched by them any more."""
        told = self.told(peer)
        servers = {
            label: server
            for label, server in told.items()
            if label == chaincode.label or server.get("chaincode") != chaincode.name
        }
        if servers != told:
            self._write_servers(peer, servers)

    def _write_servers(self, peer: Node, servers: Mapping[str, object]) -> None:
        known = self._layout.servers(peer)
        known.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(known, json.dumps(servers, indent=1).encode(), mode=0o600)

    def _install(self, chaincode: Chaincode) -> None:
        file = self._layout.root / "packages" / f"{chaincode.label}.tar.gz"
        file.parent.mkdir(exist_ok=True)
        write_atomic(file, package(chaincode.label), mode=0o600)
        self._lifecycle.install(file, chaincode.package_id)

    def _commit(self, chaincode: Chaincode, say: Callable[[str], None], elsewhere: str) -> bool:
        standing = self.standing(chaincode.name)
        is_new = standing is None or standing.version != chaincode.version
        sequence = (standing.sequence if standing else 0) + is_new
        if is_new:
            say("approving the contract")
            self._approve(chaincode, sequence)
            self._wait_for_approvals(chaincode, sequence, elsewhere)
            say("committing the contract")
            _nodes.wait(
                "the commit", lambda: self._committed(chaincode, sequence), within_s=_AGREE_S
            )
        else:
            self._lifecycle.approve(chaincode, sequence)

        def everywhere() -> bool:
            peers = self._topology.here.of(Kind.PEER)
            found = [self._lifecycle.committed(peer, chaincode.name) for peer in peers]
            return all(each is not None and each.sequence >= sequence for each in found)

        _nodes.wait("the commit on every peer", everywhere, within_s=_AGREE_S)
        return is_new

    def _approve(self, chaincode: Chaincode, sequence: int) -> None:
        try:
            self._lifecycle.approve(chaincode, sequence)
        except FabricRefused as error:
            if "timed out" in str(error) and any(org.orderers for org in self._topology.elsewhere):
                # BFT orderers take it and call themselves leaders before there are enough of them.
                raise AwaitsOthers(str(error), next_step=UP_ELSEWHERE) from error
            raise

    def _wait_for_approvals(self, chaincode: Chaincode, sequence: int, elsewhere: str) -> None:
        def missing() -> set[str]:
            return self._lifecycle.unapproved(chaincode, sequence)

        others = {org.msp for org in self._topology.elsewhere}
        try:
            _nodes.wait(
                "the organisations' approvals",
                lambda: self._stands(chaincode) or not missing(),
                within_s=_CATCH_UP_S if others else _AGREE_S,
            )
        except NodeFailed as error:
            awaited = missing()
            if not awaited or not awaited <= others:
                raise
            raise AwaitsOthers(
                f"{', '.join(sorted(awaited))} did not approve the contract {chaincode.label} yet",
                next_step=elsewhere,
            ) from error

    def _committed(self, chaincode: Chaincode, sequence: int) -> bool:
        """Asked again: another host may be first, or its peer a block behind."""
        try:
            self._lifecycle.commit(chaincode, sequence)
        except FabricRefused:
            if not self._stands(chaincode):
                raise
        return True

    def _stands(self, chaincode: Chaincode) -> bool:
        standing = self.standing(chaincode.name)
        return standing is not None and standing.version == chaincode.version
