# SPDX-License-Identifier: Apache-2.0
"""What clients see of the embedded gateway: answers, statuses, limits."""

import asyncio

import pytest
from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer import (
    chaincode_event_pb2,
    proposal_pb2,
    proposal_response_pb2,
    transaction_pb2,
)
from tests.network.conftest import person
from tests.network.contracts import Notes
from tests.network.wire import Wire, connect, high_s, propose
from tests.network.words import CODES, A, B, refusal

from pmcb_network.embedded import EmbeddedNetwork


async def test_commit_status_asks_for_a_signature(wire, alice):
    """Of a member, over the request; what is missing is named."""
    raw = gateway_pb2.CommitStatusRequest(
        transaction_id="tx", channel_id="pmcb", identity=alice.serialized
    ).SerializeToString()
    for signature in (b"", alice.sign(b"other"), high_s(alice.sign(raw))):
        signed = gateway_pb2.SignedCommitStatusRequest(request=raw, signature=signature)
        assert (await refusal(wire.stub.CommitStatus(signed)))[0] is CODES.PERMISSION_DENIED
    for left_out in ("transaction_id", "channel_id", "identity"):
        request = gateway_pb2.CommitStatusRequest.FromString(raw)
        request.ClearField(left_out)
        part = request.SerializeToString()
        signed = gateway_pb2.SignedCommitStatusRequest(request=part, signature=alice.sign(part))
        assert (await refusal(wire.stub.CommitStatus(signed)))[0] is CODES.INVALID_ARGUMENT
    code, message, _ = await refusal(wire.status(alice, "tx", channel="side"))
    assert code is CODES.PERMISSION_DENIED
    assert message == "Failed to get policy manager for channel [side]"


async def test_commit_status_waits_for_an_unknown_transaction(wire, alice):
    """Asked before the transaction is even submitted, it answers when the block is there."""
    signed, tx_id = propose(alice, "put", "a", "1")
    waiting = asyncio.create_task(wire.status(alice, tx_id))
    envelope = await wire.endorse(signed)
    assert not waiting.done()
    await wire.submit(alice, envelope)
    status = await waiting
    assert (status.result, status.block_number) == (0, 1)


async def test_what_is_not_offered_is_unimplemented(network, alice):
    """Discovery, a peer's own endorser, a snapshot: a client learns it at once, by the name."""
    async with connect(network) as channel:
        for method in (
            "/discovery.Discovery/Discover",
            "/protos.Endorser/ProcessProposal",
            "/protos.Snapshot/Generate",
            "/orderer.AtomicBroadcast/Broadcast",
        ):
            said = f"{method} is not offered by the embedded network"
            for call in (
                channel.unary_unary(method, bytes, bytes)(b""),
                channel.unary_stream(method, bytes, bytes)(b"").read(),
                channel.stream_stream(method, bytes, bytes)(iter([b""])).read(),
            ):
                assert (await refusal(call))[:2] == (CODES.UNIMPLEMENTED, said)


async def test_evaluate_gives_what_the_contract_returned(wire, alice):
    """Status, payload, the caller, its clock and its transient data."""
    signed, _ = propose(alice, "whoami", time_ms=None, transient={"pin": b"1234"})
    answer = await wire.evaluate(signed)
    assert answer.status == 200
    assert b'"uid":"HospitalAMSP/alice"' in answer.payload
    assert b'"transient":{"pin":"1234"}' in answer.payload


async def test_transient_data_never_reaches_a_block(network, wire, alice):
    """It is for endorsers only: the ordered transaction is without it, and so is the ledger."""
    signed, tx_id = propose(alice, "put", "a", "1", transient={"pin": b"marker-4711"})
    envelope = await wire.endorse(signed)
    assert b"marker-4711" not in envelope.payload
    await wire.submit(alice, envelope)
    assert (await wire.status(alice, tx_id)).result == 0
    assert b"marker-4711" not in network._store.current.block(1)


async def test_the_endorsed_envelope_keeps_the_received_headers(network, wire, alice):
    """Byte for byte; two organisations signed, and the result can be read from the payload."""
    signed, _ = propose(alice, "tell", "hello")
    envelope = await wire.endorse(signed)
    received = proposal_pb2.Proposal.FromString(signed.proposal_bytes).header
    payload = common_pb2.Payload.FromString(envelope.payload)
    assert payload.header.SerializeToString() == received
    transaction = transaction_pb2.Transaction.FromString(payload.data)
    assert transaction.actions[0].header == payload.header.signature_header
    action = transaction_pb2.ChaincodeActionPayload.FromString(transaction.actions[0].payload)
    orgs = {
        org.msp_id
        for org in network._material.organizations
        for endorsement in action.action.endorsements
        if org.msp_id.encode() in endorsement.endorser
    }
    assert orgs == {A, B}


async def test_an_event_travels_in_the_transaction(network, wire, alice):
    """The peer fills in chaincode and transaction id."""
    signed, tx_id = propose(alice, "tell", "hello")
    envelope = await wire.endorse(signed)
    payload = common_pb2.Payload.FromString(envelope.payload)
    transaction = transaction_pb2.Transaction.FromString(payload.data)
    action = transaction_pb2.ChaincodeActionPayload.FromString(transaction.actions[0].payload)
    response = proposal_response_pb2.ProposalResponsePayload.FromString(
        action.action.proposal_response_payload
    )
    result = proposal_pb2.ChaincodeAction.FromString(response.extension)
    event = chaincode_event_pb2.ChaincodeEvent.FromString(result.events)
    assert (event.chaincode_id, event.tx_id, event.event_name) == ("notes", tx_id, "Told")
    assert event.payload == b'{"value":"hello"}'
    assert (result.response.status, result.chaincode_id.name) == (200, "notes")


async def test_both_organisations_have_a_gateway(network):
    """Each asks its own peer first and writes to the same ledger."""
    bob = person(network, "bob", index=1)
    async with connect(network, 1) as channel:
        wire = Wire(channel)
        assert await wire.run(bob, "put", "a", "1") == 0
        signed, _ = propose(bob, "get", "absent")
        *_, details = await refusal(wire.evaluate(signed))
        assert details[0][0] == B
        *_, details = await refusal(wire.evaluate(signed, A))
        assert details[0][0] == A


async def test_conflicting_transactions_are_told_apart(tmp_path):
    """Both were endorsed on one height; the second one read what the first one wrote."""
    async with EmbeddedNetwork(tmp_path, contract=Notes()) as network, connect(network) as channel:
        alice, wire = person(network, "alice"), Wire(channel)
        await network.seed({"a": b"1", "b": b"1"})
        first, one = propose(alice, "move", "a", "b", "1")
        second, two = propose(alice, "move", "b", "a", "1")
        third, three = propose(alice, "count", "a", "z", "total")
        envelopes = [await wire.endorse(signed) for signed in (first, second, third)]
        for envelope in envelopes:
            await wire.submit(alice, envelope)
        assert (await wire.status(alice, one)).result == 0
        assert (await wire.status(alice, two)).result == 11
        assert (await wire.status(alice, three)).result == 12
        assert network.verify() == network.height


async def test_a_seed_that_the_ledger_would_not_take_is_a_value_error(network):
    """Rather than a committer that tries for ever."""
    for key in ("", "x" * 512):
        with pytest.raises(ValueError, match="1 to 511 bytes"):
            await network.seed({key: b"1"})


async def test_seeded_values_are_read_and_verified(network, wire, alice):
    """Tests may lay a state without a transaction of the contract."""
    await network.seed({"a": b"1", "b": b"2"})
    answer = await wire.evaluate(propose(alice, "page", "a", "10")[0])
    assert answer.payload == b'{"bookmark":"","keys":["a","b"]}'
    assert network.verify() == 2


async def test_a_defect_is_logged_without_what_it_failed_on(network, wire, alice, caplog):
    """The client is told that it is ours; the log names class and place, no message, no value."""

    def fail(_):
        raise RuntimeError("secret words")

    envelope = await wire.endorse(propose(alice, "put", "a", "1")[0])
    network._orderer.submit = fail
    code, message, _ = await refusal(wire.submit(alice, envelope))
    assert (code, message) == (CODES.INTERNAL, "a defect of the embedded network")
    assert "RuntimeError at test_gateway.py:" in caplog.text
    assert "secret words" not in caplog.text


async def test_a_ledger_that_cannot_be_read_is_unavailable(network, wire, alice):
    """Not a defect: clients ask again."""
    network._store.current.reopen(None)
    code, *_ = await refusal(wire.status(alice, "tx"))
    assert code is CODES.UNAVAILABLE
    network._store.recover()
    assert await wire.run(alice, "put", "a", "1") == 0


async def test_a_status_request_that_is_none_is_an_invalid_argument(wire):
    """Garbage instead of the request."""
    signed = gateway_pb2.SignedCommitStatusRequest(request=b"\xff", signature=b"x")
    assert (await refusal(wire.stub.CommitStatus(signed)))[0] is CODES.INVALID_ARGUMENT


async def test_an_id_longer_than_any_key_is_an_unknown_one(network, wire, alice):
    """It is waited for like others, although the index could not hold it."""
    waiting = asyncio.create_task(wire.status(alice, "x" * 512))
    while not network._orderer._waiting:
        await wire.evaluate(propose(alice, "whoami")[0])
    assert not waiting.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


async def test_a_time_stamp_beyond_all_calendars_is_refused(wire, alice):
    """It cannot even be printed."""
    signed, _ = propose(alice, "put", "a", "1", time_ms=253_402_300_799_000)
    *_, details = await refusal(wire.endorse(signed))
    assert "incorrect timestamp 9999-12-31T23:59:59Z" in details[0][1]


async def test_no_value_of_a_call_reaches_the_log(network, wire, alice, caplog):
    """Marker bytes in arguments, transient data, state and refusals, at every level of the log."""
    caplog.set_level("DEBUG")
    marker = "marker-0815"
    await network.seed({marker: marker.encode()})
    signed, _ = propose(alice, "get", marker, transient={"pin": marker.encode()})
    await wire.evaluate(signed)
    await wire.run(alice, "put", f"{marker}2", marker)
    await refusal(wire.evaluate(propose(alice, "get", f"{marker}3")[0]))
    await refusal(wire.evaluate(propose(alice, marker)[0]))
    assert marker not in caplog.text
