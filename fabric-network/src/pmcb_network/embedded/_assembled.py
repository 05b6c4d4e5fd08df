# SPDX-License-Identifier: Apache-2.0
"""What this node assembled and awaits back signed, so that it is not taken apart a second time."""

import hashlib
from collections import OrderedDict

from ._rwset import ReadWriteSet

_BYTES = 64 * 1024 * 1024


class Assembled:
    """Read/write sets by the digest of their transaction's payload, the oldest forgotten first.

    A payload that comes back byte for byte was endorsed here: only its creator's signature is
    new. One that was forgotten is checked in full, so nothing depends on this memory.
    """

    def __init__(self, *, limit_bytes: int = _BYTES) -> None:
        self._limit = limit_bytes
        self._size = 0
        self._known: OrderedDict[bytes, tuple[ReadWriteSet, int]] = OrderedDict()

    def remember(self, payload: bytes, rw: ReadWriteSet) -> None:
        """Keeps the set until its payload returns or too much has come after it."""
        digest = hashlib.sha256(payload).digest()
        if digest in self._known:
            return
        self._known[digest] = (rw, len(payload))
        self._size += len(payload)
        while self._size > self._limit:
            _, (_, size) = self._known.popitem(last=False)
            self._size -= size

    def recall(self, payload: bytes) -> ReadWriteSet | None:
        """The set of exactly these bytes, once; else `None`."""
        found = self._known.pop(hashlib.sha256(payload).digest(), None)
        if found is None:
            return None
        rw, size = found
        self._size -= size
        return rw
