# SPDX-License-Identifier: Apache-2.0
"""The client processes of a load: transaction n is client n modulo their number's."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import psutil

from pmcb_client.gateway import CommitBy
from pmcb_client.network_file import NetworkFile

from ._client import Ask, introduction, share, told
from ._open_loop import Sample
from ._people import Enrolled

_LEAD_S = 0.5  # until all have read their share
_LINE_BYTES = 2**27
_END_S = 20.0


class Clients:
    """Processes that hold the same people; each has an event loop and a connection of its own."""

    def __init__(self, processes: Sequence[asyncio.subprocess.Process]) -> None:
        self._processes = processes

    def processes(self) -> Mapping[str, psutil.Process]:
        """Whose processor time is the clients'."""
        return {f"client{n}": psutil.Process(each.pid) for n, each in enumerate(self._processes)}

    async def load(self, asks: Sequence[Ask], *, rate: float) -> list[Sample]:
        """An open loop of all of them together; all at once when the rate is 0.

        Raises:
            ExceptionGroup: of RuntimeError: a client ended.
        """
        start_s = time.monotonic() + _LEAD_S
        every = len(self._processes)

        async def one(n: int, process: asyncio.subprocess.Process) -> list[Sample]:
            numbers = range(n, len(asks), every)
            await _say(process, share(numbers, asks[n::every], rate=rate, start_s=start_s))
            return told(await _heard(process))

        async with asyncio.TaskGroup() as group:
            shares = [group.create_task(one(n, each)) for n, each in enumerate(self._processes)]
        return sorted((each for task in shares for each in task.result()), key=_due_s)


def _due_s(sample: Sample) -> float:
    return sample.due_s


@asynccontextmanager
async def clients_of(
    file: NetworkFile, chaincode: str, commit: CommitBy, people: Sequence[Enrolled], count: int
) -> AsyncIterator[Clients]:
    """So many client processes for these people, ready; they end with the block.

    Raises:
        RuntimeError: one did not start.
    """
    first = introduction(file, chaincode, commit, people)
    async with AsyncExitStack() as started:
        processes = [await started.enter_async_context(_started()) for _ in range(count)]
        for process in processes:
            await _say(process, first)
        for process in processes:
            await _heard(process)
        yield Clients(processes)


@asynccontextmanager
async def _started() -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pmcb_benchmarks._client",
        stdin=pipe, stdout=pipe, limit=_LINE_BYTES,
    )  # fmt: skip
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(_END_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _say(process: asyncio.subprocess.Process, words: Mapping[str, object]) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(words).encode() + b"\n")
    await process.stdin.drain()


async def _heard(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError("a client process ended")
    return line
