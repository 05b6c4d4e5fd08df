# SPDX-License-Identifier: Apache-2.0
"""The refusal log: what leaves no trace on the ledger, because nothing was endorsed.

Hash-chained JSON lines, a file per UTC day. Each line is given to the operating system at once, so
that a killed process loses none, and is on the disk within about a second, so that a power cut
loses no more than that. Nothing written is ever changed; ``pmcb audit verify`` checks the chain.
"""

import asyncio
import contextlib
import errno
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from pmcb_chaincode._refusal_chain import START, day_of, next_line, torn_note

from ._metrics import Metrics
from ._refusal_folder import RefusalFolder
from .errors import ServerConfigError

SYNC_S = 1.0
MAX_PENDING_BYTES = 4 * 2**20  # ten thousand refusals wait for room on the disk

_log = logging.getLogger("pmcb_chaincode")


class RefusalLog:
    """Appends refusals to a folder; one process a folder.

    ::

        async with RefusalLog(Path("/var/lib/pmcb/refusals")) as refusals:
            session = Session(Notes(), package_id, send, observers=Observers(refusals=refusals))

    A disk that takes nothing stops no transaction: lines wait in memory, and those that find no
    room there are counted, in the chain too once the disk is back. ``is_failing`` says so.
    """

    def __init__(
        self,
        folder: Path,
        *,
        metrics: Metrics | None = None,
        clock: Callable[[], float] = time.time,
        max_pending_bytes: int = MAX_PENDING_BYTES,
    ) -> None:
        self._path = folder
        self._folder = RefusalFolder(folder)
        self._metrics = metrics or Metrics()
        self._clock = clock
        self._max_pending = max_pending_bytes
        self._link = START
        self._pending = bytearray()
        self._lost = 0
        self._stopping = asyncio.Event()
        self._syncing: asyncio.Task[None] | None = None
        self.is_failing = False

    async def __aenter__(self) -> Self:
        """Lock the folder, find the chain's end, and keep the disk in step from here on.

        Raises:
            ServerConfigError: the folder cannot be used, or not by this process, or was altered.
        """
        try:
            self._folder.lock()
            end = self._folder.resume(day_of(self._now_ms()))
        except OSError as error:
            self._folder.close()
            raise ServerConfigError(
                f"the refusal log cannot use {error.filename}: {error.strerror}"
            ) from error
        except ServerConfigError:
            self._folder.close()
            raise
        self._link = end.link or START
        if end.lacks_newline:
            self._pending += b"\n"
        if end.torn:
            self._note_torn(end.torn)
        self._syncing = asyncio.create_task(self._keep_in_step())
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Bring the last lines to the disk."""
        assert self._syncing is not None
        self._stopping.set()
        await self._syncing
        await self.sync()
        if self._pending:
            lines = self._pending.count(b"\n")
            _log.error('{"event":"refusals_lost","refusals":%d}', lines + self._lost)
        self._folder.close()

    def append(self, *, tx: str, channel: str, function: str, code: str, uid: str) -> None:
        """Add a refusal; the disk's troubles are not the caller's."""
        if len(self._pending) >= self._max_pending:
            self._lost += 1
            self._metrics.refusals_lost.inc()
        else:
            self._note_lost()
            self._chain(
                {"tx": tx, "channel": channel, "function": function, "code": code, "uid": uid}
            )
        self._write()

    async def sync(self) -> None:
        """Write what waits and bring it to the disk, in a thread, for it may take its time."""
        if not self._write():
            return
        self._note_lost()
        if not self._write() or not self._folder.needs_sync:
            return
        try:
            await asyncio.to_thread(self._folder.sync)
        except OSError as error:
            self._trouble(error)
        else:
            self._recovered()

    async def _keep_in_step(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SYNC_S):
                    await self._stopping.wait()
            await self.sync()

    def _note_torn(self, torn: bytes) -> None:
        """Bind the remainder of a cut-off write into the chain, instead of taking it away."""
        end = b"" if torn.endswith(b"\n") else b"\n"
        self._pending += end
        self._chain(torn_note(torn + end))
        self._write()
        _log.warning('{"event":"refusal_log_torn","bytes":%d}', len(torn))

    def _note_lost(self) -> None:
        if self._lost:
            self._chain({"note": "lost", "refusals": self._lost})
            self._lost = 0

    def _chain(self, fields: Mapping[str, str | int]) -> None:
        line, self._link = next_line(self._link, {"time": self._now_ms(), **fields})
        self._pending += line

    def _write(self) -> bool:
        try:
            self._folder.write(self._pending, day_of(self._now_ms()))
        except OSError as error:
            self._trouble(error)
            return False
        return True

    def _trouble(self, error: OSError) -> None:
        self._metrics.refusal_log_errors.inc()
        if not self.is_failing:
            self.is_failing = True
            name = errno.errorcode.get(error.errno or 0, "")
            _log.error('{"event":"refusal_log_failing","errno":"%s"}', name)

    def _recovered(self) -> None:
        if self.is_failing:
            self.is_failing = False
            _log.warning('{"event":"refusal_log_recovered"}')

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)
