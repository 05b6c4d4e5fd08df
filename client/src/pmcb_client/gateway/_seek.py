# SPDX-License-Identifier: Apache-2.0
"""Requests for blocks, as the peer's Deliver service reads them: pure functions."""

from typing import Literal

from pmcb_client.gateway._protos import (
    ChannelHeader,
    Header,
    HeaderType,
    Payload,
    SeekInfo,
    SeekNewest,
    SeekNextCommit,
    SeekPosition,
    SeekSpecified,
    SignatureHeader,
)

Start = int | Literal["next", "newest"]
"""A block's number, the next block to be written, or the last one that stands."""

_NEVER = 2**64 - 1  # a stream has no last block


def seek(channel: str, creator: bytes, start: Start, *, time_ms: int, tls_hash: bytes) -> bytes:
    """The bytes to sign: the payload of an envelope of type DELIVER_SEEK_INFO.

    The peer refuses a time too far from its own clock, and under mutual TLS a hash (SHA-256)
    of another client certificate than the connection's; ``tls_hash`` is else empty.
    """
    channel_header = ChannelHeader(
        type=HeaderType.DELIVER_SEEK_INFO, channel_id=channel, tls_cert_hash=tls_hash
    )
    _stamp(channel_header, time_ms)
    stop = SeekPosition(specified=SeekSpecified(number=_NEVER))
    payload = Payload(
        header=Header(
            channel_header=channel_header.SerializeToString(),
            signature_header=SignatureHeader(creator=creator).SerializeToString(),
        ),
        data=SeekInfo(start=_position(start), stop=stop).SerializeToString(),
    )
    serialised: bytes = payload.SerializeToString()
    return serialised


def seek_again(message: bytes, start: int | None, *, time_ms: int) -> bytes:
    """The same request at a later time, from block ``start`` on (``None``: from where it was)."""
    payload = Payload.FromString(message)
    channel_header = ChannelHeader.FromString(payload.header.channel_header)
    _stamp(channel_header, time_ms)
    payload.header.channel_header = channel_header.SerializeToString()
    if start is not None:
        info = SeekInfo.FromString(payload.data)
        info.start.CopyFrom(_position(start))
        payload.data = info.SerializeToString()
    serialised: bytes = payload.SerializeToString()
    return serialised


def _stamp(header: ChannelHeader, time_ms: int) -> None:
    header.timestamp.seconds, milliseconds = divmod(time_ms, 1000)
    header.timestamp.nanos = milliseconds * 1_000_000


def _position(start: Start) -> SeekPosition:
    if start == "next":
        return SeekPosition(next_commit=SeekNextCommit())
    if start == "newest":
        return SeekPosition(newest=SeekNewest())
    return SeekPosition(specified=SeekSpecified(number=start))
