# SPDX-License-Identifier: Apache-2.0
"""The folder of a refusal log: its lock, its files, the end of its chain."""

import fcntl
import os
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from pmcb_chaincode._refusal_chain import Link, day_file, day_files, file_day, read_line

from .errors import ServerConfigError

_TAIL_BYTES = 2**20  # many times the longest line


@dataclass(frozen=True)
class End:
    """How a chain ends: its last line, if there is one, and what a cut-off write left behind it.

    ``torn`` is bytes that are no line; with ``lacks_newline`` only the last line's end is missing.
    """

    link: Link | None
    torn: bytes = b""
    lacks_newline: bool = False


class RefusalFolder:
    """Files that are only ever appended to, by one process at a time.

    All methods may raise ``OSError``; what was written then is known all the same.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = self._file = -1
        self._retired: list[int] = []
        self._day = date.min
        self._at_line_end = True
        self._needs_sync = False

    def lock(self) -> None:
        """Make the folder (0700) and hold it until ``close``.

        Raises:
            ServerConfigError: another process holds it, or others can read it.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._folder.stat().st_mode & 0o077:
            raise ServerConfigError(f"others can read the folder {self._folder}: chmod 700 it")
        self._lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServerConfigError(
                f"another process writes refusals to {self._folder}: give each server its own"
            ) from None

    def resume(self, today: date) -> End:
        """The chain's end, and what stands after it where a write was cut off.

        Raises:
            ServerConfigError: the last line was altered, so nothing may follow it.
        """
        paths = day_files(self._folder)
        last = paths[-1] if paths else day_file(self._folder, today)
        self._open(last)
        end = _end(last)
        for path in reversed(paths[:-1]):
            if end.link is not None:
                break
            earlier = _end(path)
            if earlier.torn or earlier.lacks_newline:
                raise _altered(path)
            end = replace(end, link=earlier.link)
        self._at_line_end = not (end.torn or end.lacks_newline)
        return end

    def write(self, pending: bytearray, today: date) -> None:
        """Append ``pending`` and empty it: as far as the disk has room, whatever is raised."""
        if pending and self._at_line_end:
            self._turn(today)
        while pending:
            written = os.write(self._file, pending)
            self._at_line_end = pending[written - 1 : written] == b"\n"
            self._needs_sync = True
            del pending[:written]

    @property
    def needs_sync(self) -> bool:
        """Whether something was written since the last ``sync`` began, or that one failed."""
        return self._needs_sync

    def sync(self) -> None:
        """Bring all that was written to the disk; may run in a thread beside ``write``."""
        self._needs_sync = False
        try:
            os.fsync(self._file)
            while self._retired:
                os.fsync(self._retired[0])
                os.close(self._retired.pop(0))
            folder = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError:
            self._needs_sync = True
            raise

    def close(self) -> None:
        """Give the folder up."""
        for file in (*self._retired, self._file, self._lock):
            if file >= 0:
                os.close(file)

    def _turn(self, today: date) -> None:
        """Be in the file of the day; never of an earlier one, whatever the clock does."""
        path = day_file(self._folder, max(today, self._day))
        try:
            if os.path.samestat(path.stat(), os.fstat(self._file)):
                return
        except FileNotFoundError:
            pass  # a new day, or somebody took the file away
        self._open(path)

    def _open(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
        opened = os.open(path, flags, 0o600)
        if self._file >= 0:
            self._retired.append(self._file)
        self._file = opened
        self._day = file_day(path) or self._day


def _end(path: Path) -> End:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        skipped = max(size - _TAIL_BYTES, 0)
        file.seek(skipped)
        pieces = file.readlines()
    torn = b""
    while pieces:
        last = pieces.pop()
        line = read_line(last.removesuffix(b"\n") + b"\n")
        if line is not None and line.is_whole:
            return End(line.link, torn, lacks_newline=not last.endswith(b"\n"))
        if line is not None:
            raise _altered(path)
        torn = last + torn
    if skipped:
        raise _altered(path)
    return End(None, torn)


def _altered(path: Path) -> ServerConfigError:
    return ServerConfigError(
        f"the end of {path} was altered: keep the folder, see `pmcb audit verify`, and name a new "
        "folder for the log"
    )
