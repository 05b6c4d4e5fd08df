# SPDX-License-Identifier: Apache-2.0
"""`ChaincodeEvents`: the gateway's endless stream of one chaincode's events.

A stream holds no snapshot and no queue: it reads block after block as fast as its client does, so
a slow client delays nobody.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

from ._events import Selection, events_of, start_of
from ._failures import GatewayError, StatusCode
from ._identity import Directory, InvalidIdentity, UnknownIdentity
from ._orderer import HungUp, Orderer
from ._protos import DecodeError, gateway

_NO_CHANNEL = (
    "Invalid channel ID name during check policy on signed data. Name must be different from nil."
)
_UNSATISFIED = (
    "implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires"
    " 1 of the 'Readers' sub-policies to be satisfied"
)


class EventStreams:
    """Opens streams for members of the channel."""

    def __init__(
        self, orderer: Orderer, directory: Directory, *, channel: str, clock: Callable[[], int]
    ) -> None:
        self._orderer = orderer
        self._directory = directory
        self._channel = channel
        self._clock = clock

    async def chaincode_events(self, signed: Any) -> AsyncGenerator[Any]:
        """One response per block that holds events asked for; ends only when the network stops."""
        if not signed.request:
            raise GatewayError(
                StatusCode.INVALID_ARGUMENT, "a chaincode events request is required"
            )
        try:
            request = gateway.ChaincodeEventsRequest.FromString(signed.request)
        except DecodeError as error:
            raise GatewayError(
                StatusCode.INVALID_ARGUMENT, "invalid chaincode events request"
            ) from error
        self._check_reader(signed, request)
        selection = Selection(request.chaincode_id, request.after_transaction_id)
        number = start_of(request, self._orderer.newest)
        try:
            while True:
                block = await self._orderer.block(number)
                # in a thread: 500 transactions take longer than others should wait
                events = selection.of(await asyncio.to_thread(events_of, block))
                if events:
                    yield gateway.ChaincodeEventsResponse(events=events, block_number=number)
                number += 1
        except HungUp:
            raise GatewayError(StatusCode.UNAVAILABLE, "the network is stopping") from None

    def _check_reader(self, signed: Any, request: Any) -> None:
        """Raises what a peer's access control says unless a member of the channel signed."""
        channel = request.channel_id
        if not channel:
            raise GatewayError(StatusCode.PERMISSION_DENIED, _NO_CHANNEL)
        if channel != self._channel:
            raise GatewayError(
                StatusCode.PERMISSION_DENIED,
                f"Failed to get policy manager for channel [{channel}]",
            )
        try:
            member = self._directory.member(request.identity, self._clock())
            trusted = member.verifies(signed.signature, signed.request)
        except (UnknownIdentity, InvalidIdentity):
            trusted = False
        if not trusted:
            raise GatewayError(
                StatusCode.PERMISSION_DENIED,
                "Failed evaluating policy on signed data during check policy on channel"
                f" [{channel}] with policy [/Channel/Application/Readers]: [{_UNSATISFIED}]",
            )
