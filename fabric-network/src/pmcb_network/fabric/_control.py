# SPDX-License-Identifier: Apache-2.0
"""What `pmcb network` does when the network is Fabric."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from pmcb_chaincode._label import package_label
from pmcb_client.enrolment import CaClient
from pmcb_client.network_file import NetworkFile, renew
from pmcb_client.wallet import Wallet
from pmcb_network._launch import Places
from pmcb_network.errors import AwaitsOthers, FabricRefused, NetworkError
from pmcb_network.introduce import introduce, registrar_of, wait_for_ping

from . import _nodes
from ._binaries import find
from ._ca_settings import REGISTRAR
from ._folder import check_asked, folder_of, is_there, make, open_network
from ._host import check_host
from ._identities import registrar_secret
from ._layout import Layout, NodeFolder
from ._network import FabricNetwork
from ._own_contract import CHAINCODE
from ._ports import check_ports
from ._servers import Server, place_for, servers_of
from ._topology import Kind, Node
from ._topology_file import DEFAULT_PRESET, load, preset
from ._tunables import Tunables
from ._upgrade import settle

_HEALTH_S = 5.0


def up(
    places: Places,
    *,
    preset_name: str | None,
    topology: Path | None,
    governance: Path | None,
    port_base: int | None,
    host: str | None,
    within_s: float,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Makes the network if there is none, starts what does not run, and waits for its contract."""
    binaries = find()
    folder = folder_of(places)
    text, name = _asked(preset_name, topology)
    if is_there(folder):
        check_asked(folder, text, governance, port_base, host)
    else:
        made = text or preset(DEFAULT_PRESET)
        make(folder, made, name, governance, port_base, Tunables(), host)
    network = open_network(folder, binaries)
    check_host(network.topology)
    check_ports(network.layout, network.topology.here.nodes)
    for warning in binaries.warnings:
        say(warning)
    network.up(say)
    described = network.network_file()
    secrets = _secrets(network)
    asyncio.run(introduce(places.home, described, secrets, within_s=within_s))
    settle(places, network, say, within_s=within_s)
    asyncio.run(_tell_revoked(places, described))
    return state(places)


def _asked(preset_name: str | None, topology: Path | None) -> tuple[str | None, str]:
    """The text of the topology that is asked for, if one is, and what to call it."""
    if topology is not None:
        load(topology)  # its own errors first
        return topology.read_text(), topology.name
    text = preset(preset_name) if preset_name is not None else None
    return text, f"{preset_name or DEFAULT_PRESET}.toml"


async def _tell_revoked(places: Places, described: NetworkFile) -> None:
    """The CAs' lists of revoked certificates into network.json, which is written anew each time."""
    wallet = Wallet(places.home / "wallet")
    for org in described.orgs:
        registrar = registrar_of(wallet, org)
        if registrar is None:
            continue  # an organisation of another host
        async with CaClient(org.ca_url, org.tls_ca, org.ca_name) as ca:
            described = described.with_list(org.msp, (await ca.gencrl(registrar)).decode())
    renew(places.home / "network.json", described)


def _secrets(network: FabricNetwork) -> dict[str, tuple[str, str]]:
    return {
        org.msp: (REGISTRAR, registrar_secret(network.layout, org.msp))
        for org in network.topology.here.organisations
    }


def down(places: Places, say: Callable[[str], None]) -> tuple[int, int]:
    """Stops whatever runs, chaincode servers and peers first: how many, and how many by force."""
    folders = nodes(places)
    stopped = killed = 0
    for kind in ("server", "peer", "orderer", "ca"):
        mine = [folder for name, folder in folders.items() if name.startswith(kind)]
        if not mine:
            continue
        say(f"stopping {kind}s")
        with ThreadPoolExecutor(len(mine)) as pool:
            ends = list(pool.map(_nodes.stop, mine))
        stopped += sum(end is not None for end in ends)
        killed += sum(end is False for end in ends)
    return stopped, killed


def logs(places: Places) -> dict[str, Path]:
    """The logs of all nodes that were ever started."""
    return {name: folder.log for name, folder in nodes(places).items()}


def nodes(places: Places) -> dict[str, NodeFolder]:
    """Those that were ever started here, also of a network that can no longer be read."""
    root = folder_of(places)
    started = root / "nodes"
    names = sorted(path.name for path in started.iterdir()) if started.is_dir() else []
    return {name: Layout(root, {}).node(name) for name in names}


def state(places: Places) -> dict[str, Any]:
    """What `pmcb network status` shows."""
    network = open_network(folder_of(places), find())
    nodes = [_node_state(network, node) for node in network.topology.here.nodes]
    standing = {node["id"]: node.get("chaincode", "") for node in nodes}
    nodes += [
        _server_state(server)
        for peer in network.topology.here.of(Kind.PEER)
        for server in _servers(network, peer, standing[peer.id])
    ]
    described = network.network_file() if _is_enrolled(network) else None
    found: dict[str, Any] = {
        "running": any(node["running"] for node in nodes),
        "answers": False,
        "reason": "",
        "kind": "fabric",
        "topology": network.topology.name,
        "host": network.topology.host,
        "channel": network.topology.channel,
        "nodes": nodes,
        "orgs": [],
        "height": max((node.get("height", 0) for node in nodes), default=0),
    }
    if described is None:
        found["reason"] = _missing(network)
        return found
    found["orgs"] = [
        {"msp": org.msp, "gateway": org.gateway, "ca_url": org.ca_url} for org in described.orgs
    ]
    stopped = [node["id"] for node in nodes if not node["running"]]
    try:
        if found["running"]:
            _check_health(places, described, network.topology.here.organisations[0].msp)
            found["answers"] = True
    except NetworkError as error:
        found["reason"] = str(error)
    if stopped:
        found["reason"] = f"not running: {', '.join(stopped)}"
    return found


def _servers(network: FabricNetwork, peer: Node, standing: str) -> list[Server]:
    """Those of a peer that run, and the one that should, as far as the peer tells."""
    servers = servers_of(network.layout, peer)
    found = [server for server in servers if server.is_running]
    if standing or not found:
        label = standing or package_label(network.contract.rules)
        wanted = place_for(servers, label, standing)
        found += [wanted] if wanted not in found else []
    return found


def _server_state(server: Server) -> dict[str, Any]:
    found = _process_state(server.id, server.folder)
    return {**found, "port": server.port, "chaincode": server.label}


def _node_state(network: FabricNetwork, node: Node) -> dict[str, Any]:
    found = _process_state(node.id, network.layout.node(node.id))
    found["port"] = network.layout.port(node)
    if node.kind is Kind.PEER and found["running"]:
        found.update(_chain_state(network, node))
    return found


def _process_state(name: str, folder: NodeFolder) -> dict[str, Any]:
    process = _nodes.running(folder)
    pid = process.pid if process is not None else None
    return {"id": name, "running": process is not None, "pid": pid}


def _chain_state(network: FabricNetwork, peer: Any) -> dict[str, Any]:
    try:
        height, last_hash = network.lifecycle.height(peer)
        committed = network.lifecycle.committed(peer, CHAINCODE)
    except FabricRefused as error:
        return {"reason": str(error)}
    version = committed.version if committed else ""
    return {"height": height, "last_block": last_hash, "chaincode": version}


def _is_enrolled(network: FabricNetwork) -> bool:
    orgs = network.topology.organisations
    return all(network.layout.root_certificate(org.msp).exists() for org in orgs)


def _missing(network: FabricNetwork) -> str:
    try:
        network.exchange.check_complete()
    except AwaitsOthers as error:
        return str(error)
    return "it was not brought up to its end"


def _check_health(places: Places, described: NetworkFile, msp: str) -> None:
    registrar = registrar_of(Wallet(places.home / "wallet"), described.org(msp))
    if registrar is None:
        raise NetworkError("this home has no registrar of the network; run `pmcb network up`")
    asyncio.run(wait_for_ping(described, registrar, within_s=_HEALTH_S))
