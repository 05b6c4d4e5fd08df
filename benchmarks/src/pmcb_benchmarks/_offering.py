# SPDX-License-Identifier: Apache-2.0
"""The client process of a drill as its parent sees it: started, killed, and listened to."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from ._told import Told

_LOAD = "pmcb_benchmarks._load"
_NUMBERS = 1_000_000  # a client has as many before the next one's begin
_TELL_ALL_S = 100.0  # a doubt is followed for 60 s after an endorsement that may take 25 s


class Offering:
    """One client at a time; ``told`` is what all of them said."""

    def __init__(self, home: Path, contract: str, rate: float) -> None:
        self._home = home
        self._contract = contract
        self._rate = rate
        self._clients = 0
        self._news = asyncio.Event()
        self._latest_s = 0.0  # when the latest transaction began that succeeded
        self.told: list[Told] = []

    async def start(self) -> None:
        """A client with numbers that no client before had."""
        first, self._clients = self._clients * _NUMBERS, self._clients + 1
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", _LOAD, str(self._home), self._contract, str(first),
            str(self._rate), stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        self._reader = asyncio.create_task(self._read(self._process.stdout))

    async def kill(self) -> None:
        """End the client as kill -9 does; what it said before counts as told."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._reader

    async def finish(self) -> None:
        """No further transactions; wait until the client was told what became of the others.

        Raises:
            TimeoutError: it was not told in time.
        """
        self._process.terminate()
        async with asyncio.timeout(_TELL_ALL_S):
            await self._process.wait()
        await self._reader

    async def succeeds(self, since_s: float, *, within_s: float) -> None:
        """Wait for a success of a transaction that was begun after this moment.

        Raises:
            TimeoutError: there was none, or the client ended of itself.
        """
        async with asyncio.timeout(within_s):
            await self.succeeds_or_ends(since_s)
            if self._latest_s < since_s:
                raise TimeoutError

    async def succeeds_or_ends(self, since_s: float) -> None:
        """Wait for such a success, or for the client's own end: ``has_ended`` says which."""
        while self._latest_s < since_s and not self.has_ended:
            self._news.clear()
            await self._news.wait()

    @property
    def has_ended(self) -> bool:
        """Whether the client is gone; of itself, unless it was killed."""
        return self._reader.done()

    async def goes_on(self, *, within_s: float) -> None:
        """The same, from now on."""
        await self.succeeds(time.monotonic(), within_s=within_s)

    async def _read(self, lines: asyncio.StreamReader | None) -> None:
        assert lines is not None
        try:
            await self._read_all(lines)
        finally:
            asyncio.get_running_loop().call_soon(self._news.set)  # when this task is done

    async def _read_all(self, lines: asyncio.StreamReader) -> None:
        async for line in lines:
            if not line.endswith(b"\n"):
                return  # cut off by the kill
            told = Told.parse(line.decode())
            self.told.append(told)
            if told.word == "ok" and told.began_s > self._latest_s:
                self._latest_s = told.began_s
                self._news.set()


@asynccontextmanager
async def offering(home: Path, contract: str, rate: float) -> AsyncIterator[Offering]:
    """A load that has begun to succeed; its process ends with the block."""
    made = Offering(home, contract, rate)
    await made.start()
    try:
        await made.goes_on(within_s=_TELL_ALL_S)
        yield made
    finally:
        await made.kill()
