# SPDX-License-Identifier: Apache-2.0
"""Files whose hash goes to the ledger: an answer, a verifier's evidence.

A file is copied beside 32 random bytes, since nothing guessable is hashed on the ledger. The copy
is named by its hash, so nothing is ever overwritten, and the same file for the same place gives
the copy that is already there: a repeated command repeats the same transaction.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pmcb_client.files import write_private
from pmcb_client.usage_errors import AnswerError

SALT_BYTES = 32
MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Kept:
    """A salted copy on disk.

    Attributes:
        path: of mode 0600.
        hash: SHA-256 of its bytes, hex: what goes to the ledger.
        size: of its bytes.
        fresh: whether this call made the copy.
    """

    path: Path
    hash: str
    size: int
    fresh: bool = field(default=False, compare=False)

    def discard(self) -> None:
        """Delete the copy, unless an earlier call made it."""
        if self.fresh:
            self.path.unlink(missing_ok=True)


def keep(folder: Path, source: Path, place: Mapping[str, str | int]) -> Kept:
    """The salted copy of ``source`` in ``folder``, made unless it is there.

    Args:
        folder: of one identity, for one task.
        source: any file, not empty, at most 4 MiB with its salt.
        place: what the file belongs to: task, subtask, for evidence the slot too.

    Raises:
        AnswerError: the file cannot be read, is empty or too large.
    """
    content = _read(source)
    encoded = base64.b64encode(content).decode()
    prefix = f"subtask-{place['subtask']}-"
    for path in sorted(folder.glob(f"{prefix}*.json")):
        known = path.read_bytes()
        document = _parsed(known)
        if document.get("place") == dict(place) and document.get("content") == encoded:
            return _kept(path, known, fresh=False)
    document = {
        "version": 1,
        "salt": secrets.token_hex(SALT_BYTES),
        "place": dict(place),
        "content": encoded,
    }
    data = json.dumps(document, sort_keys=True).encode()
    if len(data) > MAX_BYTES:
        raise AnswerError(f"{source.name} is too large: an answer holds at most 3 MiB.")
    path = folder / f"{prefix}{hashlib.sha256(data).hexdigest()}.json"
    write_private(path, data)
    return _kept(path, data, fresh=True)


def _read(source: Path) -> bytes:
    try:
        with source.open("rb") as file:
            content = file.read(MAX_BYTES)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise AnswerError(f"Cannot read {source.name}: {reason}.") from error
    if not content:
        raise AnswerError(f"{source.name} is empty.")
    return content


def _parsed(data: bytes) -> dict[str, object]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _kept(path: Path, data: bytes, *, fresh: bool) -> Kept:
    return Kept(path, hashlib.sha256(data).hexdigest(), len(data), fresh)
