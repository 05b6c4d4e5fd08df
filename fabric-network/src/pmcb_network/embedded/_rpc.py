# SPDX-License-Identifier: Apache-2.0
"""How methods become gRPC handlers: limited in number, and every failure told with its status."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import grpc

from ._defects import log_defect
from ._failures import GatewayError, StatusCode
from ._snapshot import SnapshotGone

Method = Callable[[Any], Awaitable[Any]]
Stream = Callable[[Any], AsyncGenerator[Any]]


def too_many(service: str, limit: int) -> GatewayError:
    """What a peer says above a limit of its own; clients come again."""
    return GatewayError(
        StatusCode.UNKNOWN,
        f"too many requests for /{service}, exceeding concurrency limit ({limit})",
    )


class Slots:
    """How many calls of a service may run at once; waiting ones and open streams count."""

    def __init__(self, service: str, limit: int) -> None:
        self._service = service
        self._limit = limit
        self.taken = 0

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """Holds a slot; raises `GatewayError` when none is free."""
        if self.taken >= self._limit:
            raise too_many(self._service, self._limit)
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1


def unary(method: Method, message: Any, slots: Slots) -> Any:
    """A handler of one message that answers with one."""

    async def call(request: Any, context: Any) -> Any:
        async with _told(context):
            with slots.one():
                return await method(request)

    return grpc.unary_unary_rpc_method_handler(
        call, request_deserializer=message.FromString, response_serializer=_written
    )


def server_stream(method: Stream, message: Any, slots: Slots) -> Any:
    """A handler of one message that answers with many."""
    return grpc.unary_stream_rpc_method_handler(
        _streaming(method, slots),
        request_deserializer=message.FromString,
        response_serializer=_written,
    )


def stream(method: Stream, slots: Slots) -> Any:
    """A handler of many messages, as bytes, that answers with many."""
    return grpc.stream_stream_rpc_method_handler(
        _streaming(method, slots), response_serializer=_written
    )


def _streaming(method: Stream, slots: Slots) -> Callable[[Any, Any], Awaitable[None]]:
    async def call(request: Any, context: Any) -> None:
        async with _told(context):
            with slots.one():
                async with contextlib.aclosing(method(request)) as responses:
                    async for response in responses:
                        await context.write(response)  # returns when the client has room for more

    return call


def _written(answer: Any) -> bytes:
    raw: bytes = answer.SerializeToString()
    return raw


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
