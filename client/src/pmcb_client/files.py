# SPDX-License-Identifier: Apache-2.0
"""Files that matter: written beside, fsynced, renamed; their mode set at creation."""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


def write_atomic(path: Path, data: bytes, *, mode: int) -> None:
    """Replaces ``path`` by ``data`` so that a reader or a crash sees the old file or the new."""
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the rename itself
    finally:
        os.close(folder)


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """No other process is in such a block for the same folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def private_folder(folder: Path) -> Path:
    """The folder, made with mode 0700 together with the parents that are missing."""
    if not folder.is_dir():
        private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def write_private(path: Path, data: bytes) -> None:
    """Write a file of mode 0600, whole or not at all; missing folders are made with 0700."""
    private_folder(path.parent)
    write_atomic(path, data, mode=0o600)
