# SPDX-License-Identifier: Apache-2.0
"""A topology of several hosts: which are impossible, and how each host sees it."""

import json
import socket

import pytest
from tests.network.fabric.hosts import A, B, C, make_host, topology
from tests.network.fabric.releases import programs
from tests.network.shell import in_process

from pmcb_network._files import make_folder
from pmcb_network.embedded._ports import is_free
from pmcb_network.errors import (
    AwaitsOthers,
    FabricRefused,
    FolderUnusable,
    NodeFailed,
    TopologyError,
    WrongKind,
)
from pmcb_network.fabric import _deployment
from pmcb_network.fabric._binaries import Binaries
from pmcb_network.fabric._chaincode import Chaincode
from pmcb_network.fabric._deployment import Deployment
from pmcb_network.fabric._folder import check_asked, make, open_network
from pmcb_network.fabric._layout import Layout
from pmcb_network.fabric._lifecycle import Committed
from pmcb_network.fabric._topology import Kind
from pmcb_network.fabric._topology_file import parse, preset
from pmcb_network.fabric._tunables import Tunables

HOSTS = {"h1": "192.0.2.1", "h2": "192.0.2.2", "h3": "192.0.2.3"}


@pytest.fixture
def this_is_h2(monkeypatch):
    """The name h2 is an address of this machine; h1 stands for 127.0.1.1, as many systems say."""
    mine = {"h2": "", "h1": "127.0.1.1"}

    def resolve(host, port, *_):
        if host not in mine:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (mine[host] or "0.0.0.0", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Of a user with programs that do nothing."""
    monkeypatch.setenv("PMCB_FABRIC_BIN", str(programs(tmp_path / "programs")))
    (tmp_path / "t.toml").write_text(topology())
    return tmp_path / "home"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("port_base = 21000\n", "", "'port_base' is needed with several hosts"),
        ("21000", "1023", "t.toml line 8: 'port_base' must be 1024 to 32767"),
        ("21000", '"21000"', "t.toml line 8: 'port_base' must be 1024 to 32767"),
        ("21000", "true", "'port_base' must be 1024 to 32767"),
        ("21000", "32760", "'port_base' leaves no 12 ports for h1"),
        ('peers = ["h1"]', 'peers = ["h2"]', f"all nodes of {A} must be on one host"),
        ('"h3"', '"localhost"', "other hosts cannot find localhost"),
        ('"h3"', '"127.0.1.1"', r"other hosts cannot find 127\.0\.1\.1"),
    ],
)  # fmt: skip
def test_what_several_hosts_cannot_be_is_refused(old: str, new: str, said: str):
    """Before anything is made, with the line."""
    with pytest.raises(TopologyError, match=said):
        parse(topology().replace(old, new), "t.toml")


def test_each_host_sees_its_own_part():
    """Organisations, nodes, and whose part is elsewhere; the only host sees everything."""
    whole = parse(topology(), "t.toml")
    second = whole.seen_from("h2")
    assert [org.msp for org in second.here.organisations] == [B]
    assert [org.msp for org in second.elsewhere] == [A, C]
    assert [node.id for node in second.here.of(Kind.PEER)] == [f"peer0.{B}"]
    assert len(second.of(Kind.PEER)) == 3
    dev = parse(preset("dev"), "t.toml").seen_from("localhost")
    assert (dev.here, dev.elsewhere) == (dev, ())


def test_the_host_must_be_named_and_there(home):
    """One of the topology's, if it has several; only with Fabric."""
    up = ("network", "up", "--fabric", "--topology", str(home.parent / "t.toml"))
    unnamed = in_process(home, *up)
    assert unnamed.exit_code == 2
    assert "the topology has several hosts: h1, h2, h3" in unnamed.stderr
    assert "--host" in unnamed.stderr
    unknown = in_process(home, *up, "--host", "h4")
    assert "the topology has no host h4; it has h1, h2, h3" in unknown.stderr
    embedded = in_process(home, "network", "up", "--host", "h1")
    assert embedded.exit_code == 2
    assert "--host go with --fabric" in embedded.stderr
    assert not (home / "network" / "fabric").exists()


@pytest.mark.usefixtures("this_is_h2")
def test_this_machine_must_be_the_host(tmp_path):
    """Not another one, and not one that others cannot reach; nothing is made."""
    place = tmp_path / "fabric"
    for host, said in {
        "h3": "this machine has no address h3: Name or service not known",
        "h1": r"h1 is 127\.0\.1\.1 here, where other hosts cannot reach it",
    }.items():
        with pytest.raises(TopologyError, match=said):
            make(place, topology(), "t.toml", None, None, Tunables(), host)
    assert not place.exists()


@pytest.mark.usefixtures("this_is_h2")
def test_ports_are_the_same_on_every_host(tmp_path):
    """Each host's begin at the topology's base; an option cannot say otherwise."""
    place = tmp_path / "fabric"
    with pytest.raises(TopologyError, match="the topology says port base 21000"):
        make(place, topology(), "t.toml", None, 22_000, Tunables(), "h2")
    make(place, topology(), "t.toml", None, None, Tunables(), "h2")
    ports = json.loads((place / "ports.json").read_bytes())
    assert [ports[f"ca.{msp}/main"] for msp in (A, B, C)] == [21_000] * 3
    assert [ports[f"peer0.{msp}/main"] for msp in (A, B, C)] == [21_005, 21_005, 21_002]
    network = open_network(place, Binaries({}))
    assert network.topology.host == "h2"
    assert network.layout.address(network.topology.of(Kind.PEER)[2]) == "h3:21002"
    check_asked(place, topology(), None, 21_000, "h2")
    with pytest.raises(WrongKind, match="made for another host"):
        check_asked(place, None, None, None, "h1")
    (place / "host.json").unlink()
    with pytest.raises(FolderUnusable, match="has several hosts"):
        open_network(place, Binaries({}))


def test_one_host_may_have_a_port_base_too(tmp_path):
    """In the topology as well as by option."""
    base = next(
        base for base in range(23_500, 32_000, 20) if all(map(is_free, range(base, base + 20)))
    )
    text = preset("dev").replace("[blocks]", f"port_base = {base}\n[blocks]")
    make(tmp_path / "fabric", text, "t.toml", None, None, Tunables())
    ports = json.loads((tmp_path / "fabric" / "ports.json").read_bytes())
    assert min(ports.values()) == base
    assert len(set(ports.values())) == len(ports)


@pytest.mark.usefixtures("this_is_h2")
def test_bundles_are_carried_by_two_commands(home, tmp_path):
    """Out of the folder, into another; a refusal has code 2 and leaves the file as it was."""
    none = in_process(home, "network", "org", "export", B, str(tmp_path / "b.json"))
    assert (none.exit_code, "no Fabric network" in none.stderr) == (2, True)
    make_folder(home / "network")
    place = home / "network" / "fabric"
    make(place, topology(), "t.toml", None, None, Tunables(), "h2")
    early = in_process(home, "network", "org", "export", B, str(tmp_path / "b.json"))
    assert (early.exit_code, "have no certificates yet" in early.stderr) == (3, True)
    assert not (tmp_path / "b.json").exists()
    make_host(place, 2)
    (tmp_path / "a.json").write_bytes(make_host(tmp_path / "h1", 1).exchange.export(A).dump())
    done = in_process(home, "--json", "network", "org", "import", str(tmp_path / "a.json"))
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["channel"] is False
    garbage = in_process(home, "network", "org", "import", str(tmp_path / "t.toml"))
    assert (garbage.exit_code, "not an organisation's bundle" in garbage.stderr) == (2, True)
    told = in_process(home, "network", "org", "export", B, str(tmp_path / "b.json"))
    assert "holds the certificates of HospitalBMSP, no channel yet, no key" in told.stdout
    nowhere = in_process(home, "network", "org", "export", B, str(tmp_path / "no" / "b.json"))
    assert (nowhere.exit_code, "No such file" in nowhere.stderr) == (2, True)
    state = in_process(home, "--json", "network", "status")
    assert state.exit_code == 3
    assert json.loads(state.stdout)["host"] == "h2"
    assert "made on h1" in json.loads(state.stdout)["reason"]


class Peers:
    """The lifecycle calls of one host; what the other hosts did by then is told."""

    def __init__(self, *, owing=(), commits="", refuses=""):
        self.owing, self.commits, self.refuses = set(owing), commits, refuses
        self.standing = None

    def install(self, package, package_id):
        """As a peer keeps it."""

    def approve(self, chaincode, sequence):
        if self.refuses:
            raise FabricRefused(self.refuses)

    def unapproved(self, chaincode, sequence):
        return self.owing

    def commit(self, chaincode, sequence):
        """Refused where another host, or nobody at all, was first."""
        if self.commits != "nobody":
            self.standing = Committed(chaincode.version, sequence)
        if self.commits:
            raise FabricRefused("new definition must be sequence 2")

    def committed(self, peer, name):
        return self.standing


def deployment(peers, folder):
    """What the second of three hosts deploys with, and its peer."""
    seen = parse(topology(), "t.toml").seen_from("h2")
    (peer,) = seen.here.of(Kind.PEER)
    return Deployment(seen, Layout(folder, {}), peers), peer


def deploy(peers, folder):
    """The contract, deployed there."""
    made, _ = deployment(peers, folder)
    made.deploy(Chaincode("pmcb", "pmcb_1"), {}, lambda _: None)


def test_a_host_waits_for_the_others_approvals(tmp_path, monkeypatch):
    """Named; and for their orderers, where an approval is taken and never ordered."""
    monkeypatch.setattr(_deployment, "_CATCH_UP_S", 0.0)
    monkeypatch.setattr(_deployment, "_AGREE_S", 0.0)
    with pytest.raises(AwaitsOthers, match=f"{A}, {C} did not approve the contract pmcb_1 yet"):
        deploy(Peers(owing={A, C}), tmp_path)
    with pytest.raises(NodeFailed, match="the organisations' approvals: not within"):
        deploy(Peers(owing={A, B}), tmp_path)
    with pytest.raises(AwaitsOthers, match="timed out waiting for txid"):
        deploy(Peers(refuses="timed out waiting for txid on all peers"), tmp_path)
    with pytest.raises(FabricRefused, match="access denied"):
        deploy(Peers(refuses="access denied"), tmp_path)
    with pytest.raises(NodeFailed, match=r"the commit: .* must be sequence 2"):
        deploy(Peers(commits="nobody"), tmp_path)


def test_an_upgrade_waits_for_the_others_too(tmp_path, monkeypatch):
    """They do the same; what stood before is not forgotten by the peers' builders until then."""
    monkeypatch.setattr(_deployment, "_CATCH_UP_S", 0.0)
    peers = Peers(owing={A})
    peers.standing = Committed("pmcb_0", 4)
    made, peer = deployment(peers, tmp_path)
    made.deploy(Chaincode("pmcb", "pmcb_0"), {peer: "127.0.0.1:6"}, lambda _: None)
    new, server = Chaincode("pmcb", "pmcb_1"), {peer: "127.0.0.1:7"}
    with pytest.raises(AwaitsOthers) as caught:
        made.deploy(new, server, lambda _: None)
    assert "run the same on the other hosts" in caught.value.next_step
    assert sorted(made.told(peer)) == ["pmcb_0", "pmcb_1"]
    peers.owing = set()
    made.deploy(new, server, lambda _: None)
    assert (peers.standing, list(made.told(peer))) == (Committed("pmcb_1", 5), ["pmcb_1"])


def test_whichever_host_commits_first_commits_for_all(tmp_path):
    """The second one finds it there."""
    for who in ("", "another host"):
        peers = Peers(commits=who)
        deploy(peers, tmp_path)
        assert peers.standing == Committed("pmcb_1", 1)
