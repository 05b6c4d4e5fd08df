# SPDX-License-Identifier: Apache-2.0
"""A cloud that writes down what it sees."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pmcb_services.retrieval._numbers import Floats
from pmcb_services.retrieval.cloud._cloud import (
    LABEL_SIZE,
    Cloud,
    Lease,
    LogSlice,
    Root,
    StoreDescriptor,
)

__all__ = ["Event", "RecordingCloud", "Transcript"]


@dataclass(frozen=True, slots=True)
class Event:
    """One request.

    Attributes:
        kind: the method's name.
        query: how many queries had begun; 0 before the first.
        pool: the pool's name, or "".
        labels: those sent, in their order.
        size: bytes of what was written or read.
        data: the bytes written, where they are a root or items of a log.
    """

    kind: str
    query: int
    pool: str = ""
    labels: tuple[bytes, ...] = ()
    size: int = 0
    data: bytes = b""


@dataclass
class Transcript:
    """Requests in their order."""

    events: list[Event] = field(default_factory=list)
    queries: int = 0

    def begin_query(self) -> None:
        """What follows belongs to the next query: the cloud knows the time."""
        self.queries += 1

    def of(self, kind: str) -> list[Event]:
        """The requests of one kind."""
        return [event for event in self.events if event.kind == kind]

    def fetched(self) -> list[frozenset[bytes]]:
        """The labels that each query fetched."""
        sets: list[set[bytes]] = [set() for _ in range(self.queries)]
        for event in self.of("fetch"):
            if event.query:
                sets[event.query - 1].update(event.labels)
        return [frozenset(each) for each in sets]

    def rounds(self) -> list[int]:
        """How many batches each query took."""
        counts = np.bincount([e.query for e in self.of("fetch")], minlength=self.queries + 1)
        return [int(each) for each in counts[1:]]

    def ranks(self) -> Floats:
        """The mean place, 0 to 1, of each query's labels among all labels there can be."""
        return np.array(
            [
                np.mean([int.from_bytes(label[:8], "big") for label in labels]) / 2.0**64
                if labels
                else 0.5
                for labels in self.fetched()
            ]
        )


class RecordingCloud:
    """Passes everything on to another cloud, and records it.

    Args:
        inner: the cloud that keeps the bytes.

    Attributes:
        seen: the transcript.
    """

    def __init__(self, inner: Cloud) -> None:
        self._inner = inner
        self.seen = Transcript()

    def create(self, descriptor: StoreDescriptor) -> None:
        """Begin a store."""
        self._record("create")
        self._inner.create(descriptor)

    def describe(self, store: str) -> StoreDescriptor:
        """The descriptor."""
        self._record("describe")
        return self._inner.describe(store)

    def lease(self, store: str, holder: str, seconds: float) -> Lease:
        """Take or renew the lease."""
        self._record("lease")
        return self._inner.lease(store, holder, seconds)

    def release(self, store: str, fence: int) -> None:
        """Give the lease back."""
        self._record("release")
        self._inner.release(store, fence)

    def root(self, store: str) -> Root | None:
        """The newest root."""
        self._record("root")
        return self._inner.root(store)

    def put_root(self, store: str, fence: int, root: Root) -> None:
        """Replace the root."""
        self._record("put_root", size=len(root.sealed), data=root.sealed)
        self._inner.put_root(store, fence, root)

    def pools(self, store: str) -> list[str]:
        """Names of the pools."""
        self._record("pools")
        return self._inner.pools(store)

    def put_pool(self, store: str, fence: int, pool: str, items: bytes) -> None:
        """Add items to a pool."""
        step = LABEL_SIZE + self._inner.describe(store).blob_size
        labels = tuple(items[at : at + LABEL_SIZE] for at in range(0, len(items), step))
        self._record("put_pool", pool=pool, labels=labels, size=len(items))
        self._inner.put_pool(store, fence, pool, items)

    def read_pool(self, store: str, pool: str, after: bytes, limit: int) -> bytes:
        """Items of a pool, ascending."""
        items = self._inner.read_pool(store, pool, after, limit)
        self._record("read_pool", pool=pool, labels=(after,), size=len(items))
        return items

    def drop_pool(self, store: str, fence: int, pool: str) -> None:
        """Remove a pool."""
        self._record("drop_pool", pool=pool)
        self._inner.drop_pool(store, fence, pool)

    def fetch(self, store: str, fence: int, pool: str, labels: bytes) -> bytes:
        """Blobs of a pool."""
        parts = range(0, len(labels), LABEL_SIZE)
        asked = tuple(labels[at : at + LABEL_SIZE] for at in parts)
        self._record("fetch", pool=pool, labels=asked, size=len(labels))
        return self._inner.fetch(store, fence, pool, labels)

    def append(self, store: str, fence: int, first: int, items: bytes) -> None:
        """Write log items."""
        self._record("append", size=len(items), data=items)
        self._inner.append(store, fence, first, items)

    def read_log(self, store: str, first: int, limit: int) -> LogSlice:
        """Log items in order."""
        self._record("read_log")
        return self._inner.read_log(store, first, limit)

    def trim(self, store: str, fence: int, before: int) -> None:
        """Forget log items."""
        self._record("trim")
        self._inner.trim(store, fence, before)

    def _record(
        self,
        kind: str,
        *,
        pool: str = "",
        labels: tuple[bytes, ...] = (),
        size: int = 0,
        data: bytes = b"",
    ) -> None:
        event = Event(kind, self.seen.queries, pool, labels, size, data)
        self.seen.events.append(event)
