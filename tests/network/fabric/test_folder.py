# SPDX-License-Identifier: Apache-2.0
"""A Fabric network's folder: made whole or not at all, and never taken for another's."""

import json
from pathlib import Path

import pytest

from pmcb_chaincode.contract import Governance
from pmcb_network._launch import Places
from pmcb_network.errors import FolderUnusable, TopologyError, WrongKind
from pmcb_network.fabric._binaries import Binaries
from pmcb_network.fabric._folder import check_asked, folder_of, is_there, make, open_network
from pmcb_network.fabric._topology_file import preset
from pmcb_network.fabric._tunables import Tunables

DEV = preset("dev")


@pytest.fixture
def folder(tmp_path):
    """A network that was made and not started."""
    make(tmp_path / "fabric", DEV, "dev.toml", None, None, Tunables(logging="info"))
    return tmp_path / "fabric"


def written(tmp_path, rules: Governance):
    """A governance file."""
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(rules.as_json()))
    return path


def test_nodes_find_it_wherever_they_work():
    """A demo's folder, say, is named as people type it."""
    assert folder_of(Places(Path("demo"))) == Path.cwd() / "demo" / "network" / "fabric"


def test_what_cannot_be_made_leaves_nothing(tmp_path):
    """Hosts elsewhere, a governance of others, one that is none."""
    place = tmp_path / "fabric"
    with pytest.raises(TopologyError, match=r"this machine has no address 192\.0\.2\.1"):
        make(place, DEV.replace('"localhost"', '"192.0.2.1"'), "t", None, None, Tunables())
    foreign = written(tmp_path, Governance.of(("AMSP", "BMSP")))
    with pytest.raises(TopologyError, match="must name the topology's organisations"):
        make(place, DEV, "t", foreign, None, Tunables())
    foreign.write_text("{}")
    with pytest.raises(TopologyError, match="the governance cannot be used"):
        make(place, DEV, "t", foreign, None, Tunables())
    assert not place.exists()


def test_another_network_than_the_one_that_is_there_is_refused(folder, tmp_path):
    """Nothing asked for, or the same, is fine; each difference is named."""
    first = min(json.loads((folder / "ports.json").read_bytes()).values())
    orgs = ("HospitalAMSP", "HospitalBMSP")
    check_asked(folder, None, None, None)
    check_asked(folder, DEV, written(tmp_path, Governance.of(orgs)), first)
    with pytest.raises(WrongKind, match="another topology"):
        check_asked(folder, preset("bft"), None, None)
    with pytest.raises(WrongKind, match="another port base"):
        check_asked(folder, None, None, first + 1)
    roles = Governance.of(orgs).role_msps
    with pytest.raises(WrongKind, match="another governance"):
        check_asked(folder, None, written(tmp_path, Governance(orgs, roles, 1)), None)


def test_what_it_was_made_from_stays(folder):
    """Topology, ports, tunables, governance."""
    assert is_there(folder)
    network = open_network(folder, Binaries({}))
    assert network.topology.name == "dev"
    assert network.layout.ports == json.loads((folder / "ports.json").read_bytes())


@pytest.mark.parametrize(
    ("name", "content"),
    [("ports.json", "{}"), ("tunables.json", '{"odd": 1}'), ("governance.json", "[]"),
     ("topology.toml", "name = 1")],
)  # fmt: skip
def test_a_damaged_folder_says_so(folder, name: str, content: str):
    """And how to get rid of it."""
    (folder / name).write_text(content)
    with pytest.raises(FolderUnusable, match="cannot be read") as caught:
        open_network(folder, Binaries({}))
    assert "reset" in caught.value.next_step


def test_a_peer_that_is_behind_is_waited_for(folder, monkeypatch):
    """Asked what stands on the channel it would answer from the past."""
    network = open_network(folder, Binaries({}))
    told = {"HospitalAMSP": iter([7, 8, 9]), "HospitalBMSP": iter([1, 4, 7])}
    monkeypatch.setattr(network.lifecycle, "height", lambda peer: (next(told[peer.msp]), ""))
    network._catch_up()
    assert [list(rest) for rest in told.values()] == [[], []]
