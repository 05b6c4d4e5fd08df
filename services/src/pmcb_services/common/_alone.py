# SPDX-License-Identifier: Apache-2.0
"""A folder that one process uses at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import BinaryIO

from pmcb_client.usage_errors import InputError

__all__ = ["alone"]


def alone(folder: Path, busy: str) -> BinaryIO:
    """Hold a folder until the file that is returned is closed, or the process ends.

    Raises:
        InputError: another process holds it; says ``busy``.
    """
    held = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    file = os.fdopen(held, "rb")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise InputError(busy, next_step="End it first.") from error
    return file
