# SPDX-License-Identifier: Apache-2.0
"""`gateway.Gateway` for one organisation: its four calls, and the stream of events."""

from collections.abc import Callable
from typing import Any

import grpc

from pmcb_network.errors import StorageFailed

from ._assembled import Assembled
from ._envelopes import Malformed, check_order, open_transaction
from ._event_stream import EventStreams
from ._failures import Detail, GatewayError, StatusCode
from ._identity import Directory, InvalidIdentity, UnknownIdentity
from ._orderer import Orderer, QueueFull
from ._peers import Peers
from ._protos import DecodeError, common, gateway
from ._readers import Readers
from ._rpc import Slots, server_stream, too_many, unary
from ._validator import VALID, Ordered, check

SERVICE = "gateway.Gateway"
_NO_WRITER = (
    "implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires"
    " 1 of the 'Writers' sub-policies to be satisfied: permission denied"
)


class Gateway:
    """One organisation's gateway; `own` names its node in error details."""

    def __init__(
        self,
        peers: Peers,
        orderer: Orderer,
        directory: Directory,
        readers: Readers,
        assembled: Assembled,
        *,
        own: Detail,
        chaincode: str,
        clock: Callable[[], int],
        queue_limit: int,
    ) -> None:
        self._peers = peers
        self._orderer = orderer
        self._directory = directory
        self._readers = readers
        self._assembled = assembled
        self._own = own
        self.streams = EventStreams(orderer, readers)
        self._chaincode = chaincode
        self._clock = clock
        self._queue_limit = queue_limit

    async def evaluate(self, request: Any) -> Any:
        """Asks one peer; nothing is ordered."""
        opened = self._peers.open(request.proposed_transaction)
        answer = await self._peers.evaluate(opened, request.target_organizations, self._own)
        return gateway.EvaluateResponse(result=answer)

    async def endorse(self, request: Any) -> Any:
        """Collects endorsements and returns the transaction for the client to sign."""
        opened = self._peers.open(request.proposed_transaction)
        payload, rw = await self._peers.endorse(opened, request.endorsing_organizations, self._own)
        if rw is not None:
            self._assembled.remember(payload, rw)
        return gateway.EndorseResponse(prepared_transaction=common.Envelope(payload=payload))

    async def submit(self, request: Any) -> Any:
        """Orders a signed transaction; returns once it is queued, not once it is committed."""
        envelope = request.prepared_transaction
        if not envelope.payload:
            raise GatewayError(StatusCode.INVALID_ARGUMENT, "a prepared transaction is required")
        if not envelope.signature:
            raise GatewayError(StatusCode.INVALID_ARGUMENT, "prepared transaction must be signed")
        message = self._admit(envelope)
        try:
            self._orderer.submit(message)
        except QueueFull:
            raise too_many(SERVICE, self._queue_limit) from None
        except StorageFailed as error:
            raise GatewayError(
                StatusCode.UNAVAILABLE,
                "no orderers could successfully process transaction",
                self._own.saying(str(error)),
            ) from error
        return gateway.SubmitResponse()

    def _admit(self, envelope: Any) -> Ordered:
        """What an orderer checks before it takes a message, then the message's own code."""
        now = self._clock()
        try:
            opened = open_transaction(envelope)
            check_order(opened, self._readers.channel)
            member = self._directory.member(opened.creator, now)
        except Malformed as error:
            raise _rejected("BAD_REQUEST", str(error)) from error
        except (UnknownIdentity, InvalidIdentity) as error:
            raise _rejected("FORBIDDEN", _NO_WRITER) from error
        if not member.verifies(envelope.signature, envelope.payload):
            raise _rejected("FORBIDDEN", _NO_WRITER)
        code, rw = VALID, self._assembled.recall(envelope.payload)
        if rw is None:
            code, rw = check(
                opened, chaincode=self._chaincode, directory=self._directory, now_ms=now
            )
        return Ordered(envelope.SerializeToString(), opened.tx_id, code, rw)

    async def commit_status(self, signed: Any) -> Any:
        """Waits until a block holds the transaction, as long as the client does."""
        try:
            request = gateway.CommitStatusRequest.FromString(signed.request)
        except DecodeError as error:
            raise GatewayError(StatusCode.INVALID_ARGUMENT, "invalid status request") from error
        for value, message in (
            (signed.request, "a commit status request is required"),
            (request.identity, "no identity provided"),
            (request.channel_id, "no channel ID provided"),
            (request.transaction_id, "transaction ID should not be empty"),
        ):
            if not value:
                raise GatewayError(StatusCode.INVALID_ARGUMENT, message)
        self._readers.check(request.channel_id, request.identity, signed.signature, signed.request)
        status = await self._orderer.status(request.transaction_id)
        return gateway.CommitStatusResponse(result=status.code, block_number=status.block)


def _rejected(status: str, info: str) -> GatewayError:
    return GatewayError(
        StatusCode.ABORTED,
        f"received unsuccessful response from orderer: status={status}, info={info}",
    )


def handlers(front: Gateway, slots: Slots) -> Any:
    """The gRPC handlers of one gateway."""
    served = {
        "Evaluate": unary(front.evaluate, gateway.EvaluateRequest, slots),
        "Endorse": unary(front.endorse, gateway.EndorseRequest, slots),
        "Submit": unary(front.submit, gateway.SubmitRequest, slots),
        "CommitStatus": unary(front.commit_status, gateway.SignedCommitStatusRequest, slots),
        "ChaincodeEvents": server_stream(
            front.streams.chaincode_events, gateway.SignedChaincodeEventsRequest, slots
        ),
    }
    return grpc.method_handlers_generic_handler(SERVICE, served)
