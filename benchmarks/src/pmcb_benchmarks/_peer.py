# SPDX-License-Identifier: Apache-2.0
"""The peer's side of a chaincode stream, for load: it keeps a state and counts answers."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc

from ._protos import (
    ChaincodeAdditionalParams,
    ChaincodeMessage,
    GetState,
    GetStateMultiple,
    GetStateMultipleResult,
    PutState,
    Response,
    WriteBatchState,
)

M = ChaincodeMessage
_BATCH = 1000  # what Fabric's peers announce
_OPTIONS = [("grpc.max_receive_message_length", 100 * 2**20)]


class Peer:
    """Serves ledger calls from a dict. ``answered`` counts the answers of each transaction."""

    def __init__(self, *, batches: bool) -> None:
        self.answered: Counter[str] = Counter()
        self.failed = 0
        self.state: dict[str, bytes] = {}
        self._offers = ChaincodeAdditionalParams(
            use_write_batch=batches,
            max_size_write_batch=_BATCH,
            use_get_multiple_keys=batches,
            max_size_get_multiple_keys=_BATCH,
        )
        self._outgoing: asyncio.Queue[Any] = asyncio.Queue()
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._ready = asyncio.Event()

    async def run(self, transaction: Any) -> None:
        """Send a transaction and wait for its answer."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting[transaction.txid] = waiter
        self._outgoing.put_nowait(transaction)
        await waiter

    @asynccontextmanager
    async def dialled(self, port: int) -> AsyncIterator[None]:
        """One stream to a chaincode server, registered and ready."""
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=_OPTIONS) as channel:
            connect: Any = channel.stream_stream(
                "/protos.Chaincode/Connect",
                request_serializer=M.SerializeToString,
                response_deserializer=M.FromString,
            )
            call = connect()
            tasks = [asyncio.create_task(self._read(call)), asyncio.create_task(self._write(call))]
            await self._ready.wait()
            yield
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _write(self, call: Any) -> None:
        while True:
            await call.write(await self._outgoing.get())

    async def _read(self, call: Any) -> None:
        async for message in call:
            if message.type == M.REGISTER:
                self._outgoing.put_nowait(M(type=M.REGISTERED))
                ready = M(type=M.READY, payload=self._offers.SerializeToString())
                self._outgoing.put_nowait(ready)
                self._ready.set()
            elif message.type == M.COMPLETED:
                self._complete(message)
            else:
                message.payload = self._answer(message)
                message.type = M.RESPONSE
                self._outgoing.put_nowait(message)

    def _complete(self, message: Any) -> None:
        self.answered[message.txid] += 1
        self.failed += Response.FromString(message.payload).status != 200
        waiter = self._waiting.pop(message.txid, None)
        if waiter is not None:
            waiter.set_result(None)

    def _answer(self, call: Any) -> bytes:
        if call.type == M.GET_STATE:
            return self.state.get(GetState.FromString(call.payload).key, b"")
        if call.type == M.GET_STATE_MULTIPLE:
            keys = GetStateMultiple.FromString(call.payload).keys
            values = [self.state.get(key, b"") for key in keys]
            written: bytes = GetStateMultipleResult(values=values).SerializeToString()
            return written
        if call.type == M.WRITE_BATCH_STATE:
            for record in WriteBatchState.FromString(call.payload).rec:
                self.state[record.key] = record.value
            return b""
        if call.type == M.PUT_STATE:
            one = PutState.FromString(call.payload)
            self.state[one.key] = one.value
            return b""
        raise RuntimeError(f"the contract made an unexpected call of type {call.type}")
