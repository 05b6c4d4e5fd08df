# SPDX-License-Identifier: Apache-2.0
"""The state machine of a stream, and one answer for each transaction whatever happens."""

import asyncio
from typing import Any

import pytest
from tests.chaincode.fake_peer import FakePeer, connect, error, garbage, silence, twice, until
from tests.chaincode.identities import identity, new_tx_id
from tests.chaincode.notes import Notes

from pmcb_chaincode.bridge import ChaincodeMessage, ProtocolError, Session, SessionClosed
from pmcb_chaincode.bridge._protos import ChaincodeID

M = ChaincodeMessage
NOTE = "0" * 32


@pytest.fixture
async def served():
    """A sound peer and the session it is connected to."""
    peer = FakePeer()
    session = connect(peer, Notes())
    yield peer, session
    await session.close()
    assert peer.violations == []


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


@pytest.mark.parametrize("kind", [M.GET_STATE, M.WRITE_BATCH_STATE])
async def test_peer_error_is_answered_500(served, kind):
    """ERROR to a read or to the flush of writes ends in PEER_ERROR, without the peer's text."""
    peer, _ = served
    peer.at(kind, 1, error)
    answer = await peer.call("copy", "a", "b", tx_id="1a2b3c4d" * 8)
    assert (answer.status, answer.event) == (500, None)
    assert answer.message == "PEER_ERROR: tx 1a2b3c4d, see the server log"
    assert "b" not in peer.state


async def test_unreadable_reply_is_answered_500(served):
    """Bytes that are no message are the peer's failure, not the contract's."""
    peer, _ = served
    peer.at(M.GET_STATE_MULTIPLE, 1, garbage)
    peer.at(M.GET_STATE_BY_RANGE, 1, garbage)
    peer.at(M.GET_STATE_BY_RANGE, 2, garbage)
    for args in (["read_many", '["a"]'], ["list_range", "", ""], ["list_page", "1", ""]):
        answer = await peer.call(*args)
        assert (answer.status, answer.code) == (500, "PEER_ERROR")


async def test_silent_peer_ends_in_a_timeout():
    """A call that is never answered ends the transaction with 500."""
    peer = FakePeer()
    session = connect(peer, Notes(), call_timeout_s=0.001)
    peer.at(M.GET_STATE, 1, silence)
    answer = await peer.call("copy", "a", "b")
    assert (answer.status, answer.code) == (500, "PEER_ERROR")
    assert answer.writes == {}
    await session.close()


async def test_contract_that_swallows_a_timeout_gets_no_foreign_reply():
    """After an unanswered call a transaction makes no other: the reply could be the first's."""
    peer = FakePeer({"first": b"1", "second": b"2"})
    session = connect(peer, Notes(), call_timeout_s=0.001)
    peer.at(M.GET_STATE, 1, silence)
    answer = await peer.call("swallow")
    assert (answer.status, answer.code) == (500, "PEER_ERROR")
    assert peer.violations == []
    await session.close()


async def test_contract_that_gives_up_a_call_gets_no_foreign_reply(served):
    """A cancelled call's reply does not answer the next call."""
    peer, _ = served
    peer.state = {"first": b"1", "second": b"2"}
    peer.holding = True
    tx_id = peer.start("give_up")
    for _ in range(10):
        await asyncio.sleep(0)
    peer.release()
    assert (await peer.end(tx_id)).code == "PEER_ERROR"


async def test_contract_may_survive_an_error_of_the_peer(served):
    """An answered ERROR leaves the transaction usable."""
    peer, _ = served
    peer.state = {"second": b"2"}
    peer.at(M.GET_STATE, 1, error)
    assert (await peer.call("swallow")).json() == {"value": "2"}


async def test_gather_in_a_contract_is_serial(served):
    """Reads started at once go to the peer one after the other, and each gets its own answer."""
    peer, _ = served
    peer.state = {f"k{number:05}": str(number).encode() for number in range(50)}
    peer.holding = True
    tx_id = peer.start("gather_reads", "50")
    for _ in range(50):
        await until(lambda: peer.held)
        assert len(peer.held) == 1
        peer.release()
        peer.holding = True
    peer.holding = False
    assert (await peer.end(tx_id)).json() == {"values": [str(number) for number in range(50)]}


async def test_reads_left_behind_never_reach_the_peer(served):
    """When one of several reads fails, the others make no call after the answer."""
    peer, _ = served
    peer.at(M.GET_STATE, 1, error)
    peer.holding = True
    tx_id = peer.start("gather_reads", "5")
    for _ in range(2):
        await until(lambda: peer.held)
        peer.release()
        peer.holding = True
    assert (await peer.end(tx_id)).code == "PEER_ERROR"
    for _ in range(20):
        await asyncio.sleep(0)
    assert peer.calls[M.GET_STATE] == 2


async def test_defect_is_answered_without_its_message(served):
    """A raising contract says where to look, and nothing of what it knew."""
    peer, _ = served
    answer = await peer.call("raise_with", "secret", "k", tx_id="1a2b3c4d" * 8)
    assert (answer.status, answer.payload, answer.event) == (500, b"", None)
    assert answer.message == "INTERNAL: tx 1a2b3c4d, see the server log"


async def test_cancelled_contract_is_answered(served):
    """A contract that cancels itself is a defect like any other, not a lost transaction."""
    peer, _ = served
    assert (await peer.call("cancel_itself")).code == "INTERNAL"


async def test_bad_calls_are_answered(served):
    """A proposal or an input that cannot be read, and a proposal of nobody, end in 400."""
    peer, _ = served
    broken: list[dict[str, Any]] = [
        {"proposal": None},
        {"proposal": {"proposal_bytes": b"\xff"}},
        {"payload": b"\xff"},
    ]
    for fields in broken:
        answer = await peer.call("who", **fields)
        assert (answer.status, answer.code) == (400, "BAD_ARGUMENT")


@pytest.mark.parametrize(
    "call", [["write_in_query", "false"], ["write_in_query", "true"], ["page_and_write"]]
)
async def test_query_writes_nothing_and_a_transaction_never_pages(served, call):
    """What peers refuse, or would let pass unseen, is a defect of the contract."""
    peer, _ = served
    peer.state = {"k": b"v"}
    assert (await peer.call(*call)).code == "INTERNAL"
    assert peer.state == {"k": b"v"}
    assert not peer.calls


async def test_second_event_is_a_defect(served):
    """Fabric keeps one event a transaction, so a second one is refused, and the first is lost."""
    peer, _ = served
    answer = await peer.call("two_events")
    assert (answer.code, answer.event) == ("INTERNAL", None)


async def test_result_without_canonical_form_is_a_defect(served):
    """A float never leaves a contract."""
    peer, _ = served
    assert (await peer.call("null_result")).code == "INTERNAL"


async def test_refusal_writes_nothing(served):
    """A refusal after writes and an event flushes neither."""
    peer, _ = served
    answer = await peer.call("refuse_late", "k")
    assert (answer.status, answer.message) == (403, "SUSPENDED: You cannot, with 0 bytes.")
    assert (answer.writes, answer.event, answer.payload) == ({}, None, b"")
    assert peer.state == {}


async def test_arguments_above_4_mib_are_too_large(served):
    """The stream lives on after them."""
    peer, _ = served
    answer = await peer.call("who", b"x" * (4 * 2**20 + 1))
    assert (answer.status, answer.code) == (413, "TOO_LARGE")
    assert (await peer.call("who", b"x" * (4 * 2**20 - 100))).code == "BAD_ARGUMENT"
    assert (await peer.call("who")).status == 200


async def test_results_above_8_mib_are_too_large(served):
    """A result of 8 MiB passes, a byte more does not."""
    peer, _ = served
    frame = len('{"text":""}')
    assert (await peer.call("large", str(8 * 2**20 - frame))).status == 200
    assert (await peer.call("large", str(8 * 2**20 - frame + 1))).code == "TOO_LARGE"


async def test_good_transaction_writes_and_tells(served):
    """Writes, the event and the result of a transaction that ends well."""
    peer, _ = served
    answer = await peer.call("put_note", NOTE, "hello")
    assert answer.status == 200
    assert answer.json() == {"at": 1_750_000_000_000, "note": NOTE}
    assert answer.event == ("NotePut", b'{"note":"%s","v":1}' % NOTE.encode())
    place = f"\x00NOTE\x00{NOTE}\x00"
    assert peer.state[place] == b'{"by":"HospitalAMSP/rel1","words":"hello"}'
    assert (await peer.call("put_note", NOTE, "hello")).code == "EXISTS"
    assert (await peer.call("drop_notes")).json() == {"dropped": [NOTE]}
    assert list(peer.state) == ["last:HospitalAMSP/rel1"]


async def test_contract_sees_its_transaction(served):
    """Caller, channel, id, time and transient data come from the proposal."""
    peer, _ = served
    caller = identity("HospitalBMSP", "ann", role="receiver", attributes={"ward": "3"})
    answer = await peer.call("who", caller=caller, channel="other", tx_id="ab" * 32)
    seen = answer.json()
    assert seen["attributes"].pop("hf.Type") == "client"
    assert seen == {
        "uid": "HospitalBMSP/ann",
        "role": "receiver",
        "attributes": {"hf.EnrollmentID": "ann", "pmcb.role": "receiver", "ward": "3"},
        "tx": "ab" * 32,
        "channel": "other",
        "time_ms": 1_750_000_000_000,
    }
    assert (await peer.call("hint_size", transient={"hint": b"12345"})).json() == {"size": 5}


async def test_metadata_names_functions_and_parameters(served):
    """Fabric's metadata call needs no proposal and lists what can be called."""
    peer, _ = served
    answer = await peer.call("org.hyperledger.fabric:GetMetadata", proposal=None)
    listed = answer.json()["contracts"]["notes"]["transactions"]
    assert {"name": "read", "parameters": [{"name": "key"}], "tag": ["EVALUATE"]} in listed
    assert all(entry["name"] != "unmarked" for entry in listed)


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


async def test_end_of_stream_answers_nothing_and_leaves_nobody_waiting():
    """Closing cancels what runs, in calls and before them, and answers nothing."""
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
