# SPDX-License-Identifier: Apache-2.0
"""A CA's list of revoked certificates into the channel's configuration, where peers heed it.

Peers look at no other list, and at no list's dates: a certificate is refused from the moment when
the configuration names its number. A list of today says more than those before it, unless the
CA's database was put back from a backup; so none is dropped that names a certificate which today's
does not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from pmcb_network.errors import FabricRefused, NodeFailed

from . import _nodes
from ._binaries import Binaries
from ._channel_block import SECTIONS
from ._channel_config import ChannelConfig
from ._layout import Layout
from ._protos import DecodeError, msp_config
from ._topology import Node, Organisation, Topology

_TAKEN_S = 60.0


@dataclass(frozen=True)
class RevocationList:
    """A list as it stands, and what it says.

    Attributes:
        serials: of the revoked certificates.
        ends: when its CA meant to have made the next one, in UTC; None when it does not say.
    """

    raw: bytes
    serials: frozenset[int]
    ends: datetime | None

    @classmethod
    def read(cls, raw: bytes) -> "RevocationList":
        """From PEM or DER.

        Raises:
            ValueError: it is none.
        """
        pem = raw.lstrip().startswith(b"-----BEGIN")
        listed = x509.load_pem_x509_crl(raw) if pem else x509.load_der_x509_crl(raw)
        serials = frozenset(revoked.serial_number for revoked in listed)
        return cls(raw, serials, listed.next_update_utc)

    def check_signed_by(self, root: bytes) -> None:
        """Whether the CA with this certificate (PEM) made it; peers skip a list of another's.

        Raises:
            FabricRefused: it did not.
        """
        key = x509.load_pem_x509_certificate(root).public_key()
        try:
            genuine = x509.load_pem_x509_crl(self.raw).is_signature_valid(key)  # type: ignore[arg-type]  # other keys: TypeError
        except (ValueError, TypeError, UnsupportedAlgorithm):
            genuine = False
        if not genuine:
            raise FabricRefused("the CA's list of revoked certificates does not bear its signature")


@dataclass(frozen=True)
class Told:
    """What peers go by now.

    Attributes:
        revoked: how many certificates they refuse.
        changed: whether the channel's configuration was changed for it.
        stopped: peers of this host that do not run, and learn of it when they do.
    """

    revoked: int
    changed: bool
    stopped: tuple[str, ...]


class Revocation:
    """Tells the peers of one network what the CAs of this host's organisations revoked."""

    def __init__(self, topology: Topology, layout: Layout, binaries: Binaries) -> None:
        self._topology = topology
        self._layout = layout
        self._config = ChannelConfig(topology, layout, binaries)

    def tell(self, org: Organisation, pem: bytes, say: Callable[[str], None]) -> Told:
        """Puts the list into the organisation's MSP and waits until every peer goes by it.

        Only the organisation's own administrator has to sign: it is of this host.

        Raises:
            FabricRefused: the list is not the CA's, or the orderer refused the change.
            NodeFailed: a peer that runs did not take it in time; orderers hold it all the same.
        """
        new = RevocationList.read(pem)
        new.check_signed_by(self._layout.root_certificate(org.msp).read_bytes())
        by = org.peers[0]
        standing = self._config.ordered(by)
        wanted = with_list(standing, org.msp, new)
        if wanted is not None:
            say("changing the channel's configuration")
            self._config.update(by, standing, wanted)
        say("waiting until every peer goes by it")
        stopped = [peer.id for peer in self._topology.here.of(by.kind) if not self._runs(peer)]
        for peer in self._topology.of(by.kind):
            if peer.id not in stopped:
                self._wait_for(peer, by, org.msp, new)
        refused = revoked(standing if wanted is None else wanted, org.msp)
        return Told(len(refused), wanted is not None, tuple(stopped))

    def _runs(self, peer: Node) -> bool:
        return _nodes.running(self._layout.node(peer.id)) is not None

    def _wait_for(self, peer: Node, by: Node, msp: str, new: RevocationList) -> None:
        try:
            _nodes.wait(
                f"{peer.id} to refuse what {msp} revoked",
                lambda: new.serials <= revoked(self._config.held(by, peer), msp),
                within_s=_TAKEN_S,
            )
        except NodeFailed as error:
            raise NodeFailed(
                f"the channel holds the list of {msp}; but {error}",
                next_step="bring up what is down with `pmcb network up`, then repeat this",
            ) from error


def revoked(config: Any, msp: str) -> frozenset[int]:
    """The numbers that peers and orderers refuse: those that every list of the MSP names."""
    named = [
        frozenset().union(*(each.serials for each in _lists(fabric)))
        for fabric in _msps(config, msp).values()
    ]
    return frozenset.intersection(*named) if named else frozenset()


def with_list(config: Any, msp: str, new: RevocationList) -> Any:
    """A copy whose MSP refuses what the list names; None when it does already.

    Where the organisation orders, its MSP stands twice, and the two must be equal.
    """
    wanted = type(config)()
    wanted.CopyFrom(config)
    changed = False
    for section, fabric in _msps(config, msp).items():
        standing = _lists(fabric)
        if new.serials <= frozenset().union(*(each.serials for each in standing)):
            continue
        changed = True
        kept = [each.raw for each in standing if not each.serials <= new.serials]
        del fabric.revocation_list[:]
        fabric.revocation_list.extend([new.raw, *kept])
        value = wanted.channel_group.groups[section].groups[msp].values["MSP"]
        outer = msp_config.MSPConfig.FromString(value.value)
        outer.config = fabric.SerializeToString()
        value.value = outer.SerializeToString()
    return wanted if changed else None


def _msps(config: Any, msp: str) -> dict[str, Any]:
    """The MSP's definition (``FabricMSPConfig``) in each section that has it."""
    found: dict[str, Any] = {}
    for section in SECTIONS:
        groups = config.channel_group.groups[section].groups
        if msp in groups:
            try:
                outer = msp_config.MSPConfig.FromString(groups[msp].values["MSP"].value)
                found[section] = msp_config.FabricMSPConfig.FromString(outer.config)
            except DecodeError as error:
                raise FabricRefused(f"the channel's definition of {msp} is damaged") from error
    return found


def _lists(fabric: Any) -> Sequence[RevocationList]:
    try:
        return [RevocationList.read(raw) for raw in fabric.revocation_list]
    except ValueError as error:
        raise FabricRefused("a list of revoked certificates on the channel is damaged") from error
