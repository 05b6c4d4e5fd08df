# SPDX-License-Identifier: Apache-2.0
"""One answer for each transaction, whatever the peer, the caller or the contract does."""

import asyncio
from typing import Any

import pytest
from tests.chaincode.fake_peer import RELEASER, FakePeer, connect, until
from tests.chaincode.faults import error, garbage, silence
from tests.chaincode.identities import TIME_MS, identity
from tests.chaincode.notes import Notes

from pmcb_chaincode.bridge import ChaincodeMessage

M = ChaincodeMessage
NOTE = "0" * 32


@pytest.mark.parametrize("kind", [M.GET_STATE, M.WRITE_BATCH_STATE])
async def test_peer_error_is_answered_500(peer, kind):
    """ERROR to a read or to the flush of writes ends in PEER_ERROR, without the peer's text."""
    peer.at(kind, 1, error)
    answer = await peer.call("copy", "a", "b", tx_id="1a2b3c4d" * 8)
    assert (answer.status, answer.event) == (500, None)
    assert answer.message == "PEER_ERROR: tx 1a2b3c4d, see the server log"
    assert "b" not in peer.state


async def test_unreadable_reply_is_answered_500(peer):
    """Bytes that are no message are the peer's failure, not the contract's."""
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


async def test_contract_that_gives_up_a_call_gets_no_foreign_reply(peer):
    """A cancelled call's reply does not answer the next call."""
    peer.state = {"first": b"1", "second": b"2"}
    peer.holding = True
    tx_id = peer.start("give_up")
    for _ in range(10):
        await asyncio.sleep(0)
    peer.release()
    assert (await peer.end(tx_id)).code == "PEER_ERROR"


async def test_late_reply_to_a_given_up_call_is_dropped():
    """It arrives while its transaction still runs, and neither ends nor disturbs it."""
    go_on = asyncio.Event()

    class Patient(Notes):
        async def call(self, function, ctx, texts):
            first = asyncio.ensure_future(ctx.ledger.get("first"))
            await asyncio.sleep(0)
            first.cancel()
            await go_on.wait()
            return b"done"

    peer = FakePeer()
    session = connect(peer, Patient())
    peer.holding = True
    tx_id = peer.start("who")
    await until(lambda: peer.held)
    for _ in range(3):
        await asyncio.sleep(0)
    peer.release()
    assert session.unmatched == 1
    go_on.set()
    assert (await peer.end(tx_id)).payload == b"done"
    await session.close()


async def test_contract_may_survive_an_error_of_the_peer(peer):
    """An answered ERROR leaves the transaction usable."""
    peer.state = {"second": b"2"}
    peer.at(M.GET_STATE, 1, error)
    assert (await peer.call("swallow")).json() == {"value": "2"}


async def test_gather_in_a_contract_is_serial(peer):
    """Reads started at once go to the peer one after the other, and each gets its own answer."""
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


async def test_reads_left_behind_never_reach_the_peer(peer):
    """When one of several reads fails, the others make no call after the answer."""
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


async def test_defect_is_answered_without_its_message(peer):
    """A raising contract says where to look, and nothing of what it knew."""
    answer = await peer.call("raise_with", "secret", "k", tx_id="1a2b3c4d" * 8)
    assert (answer.status, answer.payload, answer.event) == (500, b"", None)
    assert answer.message == "INTERNAL: tx 1a2b3c4d, see the server log"


async def test_cancelled_contract_is_answered(peer):
    """A contract that cancels itself is a defect like any other, not a lost transaction."""
    assert (await peer.call("cancel_itself")).code == "INTERNAL"


async def test_bad_calls_are_answered(peer):
    """A proposal or an input that cannot be read, and a proposal of nobody, end in 400."""
    broken: list[dict[str, Any]] = [
        {"proposal": None},
        {"proposal": {"proposal_bytes": b"\xff"}},
        {"proposal": RELEASER.proposal([b"who"], time_ms=2**53)},
        {"proposal": RELEASER.proposal([b"who"], time_ms=-1)},
        {"payload": b"\xff"},
    ]
    for fields in broken:
        answer = await peer.call("who", **fields)
        assert (answer.status, answer.code) == (400, "BAD_ARGUMENT")


@pytest.mark.parametrize(
    "call", [["write_in_query", "false"], ["write_in_query", "true"], ["page_and_write"]]
)
async def test_query_writes_nothing_and_a_transaction_never_pages(peer, call):
    """What peers refuse, or would let pass unseen, is a defect of the contract."""
    peer.state = {"k": b"v"}
    assert (await peer.call(*call)).code == "INTERNAL"
    assert peer.state == {"k": b"v"}
    assert not peer.calls


async def test_second_event_is_a_defect(peer):
    """Fabric keeps one event a transaction, so a second one is refused, and the first is lost."""
    answer = await peer.call("two_events")
    assert (answer.code, answer.event) == ("INTERNAL", None)


async def test_result_without_canonical_form_is_a_defect(peer):
    """A float never leaves a contract."""
    assert (await peer.call("null_result")).code == "INTERNAL"


async def test_refusal_writes_nothing(peer):
    """A refusal after writes and an event flushes neither."""
    answer = await peer.call("refuse_late", "k")
    assert (answer.status, answer.message) == (403, "SUSPENDED: You cannot, with 0 bytes.")
    assert (answer.writes, answer.event, answer.payload) == ({}, None, b"")
    assert peer.state == {}


async def test_arguments_above_4_mib_are_too_large(peer):
    """The stream lives on after them."""
    answer = await peer.call("who", b"x" * (4 * 2**20 + 1))
    assert (answer.status, answer.code) == (413, "TOO_LARGE")
    assert (await peer.call("who", b"x" * (4 * 2**20 - 100))).code == "BAD_ARGUMENT"
    assert (await peer.call("who")).status == 200


async def test_results_above_8_mib_are_too_large(peer):
    """A result of 8 MiB passes, a byte more does not."""
    frame = len('{"text":""}')
    assert (await peer.call("large", str(8 * 2**20 - frame))).status == 200
    assert (await peer.call("large", str(8 * 2**20 - frame + 1))).code == "TOO_LARGE"


async def test_good_transaction_writes_and_tells(peer):
    """Writes, the event and the result of a transaction that ends well."""
    answer = await peer.call("put_note", NOTE, "hello")
    assert answer.status == 200
    assert answer.json() == {"at": TIME_MS, "note": NOTE}
    assert answer.event == ("NotePut", b'{"note":"%s","v":1}' % NOTE.encode())
    place = f"\x00NOTE\x00{NOTE}\x00"
    assert peer.state[place] == b'{"by":"HospitalAMSP/rel1","words":"hello"}'
    assert (await peer.call("put_note", NOTE, "hello")).code == "EXISTS"
    assert (await peer.call("drop_notes")).json() == {"dropped": [NOTE]}
    assert list(peer.state) == ["last:HospitalAMSP/rel1"]


async def test_contract_sees_its_transaction(peer):
    """Caller, channel, id, time and transient data come from the proposal."""
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
        "time_ms": TIME_MS,
    }
    assert (await peer.call("hint_size", transient={"hint": b"12345"})).json() == {"size": 5}
