# SPDX-License-Identifier: Apache-2.0
"""Fabric's envelopes as pure functions: headers, transaction ids, proposals, results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from pmcb_client.gateway._protos import (
    ChaincodeAction,
    ChaincodeActionPayload,
    ChaincodeEventsRequest,
    ChaincodeHeaderExtension,
    ChaincodeID,
    ChaincodeInput,
    ChaincodeInvocationSpec,
    ChaincodeProposalPayload,
    ChaincodeSpec,
    ChannelHeader,
    CommitStatusRequest,
    Header,
    HeaderType,
    Payload,
    ProposalMessage,
    ProposalResponsePayload,
    SeekNextCommit,
    SeekPosition,
    SeekSpecified,
    SignatureHeader,
    TransactionMessage,
)

NONCE_BYTES = 24


@dataclass(frozen=True)
class ProposalBytes:
    """A proposal ready to be signed, and its header, which the transaction must carry again."""

    transaction_id: str
    header: bytes
    proposal: bytes


def transaction_id(nonce: bytes, creator: bytes) -> str:
    """SHA-256 over nonce and creator, in hex: nobody can choose somebody else's id."""
    return sha256(nonce + creator).hexdigest()


def build_proposal(
    *,
    creator: bytes,
    nonce: bytes,
    time_ms: int,
    channel: str,
    chaincode: str,
    args: Sequence[bytes],
    transient: Mapping[str, bytes],
) -> ProposalBytes:
    """The bytes of a proposal; ``args`` begins with the function's name.

    Transient data stand only in the ``TransientMap``, which the gateway strips before ordering.
    """
    tx_id = transaction_id(nonce, creator)
    chaincode_id = ChaincodeID(name=chaincode)
    channel_header = ChannelHeader(
        type=HeaderType.ENDORSER_TRANSACTION,
        channel_id=channel,
        tx_id=tx_id,
        extension=ChaincodeHeaderExtension(chaincode_id=chaincode_id).SerializeToString(),
    )
    channel_header.timestamp.seconds, milliseconds = divmod(time_ms, 1000)
    channel_header.timestamp.nanos = milliseconds * 1_000_000
    header = Header(
        channel_header=channel_header.SerializeToString(),
        signature_header=SignatureHeader(creator=creator, nonce=nonce).SerializeToString(),
    ).SerializeToString()
    invocation = ChaincodeInvocationSpec(
        chaincode_spec=ChaincodeSpec(chaincode_id=chaincode_id, input=ChaincodeInput(args=args))
    )
    payload = ChaincodeProposalPayload(
        input=invocation.SerializeToString(), TransientMap=dict(transient)
    )
    proposal = ProposalMessage(header=header, payload=payload.SerializeToString())
    return ProposalBytes(tx_id, header, proposal.SerializeToString())


def read_result(envelope_payload: bytes, header: bytes) -> bytes:
    """What the contract returned, from the payload of an endorsed transaction.

    Raises:
        ValueError: the payload does not carry ``header``, the one that was proposed. Endorsers
            sign a hash over that header, so a gateway cannot slip another call under it.
        DecodeError: not a transaction.
    """
    payload = Payload.FromString(envelope_payload)
    if payload.header != Header.FromString(header):
        raise ValueError("another header")
    actions = TransactionMessage.FromString(payload.data).actions
    if len(actions) != 1:
        raise ValueError("not one action")
    action = ChaincodeActionPayload.FromString(actions[0].payload).action
    response = ProposalResponsePayload.FromString(action.proposal_response_payload)
    result: bytes = ChaincodeAction.FromString(response.extension).response.payload
    return result


def commit_status_request(tx_id: str, channel: str, creator: bytes) -> bytes:
    """The bytes to sign when asking what became of a transaction."""
    request = CommitStatusRequest(transaction_id=tx_id, channel_id=channel, identity=creator)
    serialised: bytes = request.SerializeToString()
    return serialised


def events_request(channel: str, chaincode: str, creator: bytes, start_block: int | None) -> bytes:
    """The bytes to sign when asking for events, from ``start_block`` or the next block on."""
    if start_block is None:
        start = SeekPosition(next_commit=SeekNextCommit())
    else:
        start = SeekPosition(specified=SeekSpecified(number=start_block))
    request = ChaincodeEventsRequest(
        channel_id=channel, chaincode_id=chaincode, identity=creator, start_position=start
    )
    serialised: bytes = request.SerializeToString()
    return serialised


def events_request_after(message: bytes, block_number: int, tx_id: str) -> bytes:
    """The same request for what follows transaction ``tx_id`` of a block."""
    request = ChaincodeEventsRequest.FromString(message)
    start = SeekPosition(specified=SeekSpecified(number=block_number))
    request.start_position.CopyFrom(start)
    request.after_transaction_id = tx_id
    serialised: bytes = request.SerializeToString()
    return serialised
