# SPDX-License-Identifier: Apache-2.0
"""What hosts know of each other: exported there, imported here, and what is still missing.

The first organisation's host makes the channel, from every organisation's bundle; its own bundle
then holds the channel's first block, by which the other hosts know all organisations.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from cryptography.x509 import Certificate

from pmcb_chaincode.contract import Governance
from pmcb_client.files import write_atomic
from pmcb_network.errors import AwaitsOthers, BundleRefused, NetworkError

from ._bundle import Bundle, OrdererCertificates, certificate, pem
from ._channel_block import read_block
from ._identities import write_msp
from ._layout import Layout
from ._topology import Node, Organisation, Topology

_RESET = "if that host was made anew, so must this be: pmcb network reset"


@dataclass(frozen=True)
class Exchange:
    """One host's side of it."""

    topology: Topology
    layout: Layout
    governance: Governance

    def export(self, msp: str) -> Bundle:
        """The bundle of an organisation of this host; with the channel's block once it is here.

        Raises:
            BundleRefused: no organisation of this host has this name.
            NetworkError: its nodes have no certificates yet.
        """
        org = self._organisation(msp)
        if org in self.topology.elsewhere:
            raise BundleRefused(f"the nodes of {msp} are on {org.host}: it is exported there")
        try:
            root = self._root(org)
            orderers = {node.id: self._certificates(node) for node in org.orderers}
        except FileNotFoundError as error:
            raise NetworkError(
                f"the nodes of {msp} have no certificates yet", next_step="run: pmcb network up"
            ) from error
        block = self.layout.channel_block
        content = block.read_bytes() if block.exists() else b""
        return Bundle(msp, *self._made_from(), root, orderers, content)

    def take(self, bundle: Bundle) -> bool:
        """Keeps what another host exported; whether the channel's block is here now.

        Raises:
            BundleRefused: it is of another network, or contradicts what is here; nothing is kept.
            NetworkError: this host's own organisations have no certificates yet.
        """
        org = self._organisation(bundle.msp)
        if org not in self.topology.elsewhere:
            raise BundleRefused(f"{bundle.msp} is an organisation of this host itself")
        for what, ours, theirs in zip(
            ("topology", "governance"), self._made_from(),
            (bundle.topology, bundle.governance), strict=True,
        ):  # fmt: skip
            if ours != theirs:
                raise BundleRefused(
                    f"the host of {bundle.msp} made its network from another {what}",
                    next_step="compare the files, and make one of the two hosts anew",
                )
        if set(bundle.orderers) != {node.id for node in org.orderers}:
            raise BundleRefused(f"the bundle does not hold the orderers of {bundle.msp}")
        roots = self._agreed_roots(org, bundle)
        for each, root in roots.items():
            write_msp(self.layout, each, pem(root).encode())
        for node in org.orderers:
            self._keep(node, bundle.orderers[node.id])
        if bundle.block:
            self.layout.channel_block.parent.mkdir(exist_ok=True)
            write_atomic(self.layout.channel_block, bundle.block, mode=0o600)
        return self.layout.channel_block.exists()

    def check_complete(self) -> None:
        """Whether everything of other hosts is here that this one needs to go on.

        Raises:
            AwaitsOthers: names what is missing, and who does what next.
        """
        if not self.topology.elsewhere or self.layout.channel_block.exists():
            return
        first = self.topology.organisations[0]
        mine = ", ".join(org.msp for org in self.topology.here.organisations)
        if first in self.topology.elsewhere:
            raise AwaitsOthers(
                f"the channel is made on {first.host} and is not here yet",
                next_step=f"carry the bundle of {mine} (pmcb network org export) to {first.host}; "
                f"once `pmcb network up` has made the channel there, import the bundle of "
                f"{first.msp} here (pmcb network org import), then run `pmcb network up` again",
            )
        missing = [org for org in self.topology.elsewhere if not self._is_known(org)]
        if missing:
            whose = ", ".join(f"{org.msp} ({org.host})" for org in missing)
            raise AwaitsOthers(
                f"the bundle of {whose} is missing",
                next_step="there: pmcb network up, pmcb network org export; "
                "here: pmcb network org import, then pmcb network up again",
            )

    def _organisation(self, msp: str) -> Organisation:
        for org in self.topology.organisations:
            if org.msp == msp:
                return org
        known = ", ".join(org.msp for org in self.topology.organisations)
        raise BundleRefused(f"the topology has no organisation {msp}; it has {known}")

    def _made_from(self) -> tuple[str, str]:
        return (
            _digest(asdict(replace(self.topology, host=""))), _digest(self.governance.as_json()),
        )  # fmt: skip

    def _root(self, org: Organisation) -> Certificate:
        return certificate(self.layout.root_certificate(org.msp).read_bytes())

    def _certificates(self, node: Node) -> OrdererCertificates:
        own = self.layout.identity(node)
        return OrdererCertificates(
            certificate(own.certificate.read_bytes()), certificate(own.tls_certificate.read_bytes())
        )

    def _is_known(self, org: Organisation) -> bool:
        return self.layout.root_certificate(org.msp).exists() and all(
            self.layout.identity(node).tls_certificate.exists() for node in org.orderers
        )

    def _agreed_roots(self, org: Organisation, bundle: Bundle) -> Mapping[str, Certificate]:
        """The roots that the bundle tells, none of which may be another than is known here."""
        known = {}
        for each in self.topology.organisations:
            try:
                known[each.msp] = self._root(each)
            except FileNotFoundError:
                if each not in self.topology.elsewhere:
                    raise NetworkError(
                        f"the nodes of {each.msp} have no certificates yet",
                        next_step="run: pmcb network up",
                    ) from None
        self._check_root(known, bundle.msp, bundle.root)
        if self._is_known(org):
            kept = {node.id: self._certificates(node) for node in org.orderers}
            if kept != bundle.orderers:
                raise BundleRefused(
                    f"{bundle.msp} has other orderers' certificates than imported before",
                    next_step=_RESET,
                )
        told = {bundle.msp: bundle.root}
        if bundle.block:
            told |= self._roots_of_block(bundle)
            for msp, root in told.items():
                self._check_root(known | {bundle.msp: bundle.root}, msp, root)
        return {msp: root for msp, root in told.items() if msp not in known}

    def _roots_of_block(self, bundle: Bundle) -> Mapping[str, Certificate]:
        seen, block = read_block(bundle.block), self.layout.channel_block
        orgs = {org.msp for org in self.topology.organisations}
        if (seen.channel, set(seen.roots)) != (self.topology.channel, orgs):
            raise BundleRefused("the block in the bundle is another channel's")
        if block.exists() and block.read_bytes() != bundle.block:
            raise BundleRefused("the bundle holds another first block than this host's")
        return seen.roots

    def _check_root(self, known: Mapping[str, Certificate], msp: str, root: Certificate) -> None:
        if known.get(msp, root) != root:
            raise BundleRefused(
                f"the bundle has another root certificate of {msp} than is known here",
                next_step=_RESET,
            )

    def _keep(self, node: Node, told: OrdererCertificates) -> None:
        own = self.layout.identity(node)
        for path, one in ((own.certificate, told.identity), (own.tls_certificate, told.tls)):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, pem(one).encode(), mode=0o600)


def _digest(document: object) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
