# SPDX-License-Identifier: Apache-2.0
"""`pmcb network deploy`: a contract of somebody's own, and what is refused beforehand."""

import asyncio
import json
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
from tests.fabric import Servers
from tests.network.shell import in_process, pmcb

from pmcb_client.gateway import connect_network
from pmcb_client.network_file import load
from pmcb_client.wallet import Wallet, registrar_label
from pmcb_network.embedded._ports import choose
from pmcb_network.errors import ContractRefused, NetworkError, NodeFailed
from pmcb_network.fabric._deploy import _addresses, _policy, id_of
from pmcb_network.fabric._package import package_id
from pmcb_network.fabric._protos import shim
from pmcb_network.fabric._registers import registered_id
from pmcb_network.fabric._topology import Endorsement, Kind
from pmcb_network.fabric._topology_file import parse, preset

A, B = "HospitalAMSP", "HospitalBMSP"
DEV = parse(preset("dev"), "dev.toml")
PAPER = parse(preset("paper"), "paper.toml")
VAULT = "tests.chaincode.vault"


@pytest.mark.parametrize(
    ("name", "label", "said"),
    [
        ("pmcb", "mine_1", "pmcb is this installation's own contract"),
        ("", "mine_1", "a chaincode's name is"),
        ("my contract", "mine_1", "a chaincode's name is"),
        ("_lifecycle", "mine_1", "a chaincode's name is"),
        ("a--b", "mine_1", "a chaincode's name is"),
        ("qscc", "mine_1", "none of cscc"),
        ("n" * 101, "mine_1", "a chaincode's name is"),
        ("mine", "", "a label is"),
        ("mine", "_1", "a label is"),
        ("mine", "mine:1", "a label is"),
        ("mine", "../mine", "a label is"),
        ("mine", "mine_1\n", "a label is"),
        ("mine", "l" * 101, "a label is"),
    ],
)
def test_names_and_labels_that_fabric_would_refuse(name: str, label: str, said: str):
    """And those that are not the user's to give."""
    with pytest.raises(ContractRefused, match=said):
        id_of(name, label)


@pytest.mark.parametrize(
    ("servers", "said"),
    [
        ([], f"no server is given for peer0.{A}, peer1.{A}, peer0.{B}"),
        ([f"{A}=localhost:1"], f"no server is given for peer0.{B}"),
        ([f"peer0.{A}=localhost:1", f"{B}=localhost:1"], f"no server is given for peer1.{A}"),
        (["localhost:1"], "'localhost:1' is no organisation and no peer"),
        (["OtherMSP=localhost:1"], "'OtherMSP' is no organisation and no peer"),
        ([f"{A}=localhost:1", f"{A}=localhost:2"], f"two servers are given for {A}"),
        ([f"{A}=localhost"], "is HOST:PORT"),
        ([f"{A}=localhost:0"], "is HOST:PORT"),
        ([f"{A}=localhost:65536"], "is HOST:PORT"),
        ([f"{A}=10.0.0.1:20040"], "is not on this machine"),
        ([f"{A}=peer.example:20040"], "is not on this machine"),
    ],
)
def test_servers_that_cannot_be(servers, said: str):
    """Each peer has exactly one, on this machine: the stream is in clear."""
    with pytest.raises(NetworkError, match=said) as caught:
        _addresses(PAPER, servers)
    assert caught.value.exit_code == 2


def test_a_peers_own_server_goes_before_its_organisations():
    """In any order."""
    servers = [f"peer1.{A}=127.0.0.1:2", f"{A}=127.0.0.1:1", f"{B}=[::1]:3"]
    found = {peer.id: address for peer, address in _addresses(PAPER, servers).items()}
    assert found == {
        f"peer0.{A}": "127.0.0.1:1", f"peer1.{A}": "127.0.0.1:2",
        f"peer0.{B}": "[::1]:3", f"peer1.{B}": "[::1]:3",
    }  # fmt: skip


def test_a_policy_is_the_channels_own_where_it_says_the_same():
    """Else so many of the organisations' peers."""
    peers = f"'{A}.peer', '{B}.peer'"
    assert _policy(DEV, None) == _policy(DEV, Endorsement.MAJORITY) == ""
    assert _policy(DEV, Endorsement.OR) == f"OutOf(1, {peers})"
    assert _policy(DEV, Endorsement.AND) == f"OutOf(2, {peers})"
    other = replace(DEV, endorsement=Endorsement.OR)
    assert _policy(other, Endorsement.OR) == ""
    assert _policy(other, Endorsement.MAJORITY) == f"OutOf(2, {peers})"


@contextmanager
def saying(*messages: bytes):
    """The address of a gRPC server that says this to whoever opens a stream."""
    from concurrent.futures import ThreadPoolExecutor

    def connect(_requests, _context):
        yield from messages

    handlers = {"Connect": grpc.stream_stream_rpc_method_handler(connect)}
    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("protos.Chaincode", handlers),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


@pytest.mark.parametrize(
    "message", [b"\xff", shim.ChaincodeMessage(type="KEEPALIVE").SerializeToString()]
)
def test_what_is_no_chaincode_server_is_refused(message: bytes):
    """Whatever answers must register first."""
    with (
        saying(message) as address,
        pytest.raises(ContractRefused, match="is no chaincode server"),
    ):
        registered_id(address)


def test_nobody_there_is_unavailable():
    """Exit 3 and how to start it; also where a stream ends without a word."""
    with saying() as address, pytest.raises(NodeFailed, match="no chaincode server answers"):
        registered_id(address)
    with pytest.raises(NodeFailed, match=r"server answers at 127\.0\.0\.1:9"):
        registered_id("127.0.0.1:9")


def test_the_package_id_is_known_before_anything_runs(tmp_path):
    """Servers are started with it; no network is needed."""
    words = ("network", "deploy", "mine", "--label", "mine_1", "--package-id")
    assert in_process(tmp_path, *words).stdout == f"{package_id('mine_1')}\n"
    answer = json.loads(in_process(tmp_path, "--json", *words).stdout)
    assert answer == {"name": "mine", "label": "mine_1", "package_id": package_id("mine_1")}


@contextmanager
def serving(folder: Path, label: str, number: int = 0):
    """A vault for each organisation: the words that tell where, and the processes."""
    folder = folder / f"{label}-{number}"
    folder.mkdir()
    ports, _ = choose(folder, [A, B], None)
    servers = Servers(VAULT, package_id(label), folder, ports)
    try:
        words = [f"--server={msp}={servers.start(msp)}" for msp in (A, B)]
        yield words, servers
    finally:
        servers.kill_all()


def deploy(home, label: str, words, code: int = 0, name: str = "mine"):
    """What the command answers."""
    done = pmcb(home, "network", "deploy", name, "--label", label, *words, "--json", check=code)
    return json.loads(done.stdout) if code == 0 else done.stdout + done.stderr


def use(home, value: str, *, msp: str = A) -> str:
    """Write by a transaction, and read what another organisation's peer has."""

    async def both() -> str:
        file = load(home / "network.json")
        writer, reader = (Wallet(home / "wallet").get(registrar_label(each)) for each in (msp, B))
        async with connect_network(file, writer) as gateway:
            await gateway.network("pmcb").contract("mine").submit("put", "k", value)
            await gateway.network("pmcb").contract("mine").submit("put", "k2", value)
        async with connect_network(file, reader) as gateway:
            found = await gateway.network("pmcb").contract("mine").evaluate("get", "k")
        return str(json.loads(found)["value"])

    return asyncio.run(both())


@pytest.mark.fabric
def test_a_contract_of_ones_own_is_used_replaced_and_moved(fabric, tmp_path):
    """Deployed once, used through the client; a new label beside the old; other addresses."""
    home = fabric.home
    with serving(tmp_path, "mine_1") as (words, _):
        first = deploy(home, "mine_1", words)
        assert (first["state"], first["package_id"]) == ("deployed", package_id("mine_1"))
        assert use(home, "one") == "one"
        again = deploy(home, "mine_1", words)
        assert (again["state"], again["sequence"]) == ("unchanged", first["sequence"])
        with serving(tmp_path, "mine_2") as (others, _):
            second = deploy(home, "mine_2", others)
            assert (second["state"], second["sequence"]) == ("deployed", first["sequence"] + 1)
            assert use(home, "two") == "two"
    with serving(tmp_path, "mine_2", 1) as (elsewhere, _):
        moved = deploy(home, "mine_2", elsewhere)
        assert (moved["state"], moved["sequence"]) == ("moved", second["sequence"])
        assert use(home, "three") == "three"
        ruled = deploy(home, "mine_2", [*elsewhere, "--policy", "OR"])
        assert (ruled["state"], ruled["sequence"]) == ("deployed", second["sequence"] + 1)
        assert use(home, "four", msp=B) == "four"
    for peer in fabric.network.topology.of(Kind.PEER):
        told = fabric.network.deployment.told(peer)
        assert [label for label in told if label.startswith("mine")] == ["mine_2"]


@pytest.mark.fabric
def test_what_is_refused_changes_nothing(fabric, tmp_path):
    """Other servers than meant, none at all, somebody else's label, collections that are none."""
    home = fabric.home
    peer = fabric.network.topology.of(Kind.PEER)[0]
    before = fabric.network.deployment.told(peer)
    height = fabric.network.lifecycle.height(peer)
    with serving(tmp_path, "other_1") as (words, servers):
        said = deploy(home, "other_2", words, 2)
        assert f"serves {package_id('other_1')}, not {package_id('other_2')}" in said
        servers.kill(B)
        assert "no chaincode server answers" in deploy(home, "other_1", words, 3)
    mine = next(label for label, server in before.items() if server["chaincode"] == "pmcb")
    assert f"the label {mine} stands for the contract pmcb" in deploy(home, mine, words, 2)
    (tmp_path / "c.json").write_text("{}")
    said = deploy(home, "l", [*words, "--collections", str(tmp_path / "c.json")], 2)
    assert "must hold a list of collections" in said
    (tmp_path / "c.json").write_text("[")
    said = deploy(home, "l", [*words, "--collections", str(tmp_path / "c.json")], 2)
    assert "cannot be read" in said
    assert fabric.network.deployment.told(peer) == before
    assert fabric.network.lifecycle.height(peer) == height
