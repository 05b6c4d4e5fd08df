# SPDX-License-Identifier: Apache-2.0
"""`pmcb network upgrade`: the installed contract replaces the one that the channel has."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pmcb_client.wallet import Wallet
from pmcb_network._launch import Places
from pmcb_network.errors import NotRunning
from pmcb_network.introduce import registrar_of

from . import _nodes
from ._binaries import find
from ._folder import folder_of, governance_for, open_network
from ._network import FabricNetwork
from ._own_contract import CHAINCODE
from ._topology import Kind


@dataclass(frozen=True)
class Upgraded:
    """What an upgrade came to.

    Attributes:
        label: what stands now.
        replaced: what stood before; the same where nothing was to be replaced.
        sequence: how often the channel's definition was replaced, from 1.
        stopped: how many servers of other labels were ended.
    """

    label: str
    replaced: str
    sequence: int
    stopped: int

    @property
    def is_new(self) -> bool:
        """Whether anything was done."""
        return self.label != self.replaced or self.stopped > 0


def upgrade(
    places: Places, governance: Path | None, say: Callable[[str], None], *, within_s: float
) -> Upgraded:
    """The installed contract, under these rules or those that stand, instead of the one there.

    Raises:
        TopologyError: the governance is not one for this network.
        NotRunning: a peer or an orderer of this host does not run.
        AwaitsOthers, NodeFailed, FabricRefused: as `Deployment.deploy` says; what stood is served.
        StartFailed: no ping was committed; both are served.
    """
    network = open_network(folder_of(places), find())
    rules = None if governance is None else governance_for(network.topology, governance)
    check_runs(network)
    before = network.contract.standing()
    network.contract.bring(say, rules)
    stopped = settle(places, network, say, within_s=within_s)
    now = network.deployment.standing(CHAINCODE)
    label, sequence = (now.version, now.sequence) if now is not None else ("", 0)
    return Upgraded(label, before, sequence, stopped)


def settle(
    places: Places, network: FabricNetwork, say: Callable[[str], None], *, within_s: float
) -> int:
    """Ends the servers of what does not stand any more, as `OwnContract.settle` says."""
    described = network.network_file()
    wallet = Wallet(places.home / "wallet")
    here = {org.msp for org in network.topology.here.organisations}
    found = [registrar_of(wallet, org) for org in described.orgs if org.msp in here]
    registrars = [registrar for registrar in found if registrar is not None]
    return network.contract.settle(described, registrars, say, within_s=within_s)


def check_runs(network: FabricNetwork) -> None:
    """Raises `NotRunning` unless every peer and orderer of this host runs."""
    here = network.topology.here
    nodes = here.of(Kind.ORDERER) + here.of(Kind.PEER)
    ended = [node.id for node in nodes if _nodes.running(network.layout.node(node.id)) is None]
    if ended:
        raise NotRunning(
            f"not running: {', '.join(ended)}", next_step="start them with: pmcb network up"
        )
