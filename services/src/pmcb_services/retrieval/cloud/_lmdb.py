# SPDX-License-Identifier: Apache-2.0
"""A cloud in a folder: LMDB, each write on disk before it is acknowledged.

::

    stores   name                     descriptor
    states   name                     what changes: lease, root's version, ends of the log
    roots    name                     the sealed root
    pools    name / pool              number of the pool
    items    number, label            blob: of a pool side by side, ascending
    log      name / position          log item
"""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

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
from ._environment import Environment
from ._refusals import missing, other_bytes, store_exists, unknown
from ._state import State

__all__ = ["LmdbCloud"]

MAP_BYTES = 2**28  # address space, not disk
TABLES = ("stores", "states", "roots", "pools", "items", "log")
_STATE = struct.Struct(">QdQQQ")
_NUMBER = struct.Struct(">Q")


class LmdbCloud:
    """Keeps stores in a folder, which one process at a time may open; threads may share it.

    Args:
        path: the folder.
        map_bytes: address space to begin with; it grows.
        clock: seconds UTC, by which leases run out.

    Raises:
        CloudUnavailable: the folder cannot be used.
    """

    def __init__(
        self, path: Path, *, map_bytes: int = MAP_BYTES, clock: Callable[[], float] = time.time
    ) -> None:
        self._env = Environment(path, TABLES, map_bytes=map_bytes)
        self._clock = clock

    def close(self) -> None:
        """Let others use the folder."""
        self._env.close()

    @property
    def _db(self) -> Mapping[str, Any]:
        return self._env.tables

    def create(self, descriptor: StoreDescriptor) -> None:
        """Begin a store."""
        check_descriptor(descriptor)
        key, value = descriptor.name.encode(), json.dumps(asdict(descriptor)).encode()

        def change(txn: Any) -> None:
            present = txn.get(key, db=self._db["stores"])
            if present is None:
                txn.put(key, value, db=self._db["stores"])
                self._put_state(txn, descriptor.name, State())
            elif _descriptor(present) != descriptor:
                raise store_exists(descriptor.name)

        self._env.write(change)

    def describe(self, store: str) -> StoreDescriptor:
        """The descriptor."""
        with self._env.read() as txn:
            return self._descriptor(txn, store)

    def lease(self, store: str, holder: str, seconds: float) -> Lease:
        """Take or renew the lease."""
        check_lease(holder, seconds)

        def change(txn: Any) -> Lease:
            after, lease = self._state(txn, store).leased(holder, seconds, self._clock())
            self._put_state(txn, store, after)
            return lease

        return self._env.write(change)

    def release(self, store: str, fence: int) -> None:
        """Give the lease back."""

        def change(txn: Any) -> None:
            self._put_state(txn, store, self._state(txn, store).released(fence))

        self._env.write(change)

    def root(self, store: str) -> Root | None:
        """The newest root."""
        with self._env.read() as txn:
            state = self._state(txn, store)
            sealed = txn.get(store.encode(), db=self._db["roots"])
            return None if sealed is None else Root(state.version, bytes(sealed))

    def put_root(self, store: str, fence: int, root: Root) -> None:
        """Replace the root."""
        check_root(root)

        def change(txn: Any) -> None:
            present = txn.get(store.encode(), db=self._db["roots"])
            after = self._held(txn, store, fence).rooted(root, present)
            txn.put(store.encode(), root.sealed, db=self._db["roots"])
            self._put_state(txn, store, after)

        self._env.write(change)

    def pools(self, store: str) -> list[str]:
        """Names of the pools."""
        with self._env.read() as txn:
            self._state(txn, store)
            prefix = store.encode() + b"/"
            return [bytes(key).decode() for key, _ in _under(txn, self._db["pools"], prefix)]

    def put_pool(self, store: str, fence: int, pool: str, items: bytes) -> None:
        """Add items to a pool."""
        key = _pool_key(store, pool)

        def change(txn: Any) -> None:
            self._held(txn, store, fence)
            found = items_of(items, self._descriptor(txn, store).blob_size)
            number = txn.get(key, db=self._db["pools"]) or self._new_pool(txn, key)
            keyed = [(number + label, blob) for label, blob in found]
            with txn.cursor(db=self._db["items"]) as cursor:
                is_last = not cursor.last() or cursor.key() < keyed[0][0]
                cursor.putmulti(keyed, append=is_last)

        self._env.write(change)

    def read_pool(self, store: str, pool: str, after: bytes, limit: int) -> bytes:
        """Items of a pool, ascending."""
        check_after(after)
        check_position(limit, "limit", least=1)
        with self._env.read() as txn:
            self._state(txn, store)
            number = self._number(txn, store, pool)
            found = _under(txn, self._db["items"], number, after=after)
            return b"".join([part for item in islice(found, limit) for part in item])

    def drop_pool(self, store: str, fence: int, pool: str) -> None:
        """Remove a pool."""
        key = _pool_key(store, pool)

        def change(txn: Any) -> None:
            self._held(txn, store, fence)
            number = txn.pop(key, db=self._db["pools"])
            if number is not None:
                _delete(txn, self._db["items"], number)

        self._env.write(change)

    def fetch(self, store: str, fence: int, pool: str, labels: bytes) -> bytes:
        """Blobs of a pool."""
        wanted = labels_of(labels)
        with self._env.read() as txn:
            self._held(txn, store, fence)
            number = self._number(txn, store, pool)
            items = self._db["items"]
            try:
                return b"".join([txn.get(number + label, db=items) for label in wanted])
            except TypeError:  # None among them
                raise missing() from None

    def append(self, store: str, fence: int, first: int, items: bytes) -> None:
        """Write log items."""

        def change(txn: Any) -> None:
            state = self._held(txn, store, fence)
            found = check_append(first, items, self._descriptor(txn, store).log_size)
            after, known = state.appended(first, len(found))
            keys = [_log_key(store, first + index) for index in range(len(found))]
            log = self._db["log"]
            if [txn.get(key, db=log) for key in keys[:known]] != found[:known]:
                raise other_bytes()
            with txn.cursor(db=log) as cursor:
                cursor.putmulti(zip(keys[known:], found[known:], strict=True))
            self._put_state(txn, store, after)

        self._env.write(change)

    def read_log(self, store: str, first: int, limit: int) -> LogSlice:
        """Log items in order."""
        check_position(first, "first")
        check_position(limit, "limit", least=1)
        with self._env.read() as txn:
            start = max(first, self._state(txn, store).oldest)
            prefix = store.encode() + b"/"
            found = _under(txn, self._db["log"], prefix, start=_NUMBER.pack(start))
            return LogSlice(start, b"".join([item for _, item in islice(found, limit)]))

    def trim(self, store: str, fence: int, before: int) -> None:
        """Forget log items."""
        check_position(before, "before")

        def change(txn: Any) -> None:
            after = self._held(txn, store, fence).trimmed(before)
            end = _log_key(store, after.oldest)
            _delete(txn, self._db["log"], store.encode() + b"/", below=end)
            self._put_state(txn, store, after)

        self._env.write(change)

    def _state(self, txn: Any, store: str) -> State:
        value = txn.get(check_name(store, "store").encode(), db=self._db["states"])
        if value is None:
            raise unknown(store)
        return State(bytes(value[_STATE.size :]).decode(), *_STATE.unpack(value[: _STATE.size]))

    def _put_state(self, txn: Any, store: str, state: State) -> None:
        numbers = (state.fence, state.until, state.version, state.oldest, state.end)
        value = _STATE.pack(*numbers) + state.holder.encode()
        txn.put(store.encode(), value, db=self._db["states"])

    def _held(self, txn: Any, store: str, fence: int) -> State:
        state = self._state(txn, store)
        state.check(fence)
        return state

    def _descriptor(self, txn: Any, store: str) -> StoreDescriptor:
        self._state(txn, store)
        return _descriptor(txn.get(store.encode(), db=self._db["stores"]))

    def _number(self, txn: Any, store: str, pool: str) -> bytes:
        number = txn.get(_pool_key(store, pool), db=self._db["pools"])
        if number is None:
            raise missing()
        return bytes(number)

    def _new_pool(self, txn: Any, key: bytes) -> bytes:
        """A number above all that have items, so that the items of a new pool come last."""
        with txn.cursor(db=self._db["pools"]) as cursor:
            taken = max((_NUMBER.unpack(number)[0] for _, number in cursor), default=0)
        number = _NUMBER.pack(taken + 1)
        txn.put(key, number, db=self._db["pools"])
        return number


def _descriptor(value: Any) -> StoreDescriptor:
    return StoreDescriptor(**json.loads(bytes(value)))


def _pool_key(store: str, pool: str) -> bytes:
    return f"{store}/{check_name(pool, 'pool')}".encode()


def _log_key(store: str, position: int) -> bytes:
    return store.encode() + b"/" + _NUMBER.pack(position)


def _under(
    txn: Any, table: Any, prefix: bytes, *, start: bytes = b"", after: bytes = b""
) -> Iterator[tuple[Any, Any]]:
    """What stands under a prefix: the rest of its key, and its value."""
    size = len(prefix)
    with txn.cursor(db=table) as cursor:
        if not cursor.set_range(prefix + (after or start)):
            return
        if after and cursor.key() == prefix + after and not cursor.next():
            return
        for key, value in cursor:
            if key[:size] != prefix:
                return
            yield key[size:], value


def _delete(txn: Any, table: Any, prefix: bytes, *, below: bytes | None = None) -> None:
    """Remove what stands under a prefix, or its part below a key."""
    with txn.cursor(db=table) as cursor:
        found = cursor.set_range(prefix)
        while found and cursor.key().startswith(prefix):
            if below is not None and cursor.key() >= below:
                return
            found = cursor.delete()
