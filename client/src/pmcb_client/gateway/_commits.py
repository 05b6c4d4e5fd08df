# SPDX-License-Identifier: Apache-2.0
"""One stream of filtered blocks that tells all waiting transactions what became of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakValueDictionary

import grpc

from pmcb_client.errors import LedgerError, LedgerUnavailable
from pmcb_client.gateway._blocks import Block, read_block
from pmcb_client.gateway._failures import Phase
from pmcb_client.gateway._follow import follow
from pmcb_client.gateway._protos import Envelope
from pmcb_client.gateway._seek import Start, seek
from pmcb_client.gateway._status import Status, status_of

if TYPE_CHECKING:
    from pmcb_client.gateway._calls import Calls

Told = asyncio.Future[Status | None]
"""What became of a transaction; ``None``: the stream cannot say, ask for the commit status."""

_streams: "WeakKeyDictionary[grpc.aio.Channel, dict[str, CommitStream]]" = WeakKeyDictionary()


class CommitStream:
    """The stream of one channel of the ledger on one gRPC channel, for all gateways on it.

    It begins with the last block that stands, so that its first answer proves that it flows:
    what is registered after that and then submitted stands in a later block. Broken, it goes on
    after its last block, and those who wait ask the gateway instead.
    """

    def __init__(self, network: str) -> None:
        self._network = network
        self._users: dict[Calls, None] = {}  # in the order in which they came
        self._waiting: WeakValueDictionary[str, Told] = WeakValueDictionary()
        self._next: Start = "newest"
        self._flows = asyncio.Event()
        self._error: LedgerError | None = None
        self._reader = asyncio.create_task(self._read())

    @property
    def ended(self) -> bool:
        """Whether no further block will be read."""
        return self._reader.done()

    async def expect(self, calls: "Calls", tx_id: str) -> Told:
        """What will be told about ``tx_id``; it must not be submitted before this returns.

        Raises:
            LedgerError: why there are no blocks.
        """
        self._users[calls] = None
        if not self._flows.is_set():
            try:
                async with asyncio.timeout(calls.timeouts.submit_s):
                    await self._flows.wait()
            except TimeoutError:
                raise LedgerUnavailable(
                    "No block came that proves that blocks are told; nothing was sent.",
                    transaction_id=tx_id,
                ) from None
        if self.ended:
            raise self._error or LedgerUnavailable(
                "The stream of blocks was closed; nothing was sent.", transaction_id=tx_id
            )
        told: Told = asyncio.get_running_loop().create_future()
        self._waiting[tx_id] = told
        return told

    async def leave(self, calls: "Calls") -> None:
        """``calls`` has nothing to wait for any more; the last one to leave ends the stream."""
        self._users.pop(calls, None)
        if not self._users:
            self._reader.cancel()
            await asyncio.wait({self._reader})

    async def _read(self) -> None:
        stream = follow(Phase.BLOCKS, self._open, read_block, resumes=True)
        try:
            async with aclosing(stream) as blocks:
                async for block in blocks:
                    self._next = block.number + 1
                    self._tell(block)
                    self._flows.set()
        except LedgerError as error:
            self._error = error
        finally:
            self._flows.set()
            self._send_to_gateway()

    def _open(self) -> AbstractAsyncContextManager[AsyncIterator[Any]]:
        self._send_to_gateway()
        calls = next(iter(self._users))
        message = seek(
            self._network,
            calls.creator,
            self._next,
            time_ms=calls.clock(),
            tls_hash=calls.tls_hash,
        )
        signature = calls.sign(sha256(message).digest())
        return calls.blocks("filtered", Envelope(payload=message, signature=signature))

    def _tell(self, block: Block) -> None:
        if not self._waiting:
            return
        for each in block.message.filtered_transactions:
            told = self._waiting.pop(each.txid, None)  # the first occurrence counts
            if told is not None and not told.done():
                told.set_result(status_of(each.tx_validation_code, each.txid, block.number))

    def _send_to_gateway(self) -> None:
        for told in list(self._waiting.values()):
            if not told.done():
                told.set_result(None)
        self._waiting.clear()


class Commits:
    """The streams on one gRPC channel, by the ledger's channel, as one gateway uses them."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._streams = _streams.setdefault(channel, {})

    async def expect(self, calls: "Calls", network: str, tx_id: str) -> Told:
        """What will be told about ``tx_id``; opens the stream when there is none.

        Raises:
            LedgerError: why there are no blocks.
        """
        stream = self._streams.get(network)
        if stream is None or stream.ended:
            stream = self._streams[network] = CommitStream(network)
        return await stream.expect(calls, tx_id)

    async def leave(self, calls: "Calls") -> None:
        """``calls`` ends."""
        for stream in list(self._streams.values()):
            await stream.leave(calls)
