# SPDX-License-Identifier: Apache-2.0
"""Which events a ledger of given blocks has for whom."""

from fabric_protos.common import common_pb2
from fabric_protos.peer import (
    chaincode_event_pb2,
    proposal_pb2,
    proposal_response_pb2,
    transaction_pb2,
)
from hypothesis import given
from hypothesis import strategies as st

from pmcb_network.embedded._blocks import build, genesis, note
from pmcb_network.embedded._events import Selection, events_of
from pmcb_network.embedded._rwset import ReadWriteSet
from pmcb_network.embedded._validator import VALID, Ordered, Outcome

NOTHING = ReadWriteSet()


def told(tx_id: str, chaincode: str) -> bytes:
    """A transaction's envelope; with an event unless `chaincode` is empty."""
    event = chaincode_event_pb2.ChaincodeEvent(chaincode_id=chaincode, tx_id=tx_id)
    action = proposal_pb2.ChaincodeAction(events=event.SerializeToString() if chaincode else b"")
    payload = proposal_response_pb2.ProposalResponsePayload(extension=action.SerializeToString())
    inner = transaction_pb2.ChaincodeActionPayload()
    inner.action.proposal_response_payload = payload.SerializeToString()
    data = transaction_pb2.Transaction(actions=[{"payload": inner.SerializeToString()}])
    header = common_pb2.ChannelHeader(type=3, channel_id="pmcb", tx_id=tx_id)
    outer = common_pb2.Payload(
        header={"channel_header": header.SerializeToString()}, data=data.SerializeToString()
    )
    return bytes(common_pb2.Envelope(payload=outer.SerializeToString()).SerializeToString())


def block(*messages: tuple[bytes, int]) -> bytes:
    ordered = [
        Ordered(raw, str(index), code, NOTHING) for index, (raw, code) in enumerate(messages)
    ]
    outcome = Outcome(tuple(code for _, code in messages), {})
    return build(None, ordered, outcome)[1].block


def test_invalid_transactions_and_other_messages_tell_nothing():
    """A conflict, a duplicate, a transaction without event, a note of a test, the first block."""
    assert events_of(genesis("pmcb", 0)[1].block) == []
    raw = block(
        (told("a", "notes"), 11),
        (told("b", "notes"), VALID),
        (told("b", "notes"), 9),
        (told("c", ""), VALID),
        (note("pmcb", b"", 0), VALID),
        (told("d", "other"), VALID),
    )
    assert [(event.tx_id, event.chaincode_id) for event in events_of(raw)] == [
        ("b", "notes"),
        ("d", "other"),
    ]


def test_a_transaction_without_event_is_never_passed():
    """As on a peer, which looks for the transaction among the events."""
    first, second = block((told("a", ""), VALID)), block((told("b", "notes"), VALID))
    selection = Selection("notes", "a")
    assert [selection.of(events_of(raw)) for raw in (first, second)] == [[], []]


ledgers = st.lists(
    st.lists(st.tuples(st.sampled_from(["notes", "other", ""]), st.sampled_from([VALID, 11]))),
    max_size=5,
)


@given(ledgers)
def test_resuming_after_any_event_gives_exactly_the_rest(ledger):
    """Nothing twice, nothing lost, in order, whichever event was the last one seen."""
    blocks, expected = [], []
    for number, messages in enumerate(ledger):
        ids = [f"{number}.{position}" for position in range(len(messages))]
        pairs = list(zip(ids, messages, strict=True))
        blocks.append(block(*((told(tx_id, name), code) for tx_id, (name, code) in pairs)))
        expected += [(tx, name) for tx, (name, code) in pairs if name and code == VALID]
    for seen, (after, _) in enumerate([("", ""), *expected]):
        selection = Selection("notes", after)
        got = [event.tx_id for raw in blocks for event in selection.of(events_of(raw))]
        assert got == [tx_id for tx_id, name in expected[seen:] if name == "notes"]
