# SPDX-License-Identifier: Apache-2.0
"""A peer that is late, pings, floods or goes away: the clock is moved by hand."""

import asyncio

import pytest
from tests.chaincode.fake_peer import FakePeer, connect, until
from tests.chaincode.faults import error, later, silence
from tests.chaincode.notes import Notes
from tests.chaincode.wire import dial

from pmcb_chaincode.bridge import ChaincodeMessage, ChaincodeServer

M = ChaincodeMessage


@pytest.fixture
async def session():
    """A sound peer and its session, whose calls wait as long as they do outside."""
    peer = FakePeer({"k": b"1"})
    made = connect(peer, Notes())
    yield peer, made
    await made.close()


async def test_silent_peer_is_given_up_after_twenty_seconds(session, clock):
    """Not before, and then with PEER_ERROR."""
    peer, _ = session
    peer.at(M.GET_STATE, 1, silence)
    tx_id = peer.start("read", "k")
    await clock.advance(19.5)
    assert not peer.answers[tx_id]
    await clock.advance(1)
    assert peer.answers[tx_id][0].code == "PEER_ERROR"


@pytest.mark.parametrize(("seconds", "status", "dropped"), [(19, 200, 0), (21, 500, 1)])
async def test_delayed_reply_counts_until_the_limit(session, clock, seconds, status, dropped):
    """A reply within twenty seconds is the call's; a later one is dropped and counted."""
    peer, made = session
    peer.at(M.GET_STATE, 1, later(seconds, peer.answer))
    tx_id = peer.start("read", "k")
    await clock.advance(seconds - 0.5)
    await clock.advance(1)
    assert [answer.status for answer in peer.answers[tx_id]] == [status]
    assert made.unmatched == dropped
    assert (await peer.call("read", "k")).json() == {"value": "1"}


async def test_each_call_has_its_own_twenty_seconds(session, clock):
    """Slow is not silent: three calls of nineteen seconds end well."""
    peer, _ = session
    for nth in (1, 2, 3):
        peer.at(M.GET_STATE, nth, later(19, peer.answer))
    tx_id = peer.start("gather_reads", "3")
    for _ in range(3):
        assert not peer.answers[tx_id]
        await clock.advance(19.5)
    assert [answer.status for answer in peer.answers[tx_id]] == [200]


async def test_pings_every_ten_seconds_come_back_and_prolong_nothing(session, clock):
    """A quiet stream lives on ping by ping, but a call's time is its own."""
    peer, _ = session
    peer.at(M.GET_STATE, 1, silence)
    tx_id = peer.start("read", "k")
    pinging = asyncio.create_task(peer.ping_every(10))
    await asyncio.sleep(0)
    for pings in (1, 2, 3, 4, 5, 6):
        await clock.advance(10.01)
        assert peer.keepalives == pings
        assert len(peer.answers[tx_id]) == (pings > 1)
    pinging.cancel()
    assert (await peer.call("read", "k")).status == 200


@pytest.mark.parametrize(("batch", "multiple"), [(None, None), (None, 1000), (1000, None)])
async def test_withheld_batches_change_no_answer(serve, batch, multiple):
    """A peer that offers no batches, or only one kind, is served the same."""
    peer = serve(FakePeer(batch=batch, multiple=multiple))
    assert (await peer.call("fill", "50")).status == 200
    answer = await peer.call("read_many", '["k00000","k00049","k00050"]')
    assert answer.json() == {"values": ["1", "1", "-"]}
    assert peer.calls[M.WRITE_BATCH_STATE] == (1 if batch else 0)
    assert peer.calls[M.GET_STATE_MULTIPLE] == (1 if multiple else 0)


@pytest.mark.parametrize("nth", [1, 2, 3])
async def test_error_to_the_nth_call_ends_its_transaction_only(serve, nth):
    """One of three transactions at once meets ERROR; the others get their values."""
    peer = serve(FakePeer({"k": b"1"}))
    peer.at(M.GET_STATE, nth, error)
    started = [peer.start("read", "k") for _ in range(3)]
    statuses = [(await peer.end(tx_id)).status for tx_id in started]
    assert statuses == [500 if place == nth else 200 for place in (1, 2, 3)]


async def test_stream_survives_what_is_too_large():
    """Over gRPC: arguments above 4 MiB and a result above 8 MiB are refused, the next is served."""
    peer = FakePeer({"k": b"1"})
    async with (
        ChaincodeServer(Notes(), "notes:1", "127.0.0.1:0") as server,
        dial(peer, server.port) as wire,
    ):
        await peer.ready.wait()
        for call in (["who", b"x" * (4 * 2**20 + 1)], ["large", str(8 * 2**20)]):
            answer = await peer.call(*call)
            assert (answer.status, answer.code) == (413, "TOO_LARGE")
        assert (await peer.call("read", "k")).json() == {"value": "1"}
        assert not wire._reader.done()


async def test_broken_stream_leaves_other_peers_served():
    """One of two peers goes away in the middle of its calls; the other notices nothing."""
    gone, good = FakePeer({"k": b"1"}), FakePeer({"k": b"2"})
    async with ChaincodeServer(Notes(), "notes:1", "127.0.0.1:0") as server:
        async with dial(gone, server.port) as broken, dial(good, server.port):
            await asyncio.gather(gone.ready.wait(), good.ready.wait())
            gone.holding = good.holding = True
            for peer in (gone, good):
                started = [peer.start("read", "k") for _ in range(20)]
            await until(lambda: len(gone.held) == len(good.held) == 20)
            await broken.close()
            await until(lambda: len(server._streams) == 1)
            good.release()
            values = [(await good.end(tx_id)).json() for tx_id in started]
        assert values == [{"value": "2"}] * 20
        assert not gone.answers
