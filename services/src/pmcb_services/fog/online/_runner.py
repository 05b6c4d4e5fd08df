# SPDX-License-Identifier: Apache-2.0
"""A fog worker's hold on the child process that runs its orders."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from dataclasses import asdict
from types import TracebackType
from typing import Self

from pmcb_services.fog.errors import Unavailable

from ._child import Ended
from ._frames import pack, read_from
from ._messages import Claimed
from ._places import Places

__all__ = ["Runner"]

START_S = 30.0
_TRIES = 3


class Runner:
    """Runs one order at a time in a child, which may be killed, or die, and is started again.

    Args:
        places: what the handlers call.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self._child: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Of the child; 0 where there is none."""
        return 0 if self._child is None else self._child.pid

    async def __aenter__(self) -> Self:
        await self.ready()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.kill()

    async def ready(self) -> None:
        """Have a child that waits for an order.

        Raises:
            Unavailable: it does not start.
        """
        if self._child is not None and self._child.returncode is None:
            return
        for _ in range(_TRIES):
            if await self._start():
                return
        raise Unavailable("The process that runs orders does not start; the log tells more.")

    async def run(self, claimed: Claimed, until_s: float) -> Ended:
        """Run an order; unknown where the child died of it, or was killed.

        Args:
            claimed: the order.
            until_s: the end of its lease, on the clock of `boot_s`.
        """
        await self.ready()
        says = {
            "order": claimed.order,
            "epoch": claimed.epoch,
            "kind": claimed.kind,
            "subject": claimed.subject,
            "command": claimed.command,
            "predicted_s": claimed.predicted_s,
            "deadline_ms": claimed.deadline_ms,
            "attempt": claimed.attempt,
            "on_unknown": claimed.on_unknown,
            "until": until_s,
        }
        child = self._child
        if child is None or child.stdin is None or child.stdout is None:
            return Ended("unknown")
        try:
            child.stdin.write(pack(says, claimed.payload))
            await child.stdin.drain()
            frame = await read_from(child.stdout)
        except (EOFError, OSError):
            await self.kill()
            return Ended("unknown")
        return Ended(frame.says["outcome"], frame.body, frame.says["defect"])

    def extend(self, until_s: float) -> None:
        """The lease of the order that runs holds until then."""
        if self._child is not None and self._child.stdin is not None:
            with suppress(OSError, RuntimeError):
                self._child.stdin.write(pack({"lease": until_s}))

    async def kill(self) -> None:
        """End the child at once, and whatever it does; `run` then answers that it is unknown."""
        child = self._child
        if child is None:
            return
        if child.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)  # child.kill() may reap it before its watcher
        await child.wait()
        if self._child is child:
            self._child = None

    async def _start(self) -> bool:
        """Whether it came up."""
        await self.kill()
        self._child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            f"{__package__}._child",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        try:
            self._child.stdin.write(pack(asdict(self._places)))
            async with asyncio.timeout(START_S):
                await read_from(self._child.stdout)
        except (EOFError, OSError):
            await self.kill()
            return False
        return True
