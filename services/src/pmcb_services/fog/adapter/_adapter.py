# SPDX-License-Identifier: Apache-2.0
"""An adapter: each order is done once, whoever asks and however often."""

from __future__ import annotations

import asyncio
from typing import Self
from weakref import WeakValueDictionary

from ._command import Answer, Command, Outcome
from ._devices import Devices
from ._memory import Memory
from ._program import carried_out

__all__ = ["Adapter"]


class Adapter:
    """Hands commands to programs, and answers repeats from its memory.

    ::

        async with Adapter(devices, memory) as adapter:
            answer = await adapter.answer(command)

    Leaving the block waits for what has been begun.

    Args:
        devices: that it may speak to.
        memory: of this adapter alone.
    """

    def __init__(self, devices: Devices, memory: Memory) -> None:
        self._devices, self._memory = devices, memory
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._begun: set[asyncio.Task[Answer]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await asyncio.gather(*self._begun, return_exceptions=True)

    async def answer(self, asked: Command) -> Answer:
        """What the first attempt was answered, and is to every later one.

        It goes on, and is remembered, where the caller leaves. Another attempt waits for it.

        Raises:
            StaleEpoch: a later attempt has been here.
            Conflict: the order was something else before.
            Unavailable: the memory cannot be used: nothing was done, or nobody knows.
        """
        task = asyncio.ensure_future(self._answer(asked))
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)
        return await asyncio.shield(task)

    async def _answer(self, asked: Command) -> Answer:
        lock = self._locks.setdefault(asked.order, asyncio.Lock())
        async with lock:
            here = await asyncio.to_thread(self._is_here, asked.device)
            said = await asyncio.to_thread(self._memory.begin, asked)
            if said is not None:
                return said
            answer = await self._done(asked, is_here=here)
            comes = {"add": True, "remove": False}.get(asked.name)
            changed = comes if answer.outcome is Outcome.DONE else None
            await asyncio.to_thread(self._memory.conclude, asked, answer, is_here=changed)
            return answer

    async def _done(self, asked: Command, *, is_here: bool) -> Answer:
        device = self._devices.of(asked.device)
        if device is None or not (is_here or asked.name == "add"):
            return Answer(Outcome.NO_DEVICE)
        if asked.name in {"add", "remove"}:
            return Answer(Outcome.DONE)
        if asked.name not in device.commands:
            return Answer(Outcome.NO_COMMAND)
        return await carried_out(device, asked)

    def _is_here(self, device: str) -> bool:
        """One that is named from the start, until it is removed; others once they are added."""
        said = self._memory.is_here(device)
        return device in self._devices.entries if said is None else said
