# SPDX-License-Identifier: Apache-2.0
"""The chaincode server over real gRPC streams."""

import asyncio
from contextlib import AsyncExitStack

import grpc
import pytest
from tests.chaincode.certificates import Authority
from tests.chaincode.fake_peer import FakePeer, until
from tests.chaincode.faults import after_keepalive, twice
from tests.chaincode.notes import Notes
from tests.chaincode.wire import dial

from pmcb_chaincode.bridge import (
    ChaincodeMessage,
    ChaincodeServer,
    ServerConfigError,
    ServerTls,
)
from pmcb_chaincode.bridge._stream import Stream

M = ChaincodeMessage
LOOPBACK = "127.0.0.1:0"


@pytest.fixture
async def server():
    """A server of notes on a free port."""
    async with ChaincodeServer(Notes(), "notes:1", LOOPBACK) as running:
        yield running


@pytest.fixture(scope="module")
def authority():
    """The CA that server and peers trust."""
    return Authority()


def tls_of(authority, *, client_ca=None):
    """A server's keys."""
    pair = authority.issue("server")
    return ServerTls(key=pair.key, certificate=pair.certificate, client_ca=client_ca)


def transactions():
    """The tasks of transactions that run."""
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
    return [name for name in names if name == "Session._transaction"]


@pytest.mark.parametrize(
    "address",
    ["0.0.0.0:0", "[::]:0", "192.0.2.1:20040", "peer.example:20040", ":20040", "", "127.0.0.1"],
)
def test_plain_tcp_beyond_loopback_is_refused(address):
    """Without TLS a server listens on this machine only."""
    with pytest.raises(ServerConfigError, match="is not a loopback address"):
        ChaincodeServer(Notes(), "notes:1", address)


@pytest.mark.parametrize("address", ["127.0.0.1:0", "localhost:0", "[::1]:0", "127.9.9.9:0"])
def test_loopback_needs_no_tls(address):
    """Every loopback address will do."""
    ChaincodeServer(Notes(), "notes:1", address)


async def test_busy_port_is_refused(server):
    """A second server on the port is told so, instead of sharing it."""
    with pytest.raises(ServerConfigError, match="is the port taken"):
        async with ChaincodeServer(Notes(), "notes:2", f"127.0.0.1:{server.port}"):
            pass


async def test_unusable_key_is_refused(authority):
    """A key that is none stops the start."""
    tls = ServerTls(key=b"no key", certificate=authority.issue("server").certificate)
    with pytest.raises(ServerConfigError, match="the key unreadable"):
        async with ChaincodeServer(Notes(), "notes:1", LOOPBACK, tls=tls):
            pass


async def test_peer_without_certificate_is_refused(authority):
    """With a client CA, only a peer that it certified is served."""
    tls = tls_of(authority, client_ca=authority.certificate)
    stranger = Authority().issue("stranger")
    async with ChaincodeServer(Notes(), "notes:1", LOOPBACK, tls=tls) as server:
        for pair in ((None, None), (stranger.key, stranger.certificate)):
            credentials = grpc.ssl_channel_credentials(authority.certificate, *pair)
            peer = FakePeer()
            async with dial(peer, server.port, credentials) as wire:
                assert await wire.ended() is grpc.StatusCode.UNAVAILABLE
            assert not peer.registered


async def test_plain_peer_is_refused_by_a_tls_server(authority):
    """TLS is no offer but a demand."""
    async with ChaincodeServer(Notes(), "notes:1", LOOPBACK, tls=tls_of(authority)) as server:
        peer = FakePeer()
        async with dial(peer, server.port) as wire:
            assert await wire.ended() is grpc.StatusCode.UNAVAILABLE
        assert not peer.registered


@pytest.mark.parametrize("mutual", [False, True])
async def test_peer_is_served_over_tls(authority, mutual):
    """With a certificate where one is asked for, and without where not."""
    tls = tls_of(authority, client_ca=authority.certificate if mutual else None)
    own = authority.issue("peer0")
    pair = (own.key, own.certificate) if mutual else (None, None)
    credentials = grpc.ssl_channel_credentials(authority.certificate, *pair)
    async with ChaincodeServer(Notes(), "notes:1", LOOPBACK, tls=tls) as server:
        peer = FakePeer()
        async with dial(peer, server.port, credentials):
            await peer.ready.wait()
            assert (await peer.call("who")).status == 200
    assert peer.registered == "notes:1"


async def test_broken_protocol_aborts_its_stream_only(server):
    """A peer that leaves the protocol loses its stream; another peer's lives on."""
    bad, good = FakePeer(), FakePeer()
    async with dial(bad, server.port) as broken, dial(good, server.port):
        await asyncio.gather(bad.ready.wait(), good.ready.wait())
        bad.deliver(M(type=M.READY))
        assert await broken.ended() is grpc.StatusCode.FAILED_PRECONDITION
        assert (await good.call("who")).status == 200


async def test_bytes_that_are_no_message_end_the_stream(server):
    """Garbage on the wire ends the stream, and the server goes on."""
    bad, good = FakePeer(), FakePeer()
    async with dial(bad, server.port) as broken:
        await bad.ready.wait()
        broken.send(b"\xff\xff\xff")
        assert await broken.ended() is not grpc.StatusCode.OK
    async with dial(good, server.port):
        await good.ready.wait()
        assert (await good.call("who")).status == 200


async def test_broken_stream_cancels_what_runs(server):
    """A peer that goes away in the middle of a call leaves no transaction behind."""
    peer = FakePeer()
    async with dial(peer, server.port) as wire:
        await peer.ready.wait()
        peer.holding = True
        for _ in range(5):
            peer.start("read", "k")
        await until(lambda: len(peer.held) == 5)
        assert len(transactions()) == 5
        await wire.close()
        await until(lambda: not server._streams)
        assert transactions() == []
    assert not peer.answers


async def test_reconnecting_peer_gets_a_fresh_session(server):
    """What an earlier stream left unanswered does not disturb the next one."""
    for _ in range(2):
        peer = FakePeer({"k": b"1"})
        async with dial(peer, server.port):
            await peer.ready.wait()
            assert (await peer.call("read", "k", tx_id="ab" * 32)).json() == {"value": "1"}
            peer.holding = True
            peer.start("read", "k", tx_id="cd" * 32)


async def test_answer_that_cannot_be_sent_ends_the_stream():
    """A stream whose writer fails is ended, so that its peer does not wait in vain."""

    async def silent():
        await asyncio.Event().wait()
        yield M()

    async def fail(_):
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await Stream(Notes(), "notes:1").run(silent(), fail)


async def test_large_arguments_leave_the_stream_alive(server):
    """Above gRPC's own 4 MiB and above ours: refused, and the next call is served."""
    peer = FakePeer()
    async with dial(peer, server.port):
        await peer.ready.wait()
        assert (await peer.call("who", b"x" * (5 * 2**20))).code == "TOO_LARGE"
        assert (await peer.call("who")).status == 200
        assert len((await peer.call("large", str(6 * 2**20))).payload) > 6 * 2**20


async def test_keepalives_and_repeats_disturb_nothing(server):
    """Pings between replies come back, repeated replies are dropped."""
    peer = FakePeer({"k00000": b"0", "k00001": b"1"})
    peer.at(M.GET_STATE, 1, after_keepalive)
    peer.at(M.GET_STATE, 2, twice)
    async with dial(peer, server.port):
        await peer.ready.wait()
        for _ in range(10):
            peer.deliver(M(type=M.KEEPALIVE))
        assert (await peer.call("gather_reads", "2")).json() == {"values": ["0", "1"]}
        assert (await peer.call("who")).status == 200
    assert peer.keepalives == 11
    assert peer.violations == []


@pytest.mark.parametrize("backwards", [False, True])
async def test_many_transactions_at_once_lose_none(server, backwards):
    """400 transactions on one stream, their first replies held: each is answered once, rightly."""
    peer = FakePeer({f"key{number}": f"value{number}".encode() for number in range(400)})
    async with dial(peer, server.port):
        await peer.ready.wait()
        peer.holding = True
        started = [peer.start("copy", f"key{n}", f"copy{n}") for n in range(400)]
        await until(lambda: len(peer.held) == 400)
        peer.release(backwards=backwards)
        answers = [await peer.end(tx_id) for tx_id in started]
    assert {answer.status for answer in answers} == {200}
    assert all(peer.state[f"copy{n}"] == f"value{n}".encode() for n in range(400))
    assert [len(peer.answers[tx_id]) for tx_id in started] == [1] * 400
    assert peer.violations == []


async def test_leaving_server_ends_what_runs():
    """Running transactions are answered, new streams refused, and the old ones closed properly."""
    peer, late = FakePeer({"k": b"1"}), FakePeer()
    leave = asyncio.Event()
    server = ChaincodeServer(Notes(), "notes:1", LOOPBACK)

    async def serve_until_told():
        async with server:
            await leave.wait()

    serving = asyncio.create_task(serve_until_told())
    await until(lambda: server.port)
    async with dial(peer, server.port) as wire:
        await peer.ready.wait()
        peer.holding = True
        started = [peer.start("read", "k") for _ in range(20)]
        await until(lambda: len(peer.held) == 20)
        leave.set()
        async with dial(late, server.port) as refused:
            assert await refused.ended() is grpc.StatusCode.UNAVAILABLE
        assert not serving.done()
        peer.release()
        assert await wire.ended() is grpc.StatusCode.OK
        assert all(peer.answers[tx_id][0].json() == {"value": "1"} for tx_id in started)
    await serving
    await server.wait()


async def test_leaving_server_does_not_wait_for_ever():
    """A transaction that outlasts the drain is left unanswered, and its stream ends."""
    peer = FakePeer()
    async with AsyncExitStack() as dialled:
        async with ChaincodeServer(Notes(), "notes:1", LOOPBACK, drain_s=0.01) as server:
            wire = await dialled.enter_async_context(dial(peer, server.port))
            await peer.ready.wait()
            peer.holding = True
            peer.start("read", "k")
            await until(lambda: peer.held)
        assert await wire.ended() is not grpc.StatusCode.OK
    assert not peer.answers
