# SPDX-License-Identifier: Apache-2.0
"""What a verdict rests on, kept by the verifier; the ledger has its hash.

Evidence is kept beside 32 random bytes, since nothing guessable is hashed on the ledger. The copy
is named by its hash, so nothing is ever overwritten, and the same evidence for the same place gives
the copy that is already there: a repeated verdict repeats the same transaction.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pmcb_client.files import write_private
from pmcb_client.usage_errors import AnswerError

__all__ = ["Kept", "keep", "keep_file"]

SALT_BYTES = 32
MAX_BYTES = 3 * 1024 * 1024


@dataclass(frozen=True)
class Kept:
    """A salted copy on disk.

    Attributes:
        path: of mode 0600.
        hash: SHA-256 of its bytes, hex: what goes to the ledger.
    """

    path: Path
    hash: str


def keep_file(folder: Path, source: Path, place: Mapping[str, str | int]) -> Kept:
    """The salted copy of the file ``source``; see `keep`.

    Raises:
        AnswerError: the file cannot be read, is empty or larger than 3 MiB.
    """
    try:
        with source.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise AnswerError(f"Cannot read {source.name}: {reason}.") from error
    if not content:
        raise AnswerError(f"{source.name} is empty.")
    if len(content) > MAX_BYTES:
        raise AnswerError(f"{source.name} is too large: evidence holds at most 3 MiB.")
    return keep(folder, content, place)


def keep(folder: Path, content: bytes, place: Mapping[str, str | int]) -> Kept:
    """The salted copy of ``content`` in ``folder``, made unless it is there.

    Args:
        folder: of one verifier, for one task.
        content: any bytes.
        place: what it belongs to: task, subtask and slot.
    """
    encoded = base64.b64encode(content).decode()
    prefix = f"subtask-{place['subtask']}-slot-{place['slot']}-"
    for path in sorted(folder.glob(f"{prefix}*.json")):
        known = path.read_bytes()
        document = _parsed(known)
        if document.get("place") == dict(place) and document.get("content") == encoded:
            return Kept(path, hashlib.sha256(known).hexdigest())
    document = {
        "version": 1,
        "salt": secrets.token_hex(SALT_BYTES),
        "place": dict(place),
        "content": encoded,
    }
    data = json.dumps(document, sort_keys=True).encode()
    digest = hashlib.sha256(data).hexdigest()
    path = folder / f"{prefix}{digest}.json"
    write_private(path, data)
    return Kept(path, digest)


def _parsed(data: bytes) -> dict[str, object]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
