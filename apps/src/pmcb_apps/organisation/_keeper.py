# SPDX-License-Identifier: Apache-2.0
"""Keeps one service running: starts it, hears that it is ready, starts it again when it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import psutil

from pmcb_network._files import open_private
from pmcb_network._process import Record

from ._plan import Service
from ._state import Places, Standing, State

__all__ = ["PMCB", "Keeper", "document", "next_pause", "turn_over"]

PMCB = (sys.executable, "-P", "-m", "pmcb_client")
GRACE_S = 20.0  # a service has ten to answer, and a device's program eight more
_PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
_STEADY_S = 30.0
_LOG_BYTES = 16 * 2**20
_LINE_BYTES = 2**20


class Keeper:
    """One service and its process.

    Args:
        service: what to run.
        places: of this home.
        before: its state of an earlier run: the port it had is asked for again, so that clients
            find it where it was.
        changed: called with each new state.
    """

    def __init__(
        self,
        service: Service,
        places: Places,
        before: State | None,
        changed: Callable[[State], None],
    ) -> None:
        self.service = service
        self.ready = asyncio.Event()
        self.state = State(service.name, url="" if before is None else before.url)
        self._places = places
        self._changed = changed
        self._failures = 0

    async def keep(self, needed: list[Keeper]) -> None:
        """Run it until this is cancelled, after those that it needs were ready once."""
        for other in needed:
            await other.ready.wait()
        while True:
            began = time.monotonic()
            await self._run()
            self._failures, pause_s = next_pause(self._failures, ran_s=time.monotonic() - began)
            await asyncio.sleep(pause_s)
            self._set(Standing.STARTING, restarts=self.state.restarts + 1)

    async def _run(self) -> None:
        """Once, from its start to its end."""
        name, words = self.service.name, self.service.words(port=_free(self.state.url))
        command = [*PMCB, "--home", str(self._places.home), *words]
        turn_over(self._places.log(name))
        with open_private(self._places.log(name)) as file:
            child = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=file,
                start_new_session=True,
                limit=_LINE_BYTES,
            )
            try:
                with suppress(psutil.NoSuchProcess):  # it ended at once
                    process = psutil.Process(child.pid)
                    Record.of(process, command).write(self._places.record(name))
                self._set(Standing.STARTING, pid=child.pid)
                last = await self._listen(child, file)
                code = await child.wait()
            except asyncio.CancelledError:
                await _end(child)
                self._set(Standing.STOPPED, pid=None)
                raise
        self._set(Standing.PAUSED, pid=None, exit_code=code, reason=_why(last, code))

    async def _listen(self, child: asyncio.subprocess.Process, log: BinaryIO) -> bytes:
        """Its first document says that it is ready; all it prints goes to the log, too."""
        assert child.stdout is not None
        last = b""
        while line := await child.stdout.readline():
            log.write(line)
            log.flush()
            last = line
            found = document(line)
            if self.state.standing is Standing.STARTING and found and "error" not in found:
                self._set(Standing.RUNNING, url=str(found.get("url", "")), reason="")
                self.ready.set()
        return last

    def _set(self, standing: Standing, **changed: object) -> None:
        self.state = self.state.now(standing, at_ms=time.time_ns() // 1_000_000, **changed)
        self._changed(self.state)


def next_pause(failures: int, *, ran_s: float) -> tuple[int, float]:
    """How many ends in a row there are now, and the seconds to wait: few after a steady run.

    >>> next_pause(3, ran_s=1.0), next_pause(3, ran_s=60.0)
    ((4, 4.0), (1, 0.5))
    """
    ends = 1 if ran_s > _STEADY_S else failures + 1
    return ends, _PAUSES_S[min(ends, len(_PAUSES_S)) - 1]


async def _end(child: asyncio.subprocess.Process) -> None:
    """SIGTERM to its group, later SIGKILL, however often this is cancelled meanwhile."""
    _signal(child.pid, signal.SIGTERM)
    with suppress(TimeoutError):
        await asyncio.wait_for(child.wait(), GRACE_S)
    _signal(child.pid, signal.SIGKILL)
    await child.wait()


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, number)


def document(line: bytes) -> dict[str, Any]:
    """The JSON object in it; empty where there is none."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _why(last: bytes, code: int) -> str:
    """Its own error, as ``--json`` prints it; else how it ended."""
    found = document(last)
    if "error" in found:
        return " ".join(str(found[part]) for part in ("message", "next_step") if found.get(part))
    return f"ended by signal {-code}" if code < 0 else f"ended with exit code {code}"


def _free(url: str) -> int | None:
    """The port of the address, if it can be had again."""
    port = urlsplit(url).port if url else None
    if port is None:
        return None
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return None
    return port


def turn_over(log: Path) -> None:
    """Keep one old log beside the new one."""
    with suppress(FileNotFoundError):
        if log.stat().st_size > _LOG_BYTES:
            log.replace(log.with_suffix(".old.log"))
