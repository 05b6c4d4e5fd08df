# SPDX-License-Identifier: Apache-2.0
"""The folder of a Fabric network: made once, opened later; what it was made from stays in it."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from pmcb_chaincode.contract import Governance, GovernanceError
from pmcb_client.files import write_atomic
from pmcb_network._files import check_own, make_folder
from pmcb_network.embedded._ports import choose, keep
from pmcb_network.errors import FolderUnusable, TopologyError, WrongKind

from ._binaries import Binaries
from ._host import check_host
from ._layout import Layout, port_names
from ._network import FabricNetwork
from ._topology import Topology
from ._topology_file import parse
from ._tunables import Tunables

if TYPE_CHECKING:
    from pmcb_network._launch import Places

_TOPOLOGY, _GOVERNANCE, _TUNABLES = "topology.toml", "governance.json", "tunables.json"
_HOST = "host.json"


def folder_of(places: "Places") -> Path:
    """Where a home keeps its Fabric network: absolute, since nodes work in folders of their own."""
    return places.folder.absolute() / "fabric"


def is_there(folder: Path) -> bool:
    """Whether a network was made in the folder."""
    return (folder / _TOPOLOGY).exists()


def make(
    folder: Path, text: str, name: str, governance: Path | None, port_base: int | None,
    tuned: Tunables, host: str | None = None,
) -> None:  # fmt: skip
    """Makes a network's folder; everything is checked before anything is written.

    Raises:
        TopologyError: the topology, or the governance for it, is wrong; or this is not its host.
        PortBusy, BadPortBase: a port is taken or out of range; names it.
    """
    topology = parse(text, name).seen_from(host)
    check_host(topology)
    rules = governance_for(topology, governance)
    ports = _ports(folder, topology, port_base)
    make_folder(folder)
    keep(folder, ports)
    _write(folder / _GOVERNANCE, rules.as_json())
    _write(folder / _TUNABLES, asdict(tuned))
    if topology.host:
        _write(folder / _HOST, topology.host)
    write_atomic(folder / _TOPOLOGY, text.encode(), mode=0o600)  # last: now it is there


def check_asked(
    folder: Path, text: str | None, governance: Path | None, port_base: int | None,
    host: str | None = None,
) -> None:  # fmt: skip
    """Whether a network that is there is the one that is asked for.

    Raises:
        WrongKind: it was made from another topology, governance, port base, or for another host;
            nothing is changed.
    """
    kept = (folder / _TOPOLOGY).read_text()
    ports = json.loads((folder / "ports.json").read_bytes())
    differ = {
        "topology": text is not None and text != kept,
        "governance": governance is not None
        and Governance.load(governance) != Governance.load(folder / _GOVERNANCE),
        "port base": port_base is not None and port_base != min(ports.values()),
        "host": host is not None and parse(kept, _TOPOLOGY).seen_from(host).host != _host(folder),
    }
    for what, other in differ.items():
        if other:
            made = {"host": "was made for", "governance": "has"}.get(what, "was made from")
            raise WrongKind(
                f"the network in {folder} {made} another {what}",
                next_step="change it with: pmcb network upgrade --governance FILE"
                if what == "governance"
                else "remove it with: pmcb network reset; or use another --home",
            )


def _ports(folder: Path, topology: Topology, asked: int | None) -> dict[str, int]:
    """By name. Where there are several hosts, every host's begin at the topology's base."""
    base = topology.port_base if asked is None else asked
    if topology.port_base not in {None, base}:
        raise TopologyError(f"the topology says port base {topology.port_base}")
    ports, _ = choose(folder, port_names(topology.here.nodes), base)
    for host in topology.hosts:
        theirs = port_names(topology.seen_from(host).here.nodes)
        if base is not None:
            ports |= {name: base + index for index, name in enumerate(theirs)}
    return ports


def _host(folder: Path) -> str:
    """Which of several hosts it was made for; empty where there is one."""
    file = folder / _HOST
    return str(json.loads(file.read_bytes())) if file.exists() else ""


def governance_for(topology: Topology, path: Path | None) -> Governance:
    """The rules in a file, or the default ones; raises `TopologyError` unless they fit."""
    orgs = [org.msp for org in topology.organisations]
    if path is None:
        return Governance.of(orgs)
    try:
        rules = Governance.load(path)
    except GovernanceError as error:
        raise TopologyError(f"the governance cannot be used: {error}") from error
    if set(rules.orgs) != set(orgs):
        raise TopologyError("the governance must name the topology's organisations, all of them")
    return rules


def open_network(folder: Path, binaries: Binaries) -> FabricNetwork:
    """The network that was made in the folder.

    Raises:
        FolderUnusable: it belongs to another user, or a file of it is missing or damaged.
    """
    try:
        check_own(folder)
        topology = parse((folder / _TOPOLOGY).read_text(), _TOPOLOGY)
        topology = topology.seen_from(_host(folder) or None)
        found = json.loads((folder / "ports.json").read_bytes())
        ports = {name: int(found[name]) for name in port_names(topology.nodes)}
        tuned = Tunables(**json.loads((folder / _TUNABLES).read_bytes()))
        rules = Governance.load(folder / _GOVERNANCE)
    except (OSError, ValueError, TypeError, KeyError, TopologyError) as error:
        raise FolderUnusable(
            f"the network in {folder} cannot be read: {error}",
            next_step="remove it with: pmcb network reset",
        ) from error
    return FabricNetwork(topology, Layout(folder, ports), binaries, rules, tuned)


def _write(path: Path, document: object) -> None:
    write_atomic(path, json.dumps(document, indent=1).encode(), mode=0o600)
