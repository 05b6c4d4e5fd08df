# SPDX-License-Identifier: Apache-2.0
"""Folders and locks of a network, its owner's only."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pmcb_network.errors import FolderInUse, FolderUnusable

_POLL_S = 0.1


def make_folder(folder: Path) -> None:
    """Makes the folder and the parents that are missing, all 0700.

    Raises:
        FolderUnusable: it cannot be made or written, or belongs to somebody else.
    """
    try:
        _make(folder)
    except OSError as error:
        raise _unusable(folder, (error.strerror or str(error)).lower()) from error
    check_own(folder)


def check_own(folder: Path) -> None:
    """Whether a folder that is there is this user's.

    Raises:
        FolderUnusable: it belongs to somebody else, or cannot be read and written.
    """
    if folder.stat().st_uid != os.geteuid():
        raise _unusable(folder, "it belongs to another user")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise _unusable(folder, "it is not readable and writable")


def _make(folder: Path) -> None:
    if not folder.parent.exists():
        _make(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)


def _unusable(folder: Path, reason: str) -> FolderUnusable:
    return FolderUnusable(
        f"the folder {folder} cannot be used: {reason}",
        next_step="choose another one with --home, or make it yours",
    )


@contextlib.contextmanager
def locked(path: Path, *, wait_s: float = 0.0) -> Iterator[None]:
    """Holds the lock file for the block; the kernel frees it however the process ends.

    Raises:
        FolderInUse: another process holds it, after `wait_s` seconds still; says which.
    """
    deadline = time.monotonic() + wait_s
    with open_private(path) as file:
        while not _try_lock(file.fileno()):
            if time.monotonic() >= deadline:
                file.seek(0)
                holder = file.read().decode().strip() or "unknown"
                raise FolderInUse(
                    f"the folder {path.parent} is in use by process {holder}",
                    next_step="wait for it, or stop it with: pmcb network down",
                )
            time.sleep(_POLL_S)
        file.truncate(0)
        file.write(str(os.getpid()).encode())
        file.flush()
        yield


def open_private(path: Path) -> BinaryIO:
    """The file for reading and appending; one that is made gets mode 0600."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "a+b")


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
