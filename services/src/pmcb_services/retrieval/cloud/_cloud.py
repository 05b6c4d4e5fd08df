# SPDX-License-Identifier: Apache-2.0
"""What a cloud does for a store: keep pools, a log and a root, and serve them unread.

Nothing here knows keys. Items are opaque bytes of one size per store; a *label* is 16 bytes, a
*blob* ``blob_size`` bytes, and an *item* is a label followed by its blob.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["LABEL_SIZE", "Cloud", "Lease", "LogSlice", "Root", "StoreDescriptor"]

LABEL_SIZE = 16


@dataclass(frozen=True, slots=True)
class StoreDescriptor:
    """What everybody may know of a store.

    Attributes:
        name: 1-64 of ``a-z 0-9 . _ -``.
        schema_digest: SHA-256 of the canonical schema, hex.
        blob_size: bytes of a bucket's blob, tag included.
        log_size: bytes of a log entry's blob, tag included.
        owner: MSP id of the organisation whose institutions may use the store; a server fills it
            in, from the certificate of whoever creates the store.
    """

    name: str
    schema_digest: str
    blob_size: int
    log_size: int
    owner: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may write, until when (seconds from the moment of the answer), and by which fence."""

    holder: str
    fence: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Root:
    """A sealed root and its version (1, 2, ...)."""

    version: int
    sealed: bytes


@dataclass(frozen=True, slots=True)
class LogSlice:
    """Log items in the order of their writing; ``first`` is the position of the first one."""

    first: int
    items: bytes


class Cloud(Protocol):
    """One store of bytes, in memory, in LMDB, in PostgreSQL or behind HTTP.

    Every write carries the fence of its writer's lease and is durable when the call returns; any
    other fence raises `StaleWriter` and changes nothing. An unknown store raises `UnknownStore`,
    an unknown pool or label `MissingBlob`, what does not have the form written here
    `InputError`; nothing is ever done or answered in part. Calls may come from several threads.
    """

    def create(self, descriptor: StoreDescriptor) -> None:
        """Begin a store; the same descriptor again is no change, another raises `StoreExists`."""

    def describe(self, store: str) -> StoreDescriptor:
        """The descriptor."""

    def lease(self, store: str, holder: str, seconds: float) -> Lease:
        """Take the lease, or renew one's own.

        Renewing keeps the fence; taking it after it ran out or was given back adds one, whoever
        takes it. A process names itself by a ``holder`` of its own.

        Raises:
            StaleWriter: Somebody else holds it now.
        """

    def release(self, store: str, fence: int) -> None:
        """Give the lease back, so that the next writer need not wait; a stale one is ignored."""

    def root(self, store: str) -> Root | None:
        """The newest root, or None in a new store."""

    def put_root(self, store: str, fence: int, root: Root) -> None:
        """Replace the root if ``root.version`` is the present one's plus 1 (compare and swap).

        The very same root again is no change.

        Raises:
            StaleWriter: Another version is there.
        """

    def pools(self, store: str) -> list[str]:
        """Names of the pools there are, whole or in part, ascending."""

    def put_pool(self, store: str, fence: int, pool: str, items: bytes) -> None:
        """Add items, ascending by label, to a pool (begun by its first items).

        An item whose label is there already replaces that one: the same again is no change.
        """

    def read_pool(self, store: str, pool: str, after: bytes, limit: int) -> bytes:
        """Up to ``limit`` items with labels above ``after`` (b"" = from the start), ascending."""

    def drop_pool(self, store: str, fence: int, pool: str) -> None:
        """Remove a pool; one that is not there is no error."""

    def fetch(self, store: str, fence: int, pool: str, labels: bytes) -> bytes:
        """The blobs of the labels, in their order; a fetch removes nothing."""

    def append(self, store: str, fence: int, first: int, items: bytes) -> None:
        """Write log items at the positions ``first``, ``first + 1``, ... (a new log's first is 0).

        The very same bytes at a position again are no change; a gap, other bytes or a position
        that was trimmed raise `LogConflict`.
        """

    def read_log(self, store: str, first: int, limit: int) -> LogSlice:
        """Up to ``limit`` log items from position ``first`` on (or the oldest kept, if later)."""

    def trim(self, store: str, fence: int, before: int) -> None:
        """Forget log items below position ``before``, at most all; positions are never reused."""
