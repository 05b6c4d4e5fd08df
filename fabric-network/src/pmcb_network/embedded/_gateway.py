# SPDX-License-Identifier: Apache-2.0
"""`gateway.Gateway` for one organisation: its four calls, and the stream of events."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any

import grpc

from pmcb_network.errors import StorageFailed

from ._assembled import Assembled
from ._defects import log_defect
from ._envelopes import Malformed, check_order, open_transaction
from ._event_stream import EventStreams
from ._failures import Detail, GatewayError, StatusCode
from ._identity import Directory, InvalidIdentity, UnknownIdentity
from ._orderer import Orderer, QueueFull
from ._peers import Peers
from ._protos import DecodeError, common, gateway
from ._snapshot import SnapshotGone
from ._validator import VALID, Ordered, check

SERVICE = "gateway.Gateway"
_Method = Callable[[Any], Awaitable[Any]]
_Stream = Callable[[Any], AsyncGenerator[Any]]


class Gateway:
    """One organisation's gateway; `own` names its node in error details."""

    def __init__(
        self,
        peers: Peers,
        orderer: Orderer,
        directory: Directory,
        assembled: Assembled,
        *,
        own: Detail,
        channel: str,
        chaincode: str,
        clock: Callable[[], int],
        queue_limit: int,
    ) -> None:
        self._peers = peers
        self._orderer = orderer
        self._directory = directory
        self._assembled = assembled
        self._own = own
        self.streams = EventStreams(orderer, directory, channel=channel, clock=clock)
        self._channel = channel
        self._chaincode = chaincode
        self._clock = clock
        self._busy = (
            f"too many requests for /{SERVICE}, exceeding concurrency limit ({queue_limit})"
        )

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
            raise GatewayError(StatusCode.UNKNOWN, self._busy) from None
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
            check_order(opened, self._channel)
            member = self._directory.member(opened.creator, now)
        except Malformed as error:
            raise _rejected("BAD_REQUEST", str(error)) from error
        except (UnknownIdentity, InvalidIdentity) as error:
            raise _rejected("FORBIDDEN", str(error)) from error
        if not member.verifies(envelope.signature, envelope.payload):
            raise _rejected("FORBIDDEN", "the envelope's signature is not its creator's")
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
        if request.channel_id != self._channel:
            raise GatewayError(
                StatusCode.FAILED_PRECONDITION, f"channel {request.channel_id} does not exist"
            )
        try:
            member = self._directory.member(request.identity, self._clock())
            trusted = member.verifies(signed.signature, signed.request)
        except (UnknownIdentity, InvalidIdentity):
            trusted = False
        if not trusted:
            raise GatewayError(
                StatusCode.PERMISSION_DENIED,
                "access denied: the request is not signed by a member of the channel",
            )
        status = await self._orderer.status(request.transaction_id)
        return gateway.CommitStatusResponse(result=status.code, block_number=status.block)


def _rejected(status: str, info: str) -> GatewayError:
    return GatewayError(
        StatusCode.ABORTED,
        f"received unsuccessful response from orderer: status={status}, info={info}",
    )


def handlers(front: Gateway) -> Any:
    """The gRPC handlers of one gateway."""
    methods: dict[str, tuple[_Method, Any]] = {
        "Evaluate": (front.evaluate, gateway.EvaluateRequest),
        "Endorse": (front.endorse, gateway.EndorseRequest),
        "Submit": (front.submit, gateway.SubmitRequest),
        "CommitStatus": (front.commit_status, gateway.SignedCommitStatusRequest),
    }
    served = {
        name: grpc.unary_unary_rpc_method_handler(
            _guarded(method),
            request_deserializer=message.FromString,
            response_serializer=_written,
        )
        for name, (method, message) in methods.items()
    }
    served["ChaincodeEvents"] = grpc.unary_stream_rpc_method_handler(
        _guarded_stream(front.streams.chaincode_events),
        request_deserializer=gateway.SignedChaincodeEventsRequest.FromString,
        response_serializer=_written,
    )
    return grpc.method_handlers_generic_handler(SERVICE, served)


def _written(answer: Any) -> bytes:
    raw: bytes = answer.SerializeToString()
    return raw


class NotOffered(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # generic in stubs only
    """Says of every other method that it is not offered."""

    def service(self, handler_call_details: Any) -> Any:
        """A handler for whatever is called, of one message or many."""

        async def refuse(_: Any, context: Any) -> None:
            await context.abort(
                StatusCode.UNIMPLEMENTED,
                f"{handler_call_details.method} is not offered by the embedded network",
            )

        return grpc.stream_stream_rpc_method_handler(refuse)


@contextlib.asynccontextmanager
async def _told(context: Any) -> AsyncIterator[None]:
    """Ends the call with the status that fits what went wrong inside."""
    try:
        yield
    except GatewayError as error:
        await context.abort(error.code, error.message, trailing_metadata=error.trailer())
    except SnapshotGone:
        await context.abort(StatusCode.UNAVAILABLE, "the ledger cannot be read at the moment")
    except Exception as error:  # noqa: BLE001 - one call's defect must not end the server
        log_defect("a gateway call failed", error)
        await context.abort(StatusCode.INTERNAL, "a defect of the embedded network")


def _guarded(method: _Method) -> Callable[[Any, Any], Awaitable[Any]]:
    async def call(request: Any, context: Any) -> Any:
        async with _told(context):
            return await method(request)

    return call


def _guarded_stream(method: _Stream) -> Callable[[Any, Any], Awaitable[None]]:
    async def call(request: Any, context: Any) -> None:
        async with _told(context), contextlib.aclosing(method(request)) as responses:
            async for response in responses:
                await context.write(response)  # returns when the client has room for more

    return call
