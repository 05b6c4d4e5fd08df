# SPDX-License-Identifier: Apache-2.0
"""`pmcb network deploy`: a contract of somebody's own, whose servers they run, onto the channel."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pmcb_network._launch import Places
from pmcb_network.embedded.chaincode import check_address
from pmcb_network.errors import ContractRefused

from ._binaries import find
from ._chaincode import Chaincode
from ._deployment import Deployment
from ._folder import folder_of, open_network
from ._own_contract import CHAINCODE
from ._package import package_id
from ._topology import Endorsement, Kind, Node, Topology
from ._upgrade import check_runs

# Fabric's own rules for both, and its own chaincodes.
_NAME = re.compile(r"[a-zA-Z0-9]+([-_][a-zA-Z0-9]+)*")
_LABEL = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.+-]*")
_SYSTEM = ("cscc", "escc", "lscc", "qscc", "vscc")
_LONGEST = 100  # both are parts of file names


@dataclass(frozen=True)
class Wish:
    """What is to be deployed.

    Attributes:
        name: what clients will call it.
        label: the package's: a new one for every other code.
        servers: ``MSP=HOST:PORT`` for an organisation's peers, ``peer0.MSP=HOST:PORT`` for one.
        policy: how many organisations endorse; None: as the channel says.
        collections: a file of private data collections, in Fabric's JSON.
    """

    name: str
    label: str
    servers: tuple[str, ...] = ()
    policy: Endorsement | None = None
    collections: Path | None = None


@dataclass(frozen=True)
class Deployed:
    """What a deployment came to.

    Attributes:
        package_id: what the peers' package is called.
        sequence: how often the channel's definition was replaced, from 1.
        is_new: whether the channel has another definition now.
        is_moved: whether a peer was told another address.
    """

    package_id: str
    sequence: int
    is_new: bool
    is_moved: bool


def deploy(places: Places, wish: Wish, say: Callable[[str], None]) -> Deployed:
    """The contract on the channel, each peer of this host dialling its server; checks all first.

    Raises:
        ContractRefused: the wish cannot be; says which part of it.
        BadAddress: an address is none, or not of this machine.
        NotRunning, AwaitsOthers, NodeFailed, FabricRefused: a node, a server, another host.
    """
    id_ = id_of(wish.name, wish.label)
    network = open_network(folder_of(places), find())
    servers = _addresses(network.topology.here, wish.servers)
    policy = _policy(network.topology, wish.policy)
    _check_collections(wish.collections)
    check_runs(network)
    _check_label(network.deployment, wish, servers)
    say("asking the chaincode servers what they serve")
    _check_servers(servers.values(), id_)
    told = [network.deployment.told(peer).get(wish.label, {}) for peer in servers]
    known = [server.get("address") for server in told]
    chaincode = Chaincode(wish.name, wish.label, policy, wish.collections)
    is_new = network.deployment.deploy(chaincode, servers, say)
    standing = network.deployment.standing(wish.name)
    sequence = standing.sequence if standing is not None else 0
    return Deployed(id_, sequence, is_new, known != list(servers.values()))


def id_of(name: str, label: str) -> str:
    """The package id of a contract, which its servers must be started with.

    Raises:
        ContractRefused: the name or the label is not one.
    """
    if name == CHAINCODE:
        raise ContractRefused(
            f"{CHAINCODE} is this installation's own contract",
            next_step="replace it with: pmcb network upgrade",
        )
    if not _NAME.fullmatch(name) or len(name) > _LONGEST or name in _SYSTEM:
        raise ContractRefused(
            f"a chaincode's name is 1 to {_LONGEST} letters and digits, joined by single - or _, "
            f"and none of {', '.join(_SYSTEM)}"
        )
    if not _LABEL.fullmatch(label) or len(label) > _LONGEST:
        raise ContractRefused(
            f"a label is 1 to {_LONGEST} letters, digits, and _ . + - after the first"
        )
    return package_id(label)


def _addresses(here: Topology, servers: Iterable[str]) -> dict[Node, str]:
    """Each peer's server; what is said of one peer goes before what is said of all."""
    said: dict[str, str] = {}
    peers = here.of(Kind.PEER)
    known = {org.msp for org in here.organisations} | {peer.id for peer in peers}
    for text in servers:
        who, equals, address = text.partition("=")
        if not equals or who not in known:
            raise ContractRefused(
                f"a server is given as WHO=HOST:PORT, and {who!r} is no organisation and no peer "
                f"of this host",
                next_step=f"WHO is one of {', '.join(sorted(known))}",
            )
        if who in said:
            raise ContractRefused(f"two servers are given for {who}")
        check_address(address)
        said[who] = address
    missing = [peer.id for peer in peers if not said.keys() & {peer.id, peer.msp}]
    if missing:
        raise ContractRefused(
            f"no server is given for {', '.join(missing)}",
            next_step="every peer that has the contract dials a server of it",
        )
    return {peer: said.get(peer.id) or said[peer.msp] for peer in peers}


def _policy(topology: Topology, asked: Endorsement | None) -> str:
    """As a signature policy; empty where the channel's own says the same."""
    if asked in {None, topology.endorsement}:
        return ""
    peers = [f"'{org.msp}.peer'" for org in topology.organisations]
    counts = {
        Endorsement.OR: 1,
        Endorsement.MAJORITY: len(peers) // 2 + 1,
        Endorsement.AND: len(peers),
    }
    return f"OutOf({counts[Endorsement(asked)]}, {', '.join(peers)})"


def _check_collections(path: Path | None) -> None:
    """Only that it is a list of objects: the rest is Fabric's to say."""
    if path is None:
        return
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ContractRefused(f"the collections in {path} cannot be read: {error}") from error
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise ContractRefused(f"{path} must hold a list of collections")


def _check_label(deployment: Deployment, wish: Wish, peers: Iterable[Node]) -> None:
    for peer in peers:
        owner = deployment.told(peer).get(wish.label, {}).get("chaincode", wish.name)
        if owner != wish.name:
            raise ContractRefused(f"the label {wish.label} stands for the contract {owner}")


def _check_servers(addresses: Iterable[str], wanted: str) -> None:
    from ._registers import registered_id

    for address in sorted(set(addresses)):
        found = registered_id(address)
        if found != wanted:
            raise ContractRefused(
                f"the chaincode server at {address} serves {found}, not {wanted}",
                next_step="start it with CHAINCODE_ID set to the latter",
            )
