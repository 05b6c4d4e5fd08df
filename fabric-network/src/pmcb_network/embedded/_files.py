# SPDX-License-Identifier: Apache-2.0
"""Files of the network's folder: written whole or not at all, readable by their owner only."""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pmcb_network.errors import FolderInUse, FolderUnusable


def write_private(path: Path, content: bytes) -> None:
    """Replaces the file by a synchronised, renamed temporary one of mode 0600."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def make_folder(folder: Path) -> None:
    """Makes the folder, 0700, unless it is there.

    Raises:
        FolderUnusable: it cannot be made or written, or belongs to somebody else.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(folder, (error.strerror or str(error)).lower()) from error
    if folder.stat().st_uid != os.geteuid():
        raise _unusable(folder, "it belongs to another user")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise _unusable(folder, "it is not readable and writable")


def _unusable(folder: Path, reason: str) -> FolderUnusable:
    return FolderUnusable(
        f"the folder {folder} cannot be used: {reason}",
        next_step="choose another one with --home, or make it yours",
    )


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds the lock file for the block; the kernel frees it however the process ends.

    Raises:
        FolderInUse: another process holds it; says which.
    """
    with path.open("a+") as file:
        path.chmod(0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise FolderInUse(
                f"the folder {path.parent} is in use by process {holder}",
                next_step="wait for it, or stop it with pmcb network down",
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
