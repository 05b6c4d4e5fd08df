# SPDX-License-Identifier: Apache-2.0
"""A process beside the gateway that computes: the gateway goes on when it dies."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self, TypeVar

from pmcb_services.fog import errors
from pmcb_services.fog.errors import FogError, InvalidInput, Overloaded, Unavailable

__all__ = ["Planner", "serve"]

FIRST_S = 60.0
"""The first work also imports and compiles."""

NICE = 5
"""By how much plans yield: an order that arrives must not wait for a processor that plans."""

QUIET_S = 60.0
"""Without work after which the process ends: it holds 200 MiB, and another one starts in 3 s."""

WAITING = 3
"""Works that may wait for the one under way."""

T = TypeVar("T")


class Planner:
    """Does works one after another in a child process; entered, it may be used.

    ::

        async with Planner() as planner:
            found = await planner.call(replan, fleet, waiting, now, prices)
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "fog-planner")
        self._child: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._is_warm = False
        self._asked = 0
        self._quiet: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stay()
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._kill()  # a work that is under way ends with its process
        await asyncio.to_thread(self._thread.shutdown)
        self._kill()

    @property
    def pid(self) -> int | None:
        """Of the process; None while there is none."""
        return None if self._child is None else self._child.pid

    async def call(self, work: Callable[..., T], *words: Any, within_s: float = 5.0) -> T:
        """The result of a function of a module, called there.

        Args:
            work: found by its name, in the other process.
            words: its arguments; they are copied.
            within_s: seconds that it may take.

        Raises:
            Overloaded: as many works wait as may.
            Unavailable: the process died, or took too long; the next call starts another one.
            InvalidInput: arguments are nested too deeply to be copied.
            FogError: as ``work`` raised it.
        """
        if self._asked > WAITING:
            raise Overloaded(f"{WAITING} others wait for the planner.", retry_after_s=within_s)
        loop = asyncio.get_running_loop()
        self._stay()
        self._asked += 1
        try:
            answer = await loop.run_in_executor(self._thread, self._ask, work, words, within_s)
        finally:
            self._asked -= 1
            if not self._asked:
                self._quiet = loop.call_later(QUIET_S, self._rest)
        if isinstance(answer, _Raised):
            raise answer.error()
        found: T = answer
        return found

    def _stay(self) -> None:
        if self._quiet is not None:
            self._quiet.cancel()

    def _rest(self) -> None:
        """End the process; a work that comes now waits for that, and starts another one."""
        with suppress(RuntimeError):  # the planner was left meanwhile
            self._thread.submit(self._kill)

    def _ask(self, work: Callable[..., Any], words: tuple[Any, ...], within_s: float) -> Any:
        try:
            pipe = self._running()
            pipe.send((work, words))
            if not pipe.poll(within_s if self._is_warm else FIRST_S):
                raise EOFError  # noqa: TRY301 - as if it had died, which it does now
            answer = pipe.recv()
        except RecursionError as error:
            raise InvalidInput("What is asked is nested too deeply.") from error
        except (EOFError, OSError) as error:
            self._kill()
            raise Unavailable("The planner died, or took too long.") from error
        self._is_warm = True
        return answer

    def _running(self) -> Connection:
        if self._pipe is None or self._child is None or self._child.poll() is not None:
            self._kill()
            ours, theirs = socket.socketpair()
            with theirs:
                number = theirs.fileno()
                program = f"from {__name__} import serve; serve({number})"
                self._child = subprocess.Popen(
                    [sys.executable, "-P", "-c", program],
                    pass_fds=[number],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                )
            self._pipe = Connection(ours.detach())
        return self._pipe

    def _kill(self) -> None:
        child, pipe = self._child, self._pipe
        self._child = self._pipe = None
        self._is_warm = False
        if child is not None:
            child.kill()
            child.wait()
        if pipe is not None:
            pipe.close()


class _Raised:
    """An error on its way from the other process; a class may take more than its sentence."""

    def __init__(self, error: FogError) -> None:
        self._name, self._said, self._field = type(error).__name__, str(error), error.field
        self._step = error.next_step

    def error(self) -> FogError:
        kind: type[FogError] = getattr(errors, self._name, FogError)
        made = kind.__new__(kind)
        FogError.__init__(made, self._said, field=self._field, next_step=self._step)
        return made


def serve(number: int) -> None:
    """Do what is asked through a file descriptor until the gateway is gone."""
    pipe = Connection(number)
    os.nice(NICE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the gateway, which ends this
    while True:
        try:
            work, words = pipe.recv()
        except EOFError:
            return
        try:
            answer = work(*words)
        except FogError as error:
            answer = _Raised(error)
        try:
            pipe.send(answer)
        except OSError:
            return
