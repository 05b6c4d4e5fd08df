# SPDX-License-Identifier: Apache-2.0
"""The ledger after one block, as readers see it, and how its records are written down."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

Version = tuple[int, int]
"""(block number, position in it) of the transaction that wrote a value."""

MAX_KEY_BYTES = 511  # LMDB's own, compiled in
_VERSION = struct.Struct(">QI")
_STATUS = struct.Struct(">QIB")
_NUMBER = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class Value:
    """A key's committed value and the version that its readers record."""

    version: Version
    data: bytes


@dataclass(frozen=True, slots=True)
class TxStatus:
    """Where a transaction stands and what the validator made of it."""

    block: int
    position: int
    code: int


class SnapshotGone(Exception):
    """The snapshot was ended under its reader, by time-out or because the map had to grow."""


class Tables(Protocol):
    """The store that a snapshot belongs to, and its LMDB tables."""

    state: Any
    blocks: Any
    index: Any
    history: Any

    def forget(self, snapshot: "Snapshot") -> None: ...


class Snapshot:
    """The ledger after one block, unchanging, shared by all who read at that height."""

    def __init__(self, store: Tables, txn: Any, height: int) -> None:
        self._store = store
        self._txn: Any = txn
        self._users = 0
        self.height = height

    def acquire(self) -> "Snapshot":
        """Counts one more reader, who must `release` it."""
        self._users += 1
        return self

    def release(self) -> None:
        """Counts one reader less; the last one of an old height frees its pages."""
        self._users -= 1
        self._store.forget(self)

    @property
    def idle(self) -> bool:
        """Whether nobody reads it any more."""
        return self._users <= 0

    def reopen(self, txn: Any) -> None:
        """Goes on with another transaction (`None`: ends every reader's use of it)."""
        if self._txn is not None:
            self._txn.abort()
        self._txn = txn

    def _open(self) -> Any:
        if self._txn is None:
            msg = "the snapshot was released"
            raise SnapshotGone(msg)
        return self._txn

    def get(self, key: str) -> Value | None:
        """The value at this height, or `None`."""
        raw = self._record(key)
        return None if raw is None else _value(raw)

    def version(self, key: str) -> Version | None:
        """The version at this height, or `None` where the key is absent."""
        raw = self._record(key)
        return None if raw is None else _VERSION.unpack_from(raw)

    def _record(self, key: str) -> Any:
        """The stored bytes, or `None`; LMDB refuses to be asked for an empty key."""
        return self._open().get(key.encode(), db=self._store.state) if key else None

    def rows(
        self, start: str, end: str, *, limit: int = 0, end_included: bool = False
    ) -> list[tuple[str, Value]]:
        """Rows from `start` to `end` in byte order, at most `limit` (0: all).

        An empty `end` is the end of the key space; `end` itself counts only if `end_included`.
        """
        found: list[tuple[str, Value]] = []
        stop = end.encode()
        with self._open().cursor(db=self._store.state) as cursor:
            if not cursor.set_range(start.encode()):
                return found
            for key, raw in cursor:
                if stop and (key > stop or (key == stop and not end_included)):
                    break
                found.append((key.decode(), _value(raw)))
                if len(found) == limit:
                    break
        return found

    def status(self, tx_id: str) -> TxStatus | None:
        """What became of a transaction, or `None` if no block up to here holds it."""
        raw = self._open().get(tx_id.encode(), db=self._store.index)
        return None if raw is None else TxStatus(*_STATUS.unpack(raw))

    def block(self, number: int) -> bytes | None:
        """The serialised block, or `None`."""
        found: bytes | None = self._open().get(pack_number(number), db=self._store.blocks)
        return found

    def history(self, key: str, *, limit: int, before: Version | None = None) -> list[Version]:
        """At most `limit` versions that valid transactions gave the key, the newest first.

        `before` is one of them: those that are older. Deletions are among them.
        """
        found: list[Version] = []
        raw = key.encode()
        with self._open().cursor(db=self._store.history) as cursor:
            if before is None:
                more = cursor.set_key(raw) and cursor.last_dup()
            else:
                more = cursor.set_key_dup(raw, pack_version(before)) and cursor.prev_dup()
            while more and len(found) < limit:
                found.append(_VERSION.unpack(cursor.value()))
                more = cursor.prev_dup()
        return found

    def histories(self) -> Iterator[tuple[str, Version]]:
        """Every key's versions, the oldest first."""
        with self._open().cursor(db=self._store.history) as cursor:
            for key, raw in cursor:
                yield key.decode(), _VERSION.unpack(raw)

    def statuses(self) -> Iterator[tuple[str, TxStatus]]:
        """The whole transaction index."""
        with self._open().cursor(db=self._store.index) as cursor:
            for key, raw in cursor:
                yield key.decode(), TxStatus(*_STATUS.unpack(raw))


def pack_value(value: Value) -> bytes:
    """A state record: the version, then the data."""
    return pack_version(value.version) + value.data


def pack_version(version: Version) -> bytes:
    """A history record: versions in byte order are versions in order."""
    return _VERSION.pack(*version)


def _value(raw: bytes) -> Value:
    return Value(_VERSION.unpack_from(raw), raw[_VERSION.size :])


def pack_status(status: TxStatus) -> bytes:
    """An index record."""
    return _STATUS.pack(status.block, status.position, status.code)


def pack_number(number: int) -> bytes:
    """A block's key: numbers in byte order are numbers in order."""
    return _NUMBER.pack(number)


def unpack_number(raw: bytes) -> int:
    """The number in a block's key."""
    return int(_NUMBER.unpack(raw)[0])
