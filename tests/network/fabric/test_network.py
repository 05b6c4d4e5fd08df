# SPDX-License-Identifier: Apache-2.0
"""`pmcb network` with Fabric's own programs, where they are."""

import json
import os

import psutil
import pytest
from tests.network.shell import ended, listening, pmcb

from pmcb_network.errors import BinariesMissing
from pmcb_network.fabric._binaries import find

pytestmark = [pytest.mark.fabric, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home whose network is brought up once; at the end nothing of it is left."""
    try:
        find(os.environ)
    except BinariesMissing as error:
        pytest.skip(f"{error}; {error.next_step}")
    home = tmp_path_factory.mktemp("fabric")
    pmcb(home, "network", "up", "--fabric", "--json", check=0)
    logs = (home / "network" / "fabric" / "nodes").glob("peer*/log/node.log")
    (home / "at-first.log").write_text("".join(log.read_text() for log in logs))
    yield home
    pmcb(home, "network", "reset", "--yes", check=0)


def state(home):
    """What status says."""
    return json.loads(pmcb(home, "network", "status", "--json").stdout)


def by_id(found):
    """The nodes of a state by their names."""
    return {node["id"]: node for node in found["nodes"]}


def test_a_network_is_up_and_told_node_by_node(home):
    """Seven processes, one height, one contract; clients find it in network.json."""
    found = state(home)
    assert (found["running"], found["answers"], found["kind"]) == (True, True, "fabric")
    nodes = by_id(found)
    assert sorted(nodes) == [
        "ca.HospitalAMSP", "ca.HospitalBMSP", "orderer0.HospitalAMSP", "peer0.HospitalAMSP",
        "peer0.HospitalBMSP", "server0a.HospitalAMSP", "server0a.HospitalBMSP",
    ]  # fmt: skip
    peers = [nodes["peer0.HospitalAMSP"], nodes["peer0.HospitalBMSP"]]
    assert len({(peer["height"], peer["last_block"], peer["chaincode"]) for peer in peers}) == 1
    file = json.loads((home / "network.json").read_text())
    assert (file["kind"], [org["msp"] for org in file["orgs"]]) == (
        "fabric",
        ["HospitalAMSP", "HospitalBMSP"],
    )
    assert "PRIVATE KEY" not in json.dumps(file)


def test_every_listener_is_one_of_the_networks_ports(home):
    """None at Fabric's own 7050 to 7054, 8443 or 9443, where the next network would find it."""
    ports = json.loads((home / "network" / "fabric" / "ports.json").read_text())
    found: dict[str, set[int]] = {}
    for node in state(home)["nodes"]:
        connections = psutil.Process(node["pid"]).net_connections(kind="inet")
        listening = [c.laddr for c in connections if c.status == psutil.CONN_LISTEN]
        hosts = {address.ip.removeprefix("::ffff:") for address in listening}
        assert hosts == {"127.0.0.1"}, node["id"]
        found[node["id"]] = {address.port for address in listening}
    for name, mine in found.items():
        kind, _, org = name.partition(".")
        known = {port for key, port in ports.items() if key.partition(".")[2].startswith(org)}
        assert mine, name
        assert mine <= known, (kind, mine - known)
    free = {port for key, port in ports.items() if "/server-b" in key}
    assert set().union(*found.values()) == set(ports.values()) - free
    assert sum(map(len, found.values())) == len(ports) - len(free)


def test_no_peer_dialled_a_server_that_was_not_there(home):
    """Servers answer before their package is approved: each try too early is a stack trace."""
    log = (home / "at-first.log").read_text()
    assert "connection refused" not in log
    assert "could not launch chaincode" not in log


def test_up_again_changes_nothing_and_heals_what_died(home):
    """What runs is left alone; a killed peer and a killed chaincode server come back."""
    before = by_id(state(home))
    assert all(node["running"] for node in before.values())
    authority = psutil.Process(before["ca.HospitalBMSP"]["pid"])
    authority.kill()
    authority.wait(10)
    without = pmcb(home, "network", "status", check=0)
    assert "The contract answers; not running: ca.HospitalBMSP." in without.stdout
    for victim in ("peer0.HospitalBMSP", "server0a.HospitalAMSP"):
        process = psutil.Process(before[victim]["pid"])
        process.kill()
        process.wait(10)
    broken = pmcb(home, "network", "status", check=3)
    assert "not running: ca.HospitalBMSP, peer0.HospitalBMSP, server0a.Hos" in broken.stdout
    pmcb(home, "network", "up", check=0)
    after = by_id(state(home))
    for name, node in after.items():
        same = name not in {"ca.HospitalBMSP", "peer0.HospitalBMSP", "server0a.HospitalAMSP"}
        assert (node["pid"] == before[name]["pid"]) is same, name
    assert after["peer0.HospitalAMSP"]["chaincode"] == before["peer0.HospitalAMSP"]["chaincode"]


def test_a_person_enrols_renews_and_is_revoked(home):
    """The same commands as on the embedded network; an `up` does not forget who was revoked."""
    pmcb(home, "id", "enroll", "anna", "--org", "HospitalAMSP", "--role", "receiver", check=0)
    shown = json.loads(pmcb(home, "id", "show", "anna", "--json", check=0).stdout)
    assert shown["uid"] == "HospitalAMSP/anna"
    pmcb(home, "id", "renew", "anna", check=0)
    pmcb(home, "id", "revoke", "anna", "--org", "HospitalAMSP", "--yes", check=0)
    for _ in range(2):
        shown = json.loads(pmcb(home, "id", "show", "anna", "--json").stdout)
        assert shown["state"] == "revoked"
        pmcb(home, "network", "up", check=0)


def test_the_other_kind_is_refused_and_a_node_has_a_log(home):
    """Exit 2 and what to do; logs name the nodes."""
    refused = pmcb(home, "network", "up", "--embedded", check=2)
    assert "is Fabric" in refused.stderr
    another = pmcb(home, "network", "up", "--fabric", "--preset", "bft", check=2)
    assert "was made from another topology" in another.stderr
    unnamed = pmcb(home, "network", "logs", check=2)
    assert "peer0.HospitalAMSP" in unnamed.stderr
    assert pmcb(home, "network", "logs", "peer0.HospitalAMSP", check=0).stdout


def test_secrets_are_their_owners_only(home):
    """The folder around everything, and every file in it."""
    assert (home / "network").stat().st_mode & 0o077 == 0
    files = [path for path in (home / "network").rglob("*") if path.is_file()]
    assert [path for path in files if path.stat().st_mode & 0o077] == []


def test_down_leaves_no_process_and_no_port(home):
    """And up afterwards goes on with the same ledger."""
    before = state(home)
    done = json.loads(pmcb(home, "network", "down", "--json", check=0).stdout)
    assert (done["stopped"], done["killed"]) == (7, 0)
    assert all(ended(node["pid"]) for node in before["nodes"])
    ports = json.loads((home / "network" / "fabric" / "ports.json").read_text())
    assert not any(map(listening, ports.values()))
    assert pmcb(home, "network", "down", check=0).stdout == "No network runs here.\n"
    pmcb(home, "network", "up", check=0)
    assert state(home)["height"] >= before["height"]
