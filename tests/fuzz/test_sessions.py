# SPDX-License-Identifier: Apache-2.0
"""Both ends of the chaincode stream, each under a neighbour that sends whatever it likes.

The contract's end raises nothing but ProtocolError and answers each transaction once; the peer's
end raises nothing but StreamBroken, answers each ledger call once, and what a hostile contract
wrote passes through validation and into the store without an error.
"""

import asyncio
import contextlib
import dataclasses
import json
from typing import Any

import pytest
from fabric_protos.peer import chaincode_shim_pb2 as shim
from hypothesis import given
from hypothesis import strategies as st
from tests.chaincode.fake_ledger import FakeLedger
from tests.chaincode.identities import identity, new_tx_id
from tests.chaincode.notes import Notes
from tests.fuzz.checks import MARKER, attempt, examples, logged
from tests.fuzz.damage import messages
from tests.network.shim import Shim

from pmcb_chaincode.bridge import ChaincodeMessage, ProtocolError, Session
from pmcb_chaincode.bridge._protos import (
    ChaincodeAdditionalParams,
    ChaincodeInput,
    Response,
    SignedProposal,
)
from pmcb_network.embedded._blocks import build, genesis, last_block
from pmcb_network.embedded._rwset import decode, encode
from pmcb_network.embedded._snapshot import Value
from pmcb_network.embedded._state import Store
from pmcb_network.embedded._validator import VALID, Ordered, validate
from pmcb_network.embedded.chaincode import ExecutionFailed, StreamBroken

M = ChaincodeMessage
RELEASER = identity("HospitalAMSP", "rel1", role="releaser")
CALLS = (
    (b"put_note", b"0a" * 16, MARKER.encode()),
    (b"drop_notes",),
    (b"fill", b"30"),
    (b"read_many", json.dumps(["a", MARKER]).encode()),
    (b"list_range", b"", b""),
    (b"list_page", b"2", b""),
    (b"gather_reads", b"5"),
    (b"give_up",),
    (b"swallow",),
    (b"raise_with", MARKER.encode(), b"a"),
    (b"org.hyperledger.fabric:GetMetadata",),
)
INPUTS = tuple(ChaincodeInput(args=call).SerializeToString() for call in CALLS)
PROPOSAL = RELEASER.proposal(CALLS[0], tx_id="ab" * 32, transient={"t": MARKER.encode()})
READY = ChaincodeAdditionalParams(
    use_write_batch=True,
    max_size_write_batch=7,
    use_get_multiple_keys=True,
    max_size_get_multiple_keys=3,
).SerializeToString()
GREETING = (M(type=M.REGISTERED), M(type=M.READY, payload=READY))  # mostly both
PLACES = [("pmcb", "t1"), ("pmcb", "t2"), ('o"\n', '"}'), ("", "")]
KINDS = (
    M.TRANSACTION, M.TRANSACTION, M.TRANSACTION, M.RESPONSE, M.RESPONSE, M.RESPONSE, M.ERROR,
    M.INIT, M.KEEPALIVE,
)  # fmt: skip


class Watch:
    """What the session sends, held against what it may send."""

    def __init__(self) -> None:
        self.open: set[tuple[str, str]] = set()
        self.waiting: dict[tuple[str, str], Any] = {}
        self.violations: list[str] = []
        self._ledger = FakeLedger({"a": MARKER.encode(), "k00001": b"1", "k00002": b"2"}, rows=2)

    def start(self, place):
        self.open.add(place)
        self.waiting.pop(place, None)
        self._ledger.writes[place[1]] = {}

    def sent(self, message):
        place = (message.channel_id, message.txid)
        if message.type in {M.REGISTER, M.KEEPALIVE}:
            return
        if place not in self.open:
            self.violations.append("an answer or a call outside a transaction")
        waited = self.waiting.pop(place, None)
        if message.type != M.COMPLETED:
            if waited is not None:
                self.violations.append("a second call before the first one's reply")
            self.waiting[place] = message
            return
        self.open.discard(place)  # also when it gave a call up and ends without its reply
        response = Response.FromString(message.payload)
        if response.status not in {200, 400, 403, 404, 409, 413, 500}:
            self.violations.append("a status that no code has")
        if MARKER in response.message:
            self.violations.append("the marker in an answer")

    def reply(self, place):
        """The sound reply to the call that waits there."""
        return self._ledger.reply(self.waiting.pop(place)) or b""


def _message(draw, watch):
    """Anything that a peer may send, told to the watch."""
    place = draw(st.sampled_from(PLACES))
    kind = draw(st.sampled_from(KINDS) | st.integers(0, 60))
    made = M(type=kind, channel_id=place[0], txid=place[1])
    if kind in {M.TRANSACTION, M.INIT}:
        watch.start(place)
        made.payload = draw(st.sampled_from(INPUTS) | messages(*INPUTS))
        raw = draw(st.just(PROPOSAL.proposal_bytes) | messages(PROPOSAL.proposal_bytes))
        made.proposal.CopyFrom(SignedProposal(proposal_bytes=raw))
    elif kind in {M.RESPONSE, M.ERROR} and place in watch.waiting:
        sound = watch.reply(place)
        made.payload = draw(st.just(sound) | messages(sound))
    else:
        made.payload = draw(messages(READY))
    return made


async def _under_fire(draw):
    watch = Watch()
    session = Session(Notes(), "notes:1", watch.sent)
    session.open()
    for message in GREETING[: draw(st.integers(0, 5))]:
        session.receive(message)
    for _ in range(draw(st.integers(0, 20))):
        if draw(st.booleans()):
            await asyncio.sleep(0)
        message = _message(draw, watch)
        _, broken = attempt(ProtocolError, session.receive, message)
        if broken:
            await session.close()
            return watch.violations
    for _ in range(500):  # from here on a peer that answers ERROR to all
        for place in list(watch.waiting):
            del watch.waiting[place]
            session.receive(M(type=M.ERROR, channel_id=place[0], txid=place[1]))
        if not watch.open:
            break
        await asyncio.sleep(0)
    await session.close()
    return watch.violations + [f"{place} is unanswered" for place in watch.open]


@examples(80)
@given(st.data())
def test_whatever_a_peer_sends_each_transaction_is_answered_once(data):
    """Any messages in any state: ProtocolError at most, one answer each, nothing in the log."""
    with logged("pmcb_chaincode") as lines:
        assert asyncio.run(_under_fire(data.draw)) == []
    for line in lines:
        assert MARKER not in line
        json.loads(line)


CONTRACT_KINDS = (
    M.GET_STATE, M.GET_STATE_MULTIPLE, M.PUT_STATE, M.DEL_STATE, M.WRITE_BATCH_STATE,
    M.GET_STATE_BY_RANGE, M.QUERY_STATE_NEXT, M.QUERY_STATE_CLOSE, M.GET_HISTORY_FOR_KEY,
    M.COMPLETED, M.KEEPALIVE,
)  # fmt: skip
LONG = "k" * 600
CALLED: dict[int, tuple[Any, ...]] = {
    M.GET_STATE: (shim.GetState(key="k001"), shim.GetState(key=LONG), shim.GetState()),
    M.GET_STATE_MULTIPLE: (shim.GetStateMultiple(keys=["k001", "k002", LONG, ""]),),
    M.PUT_STATE: (shim.PutState(key="new", value=b"v"), shim.PutState(key=LONG, value=b"v")),
    M.DEL_STATE: (shim.DelState(key="k002"), shim.DelState(key="absent")),
    M.WRITE_BATCH_STATE: (
        shim.WriteBatchState(
            rec=[{"key": "k001", "value": b"w"}, {"key": "k002", "type": 1}, {"key": LONG}]
        ),
    ),
    M.GET_STATE_BY_RANGE: (
        shim.GetStateByRange(startKey="k000", endKey="k120"),
        shim.GetStateByRange(startKey=LONG, endKey=LONG + "k"),
        shim.GetStateByRange(metadata=shim.QueryMetadata(pageSize=5).SerializeToString()),
        shim.GetStateByRange(metadata=shim.QueryMetadata(bookmark=LONG).SerializeToString()),
        shim.GetStateByRange(metadata=shim.QueryMetadata(pageSize=-5).SerializeToString()),
    ),
    M.QUERY_STATE_NEXT: (shim.QueryStateNext(id="1"),),
    M.QUERY_STATE_CLOSE: (shim.QueryStateClose(id="1"),),
    M.GET_HISTORY_FOR_KEY: (shim.GetHistoryForKey(key="k001"),),
    M.COMPLETED: (Response(status=200, payload=MARKER.encode()),),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    made = Store(tmp_path_factory.mktemp("ledger"))
    values = {f"k{index:03}": Value((0, index), b"%d" % index) for index in range(150)}
    _, write = genesis("pmcb", now_ms=1)
    made.commit(dataclasses.replace(write, updates=values))
    made.refresh()
    yield made
    made.close()


async def _hostile_contract(draw, shim_):
    if draw(st.integers(0, 9)):
        shim_.register()
    task = await shim_.begin(timeout_s=60) if shim_.peer.is_ready else None
    for _ in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(CONTRACT_KINDS) | st.integers(0, 60))
        sound = draw(st.sampled_from(CALLED.get(kind, CALLED[M.GET_STATE]))).SerializeToString()
        payload = draw(st.just(sound) | messages(sound))
        tx_id = draw(st.sampled_from((shim_.tx_id, shim_.tx_id, shim_.tx_id, "other", "")))
        heard = len(shim_.heard)
        _, broken = attempt(
            StreamBroken, lambda k=kind, p=payload, t=tx_id: shim_.say(k, p, tx_id=t)
        )
        if broken:
            break
        silent = {M.COMPLETED, M.ERROR, M.KEEPALIVE, M.REGISTER}
        assert len(shim_.heard) == heard + (kind not in silent)
        assert all(each.type in {M.RESPONSE, M.ERROR} for each in shim_.heard[heard:])
    shim_.peer.close()
    if task is None:
        return None
    await asyncio.wait({task})
    with contextlib.suppress(ExecutionFailed):  # in the contract's own words
        task.result()
    rw = shim_.simulator.result()
    shim_.simulator.done()
    assert decode("notes", encode("notes", rw)) == rw
    return rw


@examples(60)
@given(st.data())
def test_whatever_a_contract_sends_its_peer_and_the_committer_live(store, data):
    """Any messages in any state: StreamBroken at most, and a block that can be written."""
    rw = asyncio.run(_hostile_contract(data.draw, Shim(store)))
    if rw is not None:
        snapshot = store.current
        message = Ordered(b"raw", new_tx_id(), VALID, rw)
        outcome = validate([message], snapshot, snapshot.height)
        block, write = build(last_block(snapshot), [message], outcome)
        assert block.header.number == write.number == snapshot.height
        store.commit(write)
        store.refresh()


def test_a_page_of_a_negative_size_is_one_without_a_limit_as_on_a_peer(store):
    """It neither fails nor ends the stream."""
    paged = {call.metadata for call in CALLED[M.GET_STATE_BY_RANGE] if call.metadata}
    assert len(paged) == 3

    async def ask():
        asking = Shim(store)
        asking.register()
        await asking.begin()
        answers = [
            asking.ask(M.GET_STATE_BY_RANGE, shim.GetStateByRange(endKey="k020", metadata=metadata))
            for metadata in sorted(paged)
        ]
        asking.peer.close()
        asking.simulator.done()
        return [shim.QueryResponse.FromString(each.payload) for each in answers]

    sizes = sorted(len(answer.results) for answer in asyncio.run(ask()))
    assert sizes[0] == 0  # behind the bookmark
    assert sizes[1] == 5
    assert sizes[2] > 5
