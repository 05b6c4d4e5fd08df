# SPDX-License-Identifier: Apache-2.0
"""Writes a store's trail while it is served: requests that end together share one commit."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._trail import Line, Trail

__all__ = ["Scribe"]


class Scribe:
    """Of one store; the only one who writes its trail.

    While one commit runs, the lines that come meanwhile wait and go into the next one together: a
    busy gateway does not pay one commit per request, and a quiet one has no delay.

    Args:
        trail: of the store.
    """

    def __init__(self, trail: Trail) -> None:
        self._trail = trail
        self._waiting: list[tuple[Line, asyncio.Future[None]]] = []
        self._working: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="trail")
        self._open = ExitStack()  # in the thread, like the connection, which stays open
        self._write: Callable[[Sequence[Line]], None] | None = None

    async def note(self, line: Line) -> None:
        """Add a line; it is on disk when this returns.

        Who asked may be gone meanwhile: the line is written all the same.

        Raises:
            sqlite3.Error: it cannot be written, nor any that came with it.
        """
        noted = asyncio.get_running_loop().create_future()
        self._waiting.append((line, noted))
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        await asyncio.shield(noted)

    async def close(self) -> None:
        """Write what waits, and close the file."""
        while self._working is not None:
            await self._working
        await self._in_thread(self._close)
        self._thread.shutdown(wait=False)

    async def _work(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting, []
            try:
                await self._in_thread(lambda: self._commit([line for line, _ in together]))  # noqa: B023
            except sqlite3.Error as error:
                for _, noted in together:
                    noted.set_exception(error)
            else:
                for _, noted in together:
                    noted.set_result(None)
        self._working = None

    def _commit(self, lines: Sequence[Line]) -> None:
        if self._write is None:
            self._write = self._open.enter_context(self._trail.writer())
        try:
            self._write(lines)
        except sqlite3.Error:
            self._close()
            raise

    def _close(self) -> None:
        self._write = None
        self._open.close()

    async def _in_thread(self, work: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, work)
