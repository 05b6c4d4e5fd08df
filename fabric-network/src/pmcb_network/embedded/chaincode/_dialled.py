# SPDX-License-Identifier: Apache-2.0
"""A chaincode-as-a-service server that the peer dials, and dials again when it went away."""

import asyncio
import contextlib
import logging
from typing import Any

import grpc

from pmcb_network.embedded._defects import log_defect
from pmcb_network.embedded._protos import shim

from ._session import ExecutionFailed, PeerSession, StreamBroken

_log = logging.getLogger("pmcb_network")
_REDIAL_S = (0.1, 0.2, 0.5, 1.0)
_END_S = 1.0
_MESSAGE_BYTES = 100 * 1024 * 1024  # Fabric's own, at both ends of this stream
_OPTIONS = [
    ("grpc.enable_http_proxy", 0),  # a proxy's localhost is another machine
    ("grpc.max_send_message_length", _MESSAGE_BYTES),
    ("grpc.max_receive_message_length", _MESSAGE_BYTES),
    ("grpc.use_local_subchannel_pool", 1),  # organisations share neither connection nor backoff
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
]


class Dialled:
    """Keeps one stream to a server open for one organisation.

    Never sends `KEEPALIVE`: the Node shim ends its process on any type it does not expect.
    """

    def __init__(self, address: str, name: str) -> None:
        self._address = address
        self._name = name
        self._peer: PeerSession | None = None
        self._task: asyncio.Task[None] | None = None
        self._call: Any = None

    async def start(self) -> None:
        """Begins to dial; returns at once, whether or not a server is there yet."""
        self._task = asyncio.create_task(self._keep_dialling())

    def session(self) -> PeerSession:
        """The stream in use.

        Raises:
            ExecutionFailed: the server is not there, or has not registered yet.
        """
        if self._peer is None or not self._peer.is_ready:
            raise ExecutionFailed(
                f"could not launch chaincode {self._name}: no chaincode server answers at"
                f" {self._address}"
            )
        return self._peer

    async def _keep_dialling(self) -> None:
        tries = 0
        while True:
            if await self._serve_one_stream():
                _log.info("the chaincode server at %s ended its stream", self._address)
                tries = 0
            await asyncio.sleep(_REDIAL_S[min(tries, len(_REDIAL_S) - 1)])
            tries += 1

    async def _serve_one_stream(self) -> bool:
        """One connection from dial to end; whether the contract had registered."""
        outgoing: asyncio.Queue[Any] = asyncio.Queue()
        peer = self._peer = PeerSession(outgoing.put_nowait)
        async with grpc.aio.insecure_channel(self._address, options=_OPTIONS) as channel:
            connect: Any = channel.stream_stream(
                "/protos.Chaincode/Connect",
                request_serializer=shim.ChaincodeMessage.SerializeToString,
                response_deserializer=shim.ChaincodeMessage.FromString,
            )
            call = self._call = connect()
            writer = asyncio.create_task(_drain(outgoing, call))
            try:
                async for message in call:
                    if message is None:  # gRPC's word for bytes that are no message
                        raise StreamBroken("an unreadable message")  # noqa: TRY301
                    peer.receive(message)
            except (grpc.RpcError, StreamBroken) as error:
                _log.debug("stream to %s: %s", self._address, type(error).__name__)
            except Exception as error:  # noqa: BLE001 - ends this stream, not the dialling
                log_defect("a message of the chaincode server failed", error)
            finally:
                registered = peer.is_ready
                peer.close()
                self._call = None
                call.cancel()
                writer.cancel()
                await asyncio.gather(writer, return_exceptions=True)
        return registered

    async def close(self) -> None:
        """Ends the stream and dials no more."""
        if self._task is not None:
            if self._call is not None:  # ended first, for gRPC's own reads outlive a task's, and
                self._call.cancel()  # would call back into an event loop that is closed by then
                await asyncio.wait({self._task}, timeout=_END_S)
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None


async def _drain(outgoing: "asyncio.Queue[Any]", call: Any) -> None:
    """The stream's one writer: gRPC allows one send at a time."""
    while True:
        await call.write(await outgoing.get())
