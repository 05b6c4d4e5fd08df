# SPDX-License-Identifier: Apache-2.0
"""What became of one key: its modifications, read back from the blocks that made them."""

from dataclasses import dataclass
from typing import Any

from ._envelopes import Transaction, open_action, open_transaction
from ._protos import common
from ._rwset import ReadWriteSet, decode
from ._snapshot import MAX_KEY_BYTES, Snapshot, Version


@dataclass(frozen=True, slots=True)
class Modification:
    """One valid transaction's write to a key; `timestamp` is its client's, from the header."""

    tx_id: str
    value: bytes
    timestamp: Any
    deleted: bool


class History:
    """A walk over one key's modifications, newest first. Nothing of it enters a read/write set."""

    def __init__(self, namespace: str, key: str) -> None:
        self._namespace = namespace
        self._key = key
        self._before: Version | None = None
        self._block: tuple[int, Any] = (-1, None)
        self.count = 0
        self.exhausted = False

    def next_rows(self, snapshot: Snapshot, size: int) -> tuple[list[Modification], bool]:
        """At most `size` rows, and whether there are more: it looks one row ahead."""
        possible = 0 < len(self._key.encode()) <= MAX_KEY_BYTES
        found = snapshot.history(self._key, limit=size + 1, before=self._before) if possible else []
        versions = found[:size]
        self.exhausted = len(found) <= size
        self.count += len(versions)
        if versions:
            self._before = versions[-1]
        rows = [self._modification(snapshot, *version) for version in versions]
        return rows, not self.exhausted

    def _modification(self, snapshot: Snapshot, number: int, position: int) -> Modification:
        if self._block[0] != number:  # a block often holds several of a busy key
            self._block = (number, common.Block.FromString(snapshot.block(number)))
        raw = self._block[1].data.data[position]
        opened = open_transaction(common.Envelope.FromString(raw))
        rw = read_write_set(opened, self._namespace)
        value = dict(rw.writes)[self._key] if rw else None
        return Modification(opened.tx_id, value or b"", opened.timestamp, deleted=not value)


def read_write_set(opened: Transaction, namespace: str) -> ReadWriteSet | None:
    """What a message of a block reads and writes; a note of a test carries its set in the open.

    Raises:
        Malformed, DecodeError: it is neither.
    """
    return decode(namespace, open_action(opened).results if opened.tx_id else opened.data)
