# SPDX-License-Identifier: Apache-2.0
"""A cloud in this process: gone when it ends, and otherwise like the others."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain
from threading import RLock

from ._checks import (
    check_after,
    check_append,
    check_descriptor,
    check_lease,
    check_name,
    check_position,
    check_root,
    items_of,
    labels_of,
)
from ._cloud import Lease, LogSlice, Root, StoreDescriptor
from ._refusals import missing, other_bytes, store_exists, unknown
from ._state import State

__all__ = ["MemoryCloud"]


@dataclass
class _Pool:
    """Blobs by label; the labels in order as soon as somebody reads them so."""

    blobs: dict[bytes, bytes] = field(default_factory=dict)
    ordered: list[bytes] | None = None


@dataclass
class _Kept:
    """All that there is of one store; ``log`` begins at ``state.oldest``."""

    descriptor: StoreDescriptor
    state: State = field(default_factory=State)
    root: bytes | None = None
    pools: dict[str, _Pool] = field(default_factory=dict)
    log: list[bytes] = field(default_factory=list)


class MemoryCloud:
    """Keeps stores in this process; "durable" means as long as it runs.

    Args:
        clock: seconds, by which leases run out.

    >>> cloud = MemoryCloud()
    >>> cloud.create(StoreDescriptor("icu", "00" * 32, blob_size=4, log_size=4))
    >>> fence = cloud.lease("icu", "me", 10).fence
    >>> cloud.put_pool("icu", fence, "p", bytes(16) + b"blob")
    >>> cloud.fetch("icu", fence, "p", bytes(16))
    b'blob'
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stores: dict[str, _Kept] = {}
        self._lock = RLock()

    def create(self, descriptor: StoreDescriptor) -> None:
        """Begin a store."""
        check_descriptor(descriptor)
        with self._lock:
            kept = self._stores.setdefault(descriptor.name, _Kept(descriptor))
            if kept.descriptor != descriptor:
                raise store_exists(descriptor.name)

    def describe(self, store: str) -> StoreDescriptor:
        """The descriptor."""
        return self._kept(store).descriptor

    def lease(self, store: str, holder: str, seconds: float) -> Lease:
        """Take or renew the lease."""
        check_lease(holder, seconds)
        with self._lock:
            kept = self._kept(store)
            kept.state, lease = kept.state.leased(holder, seconds, self._clock())
        return lease

    def release(self, store: str, fence: int) -> None:
        """Give the lease back."""
        with self._lock:
            kept = self._kept(store)
            kept.state = kept.state.released(fence)

    def root(self, store: str) -> Root | None:
        """The newest root."""
        with self._lock:
            kept = self._kept(store)
            return None if kept.root is None else Root(kept.state.version, kept.root)

    def put_root(self, store: str, fence: int, root: Root) -> None:
        """Replace the root."""
        check_root(root)
        with self._lock:
            kept = self._held(store, fence)
            kept.state = kept.state.rooted(root, kept.root)
            kept.root = root.sealed

    def pools(self, store: str) -> list[str]:
        """Names of the pools."""
        with self._lock:
            return sorted(self._kept(store).pools)

    def put_pool(self, store: str, fence: int, pool: str, items: bytes) -> None:
        """Add items to a pool."""
        check_name(pool, "pool")
        with self._lock:
            kept = self._held(store, fence)
            found = items_of(items, kept.descriptor.blob_size)
            into = kept.pools.setdefault(pool, _Pool())
            into.blobs.update(found)
            into.ordered = None

    def read_pool(self, store: str, pool: str, after: bytes, limit: int) -> bytes:
        """Items of a pool, ascending."""
        check_after(after)
        check_position(limit, "limit", least=1)
        with self._lock:
            found = self._pool(self._kept(store), pool)
            if found.ordered is None:
                found.ordered = sorted(found.blobs)
            start = bisect_right(found.ordered, after) if after else 0
            labels = found.ordered[start : start + limit]
            blobs = map(found.blobs.__getitem__, labels)
            return b"".join(chain.from_iterable(zip(labels, blobs, strict=True)))

    def drop_pool(self, store: str, fence: int, pool: str) -> None:
        """Remove a pool."""
        check_name(pool, "pool")
        with self._lock:
            self._held(store, fence).pools.pop(pool, None)

    def fetch(self, store: str, fence: int, pool: str, labels: bytes) -> bytes:
        """Blobs of a pool."""
        wanted = labels_of(labels)
        with self._lock:
            blobs = self._pool(self._held(store, fence), pool).blobs
            try:
                return b"".join([blobs[label] for label in wanted])
            except KeyError:
                raise missing() from None

    def append(self, store: str, fence: int, first: int, items: bytes) -> None:
        """Write log items."""
        with self._lock:
            kept = self._held(store, fence)
            found = check_append(first, items, kept.descriptor.log_size)
            after, known = kept.state.appended(first, len(found))
            start = first - kept.state.oldest
            if kept.log[start : start + known] != found[:known]:
                raise other_bytes()
            kept.log += found[known:]
            kept.state = after

    def read_log(self, store: str, first: int, limit: int) -> LogSlice:
        """Log items in order."""
        check_position(first, "first")
        check_position(limit, "limit", least=1)
        with self._lock:
            kept = self._kept(store)
            start = max(first, kept.state.oldest)
            found = kept.log[start - kept.state.oldest :][:limit]
            return LogSlice(start, b"".join(found))

    def trim(self, store: str, fence: int, before: int) -> None:
        """Forget log items."""
        check_position(before, "before")
        with self._lock:
            kept = self._held(store, fence)
            after = kept.state.trimmed(before)
            del kept.log[: after.oldest - kept.state.oldest]
            kept.state = after

    def _kept(self, store: str) -> _Kept:
        try:
            return self._stores[check_name(store, "store")]
        except KeyError:
            raise unknown(store) from None

    def _held(self, store: str, fence: int) -> _Kept:
        kept = self._kept(store)
        kept.state.check(fence)
        return kept

    @staticmethod
    def _pool(kept: _Kept, pool: str) -> _Pool:
        try:
            return kept.pools[check_name(pool, "pool")]
        except KeyError:
            raise missing() from None
