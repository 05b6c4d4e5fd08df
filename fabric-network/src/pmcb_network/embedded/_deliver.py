# SPDX-License-Identifier: Apache-2.0
"""`protos.Deliver`: blocks to whoever may read the channel, from where they ask on.

A stream holds no snapshot and no queue: it reads block after block as fast as its client does, so
a slow client delays nobody.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any

import grpc

from ._envelopes import Malformed, milliseconds, open_transaction
from ._failures import GatewayError, StatusCode
from ._filtered import filtered
from ._orderer import HungUp, Orderer
from ._protos import DecodeError, common, events, orderer
from ._readers import Readers
from ._rpc import Slots, stream

SERVICE = "protos.Deliver"
SUCCESS: int = common.Status.Value("SUCCESS")
_CONFIG: int = common.HeaderType.Value("CONFIG")

Form = Callable[[Any], Any]
"""Makes a `DeliverResponse` of a block."""


class _Ended(Exception):
    """No more blocks for this request; the client hears the status."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.status = int(common.Status.Value(name))


@dataclass(frozen=True, slots=True)
class _Seek:
    """A request that was admitted: whose, and for which blocks (`stop` included)."""

    reader: bytes
    start: int
    stop: int
    waits: bool
    headers_only: bool


class Deliver:
    """One organisation's deliver service, in three forms."""

    def __init__(
        self,
        blocks: Orderer,
        readers: Readers,
        *,
        clock: Callable[[], int],
        time_window_s: float,
    ) -> None:
        self._blocks = blocks
        self._readers = readers
        self._clock = clock
        self._window_ms = round(time_window_s * 1000)

    async def answers(self, envelopes: AsyncIterator[bytes], form: Form) -> AsyncGenerator[Any]:
        """For each `Envelope` with a `SeekInfo` its blocks, then a status; other than SUCCESS ends.

        Ends with the network or its client, else with the last envelope's status.
        """
        async for raw in envelopes:
            status = SUCCESS
            try:
                async with aclosing(self._delivered(self._admit(raw))) as blocks:
                    async for block in blocks:
                        # in a thread: 500 transactions take longer than others should wait
                        yield await asyncio.to_thread(form, block)
            except _Ended as error:
                status = error.status
            except HungUp:
                raise GatewayError(StatusCode.UNAVAILABLE, "the network is stopping") from None
            yield events.DeliverResponse(status=status)
            if status != SUCCESS:
                return

    def _admit(self, raw: bytes) -> _Seek:
        try:
            envelope = common.Envelope.FromString(raw)
        except DecodeError:  # no message of this service: gRPC itself answers on a peer
            raise GatewayError(StatusCode.INTERNAL, "grpc: error unmarshalling request") from None
        try:
            opened = open_transaction(envelope)
            seek = orderer.SeekInfo.FromString(opened.data)
        except (Malformed, DecodeError):
            raise _Ended("BAD_REQUEST") from None
        if opened.timestamp is None or self._is_stale(milliseconds(opened.timestamp)):
            raise _Ended("BAD_REQUEST")
        if opened.channel != self._readers.channel:
            raise _Ended("NOT_FOUND")
        if not self._readers.signed(opened.creator, envelope.signature, envelope.payload):
            raise _Ended("FORBIDDEN")
        start, stop = bounds(seek, self._blocks.newest.height)
        return _Seek(
            opened.creator,
            start,
            stop,
            waits=seek.behavior == orderer.SeekInfo.BLOCK_UNTIL_READY,
            headers_only=seek.content_type == orderer.SeekInfo.HEADER_WITH_SIG,
        )

    def _is_stale(self, at_ms: int) -> bool:
        return abs(self._clock() - at_ms) > self._window_ms

    async def _delivered(self, seek: _Seek) -> AsyncGenerator[Any]:
        number = seek.start
        while True:
            if not seek.waits and number >= self._blocks.newest.height:
                raise _Ended("NOT_FOUND")
            block = common.Block.FromString(await self._blocks.block(number))
            if not self._readers.admits(seek.reader):  # expired or revoked meanwhile
                raise _Ended("FORBIDDEN")
            if seek.headers_only and not _is_config(block):
                block.ClearField("data")
            yield block
            if number == seek.stop:
                return
            number += 1


def bounds(seek: Any, height: int) -> tuple[int, int]:
    """The first and the last block that a `SeekInfo` asks for, in a ledger of that height.

    The first may be the next to be committed, the last may never come: then there is no end.
    A stop without a number is block 0, as a peer reads it.
    """
    if not (seek.HasField("start") and seek.HasField("stop")):
        raise _Ended("BAD_REQUEST")
    match seek.start.WhichOneof("Type"):
        case "oldest":
            start = 0
        case "newest":
            start = height - 1
        case "next_commit":
            start = height
        case "specified" if seek.start.specified.number <= height:
            start = seek.start.specified.number
        case _:
            raise _Ended("NOT_FOUND")
    match seek.stop.WhichOneof("Type"):
        case "oldest":
            stop = start
        case "newest":
            stop = height - 1
        case "specified" if seek.stop.specified.number < start:
            raise _Ended("BAD_REQUEST")
        case "specified":
            stop = seek.stop.specified.number
        case _:
            stop = 0
    return start, stop


def _is_config(block: Any) -> bool:
    return any(
        open_transaction(common.Envelope.FromString(raw)).type == _CONFIG
        for raw in block.data.data[:1]
    )


def _full(block: Any) -> Any:
    return events.DeliverResponse(block=block)


def _filtered(block: Any) -> Any:
    return events.DeliverResponse(filtered_block=filtered(block))


def _private(block: Any) -> Any:
    """With no private data: the network has no collections."""
    return events.DeliverResponse(block_and_private_data={"block": block})


_FORMS: tuple[tuple[str, Form], ...] = (
    ("Deliver", _full),
    ("DeliverFiltered", _filtered),
    ("DeliverWithPrivateData", _private),
)


def handlers(front: Deliver, slots: Slots) -> Any:
    """The gRPC handlers of one deliver service."""
    served = {name: stream(partial(front.answers, form=form), slots) for name, form in _FORMS}
    return grpc.method_handlers_generic_handler(SERVICE, served)
