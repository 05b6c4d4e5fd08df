# SPDX-License-Identifier: Apache-2.0
"""What this node assembled and awaits back signed, so that it is not taken apart a second time."""

import hashlib

from ._simulator import ReadWriteSet

_ENTRIES = 8192


class Assembled:
    """Read/write sets by the digest of their transaction's payload, the oldest forgotten first.

    A payload that comes back byte for byte was endorsed here: only its creator's signature is
    new. One that was forgotten is checked in full, so nothing depends on this memory.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, ReadWriteSet] = {}

    def remember(self, payload: bytes, rw: ReadWriteSet) -> None:
        """Keeps the set until its payload returns or many others have come."""
        if len(self._known) >= _ENTRIES:
            del self._known[next(iter(self._known))]
        self._known[hashlib.sha256(payload).digest()] = rw

    def recall(self, payload: bytes) -> ReadWriteSet | None:
        """The set of exactly these bytes, or `None`."""
        return self._known.get(hashlib.sha256(payload).digest())
