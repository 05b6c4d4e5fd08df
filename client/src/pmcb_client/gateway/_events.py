# SPDX-License-Identifier: Apache-2.0
"""The events that valid transactions of a chaincode left, as a stream."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from typing import Any

from pmcb_client.gateway._calls import Calls
from pmcb_client.gateway._checkpoint import Checkpoint, Position
from pmcb_client.gateway._envelopes import events_request_after
from pmcb_client.gateway._failures import Phase
from pmcb_client.gateway._follow import follow
from pmcb_client.gateway._protos import SignedChaincodeEventsRequest
from pmcb_client.gateway._signing import Signable


@dataclass(frozen=True)
class ChaincodeEvent:
    """What a contract told with a transaction, once that is valid on the ledger."""

    name: str
    payload: bytes
    transaction_id: str
    block_number: int
    chaincode: str


class EventsRequest(Signable):
    """The wish to read a chaincode's events from one place on."""

    def __init__(self, calls: Calls, message: bytes, signature: bytes | None = None) -> None:
        super().__init__(calls, message, signature)

    async def events(
        self, checkpoint: Checkpoint | None = None
    ) -> AsyncGenerator[ChaincodeEvent, None]:
        """The events, each at least once, in the ledger's order, until the iterator is closed.

        A position is saved in ``checkpoint`` when the next event is asked for: an event whose
        loop body did not end is delivered again to whoever starts from the checkpoint. While
        the gateway is unavailable this waits and goes on after the last event. A gateway
        without a signer cannot ask from another place: there the stream fails instead.

        Raises:
            NotSigned: nobody signed the request.
            GatewayError: the gateway refused it.
        """
        position: Position | None = None

        def open_stream() -> AbstractAsyncContextManager[AsyncIterator[Any]]:
            request = self
            if position is not None:
                after = events_request_after(
                    self.bytes, position.block_number, position.transaction_id
                )
                request = EventsRequest(self._calls, after)
            return self._calls.events(
                SignedChaincodeEventsRequest(request=request.bytes, signature=request._sign())
            )

        stream = follow(Phase.EVENTS, open_stream, _as_it_is, resumes=self._calls.can_sign)
        async with aclosing(stream) as answers:
            async for answer in answers:
                for event in answer.events:
                    yield ChaincodeEvent(
                        name=event.event_name,
                        payload=event.payload,
                        transaction_id=event.tx_id,
                        block_number=answer.block_number,
                        chaincode=event.chaincode_id,
                    )
                    position = Position(answer.block_number, event.tx_id)
                    if checkpoint is not None:
                        await checkpoint.save(position)


def _as_it_is(answer: Any) -> Any:
    return answer
