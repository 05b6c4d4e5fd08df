# SPDX-License-Identifier: Apache-2.0
from hashlib import sha256

import pytest
from fabric_protos.common.common_pb2 import ChannelHeader, Header, Payload, SignatureHeader
from fabric_protos.gateway.gateway_pb2 import CommitStatusRequest
from fabric_protos.peer.chaincode_pb2 import ChaincodeInvocationSpec
from fabric_protos.peer.proposal_pb2 import (
    ChaincodeHeaderExtension,
    ChaincodeProposalPayload,
    Proposal,
)
from fabric_protos.peer.transaction_pb2 import Transaction
from hypothesis import given
from hypothesis import strategies as st
from tests.client.gateway.fake_gateway import endorsed

from pmcb_client.gateway import _envelopes as envelopes

CREATOR = b"\n\x0cHospitalAMSP\x12\x0bcertificate"
NONCE = bytes(range(24))


def build(args=(b"ping",), transient=None, nonce=NONCE):
    """A proposal of the 25th of November 2026, 17:53:53.125 UTC."""
    return envelopes.build_proposal(
        creator=CREATOR,
        nonce=nonce,
        time_ms=1_795_629_233_125,
        channel="pmcb",
        chaincode="notes",
        args=args,
        transient=transient or {},
    )


def test_a_transaction_under_another_header_is_refused():
    """A result is read only from a transaction that carries the proposed header."""
    mine, foreign = build(), build(nonce=bytes(24))
    with pytest.raises(ValueError, match="another header"):
        envelopes.read_result(endorsed(foreign.proposal, b"r").payload, mine.header)


@pytest.mark.parametrize("count", [0, 2])
def test_a_transaction_of_other_than_one_action_is_refused(count):
    """Fabric's have exactly one."""
    built = build()
    payload = Payload.FromString(endorsed(built.proposal, b"r").payload)
    transaction = Transaction.FromString(payload.data)
    actions = [transaction.actions[0]] * count
    payload.data = Transaction(actions=actions).SerializeToString()
    with pytest.raises(ValueError, match="one action"):
        envelopes.read_result(payload.SerializeToString(), built.header)


def test_transient_data_stand_in_the_transient_map_only():
    """What endorsers alone may see is not in the part that is ordered."""
    proposal = Proposal.FromString(build(transient={"key": b"marker"}).proposal)
    payload = ChaincodeProposalPayload.FromString(proposal.payload)
    assert dict(payload.TransientMap) == {"key": b"marker"}
    assert b"marker" not in payload.input
    assert b"marker" not in proposal.header


def test_the_transaction_id_is_the_hash_of_nonce_and_creator():
    """SHA-256(nonce | creator) in hex, here and in the channel header."""
    assert envelopes.transaction_id(b"\1" * 24, b"me") == sha256(b"\1" * 24 + b"me").hexdigest()
    built = build()
    header = Header.FromString(Proposal.FromString(built.proposal).header)
    assert built.transaction_id == sha256(NONCE + CREATOR).hexdigest()
    assert ChannelHeader.FromString(header.channel_header).tx_id == built.transaction_id


def test_headers_say_channel_chaincode_time_and_creator():
    """Type 3, the chaincode in the extension, the clock's milliseconds, creator and nonce."""
    header = Header.FromString(build().header)
    channel = ChannelHeader.FromString(header.channel_header)
    assert (channel.type, channel.channel_id) == (3, "pmcb")
    assert (channel.timestamp.seconds, channel.timestamp.nanos) == (1_795_629_233, 125_000_000)
    extension = ChaincodeHeaderExtension.FromString(channel.extension)
    assert extension.chaincode_id.name == "notes"
    signature = SignatureHeader.FromString(header.signature_header)
    assert (signature.creator, signature.nonce) == (CREATOR, NONCE)


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=6))
def test_arguments_arrive_as_given(args):
    """Any bytes, empty ones too, in their order."""
    proposal = Proposal.FromString(build(args=args).proposal)
    payload = ChaincodeProposalPayload.FromString(proposal.payload)
    invocation = ChaincodeInvocationSpec.FromString(payload.input)
    assert list(invocation.chaincode_spec.input.args) == args


@given(st.binary(max_size=200))
def test_the_result_is_what_the_contract_returned(result):
    """From the endorsed response payload, byte for byte."""
    built = build()
    payload = endorsed(built.proposal, result).payload
    assert envelopes.read_result(payload, built.header) == result


def test_a_status_request_names_transaction_channel_and_creator():
    """The three fields that the gateway checks."""
    request = CommitStatusRequest.FromString(envelopes.commit_status_request("ab", "pmcb", CREATOR))
    assert (request.transaction_id, request.channel_id, request.identity) == ("ab", "pmcb", CREATOR)
