# SPDX-License-Identifier: Apache-2.0
"""Persons become subjects: by a keyed hash whose key never leaves the institution."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from pmcb_client.files import private_folder
from pmcb_client.usage_errors import InputError

__all__ = ["Subjects"]

KEY_BYTES = 32


class Subjects:
    """Names of subjects under one key: the same person is always the same subject.

    Args:
        path: of the key, 32 random bytes that only their owner can read.
        may_make: whether to make one where there is none.

    Raises:
        InputError: there is no key, it is none, or others can read it.
    """

    def __init__(self, path: Path, *, may_make: bool) -> None:
        if may_make and not path.exists():
            _make(path)
        self._key = _read(path)

    def subject(self, person: str) -> str:
        """HMAC-SHA256 of a person's uid, or of another reference to a person; hex."""
        return hmac.new(self._key, person.encode(), hashlib.sha256).hexdigest()


def _make(path: Path) -> None:
    """Whole or not at all, and never in place of another: the first to come decides."""
    private_folder(path.parent)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(beside, path)
    finally:
        beside.unlink()


def _read(path: Path) -> bytes:
    advice = "Restore it from a backup: under another key every person is another subject."
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            key = file.read(KEY_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"The key of subjects cannot be read ({reason}).", next_step=advice
        ) from error
    if mode & 0o077:
        raise InputError("Others can read the key of subjects.", next_step=f"chmod 600 {path}")
    if len(key) != KEY_BYTES:
        raise InputError("The key of subjects is none.", next_step=advice)
    return key
