# SPDX-License-Identifier: Apache-2.0
"""`ChaincodeEvents`: the gateway's endless stream of one chaincode's events.

A stream holds no snapshot and no queue: it reads block after block as fast as its client does, so
a slow client delays nobody.
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from ._events import Selection, events_of, start_of
from ._failures import GatewayError, StatusCode
from ._orderer import HungUp, Orderer
from ._protos import DecodeError, gateway
from ._readers import Readers


class EventStreams:
    """Opens streams for members of the channel."""

    def __init__(self, orderer: Orderer, readers: Readers) -> None:
        self._orderer = orderer
        self._readers = readers

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
        self._readers.check(request.channel_id, request.identity, signed.signature, signed.request)
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
