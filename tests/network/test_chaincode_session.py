# SPDX-License-Identifier: Apache-2.0
"""The peer's end of the chaincode stream, message by message."""

import asyncio

import pytest
from fabric_protos.ledger.queryresult.kv_query_result_pb2 import KV
from fabric_protos.peer import chaincode_event_pb2, chaincode_shim_pb2
from fabric_protos.peer.chaincode_pb2 import ChaincodeAdditionalParams, ChaincodeID, ChaincodeInput
from fabric_protos.peer.proposal_response_pb2 import Response
from tests.network.shim import Shim
from tests.network.wire import Person

from pmcb_network.embedded._authority import Authority
from pmcb_network.embedded._snapshot import Value
from pmcb_network.embedded._state import BlockWrite, Store
from pmcb_network.embedded.chaincode import (
    ExecutionFailed,
    StreamBroken,
)

M = chaincode_shim_pb2.ChaincodeMessage
ALICE = Person.issue(
    Authority.make("ca", "HospitalAMSP", now_ms=1_700_000_000_000), "HospitalAMSP", "alice"
)


@pytest.fixture
def shim(tmp_path):
    store = Store(tmp_path)
    values = {f"k{index:03}": Value((0, index), b"%d" % index) for index in range(150)}
    store.commit(BlockWrite(0, b"block", {}, values))
    store.refresh()
    yield Shim(store)
    store.close()


@pytest.fixture
async def running(shim):
    shim.register()
    task = await shim.begin()
    yield shim
    shim.simulator.done()
    shim.peer.close()
    await asyncio.gather(task, return_exceptions=True)


def test_only_a_registration_opens_a_stream(shim):
    """Anything else, a nameless or unreadable one included, breaks it."""
    for kind, payload in (
        (M.GET_STATE, b""),
        (M.COMPLETED, b""),
        (M.REGISTER, b""),
        (M.REGISTER, b"\xff"),
    ):
        with pytest.raises(StreamBroken):
            Shim(shim.store).say(kind, payload)


def test_a_second_registration_breaks_the_stream(shim):
    """A stream belongs to one contract."""
    shim.register()
    with pytest.raises(StreamBroken):
        shim.say(M.REGISTER, ChaincodeID(name="other"))


def test_registered_comes_before_ready(shim):
    """Then the offers: batches of 1,000 both ways, as a peer announces them."""
    shim.say(M.REGISTER, ChaincodeID(name="notes:1"))
    registered, ready = shim.heard
    assert (registered.type, ready.type) == (M.REGISTERED, M.READY)
    assert ChaincodeAdditionalParams.FromString(ready.payload) == ChaincodeAdditionalParams(
        use_write_batch=True,
        max_size_write_batch=1000,
        use_get_multiple_keys=True,
        max_size_get_multiple_keys=1000,
    )
    assert shim.peer.package_id == "notes:1"


def test_a_keepalive_is_heard_and_not_answered(shim):
    """Some shims end their process on one."""
    shim.register()
    shim.say(M.KEEPALIVE)
    assert shim.heard == []


async def test_a_transaction_carries_its_signed_proposal(running):
    """Without it a contract knows neither its caller nor the time."""
    started = running.started
    assert (started.type, started.txid, started.channel_id) == (
        M.TRANSACTION,
        running.tx_id,
        "pmcb",
    )
    assert started.proposal == running.signed
    assert ChaincodeInput.FromString(started.payload).args == [b"fn", b"arg"]


S = chaincode_shim_pb2


@pytest.mark.parametrize(
    ("kind", "message", "said"),
    [
        (M.INVOKE_CHAINCODE, S.GetState(), "calling another chaincode is not offered"),
        (M.GET_QUERY_RESULT, S.GetQueryResult(query="{}"), "a rich query is not offered"),
        (M.GET_STATE_METADATA, S.GetStateMetadata(key="a"), "key-level endorsement is not"),
        (M.PUT_STATE_METADATA, S.PutStateMetadata(key="a"), "key-level endorsement is not"),
        (M.GET_PRIVATE_DATA_HASH, S.GetState(key="a"), "private data is not offered"),
        (M.PURGE_PRIVATE_DATA, S.PurgePrivateState(key="a"), "private data is not offered"),
        (M.GET_STATE, S.GetState(key="a", collection="c"), "private data is not offered"),
        (M.GET_STATE_MULTIPLE, S.GetStateMultiple(collection="c"), "private data is not offered"),
        (M.PUT_STATE, S.PutState(key="a", collection="c"), "private data is not offered"),
        (M.DEL_STATE, S.DelState(key="a", collection="c"), "private data is not offered"),
        (M.GET_STATE_BY_RANGE, S.GetStateByRange(collection="c"), "private data is not offered"),
        (
            M.WRITE_BATCH_STATE,
            S.WriteBatchState(rec=[S.WriteRecord(key="a", type=21)]),
            "key-level endorsement is not",
        ),
        (
            M.WRITE_BATCH_STATE,
            S.WriteBatchState(rec=[S.WriteRecord(key="a", type=9, collection="c")]),
            "private data is not offered",
        ),
        (
            M.WRITE_BATCH_STATE,
            S.WriteBatchState(rec=[S.WriteRecord(key="a", type=24)]),
            "unknown operation type",
        ),
        (M.GET_STATE, b"\xff", "unmarshal failed"),
        (M.PUT_STATE, S.PutState(key="x" * 512, value=b"1"), "a key holds at most 511"),
        (M.QUERY_STATE_NEXT, S.QueryStateNext(id="9"), "query iterator not found"),
    ],
)  # fmt: skip
async def test_what_the_peer_does_not_do_is_answered_with_an_error(running, kind, message, said):
    """The text names what is not offered; the stream and the transaction live on."""
    answer = running.ask(kind, message)
    assert (answer.type, said in answer.payload.decode()) == (M.ERROR, True)
    assert running.ask(M.GET_STATE, S.GetState(key="k001")).payload == b"1"


async def test_a_call_outside_a_transaction_is_an_error(shim):
    """Before it began, or under another id."""
    shim.register()
    assert shim.ask(M.GET_STATE, S.GetState(key="a")).payload == b"no ledger context"


async def test_reads_and_writes_reach_the_simulator(running):
    """Each kind of call, and the set that they add up to."""
    assert running.ask(M.GET_STATE, S.GetState(key="absent")).payload == b""
    many = running.ask(M.GET_STATE_MULTIPLE, S.GetStateMultiple(keys=["k001", "x", "k002"]))
    assert S.GetStateMultipleResult.FromString(many.payload).values == [b"1", b"", b"2"]
    records = [
        S.WriteRecord(key="b", value=b"2", type=9),
        S.WriteRecord(key="c", type=10),
    ]
    for kind, message in (
        (M.PUT_STATE, S.PutState(key="a", value=b"1")),
        (M.DEL_STATE, S.DelState(key="d")),
        (M.WRITE_BATCH_STATE, S.WriteBatchState(rec=records)),
    ):
        answer = running.ask(kind, message)
        assert (answer.type, answer.payload) == (M.RESPONSE, b"")
    rw = running.simulator.result()
    assert rw.writes == (("a", b"1"), ("b", b"2"), ("c", None), ("d", None))
    assert [key for key, _ in rw.reads] == ["absent", "k001", "k002", "x"]


def rows(answer):
    page = S.QueryResponse.FromString(answer.payload)
    return page, [KV.FromString(row.resultBytes) for row in page.results]


async def test_a_range_comes_in_pages_of_a_hundred(running):
    """Next until `has_more` is false; closing an abandoned one is answered too."""
    page, first = rows(running.ask(M.GET_STATE_BY_RANGE, S.GetStateByRange(startKey="k")))
    assert (len(first), page.has_more, first[0].namespace) == (100, True, "notes")
    after, rest = rows(running.ask(M.QUERY_STATE_NEXT, S.QueryStateNext(id=page.id)))
    assert ([kv.key for kv in rest][-1], after.has_more) == ("k149", False)
    page, _ = rows(running.ask(M.GET_STATE_BY_RANGE, S.GetStateByRange(startKey="k")))
    closed, none = rows(running.ask(M.QUERY_STATE_CLOSE, S.QueryStateClose(id=page.id)))
    assert (closed.id, closed.has_more, none) == (page.id, False, [])


async def test_a_paged_range_answers_with_a_bookmark(running):
    """And with the number of rows fetched."""
    metadata = S.QueryMetadata(pageSize=20, bookmark="k120").SerializeToString()
    ask = S.GetStateByRange(startKey="k", endKey="k130", metadata=metadata)
    page, found = rows(running.ask(M.GET_STATE_BY_RANGE, ask))
    about = S.QueryResponseMetadata.FromString(page.metadata)
    assert (found[0].key, len(found), page.has_more) == ("k120", 10, False)
    assert (about.fetched_records_count, about.bookmark) == (10, "")


async def test_the_answer_comes_with_its_event(shim):
    """Chaincode and transaction id are the peer's to fill in."""
    shim.register()
    task = await shim.begin()
    event = chaincode_event_pb2.ChaincodeEvent(event_name="Told", payload=b"1", tx_id="forged")
    shim.say(M.COMPLETED, Response(status=200, payload=b"done"), chaincode_event=event)
    done = await task
    assert (done.answer.status, done.answer.payload) == (200, b"done")
    filled = chaincode_event_pb2.ChaincodeEvent.FromString(done.event)
    assert (filled.chaincode_id, filled.tx_id, filled.event_name) == ("notes", shim.tx_id, "Told")
    shim.simulator.done()


async def test_a_refusal_carries_no_event(shim):
    """What did not happen is not told."""
    shim.register()
    task = await shim.begin()
    event = chaincode_event_pb2.ChaincodeEvent(event_name="Told")
    shim.say(M.COMPLETED, Response(status=400, message="no"), chaincode_event=event)
    assert (await task).event == b""
    shim.simulator.done()


@pytest.mark.parametrize(
    ("kind", "payload", "said"),
    [
        (M.ERROR, b"oh no", "transaction returned with failure: oh no"),
        (M.COMPLETED, b"\xff", "failed to unmarshal response"),
    ],
)
async def test_a_failed_transaction_says_how(shim, kind, payload, said):
    """A contract's ERROR and an answer that is none."""
    shim.register()
    task = await shim.begin()
    shim.say(kind, payload)
    with pytest.raises(ExecutionFailed, match=said):
        await task
    shim.simulator.done()


async def test_no_answer_in_time_is_a_failure(shim):
    """A late one is dropped."""
    shim.register()
    task = await shim.begin(timeout_s=0.001)
    with pytest.raises(ExecutionFailed, match="timeout expired while executing transaction"):
        await task
    shim.say(M.COMPLETED, Response(status=200))
    shim.simulator.done()


async def test_the_same_transaction_runs_once_at_a_time(running):
    """A peer keeps one context per channel and transaction."""
    with pytest.raises(ExecutionFailed, match="exists"):
        await running.peer.execute(running.opened, running.simulator, timeout_s=1)
    assert running.ask(M.GET_STATE, S.GetState(key="k001")).payload == b"1"


async def test_the_end_of_the_stream_fails_what_runs(shim):
    """In the words that tell a client that it may try again."""
    shim.register()
    task = await shim.begin()
    shim.peer.close()
    with pytest.raises(ExecutionFailed, match="chaincode stream terminated"):
        await task
    assert not shim.peer.is_ready
    shim.simulator.done()
