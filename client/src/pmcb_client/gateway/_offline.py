# SPDX-License-Identifier: Apache-2.0
"""From bytes and a signature that was made elsewhere back to what can be sent."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pmcb_client.gateway._blocks import BlockEventsRequest
from pmcb_client.gateway._calls import BlockKind, Calls
from pmcb_client.gateway._envelopes import ProposalBytes, read_result
from pmcb_client.gateway._events import EventsRequest
from pmcb_client.gateway._proposal import Commit, Proposal, Transaction
from pmcb_client.gateway._protos import (
    ChaincodeEventsRequest,
    ChannelHeader,
    CommitStatusRequest,
    DecodeError,
    Header,
    HeaderType,
    Payload,
    ProposalMessage,
    SignatureHeader,
)


def proposal(calls: Calls, message: bytes, signature: bytes, orgs: Sequence[str]) -> Proposal:
    """The signed proposal."""
    with _read("a proposal"):
        header = ProposalMessage.FromString(message).header
        channel, tx_id = _ids(calls, Header.FromString(header))
    return Proposal(calls, channel, ProposalBytes(tx_id, header, message), orgs, signature)


def transaction(calls: Calls, message: bytes, signature: bytes) -> Transaction:
    """The signed transaction."""
    with _read("a transaction"):
        header = Payload.FromString(message).header
        channel, tx_id = _ids(calls, header)
        result = read_result(message, header.SerializeToString())
    return Transaction(calls, channel, tx_id, message, result, signature)


def commit(calls: Calls, message: bytes, signature: bytes) -> Commit:
    """The signed question what became of a transaction."""
    with _read("a commit"):
        request = CommitStatusRequest.FromString(message)
        _check_creator(calls, request.identity)
    return Commit(calls, request.transaction_id, message, signature)


def events_request(calls: Calls, message: bytes, signature: bytes) -> EventsRequest:
    """The signed request for events."""
    with _read("a request for events"):
        _check_creator(calls, ChaincodeEventsRequest.FromString(message).identity)
    return EventsRequest(calls, message, signature)


def block_events_request(
    calls: Calls, message: bytes, signature: bytes, kind: BlockKind
) -> BlockEventsRequest:
    """The signed request for blocks."""
    with _read("a request for blocks"):
        header = Payload.FromString(message).header
        _ids(calls, header)
        if ChannelHeader.FromString(header.channel_header).type != HeaderType.DELIVER_SEEK_INFO:
            raise ValueError("another type")
    return BlockEventsRequest(calls, message, kind, signature)


@contextmanager
def _read(what: str) -> Iterator[None]:
    try:
        yield
    except (DecodeError, ValueError) as error:
        raise ValueError(f"The bytes must be {what} of this gateway's identity.") from error


def _ids(calls: Calls, header: Header) -> tuple[str, str]:
    _check_creator(calls, SignatureHeader.FromString(header.signature_header).creator)
    channel = ChannelHeader.FromString(header.channel_header)
    return channel.channel_id, channel.tx_id


def _check_creator(calls: Calls, creator: bytes) -> None:
    if creator != calls.creator:
        raise ValueError("another creator")
