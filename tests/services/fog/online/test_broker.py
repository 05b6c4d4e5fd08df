# SPDX-License-Identifier: Apache-2.0
"""The broker of one machine: where it is, and that it comes back."""

import asyncio
import json
import os
import signal
import socket
from contextlib import suppress

import pytest
from tests.chaincode.certificates import Authority
from tests.network.shell import listening
from tests.services.fog.online.waiting import until

from pmcb_services.fog.errors import InvalidInput, Unavailable
from pmcb_services.fog.online import _broker
from pmcb_services.fog.online._address import Address
from pmcb_services.fog.online._broker import ADDRESS, Broker
from pmcb_services.fog.online._connection import Connection
from pmcb_services.fog.online._messages import MAX_BYTES
from pmcb_services.fog.online._stream import Stream
from pmcb_services.fog.online._tasks import end

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]


@pytest.mark.parametrize(
    ("url", "token"),
    [
        ("nats://10.0.0.7:4222", "secret"),
        ("tls://broker.example:4222", ""),
        ("nats://127.0.0.1:4222,nats://10.0.0.7:4222", "secret"),
        ("http://127.0.0.1:4222", "secret"),
        ("127.0.0.1:4222", "secret"),
        ("", ""),
    ],
)
def test_beyond_this_machine_a_broker_needs_tls_and_a_token(url, token):
    """Nothing else is connected to, and no message holds the token."""
    with pytest.raises(InvalidInput) as caught:
        Address(url=url, token=token)
    assert "secret" not in str(caught.value)


def test_an_address_shows_no_token():
    """Not to whoever prints it."""
    address = Address(url="tls://a.example:1,tls://b.example:2", token="secret")
    assert "secret" not in repr(address)
    assert address.tls is not None


@pytest.mark.parametrize("text", ["", "[]", '{"host": 1}', '{"url": 3}'])
def test_an_address_that_cannot_be_read_is_unavailable(text, tmp_path):
    """With the command that makes one."""
    (tmp_path / "address.json").write_text(text)
    with pytest.raises(Unavailable, match="No broker") as caught:
        Address.read(tmp_path / "address.json")
    assert "pmcb fog serve" in caught.value.next_step


async def usable(stream):
    """Once an order can be offered."""
    while True:
        try:
            made = await stream.ensure()
            await stream.offer("o", "ward-1", 1)
        except Unavailable:
            await asyncio.sleep(0.01)
        else:
            return made


async def test_whoever_lacks_the_token_gets_nowhere(tmp_path):
    """The port is open to every process of the machine, the broker is not."""
    async with Broker(tmp_path) as broker:
        stranger = Address(url=broker.address.url, token="guessed")
        async with Connection(stranger) as connection:
            await asyncio.sleep(0.3)
            with pytest.raises(Unavailable):
                await connection.request("fog.rpc.claim", b"")
    for name in ("broker.conf", "run.json", ADDRESS):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


async def test_a_broker_that_is_killed_comes_back_at_its_place(tmp_path):
    """With what it had, as long as its files are there."""
    async with Broker(tmp_path) as broker, Connection(broker.address) as connection:
        stream, first = Stream(connection), broker.pid
        assert await usable(stream)
        os.kill(first, signal.SIGKILL)
        await until(lambda: broker.pid != first and stream.connected, "another broker")
        assert not await usable(stream)
        assert Address.read(tmp_path / ADDRESS) == broker.address


async def test_a_broker_whose_files_are_deleted_begins_anew(tmp_path):
    """And says that what was offered is lost."""
    async with Broker(tmp_path) as broker, Connection(broker.address) as connection:
        stream, first = Stream(connection), broker.pid
        await usable(stream)
        (tmp_path / "jetstream").rename(tmp_path / "lost")  # it may write there just now
        await until(lambda: broker.pid != first and stream.connected, "another broker")
        assert await usable(stream)


async def test_a_broker_that_hangs_is_replaced(tmp_path, monkeypatch):
    """It is there, says nothing, and must go."""
    monkeypatch.setattr(_broker, "SILENT_LOOKS", 1)
    async with Broker(tmp_path) as broker, Connection(broker.address) as connection:
        stream, first = Stream(connection), broker.pid
        await usable(stream)
        os.kill(first, signal.SIGSTOP)
        await until(lambda: broker.pid != first and stream.connected, "another broker")
        await usable(stream)


async def test_a_gateway_that_was_killed_finds_its_broker_again(tmp_path):
    """The next one takes it over, and ends it when it ends itself."""
    first = await Broker(tmp_path).__aenter__()
    assert first._watching
    assert first._child
    await end(first._watching)  # as if the process had died
    async with Broker(tmp_path) as second:
        assert second.pid == first.pid
        assert second.address == first.address
    assert not await second._says()
    await first._child.wait()


async def test_a_place_that_somebody_else_took_is_given_up(tmp_path):
    """Another program listens there now: it is no broker of ours, and is left alone."""
    async with Broker(tmp_path) as broker:
        url, first = broker.address.url, broker.pid
    with socket.create_server(("127.0.0.1", int(url.rpartition(":")[2]))):
        async with Broker(tmp_path) as broker:
            assert broker.address.url != url
            assert broker.pid != first


async def test_a_cluster_is_reached_over_tls_with_its_token(tmp_path):
    """Its certificate counts by the roots that are given, and by no others."""
    authority = Authority()
    issued = authority.issue("broker")
    (tmp_path / "cert.pem").write_bytes(issued.certificate)
    (tmp_path / "key.pem").write_bytes(issued.key)
    port = _broker._free_port()
    (tmp_path / "conf").write_text(
        f'listen: "127.0.0.1:{port}"\nauthorization {{ token: "secret" }}\n'
        f'max_payload: {MAX_BYTES}\njetstream {{ store_dir: "{tmp_path}" }}\n'
        f'tls {{ cert_file: "{tmp_path}/cert.pem", key_file: "{tmp_path}/key.pem" }}\n'
    )
    url = f"tls://127.0.0.1:{port}"
    trusting = Address(url=url, token="secret", tls_ca=authority.certificate.decode())
    doubting = Address(url=url, token="secret")
    server = await asyncio.create_subprocess_exec(
        _broker._program(), "--config", str(tmp_path / "conf"), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with Connection(trusting) as connection, Connection(doubting) as other:
            await usable(Stream(connection))
            assert not other.connected
    finally:
        server.terminate()
        await server.wait()


def test_what_is_known_of_a_broker_may_be_garbage(tmp_path):
    """Then it begins anew."""
    (tmp_path / "run.json").write_text(json.dumps({"port": 1}))
    broker = Broker(tmp_path)
    broker._pid_file.write_text("1 or so")
    assert broker.pid == 0
    assert not broker.address.url.endswith(":1")


async def test_a_gateway_that_was_killed_while_it_started_a_broker_finds_it(tmp_path, monkeypatch):
    """Its name was written down before it ran: no second one takes another place."""

    async def never(_):
        raise asyncio.CancelledError

    first = Broker(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(Broker, "_says", never)  # as if the process had died right then
        with pytest.raises(asyncio.CancelledError):
            await first._start()
    assert first._child
    await until(lambda: listening(int(first.address.url.rpartition(":")[2])), "the broker")
    async with Broker(tmp_path) as second:
        assert second.address == first.address
        started = second.pid
        assert started == first._child.pid
        os.kill(second.pid, signal.SIGKILL)
        await until(lambda: second.pid not in {0, started}, "another broker")
    await first._child.wait()


async def test_a_broker_that_hears_nothing_is_ended(tmp_path, monkeypatch):
    """It is paused, perhaps; whoever serves orders wants to end."""
    monkeypatch.setattr(_broker, "END_S", 0.2)
    broker = Broker(tmp_path)
    pid = 0
    try:
        async with asyncio.timeout(20), broker:
            pid = broker.pid
            os.kill(pid, signal.SIGSTOP)
    finally:
        with suppress(ProcessLookupError):
            if pid:
                os.kill(pid, signal.SIGKILL)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
