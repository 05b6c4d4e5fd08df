# SPDX-License-Identifier: Apache-2.0
"""What clients see of the embedded gateway: answers, refusals, and their exact words."""

import asyncio
import hashlib
import resource
import threading

import grpc
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
from tests.network.wire import Wire, connect, failure, high_s, propose

from pmcb_network.embedded import EmbeddedNetwork

A, B = "HospitalAMSP", "HospitalBMSP"
CODES = grpc.StatusCode
ENDORSE_FAILED = "failed to endorse transaction, see attached details for more info"
TOO_FEW = "failed to collect enough transaction endorsements, see attached details for more info"


async def refusal(call):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return failure(caught.value)


def denied(org):
    return f"error validating proposal: access denied: channel [pmcb] creator org [{org}]"


async def test_a_refusal_of_the_contract_reaches_the_client(wire, alice):
    """Evaluate is UNKNOWN with all in the message, endorse ABORTED with the words in a detail."""
    said = "chaincode response 404, NOT_FOUND: There is no such note."
    signed, _ = propose(alice, "get", "absent")
    assert await refusal(wire.evaluate(signed)) == (
        CODES.UNKNOWN,
        f"evaluate call to endorser returned error: {said}",
        [(A, said)],
    )
    assert await refusal(wire.endorse(signed)) == (CODES.ABORTED, ENDORSE_FAILED, [(A, said)])


async def test_a_refusal_leaves_nothing(network, wire, alice):
    """No block, no status: a refused endorsement never happened."""
    signed, tx_id = propose(alice, "get", "absent")
    await refusal(wire.endorse(signed))
    assert (network.height, network._store.current.status(tx_id)) == (1, None)


async def test_an_unknown_chaincode_or_channel_has_no_peers(wire, alice):
    """Named in the message, in Fabric's words."""
    for chaincode, channel in (("other", "pmcb"), ("notes", "side")):
        place = f"chaincode {chaincode} in channel {channel}"
        signed, _ = propose(alice, "get", "a", channel=channel, chaincode=chaincode)
        code, message, details = await refusal(wire.evaluate(signed))
        assert (code, message) == (
            CODES.FAILED_PRECONDITION,
            f"no peers available to evaluate {place}",
        )
        code, message, details = await refusal(wire.endorse(signed))
        assert (code, details) == (CODES.FAILED_PRECONDITION, [])
        assert message.startswith("no combination of peers can be derived")


async def test_an_unknown_organisation_has_no_peers(wire, alice):
    """Whether asked to endorse or to evaluate."""
    signed, _ = propose(alice, "put", "a", "1")
    assert await refusal(wire.endorse(signed, A, "HospitalCMSP")) == (
        CODES.UNAVAILABLE,
        "failed to find any endorsing peers for org(s): HospitalCMSP",
        [],
    )
    code, *_ = await refusal(wire.evaluate(signed, "HospitalCMSP"))
    assert code is CODES.FAILED_PRECONDITION


async def test_a_proposal_that_is_none_is_an_invalid_argument(wire, alice):
    """Missing, garbage, without a chaincode's name: refused before any peer sees it."""
    garbage = proposal_pb2.SignedProposal(proposal_bytes=b"\xff\xff", signature=b"x")
    nameless, _ = propose(alice, "get", "a", chaincode="")
    for signed in (proposal_pb2.SignedProposal(), garbage, nameless):
        for call in (wire.evaluate, wire.endorse):
            code, message, _ = await refusal(call(signed))
            assert code is CODES.INVALID_ARGUMENT
            assert message.startswith("failed to unpack transaction proposal: ")


async def test_a_wrong_signature_is_denied(wire, alice):
    """Another person's, one over other bytes, one with the higher S."""
    signed, _ = propose(alice, "put", "a", "1")
    for signature in (b"", b"x" * 70, alice.sign(b"other"), high_s(signed.signature)):
        signed.signature = signature
        assert await refusal(wire.endorse(signed)) == (
            CODES.ABORTED,
            ENDORSE_FAILED,
            [(A, denied(A))],
        )
        assert await refusal(wire.evaluate(signed)) == (
            CODES.FAILED_PRECONDITION,
            f"evaluate call to endorser returned error: {denied(A)}",
            [(A, denied(A))],
        )


async def test_a_stranger_is_denied(network, wire):
    """A certificate of another CA, and an organisation that is not here."""
    authority = network._material.organizations[1].ca
    impostor = type(person(network, "x")).issue(authority, A, "eve")
    *_, details = await refusal(wire.endorse(propose(impostor, "put", "a", "1")[0]))
    assert details == [(A, denied(A))]
    impostor.msp_id = "HospitalCMSP"
    *_, details = await refusal(wire.endorse(propose(impostor, "put", "a", "1")[0]))
    assert details[0][1].endswith("creator org unknown, creator is malformed")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"tx_id": "0" * 64}, "incorrectly computed txid '000"),
        ({"nonce": b""}, "nonce is empty"),
        ({"header_type": 1}, "invalid header type CONFIG"),
    ],
)
async def test_a_malformed_header_is_refused(wire, alice, more, said):
    """In the peer's words."""
    *_, details = await refusal(wire.endorse(propose(alice, "put", "a", "1", **more)[0]))
    assert details[0][1].startswith(f"error validating proposal: {said}")


async def test_an_execute_timeout_is_aborted(tmp_path, monkeypatch):
    """A contract that never answers costs its caller an error, not the network a slot."""
    monkeypatch.setattr("pmcb_network.embedded._node.EXECUTE_TIMEOUT_S", 0.05)
    contract = Notes()
    async with EmbeddedNetwork(tmp_path, contract=contract) as network, connect(network) as channel:
        alice, wire = person(network, "alice"), Wire(channel)
        signed, tx_id = propose(alice, "wait")
        code, message, details = await refusal(wire.endorse(signed))
        assert (code, message) == (CODES.ABORTED, ENDORSE_FAILED)
        said = "timeout expired while executing transaction"
        lead = f"error in simulation: failed to execute transaction {tx_id}: "
        assert details == [(A, lead + said)]
        assert network._store.current.idle
        assert await wire.run(alice, "put", "a", "1") == 0


async def test_a_cancelled_call_releases_its_snapshot(tmp_path):
    """A client that goes away leaves nothing open."""
    contract = Notes()
    async with EmbeddedNetwork(tmp_path, contract=contract) as network, connect(network) as channel:
        wire = Wire(channel)
        call = asyncio.create_task(wire.evaluate(propose(person(network, "alice"), "wait")[0]))
        await contract.entered.wait()
        assert not network._store.current.idle
        call.cancel()
        await asyncio.wait({call})
        await wire.evaluate(propose(person(network, "bob"), "whoami")[0])  # behind the cancel
        assert network._store.current.idle
        contract.blocked.set()


async def test_time_stamps_outside_the_window_are_refused(tmp_path, clock):
    """Proposals carry their client's clock; a replay from yesterday meets a closed door."""
    async with (
        EmbeddedNetwork(tmp_path, contract=Notes(), clock=clock, time_window_s=120) as network,
        connect(network) as channel,
    ):
        alice, wire = person(network, "alice"), Wire(channel)
        for away_s in (-121, 121):
            signed, _ = propose(alice, "get", "a", time_ms=clock() + away_s * 1000)
            code, message, details = await refusal(wire.endorse(signed))
            assert (code, message) == (CODES.ABORTED, ENDORSE_FAILED)
            assert details[0][1].startswith("request unauthorized due to incorrect timestamp ")
            assert details[0][1].endswith("peer.authentication.timewindow 2m0s")
            code, message, _ = await refusal(wire.evaluate(signed))
            assert code is CODES.UNAVAILABLE
        signed, _ = propose(alice, "put", "a", "1", time_ms=clock() + 120_000)
        await wire.submit(alice, await wire.endorse(signed))


async def test_an_expired_identity_is_refused_everywhere(tmp_path, clock):
    """Its certificate was good at its first call, and is cached; a year later it is over."""
    async with (
        EmbeddedNetwork(tmp_path, contract=Notes(), clock=clock) as network,
        connect(network) as channel,
    ):
        alice, wire = person(network, "alice", now_ms=clock()), Wire(channel)
        signed, tx_id = propose(alice, "put", "a", "1", time_ms=clock())
        envelope = await wire.endorse(signed)
        clock.advance(days=366)
        *_, details = await refusal(wire.endorse(propose(alice, "get", "a", time_ms=clock())[0]))
        assert details == [(A, "proposal client identity expired")]
        code, message, _ = await refusal(wire.submit(alice, envelope))
        assert (code, "FORBIDDEN" in message) == (CODES.ABORTED, True)
        code, *_ = await refusal(wire.status(alice, tx_id))
        assert code is CODES.PERMISSION_DENIED


async def test_a_committed_transaction_cannot_be_endorsed_again(wire, alice):
    """The same proposal, replayed: named as a duplicate, without a second effect."""
    signed, tx_id = propose(alice, "put", "a", "1")
    await wire.submit(alice, await wire.endorse(signed))
    await wire.status(alice, tx_id)
    *_, details = await refusal(wire.endorse(signed))
    creator = alice.serialized.hex()
    assert details == [(A, f"duplicate transaction found [{tx_id}]. Creator [{creator}]")]


async def test_a_replayed_envelope_has_no_second_effect(network, wire, alice):
    """It gets into a block, marked as a duplicate; the first status stands."""
    signed, tx_id = propose(alice, "put", "a", "1")
    envelope = await wire.endorse(signed)
    await wire.submit(alice, envelope)
    first = await wire.status(alice, tx_id)
    await wire.send(envelope)
    await wire.run(alice, "put", "b", "1")
    assert await wire.status(alice, tx_id) == first
    block = common_pb2.Block.FromString(network._store.current.block(2))
    assert block.metadata.metadata[2][0] == 9
    assert network.verify() == network.height


async def test_peers_at_different_heights_do_not_agree(tmp_path):
    """Their read versions differ, so nothing is endorsed and nothing is ordered."""
    async with (
        EmbeddedNetwork(tmp_path, contract=Notes(), heights_apart=True) as network,
        connect(network) as channel,
    ):
        alice, wire = person(network, "alice"), Wire(channel)
        assert await wire.run(alice, "put", "a", "1") == 0
        signed, _ = propose(alice, "put_after_reading", "a", "2")
        assert await refusal(wire.endorse(signed)) == (
            CODES.ABORTED,
            TOO_FEW,
            [(B, "ProposalResponsePayloads do not match")],
        )
        assert await wire.run(alice, "put", "b", "1") == 0
        await wire.endorse(signed)  # both have seen "a" by now


async def test_too_few_endorsements_do_not_satisfy_the_policy(network, wire, alice):
    """A client may ask one organisation only; its transaction is marked, and changes nothing."""
    signed, tx_id = propose(alice, "put", "a", "1")
    await wire.submit(alice, await wire.endorse(signed, A))
    assert (await wire.status(alice, tx_id)).result == 10
    assert network._store.current.get("a") is None


def reopened(envelope, change):
    """The envelope with its action changed, endorsements as they were."""
    payload = common_pb2.Payload.FromString(envelope.payload)
    transaction = transaction_pb2.Transaction.FromString(payload.data)
    action = transaction_pb2.ChaincodeActionPayload.FromString(transaction.actions[0].payload)
    change(action)
    transaction.actions[0].payload = action.SerializeToString()
    payload.data = transaction.SerializeToString()
    return common_pb2.Envelope(payload=payload.SerializeToString())


def other_results(action):
    inner = action.action
    payload = proposal_response_pb2.ProposalResponsePayload.FromString(
        inner.proposal_response_payload
    )
    result = proposal_pb2.ChaincodeAction.FromString(payload.extension)
    result.results = result.results.replace(b"mine", b"your")
    payload.extension = result.SerializeToString()
    inner.proposal_response_payload = payload.SerializeToString()


def same_peer_twice(action):
    action.action.endorsements[1].CopyFrom(action.action.endorsements[0])


def high_endorsement(action):
    first = action.action.endorsements[0]
    first.signature = high_s(first.signature)


def other_proposal(action):
    action.chaincode_proposal_payload += proposal_pb2.ChaincodeProposalPayload(
        input=b"other"
    ).SerializeToString()


def no_action(action):
    action.action.proposal_response_payload = b"\xff"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (other_results, 10),
        (same_peer_twice, 10),
        (high_endorsement, 10),
        (other_proposal, 21),
        (no_action, 2),
    ],
)
async def test_a_forged_transaction_is_marked_invalid(network, wire, alice, change, code):
    """Other results, one peer twice, a high S, another proposal: each has its code in the block."""
    signed, tx_id = propose(alice, "put", "a", "mine")
    await wire.submit(alice, reopened(await wire.endorse(signed), change))
    assert (await wire.status(alice, tx_id)).result == code
    assert network._store.current.get("a") is None
    assert network.verify() == 2


async def test_a_client_cannot_endorse(network, wire, alice):
    """A signature over the very bytes, but by a member who is no peer, counts for nothing."""
    bob = person(network, "bob", index=1)

    def by_bob(action):
        second = action.action.endorsements[1]
        second.endorser = bob.serialized
        second.signature = bob.sign(action.action.proposal_response_payload + bob.serialized)

    signed, tx_id = propose(alice, "put", "a", "1")
    await wire.submit(alice, reopened(await wire.endorse(signed), by_bob))
    assert (await wire.status(alice, tx_id)).result == 10


async def test_the_same_bytes_are_valid_without_the_nodes_memory(network, wire, alice):
    """A transaction that the node forgot is checked in full, and passes."""
    signed, tx_id = propose(alice, "put", "a", "1")
    envelope = await wire.endorse(signed)
    network._assembled._known.clear()
    await wire.submit(alice, envelope)
    assert (await wire.status(alice, tx_id)).result == 0


async def test_the_orderer_refuses_what_its_creator_did_not_sign(network, wire, alice):
    """Unsigned, signed by another, another channel, a foreign transaction id."""
    bob = person(network, "bob")
    envelope = await wire.endorse(propose(alice, "put", "a", "1")[0])
    code, message, _ = await refusal(wire.send(envelope))
    assert (code, message) == (CODES.INVALID_ARGUMENT, "prepared transaction must be signed")
    empty = common_pb2.Envelope()
    assert (await refusal(wire.send(empty)))[1] == "a prepared transaction is required"
    start = "received unsuccessful response from orderer: status="
    code, message, _ = await refusal(wire.submit(bob, envelope))
    assert (code, message.startswith(f"{start}FORBIDDEN, info=")) == (CODES.ABORTED, True)
    envelope.signature = high_s(alice.sign(envelope.payload))
    assert (await refusal(wire.send(envelope)))[1].startswith(f"{start}FORBIDDEN, info=")
    for more in ({"channel_id": "side"}, {"tx_id": hashlib.sha256(b"").hexdigest()}, {"type": 1}):
        payload = common_pb2.Payload.FromString(envelope.payload)
        header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
        header.MergeFrom(common_pb2.ChannelHeader(**more))
        payload.header.channel_header = header.SerializeToString()
        changed = common_pb2.Envelope(payload=payload.SerializeToString())
        message = (await refusal(wire.submit(alice, changed)))[1]
        assert message.startswith(f"{start}BAD_REQUEST, info=")
    assert network.height == 1


async def test_a_full_queue_answers_as_a_busy_peer(tmp_path):
    """UNKNOWN, too many requests: clients know it as `Busy` and come again."""
    async with (
        EmbeddedNetwork(tmp_path, contract=Notes(), queue_limit=1) as network,
        connect(network) as channel,
    ):
        alice, wire = person(network, "alice"), Wire(channel)
        slow_disk = threading.Event()
        network._orderer._thread.submit(slow_disk.wait)
        envelopes = [
            await wire.endorse(propose(alice, "put", key, "1")[0]) for key in ("a", "b", "c")
        ]
        await wire.submit(alice, envelopes[0])  # being committed
        await wire.submit(alice, envelopes[1])  # waits
        assert await refusal(wire.submit(alice, envelopes[2])) == (
            CODES.UNKNOWN,
            "too many requests for /gateway.Gateway, exceeding concurrency limit (1)",
            [],
        )
        slow_disk.set()


async def test_a_full_disk_is_told_in_one_sentence(tmp_path, monkeypatch):
    """Submit is unavailable with the reason while the disk refuses, and works again afterwards."""
    monkeypatch.setattr("pmcb_network.embedded._orderer._RETRY_S", 0.01)
    async with EmbeddedNetwork(tmp_path, contract=Notes()) as network, connect(network) as channel:
        alice, wire = person(network, "alice"), Wire(channel)
        signed, tx_id = propose(alice, "put", "a", "1")
        envelope = await wire.endorse(signed)
        second = await wire.endorse(propose(alice, "put", "b", "1")[0])
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))
        try:
            await wire.submit(alice, envelope)
            while network._orderer.failure is None:
                await wire.evaluate(propose(alice, "whoami")[0])
            refused = await refusal(wire.submit(alice, second))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert refused == (
            CODES.UNAVAILABLE,
            "no orderers could successfully process transaction",
            [(A, "the ledger cannot be written: file too large")],
        )
        assert (await wire.status(alice, tx_id)).result == 0
        assert await wire.run(alice, "put", "b", "1") == 0
        assert network.verify() == network.height


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
    code, *_ = await refusal(wire.status(alice, "tx", channel="side"))
    assert code is CODES.FAILED_PRECONDITION


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
    """Events and deliver come later; a client learns it at once."""
    async with connect(network) as channel:
        for method in ("/gateway.Gateway/ChaincodeEvents", "/protos.Deliver/DeliverFiltered"):
            call = channel.unary_unary(method, bytes, bytes)(b"")
            assert (await refusal(call))[0] is CODES.UNIMPLEMENTED


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
