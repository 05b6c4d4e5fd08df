# SPDX-License-Identifier: Apache-2.0
"""What `pmcb network up --fabric` refuses before anything starts, and whom `down` leaves alone."""

import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager

import click
import psutil
import pytest
from tests.network.fabric.releases import programs
from tests.network.shell import in_process

from pmcb_network._files import locked, make_folder
from pmcb_network._process import Record
from pmcb_network.commands import _alone
from pmcb_network.errors import PortBusy
from pmcb_network.fabric import _control, _nodes
from pmcb_network.fabric._binaries import Binaries
from pmcb_network.fabric._folder import make, open_network
from pmcb_network.fabric._layout import NodeFolder
from pmcb_network.fabric._nodes import Command
from pmcb_network.fabric._ports import check_ports
from pmcb_network.fabric._topology_file import preset
from pmcb_network.fabric._tunables import Tunables

DEV = preset("dev")


@pytest.fixture(autouse=True)
def fit_programs(tmp_path, monkeypatch):
    """Programs of the right version, which do nothing else."""
    monkeypatch.setenv("PMCB_FABRIC_BIN", str(programs(tmp_path / "programs")))


@pytest.fixture
def home(tmp_path):
    """Of a user without a network."""
    return tmp_path / "home"


@pytest.fixture
def made(home):
    """A network that was made and not started."""
    make_folder(home / "network")
    make(home / "network" / "fabric", DEV, "dev.toml", None, None, Tunables())
    return open_network(home / "network" / "fabric", Binaries({}))


@contextmanager
def stranger(port: int):
    """Somebody else listens."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        server.listen()
        yield


def refused(home, *words: str, code: int = 2) -> str:
    """What `up` says; nothing was made."""
    done = in_process(home, "network", "up", "--fabric", *words)
    assert done.exit_code == code, done.stderr
    assert not (home / "network" / "fabric").exists()
    assert done.stdout == ""
    said: str = done.stderr
    return said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('orderers = ["localhost"]', f"orderers = {json.dumps(['localhost'] * 3)}",
         "t.toml line 5: 'consensus' bft needs 4 orderers, not 3"),
        ("messages = 500", "message = 500", "t.toml line 10: 'message' is unknown; known are"),
        ('name = "dev"', 'name = "dev"\nport = 7050', "t.toml line 4: 'port' is unknown"),
        ('name = "dev"', 'name = "dev"\nport_base = 40000', "t.toml line 4: 'port_base' must be"),
        ('name = "dev"', 'name = "dev"\nport_base = 32760', "t.toml line 4: 'port_base' leaves no"),
        ('peers = ["localhost"]', 'peers = ["localhost", ""]', "t.toml line 17: 'peers' must"),
    ],
)  # fmt: skip
def test_an_impossible_topology_is_refused_with_its_line(home, tmp_path, old, new, said):
    """Exit code 2; nothing is made and nothing starts."""
    text = DEV.replace(old, new)
    if "bft" in said:
        text = text.replace('"raft"', '"bft"')
    (tmp_path / "t.toml").write_text(text)
    assert said in refused(home, "--topology", str(tmp_path / "t.toml"))


def test_ports_that_are_taken_or_for_clients_are_refused(home, made, tmp_path):
    """Linux gives 32768 and more to clients; a taken one is named."""
    assert "a port base lies between" in refused(home / "b", "--port-base", "32760")
    free = made.layout.ports["ca.HospitalAMSP/main"]
    with stranger(free + 3):
        for_base = refused(home / "c", "--port-base", str(free), code=3)
        text = DEV.replace('name = "dev"', f'name = "dev"\nport_base = {free}')
        (tmp_path / "t.toml").write_text(text)
        for_topology = refused(home / "d", "--topology", str(tmp_path / "t.toml"), code=3)
    for said in (for_base, for_topology):
        assert f"port {free + 3} is taken by another program" in said


def test_a_kept_port_that_somebody_took_meanwhile_is_named(made):
    """With the node that needs it; those of nodes that run are their own."""
    check_ports(made.layout, made.topology.nodes)
    name = "peer0.HospitalBMSP/server-b-operations"
    port = made.layout.ports[name]
    with stranger(port):
        with pytest.raises(PortBusy, match=f"port {port} of {name} is taken"):
            check_ports(made.layout, made.topology.nodes)
        folder = made.layout.node("server0b.HospitalBMSP")
        me = psutil.Process()
        folder.path.mkdir(parents=True)
        Record.of(me, me.cmdline()).write(folder.record)
        check_ports(made.layout, made.topology.nodes)


@pytest.mark.parametrize(
    ("name", "port", "said"),
    [
        ("peer0.HospitalAMSP/main", "ca.HospitalAMSP/main", "and peer0.HospitalAMSP/main both"),
        ("peer0.HospitalAMSP/main", 32_768, "peer0.HospitalAMSP/main has 32768, which is not"),
        ("orderer0.HospitalAMSP/admin", 80, "has 80, which is not within 1024 to 32767"),
    ],
)
def test_ports_that_somebody_wrote_by_hand_are_looked_at(home, made, name, port, said: str):
    """Two nodes one port, one that clients get: `up` starts nothing."""
    place = home / "network" / "fabric" / "ports.json"
    ports = json.loads(place.read_bytes())
    place.write_text(json.dumps(ports | {name: ports.get(port, port)}))
    done = in_process(home, "network", "up")
    assert done.exit_code == 2
    assert said in done.stderr
    assert not (home / "network" / "fabric" / "nodes").exists()


def test_programs_of_another_version_are_refused(home, tmp_path, monkeypatch):
    """Which, and how to get the right ones."""
    monkeypatch.setenv("PMCB_FABRIC_BIN", str(programs(tmp_path / "old", orderer="v2.5.9")))
    said = refused(home)
    assert "orderer is version 2.5.9, and 3.1 is needed" in said
    assert "pmcb network binaries fetch" in said


def test_a_second_up_waits_and_says_for_whom(home, monkeypatch):
    """Until the first has ended; then it goes on. Not for ever, and then it says for whom, too."""
    make_folder(home / "network")
    waits, ended = threading.Event(), threading.Event()

    def echo(text: str, **_: object) -> None:
        assert f"in use by process {os.getpid()}; waiting for it" in text
        waits.set()

    def up(*_: object, **__: object) -> dict[str, object]:
        ended.set()
        return {"nodes": [], "orgs": []}

    monkeypatch.setattr(click, "echo", echo)
    monkeypatch.setattr(_control, "up", up)
    second = threading.Thread(target=in_process, args=(home, "network", "up", "--fabric"))
    with locked(home / "network" / "up.lock"):
        second.start()
        assert waits.wait(20)
        assert not ended.is_set()
    second.join(20)
    assert ended.is_set()
    monkeypatch.undo()
    monkeypatch.setattr(_alone, "_LOCK_WAIT_S", 0.0)
    with locked(home / "network" / "up.lock"):
        done = in_process(home, "network", "up", "--fabric")
    assert done.exit_code == 3
    assert f"in use by process {os.getpid()}" in done.stderr


def test_a_recycled_pid_is_left_alone(home, made):
    """The pid of a node's record belongs to another program now: `down` does not touch it."""
    folder = made.layout.node("peer0.HospitalAMSP")
    innocent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        its = psutil.Process(innocent.pid)
        ours = Record.of(its, ["/opt/peer", "node", "start"])
        earlier = Record(its.pid, its.create_time() - 60, ours.boot, its.cmdline())
        folder.path.mkdir(parents=True)
        for record in (ours, earlier):
            record.write(folder.record)
            done = in_process(home, "network", "down")
            assert done.stdout == "No network runs here.\n"
            assert innocent.poll() is None
        started = _nodes.start(folder, Command((sys.executable, "-c", "input()", "x"), {}))
        assert started.pid != innocent.pid
        assert innocent.poll() is None
    finally:
        _nodes.stop(folder)
        innocent.communicate(b"\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize("place", ["network", "network/fabric"])
def test_a_folder_of_another_user_is_refused(home, made, place: str):
    """Even where the rights would do: its owner could change it under us."""
    os.chown(home / place, 54_321, -1)
    done = in_process(home, "network", "up", "--fabric")
    assert done.exit_code == 2
    assert "belongs to another user" in done.stderr
    assert not (home / "network" / "fabric" / "nodes").exists()


def test_a_folder_that_no_network_is_in_has_no_nodes(tmp_path):
    """Stopping it is nothing."""
    assert _nodes.stop(NodeFolder(tmp_path / "none")) is None
