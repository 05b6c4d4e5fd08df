# SPDX-License-Identifier: Apache-2.0
"""One peer's gRPC stream: a session, one reader, one writer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from ._observers import Observers
from ._protos import ChaincodeMessage
from ._registry import Contract
from ._session import Session


class Stream:
    """Carries a session's messages until the peer ends the stream, or ``drain`` does."""

    def __init__(
        self, contract: Contract, package_id: str, observers: Observers | None = None
    ) -> None:
        self._queue: asyncio.Queue[ChaincodeMessage] = asyncio.Queue()
        self._session = Session(contract, package_id, self._queue.put_nowait, observers=observers)
        self._drained = asyncio.Event()

    @property
    def unmatched(self) -> int:
        """Replies that no call waited for."""
        return self._session.unmatched

    async def run(
        self,
        messages: AsyncIterator[ChaincodeMessage],
        write: Callable[[ChaincodeMessage], Awaitable[None]],
    ) -> None:
        """Serve the stream; whoever ends first, reader, writer or ``drain``, ends it.

        Raises:
            ProtocolError: the peer left the protocol.
            Exception: what ``write`` raised: a stream that cannot answer must not seem alive.
        """
        self._session.open()
        tasks = [
            asyncio.ensure_future(part)
            for part in (self._read(messages), self._write(write), self._flush())
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._session.close()

    async def drain(self) -> None:
        """Let running transactions end; ``run`` then returns, once their answers are out."""
        await self._session.drain()
        self._drained.set()

    async def _flush(self) -> None:
        await self._drained.wait()
        await self._queue.join()

    async def _read(self, messages: AsyncIterator[ChaincodeMessage]) -> None:
        async for message in messages:
            self._session.receive(message)

    async def _write(self, write: Callable[[ChaincodeMessage], Awaitable[None]]) -> None:
        # gRPC takes one message at a time: a second writer would lose answers.
        while True:
            await write(await self._queue.get())
            self._queue.task_done()
