# SPDX-License-Identifier: Apache-2.0
"""Proposals and transactions: taken apart, checked for form, put together.

Received header bytes are reused, never marshalled again: signatures and hashes cover those bytes.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from ._protos import DecodeError, chaincode, common, proposal, response, transaction

ENDORSER_TRANSACTION = 3


class Malformed(Exception):
    """The bytes are not what the protocol asks for; the text says which part."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A signed proposal, taken apart. `input` is the serialised `ChaincodeInput`."""

    signed: Any
    channel: str
    chaincode: str
    tx_id: str
    creator: bytes
    nonce: bytes
    time_ms: int
    header: Any
    input: bytes
    payload: bytes  # without transient data: what may enter a block
    hash: bytes
    header_type: int
    epoch: int


def open_proposal(signed: Any) -> Proposal:
    """The parts of a `SignedProposal`.

    Raises:
        Malformed: a part is missing or is not its message.
    """
    if not signed.proposal_bytes:
        raise Malformed("a signed proposal is required")
    try:
        outer = proposal.Proposal.FromString(signed.proposal_bytes)
        header = common.Header.FromString(outer.header)
        channel_header = common.ChannelHeader.FromString(header.channel_header)
        signature_header = common.SignatureHeader.FromString(header.signature_header)
        extension = proposal.ChaincodeHeaderExtension.FromString(channel_header.extension)
        payload = proposal.ChaincodeProposalPayload.FromString(outer.payload)
        spec = chaincode.ChaincodeInvocationSpec.FromString(payload.input).chaincode_spec
    except DecodeError as error:
        raise Malformed("the signed proposal cannot be decoded") from error
    channel = channel_header.channel_id
    if not channel:
        raise Malformed("no channel id provided")
    if not spec.chaincode_id.name or extension.chaincode_id.name != spec.chaincode_id.name:
        raise Malformed(f"no chaincode name is provided, channel id [{channel}]")
    public = proposal.ChaincodeProposalPayload(input=payload.input).SerializeToString()
    digest = hashlib.sha256(header.channel_header)
    digest.update(header.signature_header)
    digest.update(public)
    return Proposal(
        signed=signed,
        channel=channel,
        chaincode=spec.chaincode_id.name,
        tx_id=channel_header.tx_id,
        creator=signature_header.creator,
        nonce=signature_header.nonce,
        time_ms=milliseconds(channel_header.timestamp),
        header=header,
        input=spec.input.SerializeToString(),
        payload=public,
        hash=digest.digest(),
        header_type=channel_header.type,
        epoch=channel_header.epoch,
    )


def milliseconds(stamp: Any) -> int:
    """A protobuf `Timestamp` as milliseconds UTC."""
    return int(stamp.seconds * 1000 + stamp.nanos // 1_000_000)


def name_of(enum: Any, number: int) -> str:
    """A value's name; of a number that has none, the number."""
    found = enum.DESCRIPTOR.values_by_number.get(number)
    return str(found.name) if found else str(number)


def tx_id_of(nonce: bytes, creator: bytes) -> str:
    """The transaction id that a nonce and a creator determine."""
    return hashlib.sha256(nonce + creator).hexdigest()


def check_form(opened: Proposal) -> None:
    """Checks what needs no identity, in the peer's words.

    Raises:
        Malformed: the peer would refuse the proposal.
    """
    if opened.header_type != ENDORSER_TRANSACTION:
        raise Malformed(f"invalid header type {name_of(common.HeaderType, opened.header_type)}")
    if opened.epoch:
        raise Malformed("epoch is non-zero")
    if not opened.nonce:
        raise Malformed("nonce is empty")
    if not opened.creator:
        raise Malformed("creator is empty")
    expected = tx_id_of(opened.nonce, opened.creator)
    if opened.tx_id != expected:
        raise Malformed(f"incorrectly computed txid '{opened.tx_id}' -- expected '{expected}'")


def response_payload(
    opened: Proposal, *, answer: Any, results: bytes, event: bytes, version: str
) -> bytes:
    """The bytes that every endorser of this proposal must produce alike, and signs."""
    action = proposal.ChaincodeAction(
        results=results,
        events=event,
        response=answer,
        chaincode_id=chaincode.ChaincodeID(name=opened.chaincode, version=version),
    )
    payload = response.ProposalResponsePayload(
        proposal_hash=opened.hash, extension=action.SerializeToString()
    )
    written: bytes = payload.SerializeToString()
    return written


def assemble(opened: Proposal, payload: bytes, endorsements: list[Any]) -> bytes:
    """The payload of the transaction envelope that the client is to sign."""
    action = transaction.ChaincodeActionPayload(
        chaincode_proposal_payload=opened.payload,
        action=transaction.ChaincodeEndorsedAction(
            proposal_response_payload=payload, endorsements=endorsements
        ),
    )
    inner = transaction.TransactionAction(
        header=opened.header.signature_header, payload=action.SerializeToString()
    )
    data = transaction.Transaction(actions=[inner]).SerializeToString()
    written: bytes = common.Payload(header=opened.header, data=data).SerializeToString()
    return written


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction envelope, opened as far as its headers."""

    envelope: Any
    channel: str
    tx_id: str
    type: int
    creator: bytes
    nonce: bytes
    timestamp: Any  # of the channel header; `None` where it has none
    header: Any
    data: bytes


def open_transaction(envelope: Any) -> Transaction:
    """The headers of a transaction envelope.

    Raises:
        Malformed: a header is missing or is not its message.
    """
    try:
        payload = common.Payload.FromString(envelope.payload)
        channel_header = common.ChannelHeader.FromString(payload.header.channel_header)
        signature_header = common.SignatureHeader.FromString(payload.header.signature_header)
    except DecodeError as error:
        raise Malformed("the envelope cannot be decoded") from error
    return Transaction(
        envelope=envelope,
        channel=channel_header.channel_id,
        tx_id=channel_header.tx_id,
        type=channel_header.type,
        creator=signature_header.creator,
        nonce=signature_header.nonce,
        timestamp=channel_header.timestamp if channel_header.HasField("timestamp") else None,
        header=payload.header,
        data=payload.data,
    )


def check_order(opened: Transaction, channel: str) -> None:
    """Checks that an orderer of this channel takes the message.

    An id that is not its creator's own is refused here, so that nobody can use up another's.

    Raises:
        Malformed: another channel, a type that clients do not send, or a foreign id.
    """
    if opened.channel != channel:
        raise Malformed(f"channel {opened.channel} does not exist")
    if opened.type != ENDORSER_TRANSACTION:
        raise Malformed("only endorser transactions are ordered")
    if opened.tx_id != tx_id_of(opened.nonce, opened.creator):
        raise Malformed("the transaction id is not that of its nonce and creator")


@dataclass(frozen=True, slots=True)
class Action:
    """What the endorsers of a transaction signed."""

    chaincode: str
    results: bytes
    event: bytes  # a serialised `ChaincodeEvent`, or empty
    response_payload: bytes
    proposal_hash: bytes
    expected_hash: bytes
    status: int
    endorsements: list[Any]


def open_action(opened: Transaction) -> Action:
    """The one action inside a transaction.

    Raises:
        Malformed: there is not exactly one, or a part is not its message.
    """
    try:
        actions = transaction.Transaction.FromString(opened.data).actions
        if len(actions) != 1 or actions[0].header != opened.header.signature_header:
            raise Malformed("a transaction has exactly one action, under its own header")
        inner = transaction.ChaincodeActionPayload.FromString(actions[0].payload)
        raw = inner.action.proposal_response_payload
        payload = response.ProposalResponsePayload.FromString(raw)
        result = proposal.ChaincodeAction.FromString(payload.extension)
    except DecodeError as error:
        raise Malformed("the transaction's action cannot be decoded") from error
    digest = hashlib.sha256(opened.header.channel_header)
    digest.update(opened.header.signature_header)
    digest.update(inner.chaincode_proposal_payload)
    return Action(
        chaincode=result.chaincode_id.name,
        results=result.results,
        event=result.events,
        response_payload=raw,
        proposal_hash=payload.proposal_hash,
        expected_hash=digest.digest(),
        status=result.response.status,
        endorsements=list(inner.action.endorsements),
    )
