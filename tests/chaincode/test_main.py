# SPDX-License-Identifier: Apache-2.0
"""``python -m pmcb_chaincode serve``: settings from the environment, and leaving on a signal."""

import asyncio
import json
import os
import signal
import sys
from contextlib import asynccontextmanager

import grpc
import pytest
from tests.chaincode.certificates import Authority
from tests.chaincode.fake_peer import FakePeer, until
from tests.chaincode.wire import dial

from pmcb_chaincode.__main__ import main

NAMES = ("ID", "SERVER_ADDRESS", "TLS_KEY", "TLS_CERT", "CLIENT_CA_CERT")
GOOD = {"CHAINCODE_ID": "pmcb:1", "CHAINCODE_SERVER_ADDRESS": "127.0.0.1:0"}


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """Sets the server's variables, and no others."""

    def made(**changed):
        for name in NAMES:
            monkeypatch.delenv(f"CHAINCODE_{name}", raising=False)
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


def test_unreadable_governance_does_not_start(environment, capsys, tmp_path):
    """A governance that cannot be read governs nothing."""
    sentence = refused(capsys, "--governance", str(tmp_path / "absent.json"))
    assert sentence == "Error: governance.json is unreadable.\n"


def test_no_command_is_a_usage_error(capsys):
    """Serving is asked for by name."""
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    assert "serve" in capsys.readouterr().err


@asynccontextmanager
async def process(**variables):
    """A server process and the port it listens on; ended by its handle, whatever happens."""
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "pmcb_chaincode",
        "serve",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **GOOD, **variables},
    )
    assert started.stderr is not None
    try:
        line = json.loads(await started.stderr.readline())
        assert line["event"] == "serving", line
        yield started, line["port"]
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


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
    """New streams are refused, the running transaction is answered, and the process exits 0."""
    peer = FakePeer()
    async with process() as (server, port), dial(peer, port) as wire:
        await peer.ready.wait()
        peer.holding = True
        running = peer.start("get_key", "HospitalAMSP", "ann")
        await until(lambda: peer.held)
        server.send_signal(name)
        assert await _refusal(port) is grpc.StatusCode.UNAVAILABLE
        unheard = peer.start("get_key", "HospitalAMSP", "ann")
        peer.release()
        assert (await peer.end(running)).code == "NOT_FOUND"
        assert await wire.ended() is grpc.StatusCode.OK
        out, err = await server.communicate()
        assert (server.returncode, out) == (0, b"")
    assert peer.answers[unheard] == []
    events = [json.loads(line) for line in err.splitlines()]
    assert [event["event"] for event in events].count("transaction") == 1
    assert all(isinstance(event["time"], int) for event in events)


async def test_second_signal_ends_at_once():
    """Whoever insists does not wait for the drain."""
    peer = FakePeer()
    async with process() as (server, port), dial(peer, port):
        await peer.ready.wait()
        peer.holding = True
        peer.start("get_key", "HospitalAMSP", "ann")
        await until(lambda: peer.held)
        server.send_signal(signal.SIGTERM)
        server.send_signal(signal.SIGINT)
        await server.wait()
        assert server.returncode == 1


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
    async with process(**variables) as (_, port):
        peer, stranger = FakePeer(), FakePeer()
        credentials = grpc.ssl_channel_credentials(authority.certificate, own.key, own.certificate)
        async with dial(peer, port, credentials):
            await peer.ready.wait()
            assert (await peer.call("ping")).status == 200
        bare = grpc.ssl_channel_credentials(authority.certificate)
        async with dial(stranger, port, bare) as wire:
            assert await wire.ended() is grpc.StatusCode.UNAVAILABLE
    assert peer.registered == "pmcb:1"
