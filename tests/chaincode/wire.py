# SPDX-License-Identifier: Apache-2.0
"""A fake peer over a real gRPC stream: it dials, as peers dial chaincode servers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
from tests.chaincode.fake_peer import FakePeer

from pmcb_chaincode.bridge import ChaincodeMessage

_OPTIONS = [
    ("grpc.max_receive_message_length", 100 * 2**20),
    ("grpc.max_send_message_length", 100 * 2**20),
]


class Wire:
    """One stream that a fake peer opened."""

    def __init__(self, peer: FakePeer, call: Any) -> None:
        self._call = call
        self._queue: asyncio.Queue[Any] = asyncio.Queue()
        self._reader = asyncio.create_task(self._read(peer))
        self._writer = asyncio.create_task(self._write())
        peer.deliver = self._queue.put_nowait

    def send(self, raw: bytes) -> None:
        """Send bytes as they are."""
        self._queue.put_nowait(raw)

    async def ended(self) -> grpc.StatusCode:
        """How the server ended the stream."""
        await asyncio.wait([self._reader])
        code: grpc.StatusCode = await self._call.code()
        return code

    async def close(self) -> None:
        """Break the stream off."""
        self._call.cancel()
        self._writer.cancel()
        await asyncio.gather(self._reader, self._writer, return_exceptions=True)

    async def _read(self, peer: FakePeer) -> None:
        async for message in self._call:
            peer.receive(message)

    async def _write(self) -> None:
        while True:
            await self._call.write(await self._queue.get())


@asynccontextmanager
async def dial(
    peer: FakePeer, port: int, credentials: grpc.ChannelCredentials | None = None
) -> AsyncIterator[Wire]:
    """Connect a peer to a chaincode server on this machine."""
    address = f"127.0.0.1:{port}"
    if credentials is None:
        channel = grpc.aio.insecure_channel(address, options=_OPTIONS)
    else:
        channel = grpc.aio.secure_channel(address, credentials, options=_OPTIONS)
    async with channel:
        connect: Any = channel.stream_stream(
            "/protos.Chaincode/Connect",
            request_serializer=_serialise,
            response_deserializer=ChaincodeMessage.FromString,
        )
        wire = Wire(peer, connect())
        try:
            yield wire
        finally:
            await wire.close()


def _serialise(message: Any) -> bytes:
    return message if isinstance(message, bytes) else message.SerializeToString()
