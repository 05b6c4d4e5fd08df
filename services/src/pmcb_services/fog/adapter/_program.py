# SPDX-License-Identifier: Apache-2.0
"""A program that speaks to a device: started once for each command, and it ends."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import structlog

from ._command import Answer, Command, Outcome
from ._devices import Device

__all__ = ["MAX_ANSWER_BYTES", "PROGRAM_S", "carried_out"]

PROGRAM_S = 8.0
"""Seconds that it may take: less than the ten for which a fog worker waits."""

MAX_ANSWER_BYTES = 2**20
_REFUSED = 100
"""None that shells and languages end with by themselves when they break, as 1, 2 and 126 on."""

_GONE_S = 1.0
_STDOUT = 1

_log = structlog.get_logger("pmcb_services.fog")


async def carried_out(device: Device, asked: Command) -> Answer:
    """How it went, as the program says by its exit code: 0 it was done, 100 nothing was.

    Any other code, a signal, more than `PROGRAM_S` seconds or `MAX_ANSWER_BYTES` bytes mean that
    nobody knows. The payload is its standard input, the answer what it prints; what it prints as
    errors may tell of a patient, and is read by nobody.
    """
    loop = asyncio.get_running_loop()
    try:
        with _whole(asked.payload) as payload:
            transport, talk = await loop.subprocess_exec(
                _Talk,
                *device.run,
                asked.device,
                asked.name,
                stdin=payload,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the adapter: it lets the device finish
                env={**os.environ, "PMCB_ORDER": asked.order, "PMCB_EPOCH": str(asked.epoch)},
            )
    except OSError as error:  # where it names the program, that was not executed
        return _told(asked, Outcome.NOT_STARTED if error.filename else Outcome.UNKNOWN)
    with closing(transport):
        code = await _ended(transport, talk)
    if code == 0:
        return Answer(Outcome.DONE, bytes(talk.printed))
    outcome = Outcome.REFUSED if code == _REFUSED else Outcome.UNKNOWN
    return _told(asked, outcome, ended="killed" if code is None else code)


def _told(asked: Command, outcome: Outcome, **how: object) -> Answer:
    """The answer, for the log too."""
    _log.warning(outcome.lower(), order=asked.order, device=asked.device, **how)
    return Answer(outcome)


@contextmanager
def _whole(payload: bytes) -> Iterator[int]:
    """A file in memory: a program whose adapter dies reads all of it nevertheless, and no part."""
    descriptor = os.memfd_create("payload")
    with os.fdopen(descriptor, "wb") as file:
        file.write(payload)
        file.seek(0)
        yield descriptor


class _Talk(asyncio.SubprocessProtocol):
    """What a program prints.

    Attributes:
        printed: so far; it is kept up to a byte too much.
        over: once it has ended, with all that it printed, or has printed too much.
        exited: once it has ended.
    """

    def __init__(self) -> None:
        self.printed = bytearray()
        self.over, self.exited, self._silent = (asyncio.Event() for _ in range(3))

    def pipe_data_received(self, _: int, data: bytes) -> None:
        self.printed += data[: MAX_ANSWER_BYTES + 1 - len(self.printed)]
        self._look()

    def pipe_connection_lost(self, fd: int, _: Exception | None) -> None:
        if fd == _STDOUT:
            self._silent.set()
            self._look()

    def process_exited(self) -> None:
        self.exited.set()
        self._look()

    @property
    def is_too_much(self) -> bool:
        """Whether it printed more than is taken."""
        return len(self.printed) > MAX_ANSWER_BYTES

    def _look(self) -> None:
        if self.is_too_much or (self.exited.is_set() and self._silent.is_set()):
            self.over.set()


async def _ended(transport: asyncio.SubprocessTransport, talk: _Talk) -> int | None:
    """The exit code; None where it was not over in time, or never: it is killed."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PROGRAM_S):
            await talk.over.wait()
            if not talk.is_too_much:
                return transport.get_returncode()
    if not talk.exited.is_set():
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(transport.get_pid(), signal.SIGKILL)
    with suppress(TimeoutError):
        await asyncio.wait_for(talk.exited.wait(), _GONE_S)
    return None
