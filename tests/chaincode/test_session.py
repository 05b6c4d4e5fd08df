# SPDX-License-Identifier: Apache-2.0
"""The state machine of a stream, and one answer for each transaction whatever happens."""

import asyncio
import logging
from typing import Any

import pytest
from tests.chaincode.fake_peer import FakePeer, connect
from tests.chaincode.faults import silence, twice
from tests.chaincode.identities import new_tx_id
from tests.chaincode.notes import Notes

from pmcb_chaincode.bridge import ChaincodeMessage, ProtocolError, Session, SessionClosed
from pmcb_chaincode.bridge._protos import ChaincodeID

M = ChaincodeMessage


def bare(*, established=False, ready=False):
    """A session driven by hand, and what it sent."""
    sent: list[Any] = []
    session = Session(Notes(), "notes:1", sent.append)
    session.open()
    if established or ready:
        session.receive(M(type=M.REGISTERED))
    if ready:
        session.receive(M(type=M.READY))
    return session, sent


EARLY = [M.REGISTER, M.READY, M.TRANSACTION, M.INIT, M.RESPONSE, M.ERROR, M.COMPLETED, M.GET_STATE]
MIDDLE = [M.REGISTERED, *EARLY[2:]]
LATE = [M.REGISTERED, M.READY, M.REGISTER, M.COMPLETED, M.PUT_STATE, M.UNDEFINED, 99]


@pytest.mark.parametrize(
    ("how", "kind"),
    [({}, kind) for kind in EARLY]
    + [({"established": True}, kind) for kind in MIDDLE]
    + [({"ready": True}, kind) for kind in LATE],
)
def test_misplaced_message_aborts_the_stream(how, kind):
    """Whatever the table of states does not name is a protocol error, and starts nothing."""
    session, sent = bare(**how)
    with pytest.raises(ProtocolError):
        session.receive(M(type=kind, txid="a", channel_id="c"))
    assert [message.type for message in sent] == [M.REGISTER]


async def test_closed_session_takes_nothing():
    """After its end a session refuses every message but a ping."""
    session, _ = bare(ready=True)
    await session.close()
    for kind in (M.REGISTERED, M.READY, M.TRANSACTION, M.RESPONSE):
        with pytest.raises(ProtocolError):
            session.receive(M(type=kind))


def test_unreadable_offer_aborts_the_stream():
    """READY with bytes that are no message is a protocol error."""
    session, _ = bare(established=True)
    with pytest.raises(ProtocolError):
        session.receive(M(type=M.READY, payload=b"\xff\xff\xff"))


def test_stream_begins_with_register():
    """The first message names the package."""
    _, sent = bare()
    assert ChaincodeID.FromString(sent[0].payload).name == "notes:1"


@pytest.mark.parametrize("how", [{}, {"established": True}, {"ready": True}])
def test_keepalive_comes_back(how):
    """A ping is answered in every state."""
    session, sent = bare(**how)
    session.receive(M(type=M.KEEPALIVE))
    assert [message.type for message in sent] == [M.REGISTER, M.KEEPALIVE]


async def test_init_is_a_transaction(served):
    """INIT is served like TRANSACTION."""
    peer, _ = served
    assert (await peer.call("who", kind=M.INIT)).status == 200


async def test_reply_nobody_waits_for_is_counted_and_dropped(served):
    """An unknown transaction's reply, and a repeated reply, change nothing."""
    peer, session = served
    session.receive(M(type=M.RESPONSE, txid="unknown", channel_id="pmcb"))
    session.receive(M(type=M.ERROR, txid="unknown", channel_id="pmcb"))
    peer.at(M.GET_STATE, 1, twice)
    assert (await peer.call("copy", "a", "b")).writes == {"b": b"absent"}
    assert session.unmatched == 3


async def test_late_reply_is_not_taken_for_another(served):
    """A repeated reply does not answer the transaction's next call."""
    peer, session = served
    peer.state = {"k00000": b"0", "k00001": b"1", "k00002": b"2"}
    peer.at(M.GET_STATE, 1, twice)
    assert (await peer.call("gather_reads", "3")).json() == {"values": ["0", "1", "2"]}
    assert session.unmatched == 1


async def test_reply_of_another_channel_is_not_taken(served):
    """Calls wait under channel and transaction id both."""
    peer, session = served
    peer.holding = True
    tx_id = peer.start("read", "a")
    await asyncio.sleep(0)
    session.receive(M(type=M.RESPONSE, txid=tx_id, channel_id="other", payload=b"wrong"))
    peer.release()
    assert (await peer.end(tx_id)).json() == {"value": ""}
    assert session.unmatched == 1


@pytest.mark.parametrize("backwards", [False, True])
async def test_transactions_overlap_without_mixing(served, backwards):
    """Replies in any order between transactions reach the transaction they belong to."""
    peer, _ = served
    peer.state = {f"key{number}": f"value{number}".encode() for number in range(100)}
    peer.holding = True
    started = [peer.start("read", f"key{number}") for number in range(100)]
    await asyncio.sleep(0)
    assert len(peer.held) == 100
    peer.release(backwards=backwards)
    values = [(await peer.end(tx_id)).json()["value"] for tx_id in started]
    assert values == [f"value{number}" for number in range(100)]


async def test_thousand_transactions_run_and_more_wait(served):
    """The thousand-and-first begins when one of a thousand has ended."""
    peer, _ = served
    peer.holding = True
    started = [peer.start("read", "k") for _ in range(1001)]
    for _ in range(3):
        await asyncio.sleep(0)
    assert len(peer.held) == 1000
    peer.release()
    for tx_id in started:
        assert (await peer.end(tx_id)).status == 200


@pytest.mark.parametrize("waiting", [False, True])
async def test_transaction_that_a_peer_starts_anew_is_answered_once(waiting):
    """A peer that gave a transaction up and starts it again gets the second run's answer only."""
    peer = FakePeer({"k": b"1"})
    session = connect(peer, Notes(), call_timeout_s=0.01)
    if waiting:
        peer.at(M.GET_STATE, 1, silence)
    tx_id = peer.start("read", "k")
    if waiting:
        await asyncio.sleep(0)
    assert peer.calls[M.GET_STATE] == int(waiting)
    assert peer.start("read", "k", tx_id=tx_id) == tx_id
    assert (await peer.end(tx_id)).json() == {"value": "1"}
    await session.drain()
    assert len(peer.answers[tx_id]) == 1
    assert peer.violations == []
    await session.close()


async def test_end_of_stream_answers_nothing_and_leaves_nobody_waiting(caplog):
    """Closing cancels what runs, in calls and before; nothing is answered, no defect logged."""
    caplog.set_level(logging.INFO)
    peer = FakePeer()
    session = connect(peer, Notes())
    peer.holding = True
    for _ in range(3):
        peer.start("read", "k")
    peer.start("gather_reads", "5")
    await asyncio.sleep(0)
    peer.start("read", "k")
    before = asyncio.all_tasks()
    await session.close()
    assert not peer.answers
    assert len(before) - len(asyncio.all_tasks()) == 5 + 5
    assert caplog.messages == []


async def test_call_after_the_end_of_stream_fails():
    """A contract that outlives its stream learns so at its next call."""
    peer = FakePeer()
    outlived = asyncio.Event()

    class Stubborn(Notes):
        async def call(self, function, ctx, texts):
            try:
                await ctx.ledger.get("k")
            except asyncio.CancelledError:
                with pytest.raises(SessionClosed):
                    await ctx.ledger.get("k")
                outlived.set()
                raise
            raise AssertionError

    session = connect(peer, Stubborn())
    peer.holding = True
    peer.start("who")
    await asyncio.sleep(0)
    await session.close()
    assert outlived.is_set()
    assert not peer.answers


async def test_read_that_outlives_its_stream_fails():
    """A read that a contract left running fails when the stream ends, instead of for ever."""
    left = []

    class Careless(Notes):
        async def call(self, function, ctx, texts):
            left.append(asyncio.ensure_future(ctx.ledger.get("k")))
            await asyncio.Event().wait()
            raise AssertionError

    peer = FakePeer()
    session = connect(peer, Careless())
    peer.holding = True
    peer.start("who")
    for _ in range(3):
        await asyncio.sleep(0)
    await session.close()
    with pytest.raises(SessionClosed):
        await left[0]


async def test_drain_ends_what_runs_and_starts_nothing_new(served):
    """Draining waits for running transactions; new ones get no answer."""
    peer, session = served
    peer.holding = True
    running = peer.start("read", "k")
    await asyncio.sleep(0)
    drained = asyncio.create_task(session.drain())
    await asyncio.sleep(0)
    late = peer.start("read", "k")
    assert not drained.done()
    peer.release()
    await drained
    assert (await peer.end(running)).status == 200
    assert peer.answers[late] == []


async def test_two_sessions_share_nothing():
    """The same transaction id on two streams is two transactions."""
    contract, tx_id = Notes(), new_tx_id()
    first, second = FakePeer({"k": b"1"}), FakePeer({"k": b"2"})
    sessions = [connect(peer, contract) for peer in (first, second)]
    for peer in (first, second):
        peer.holding = True
        peer.start("read", "k", tx_id=tx_id)
    await asyncio.sleep(0)
    second.release()
    assert (await second.end(tx_id)).json() == {"value": "2"}
    assert first.answers[tx_id] == []
    first.release()
    assert (await first.end(tx_id)).json() == {"value": "1"}
    for session in sessions:
        await session.close()
    assert [session.unmatched for session in sessions] == [0, 0]
