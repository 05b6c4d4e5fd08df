# SPDX-License-Identifier: Apache-2.0
"""``python -m pmcb_chaincode serve``: settings from the environment, and leaving on a signal."""

import asyncio
import json
import shutil
import signal

import grpc
import pytest
from tests.chaincode.certificates import Authority
from tests.chaincode.fake_peer import FakePeer, until
from tests.chaincode.server_process import PACKAGE_ID, ask, server_process
from tests.chaincode.server_process import SETTINGS as GOOD
from tests.chaincode.wire import dial

from pmcb_chaincode.__main__ import main
from pmcb_chaincode._label import package_label
from pmcb_chaincode.contract import Governance

OPERATIONS, AUDIT = "PMCB_CC_OPERATIONS", "PMCB_CC_AUDIT"
NAMES = ("ID", "SERVER_ADDRESS", "TLS_KEY", "TLS_CERT", "CLIENT_CA_CERT")


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """Sets the server's variables, and no others."""

    def made(**changed):
        for name in (*(f"CHAINCODE_{name}" for name in NAMES), OPERATIONS, AUDIT):
            monkeypatch.delenv(name, raising=False)
        for name, value in changed.items():
            monkeypatch.setenv(name, value)

    made(**GOOD)
    return made


def refused(capsys, *arguments):
    """The one sentence of a server that does not start."""
    assert main(["serve", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", [None, ""])
def test_missing_variable_is_named(environment, capsys, name, value):
    """Without a package id or an address nothing starts."""
    changed = {key: text for key, text in GOOD.items() if key != name}
    environment(**changed, **({} if value is None else {name: value}))
    assert refused(capsys) == f"Error: set {name}.\n"


@pytest.mark.parametrize("name", NAMES[2:])
def test_half_of_the_tls_variables_is_refused(environment, capsys, tmp_path, name):
    """A key without its certificate, or a client CA alone, would mean less than it seems."""
    path = tmp_path / "file.pem"
    path.write_bytes(b"")
    environment(**GOOD, **{f"CHAINCODE_{name}": str(path)})
    sentence = "Error: set both CHAINCODE_TLS_KEY and CHAINCODE_TLS_CERT, or no TLS variable.\n"
    assert refused(capsys) == sentence


def test_unreadable_tls_file_is_named(environment, capsys, tmp_path):
    """The sentence says which file, and why."""
    path = str(tmp_path / "absent.pem")
    environment(**GOOD, CHAINCODE_TLS_KEY=path, CHAINCODE_TLS_CERT=path)
    assert refused(capsys) == f"Error: cannot read {path}: No such file or directory.\n"


def test_plain_tcp_beyond_loopback_does_not_start(environment, capsys):
    """Without TLS a server listens on this machine only."""
    environment(**(GOOD | {"CHAINCODE_SERVER_ADDRESS": "0.0.0.0:0"}))
    assert "is not a loopback address" in refused(capsys)


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "peer.example:9443", "9443"])
def test_operations_beyond_loopback_do_not_start(environment, capsys, address):
    """Health and metrics are plain HTTP, for this machine only."""
    environment(**GOOD, **{OPERATIONS: address})
    assert refused(capsys).startswith(f"Error: {address} is not a loopback address")


def test_refusal_log_that_cannot_be_used_does_not_start(environment, capsys, tmp_path):
    """Who asked for a log is not served without one."""
    (tmp_path / "file").write_text("")
    environment(**GOOD, **{AUDIT: str(tmp_path / "file")})
    assert (
        refused(capsys) == f"Error: the refusal log cannot use {tmp_path / 'file'}: File exists.\n"
    )


def test_unreadable_governance_does_not_start(environment, capsys, tmp_path):
    """A governance that cannot be read governs nothing."""
    sentence = refused(capsys, "--governance", str(tmp_path / "absent.json"))
    assert sentence == "Error: governance.json is unreadable.\n"


@pytest.mark.parametrize("label", ["pmcb", "pmcb_0.1.0_0123456789ab", "other"])
def test_a_package_of_other_code_is_not_served(environment, capsys, label):
    """Both labels are named, and what to do: who approved a package approved its code."""
    environment(**(GOOD | {"CHAINCODE_ID": f"{label}:{'0' * 64}"}))
    mine = package_label(Governance.load())
    sentence = refused(capsys)
    assert f"CHAINCODE_ID names the package {label}, and this code" in sentence
    assert f"or approve a package with the label {mine}." in sentence


def test_a_package_of_another_governance_is_not_served(environment, capsys, tmp_path):
    """The rules are part of what was approved, and `label` tells them apart."""
    rules = Governance.load().as_json()
    (tmp_path / "other.json").write_text(json.dumps({**rules, "epoch_quorum": 1}))
    assert "names the package" in refused(capsys, "--governance", str(tmp_path / "other.json"))
    labels = set()
    for more in ([], ["--governance", str(tmp_path / "other.json")]):
        assert main(["label", *more]) == 0
        labels.add(capsys.readouterr().out.strip())
    assert package_label(Governance.load()) in labels
    assert len(labels) == 2
    assert main(["label", "--governance", str(tmp_path / "absent.json")]) == 2


def test_no_command_is_a_usage_error(capsys):
    """Serving is asked for by name."""
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    assert "serve" in capsys.readouterr().err


async def _refusal(port):
    """Dial until a stream is refused: how."""
    while True:
        peer = FakePeer()
        async with dial(peer, port) as wire:
            ended = asyncio.ensure_future(wire.ended())
            ready = asyncio.ensure_future(peer.ready.wait())
            await asyncio.wait([ended, ready], return_when=asyncio.FIRST_COMPLETED)
            ready.cancel()
            if ended.done():
                return ended.result()
            ended.cancel()


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
async def test_signal_lets_running_transactions_end(name):
    """Health says 503, new streams are refused, what runs is answered, and the process exits 0."""
    peer = FakePeer()
    settings = {OPERATIONS: "127.0.0.1:0"}
    async with server_process(settings=settings) as server, dial(peer, server.port) as wire:
        await peer.ready.wait()
        assert (await ask(server.operations, "/healthz"))[0] == 200
        peer.holding = True
        running = peer.start("get_key", "HospitalAMSP", "ann")
        await until(lambda: peer.held)
        server.process.send_signal(name)
        assert await _refusal(server.port) is grpc.StatusCode.UNAVAILABLE
        status, body = await ask(server.operations, "/healthz")
        assert (status, json.loads(body)["status"]) == (503, "draining")
        assert "transactions_running 1.0" in (await ask(server.operations, "/metrics"))[1]
        unheard = peer.start("get_key", "HospitalAMSP", "ann")
        peer.release()
        assert (await peer.end(running)).code == "NOT_FOUND"
        assert await wire.ended() is grpc.StatusCode.OK
        out, err = await server.process.communicate()
        assert (server.process.returncode, out) == (0, b"")
    assert peer.answers[unheard] == []
    events = [json.loads(line) for line in err.splitlines()]
    assert [event["event"] for event in events].count("transaction") == 1
    assert all(isinstance(event["time"], int) for event in events)


async def test_second_signal_ends_at_once():
    """Whoever insists does not wait for the drain."""
    peer = FakePeer()
    async with server_process() as server, dial(peer, server.port):
        await peer.ready.wait()
        peer.holding = True
        peer.start("get_key", "HospitalAMSP", "ann")
        await until(lambda: peer.held)
        server.process.send_signal(signal.SIGTERM)
        server.process.send_signal(signal.SIGINT)
        await server.process.wait()
        assert server.process.returncode == 1


async def test_process_tells_its_health_and_counts(tmp_path):
    """With both variables set: health, metrics, and a refusal on record."""
    peer = FakePeer()
    settings = {OPERATIONS: "127.0.0.1:0", AUDIT: str(tmp_path / "log")}
    async with server_process(settings=settings) as server, dial(peer, server.port):
        await peer.ready.wait()
        assert (await peer.call("get_key", "HospitalAMSP", "ann")).code == "NOT_FOUND"
        body = '{"status": "serving", "refusal_log": "ok"}'
        assert await ask(server.operations, "/healthz") == (200, body)
        _, metrics = await ask(server.operations, "/metrics")
    counted = 'pmcb_chaincode_transactions_total{code="NOT_FOUND",function="get_key",status="404"}'
    assert f"{counted} 1.0" in metrics
    assert "pmcb_chaincode_sessions 1.0" in metrics
    assert "process_resident_memory_bytes" in metrics
    (path,) = (tmp_path / "log").glob("*.jsonl")
    assert json.loads(path.read_text())["uid"] == "HospitalAMSP/rel1"


async def test_process_with_a_failing_refusal_log_goes_on(tmp_path):
    """Transactions are answered; health and metrics show the trouble."""
    peer, folder = FakePeer(), tmp_path / "log"
    settings = {OPERATIONS: "127.0.0.1:0", AUDIT: str(folder)}
    async with server_process(settings=settings) as server, dial(peer, server.port):
        await peer.ready.wait()
        shutil.rmtree(folder)
        assert (await peer.call("get_key", "HospitalAMSP", "ann")).code == "NOT_FOUND"
        assert (await peer.call("ping")).status == 200
        status, body = await ask(server.operations, "/healthz")
        assert (status, json.loads(body)["refusal_log"]) == (200, "failing")
        _, metrics = await ask(server.operations, "/metrics")
        assert "refusal_log_errors_total 0.0" not in metrics


async def test_process_without_operations_or_log_opens_neither():
    """What nobody asked for is not there."""
    async with server_process() as server:
        assert server.operations == 0


async def test_process_serves_under_tls(tmp_path):
    """The three files of the environment make a server that asks peers for certificates."""
    authority = Authority()
    pair, own = authority.issue("server"), authority.issue("peer0")
    made = {
        "CHAINCODE_TLS_KEY": pair.key,
        "CHAINCODE_TLS_CERT": pair.certificate,
        "CHAINCODE_CLIENT_CA_CERT": authority.certificate,
    }
    for name, data in made.items():
        (tmp_path / name).write_bytes(data)
    variables = {name: str(tmp_path / name) for name in made}
    async with server_process(settings=variables) as server:
        peer, stranger = FakePeer(), FakePeer()
        credentials = grpc.ssl_channel_credentials(authority.certificate, own.key, own.certificate)
        async with dial(peer, server.port, credentials):
            await peer.ready.wait()
            assert (await peer.call("ping")).status == 200
        bare = grpc.ssl_channel_credentials(authority.certificate)
        async with dial(stranger, server.port, bare) as wire:
            assert await wire.ended() is grpc.StatusCode.UNAVAILABLE
    assert peer.registered == PACKAGE_ID
