# SPDX-License-Identifier: Apache-2.0
"""The server's log: one rotated file that takes standard output and error along."""

import logging
import logging.handlers
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_BYTES = 5 * 1024 * 1024
_KEPT = 3
_POLL_S = 0.25
_TAIL_BYTES = 256 * 1024


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


def set_up(path: Path | None) -> None:
    """Sends this process's log to the file, or to standard error when there is none.

    Libraries speak from warnings on; the contract's line per transaction would be most of the log.
    """
    handler: logging.Handler = (
        logging.StreamHandler() if path is None else _Rotated(path, redirect=True)
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("pmcb_network").setLevel(logging.INFO)


def tail(path: Path, lines: int) -> list[str]:
    """The last lines of the log, oldest first; none when there is no log."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return []
    return text.splitlines()[-lines:] if lines else []


def follow(path: Path) -> Iterator[str]:
    """Lines as they are written, over rotations, until the reader stops asking."""
    file = None
    try:
        while True:
            try:
                there = path.stat()
                if file is None or os.fstat(file.fileno()).st_ino != there.st_ino:
                    rest = file.read() if file is not None else ""
                    if file is not None:
                        file.close()
                        yield from rest.splitlines(keepends=True)
                    start = os.SEEK_END if file is None else os.SEEK_SET
                    file = path.open(encoding="utf-8", errors="replace")
                    file.seek(0, start)
            except FileNotFoundError:
                pass
            line = file.readline() if file is not None else ""
            if line:
                yield line
            else:
                time.sleep(_POLL_S)
    finally:
        if file is not None:
            file.close()
