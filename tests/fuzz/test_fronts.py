# SPDX-License-Identifier: Apache-2.0
"""A peer's fronts under damaged calls of genuine members, signed again or not.

Each call is answered with a status of the protocol, never with a defect of ours; the log stays
silent, the state stays as it was, and the committer goes on.
"""

import asyncio

import grpc
from fabric_protos.common.common_pb2 import Envelope
from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer.events_pb2 import DeliverResponse
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.checks import examples, logged
from tests.fuzz.damage import messages
from tests.fuzz.front import sound_code

WAITS_S = 0.2


@examples(50)
@given(st.data())
def test_damaged_proposals_are_answered_and_change_nothing(front, data):
    """Evaluate and Endorse: whatever is wrong with a proposal, its client hears a status."""
    sample = data.draw(st.sampled_from(front.proposals))
    raw = data.draw(messages(sample.proposal_bytes))
    for kind, field, method in (
        (gateway_pb2.EvaluateRequest, "target_organizations", "Evaluate"),
        (gateway_pb2.EndorseRequest, "endorsing_organizations", "Endorse"),
    ):
        orgs = data.draw(st.sampled_from(([], ["HospitalAMSP"], ["HospitalBMSP", "NoMSP"], [""])))
        sent = kind(proposed_transaction=front.signed(raw), **{field: orgs})
        whole = sent.SerializeToString()
        if data.draw(st.booleans()):
            sound = kind(proposed_transaction=sample).SerializeToString()
            whole = data.draw(messages(sound))
        with logged("pmcb_network") as lines:
            code = front.run(front.unary(method, whole))
        assert lines == []
        assert code is not grpc.StatusCode.DEADLINE_EXCEEDED


@examples(50)
@given(st.data())
def test_damaged_transactions_are_never_valid(front, data):
    """Submit: nothing that differs from what was endorsed changes the state, signed or not."""
    payload = data.draw(messages(front.envelope.payload))
    sent = Envelope(payload=payload, signature=front.alice.sign(payload))
    whole = gateway_pb2.SubmitRequest(prepared_transaction=sent).SerializeToString()
    if data.draw(st.booleans()):
        sent = Envelope(payload=front.envelope.payload, signature=front.envelope.signature)
        sound = gateway_pb2.SubmitRequest(prepared_transaction=sent).SerializeToString()
        whole = data.draw(messages(sound))
    with logged("pmcb_network") as lines:
        front.run(front.unary("Submit", whole))
        front.run(front.alive())
    assert lines == []


@examples(30)
@given(st.data())
def test_damaged_questions_about_a_transaction_are_answered(front, data):
    """CommitStatus: a status, or the wait that a sound question about nothing is given too."""
    whole = front.asked(data.draw(messages(front.question)))
    if data.draw(st.booleans()):
        whole = data.draw(messages(front.whole_question))
    with logged("pmcb_network") as lines:
        front.run(front.unary("CommitStatus", whole, timeout_s=WAITS_S))
    assert lines == []


async def _read(channel, method, whole, kind, most=5):
    """Some answers of a stream, until it waits; nothing of it is left running."""
    found = []
    if kind is DeliverResponse:
        call = channel.stream_stream(f"/protos.Deliver/{method}")(timeout=WAITS_S)
    else:
        call = channel.unary_stream(f"/gateway.Gateway/{method}")(whole, timeout=WAITS_S)
    try:
        if kind is DeliverResponse:
            await call.write(whole)
        async for raw in call:
            found.append(kind.FromString(raw))
            if len(found) == most:
                break
    except grpc.aio.AioRpcError as error:
        sound_code(error)
    except asyncio.InvalidStateError:  # the time was over before the request was out
        pass
    finally:
        call.cancel()
        await call.code()
    return found


@examples(30)
@given(st.data())
def test_damaged_requests_for_events_or_blocks_are_answered(front, data):
    """ChaincodeEvents and the three forms of Deliver: answers of their kind, or a status."""
    method = data.draw(
        st.sampled_from(("ChaincodeEvents", "Deliver", "DeliverFiltered", "DeliverWithPrivateData"))
    )
    if method == "ChaincodeEvents":
        request_ = gateway_pb2.ChaincodeEventsRequest(
            channel_id="pmcb",
            chaincode_id="notes",
            identity=front.alice.serialized,
            after_transaction_id=front.tx_id,
            start_position={"specified": {"number": 1}},
        )
        raw = data.draw(messages(request_.SerializeToString()))
        whole = gateway_pb2.SignedChaincodeEventsRequest(
            request=raw, signature=front.alice.sign(raw)
        ).SerializeToString()
        kind = gateway_pb2.ChaincodeEventsResponse
    else:
        whole = front.envelope_of(data.draw(messages(*front.seeks) | st.sampled_from(front.odd)))
        if data.draw(st.booleans()):
            whole = data.draw(messages(*front.whole_seeks))
        kind = DeliverResponse
    with logged("pmcb_network") as lines:
        found = front.run(_read(front.channel, method, whole, kind))
    assert lines == []
    for answer in found:
        if kind is DeliverResponse:
            assert answer.WhichOneof("Type") is not None
