# SPDX-License-Identifier: Apache-2.0
"""The server's log: one rotated file that takes standard output and error along."""

import contextlib
import logging
import logging.handlers
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_BYTES = 5 * 1024 * 1024
_KEPT = 3
_POLL_S = 0.25
_TAIL_BYTES = 256 * 1024
_OURS = frozenset({"pmcb_chaincode", "pmcb_network"})  # these name what they say one by one


class _Rotated(logging.handlers.RotatingFileHandler):
    """Rotation that carries the process's own output over to the new file."""

    def __init__(self, path: Path, *, redirect: bool) -> None:
        self._redirect = redirect
        super().__init__(path, maxBytes=_BYTES, backupCount=_KEPT, encoding="utf-8")
        self._carry()

    def doRollover(self) -> None:  # noqa: N802 - the standard library's name
        super().doRollover()
        self._carry()

    def _carry(self) -> None:
        if self._redirect and self.stream is not None:
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
                os.dup2(self.stream.fileno(), stream.fileno())


class _Lines(logging.Formatter):
    """Our own records; of others' the place only: an exception's message may hold anything."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        if record.name in _OURS:
            return super().format(record)
        fault = record.exc_info[0] if record.exc_info else None
        what = f"{fault.__name__ if fault else 'a message'} at {record.filename}:{record.lineno}"
        return f"{self.formatTime(record)} {record.levelname} {record.name} {what}"


def set_up(path: Path | None) -> None:
    """Sends this process's log to the file, or to standard error when there is none.

    Libraries speak from warnings on; the contract's line per transaction would be most of the log.
    """
    handler: logging.Handler = (
        logging.StreamHandler() if path is None else _Rotated(path, redirect=True)
    )
    handler.setFormatter(_Lines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("pmcb_network").setLevel(logging.INFO)


def tail(path: Path, lines: int) -> list[str]:
    """The last lines of the log, oldest first; none when there is no log."""
    try:
        with path.open("rb") as file:
            return [line.rstrip("\n") for line in _last(file, lines)]
    except FileNotFoundError:
        return []


def follow(path: Path, lines: int) -> Iterator[str]:
    """The last lines, then those that are written, over rotations, until nobody asks any more."""
    with contextlib.ExitStack() as stack:
        file: BinaryIO | None = None
        while True:
            try:
                there = path.stat().st_ino
                if file is None or os.fstat(file.fileno()).st_ino != there:
                    if file is not None:
                        yield from (line.decode(errors="replace") for line in file)
                    stack.close()
                    first = file is None
                    file = stack.enter_context(path.open("rb"))
                    if first:
                        yield from _last(file, lines)
            except FileNotFoundError:
                pass
            line = file.readline() if file is not None else b""
            if line:
                yield line.decode(errors="replace")
            else:
                time.sleep(_POLL_S)


def _last(file: BinaryIO, lines: int) -> list[str]:
    """The last lines of an open log, which is then read to its end."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _TAIL_BYTES))
    text = file.read().decode(errors="replace")
    return text.splitlines(keepends=True)[-lines:] if lines else []
