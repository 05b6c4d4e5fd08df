# SPDX-License-Identifier: Apache-2.0
"""The change of an epoch: everything is read, folded, cut anew and sealed under new keys.

::

    1  claim the next epoch number; random pool name, new keys
    2  read the WHOLE pool, dummies too, in the order of the labels
    3  rows = base + inserts - tombstones; cut every layout anew
    4  put all blobs of the new pool in the order of their labels
    5  put the root if its version is still ours: the epoch changes here, all at once
    6  drop the old pool; trim the log

Killed in 1 to 4, the old root stands and part of a new pool is dropped; the keys of the attempt
were in memory only. Killed between 5 and 6, the new root stands and 6 is done by whoever recovers.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ._ahead import sent_behind
from ._contents import Contents
from ._directory import Directory
from ._entry import EMPTY, Entries, no_entries, raw
from ._held import Held, new_rounds, tried
from ._layout import build as lay_out
from ._seal import Buffer, Seal
from ._shape import padded

__all__ = ["Whole", "begin", "change_epoch", "read_whole"]

_Plain = Callable[[NDArray[np.intp]], Buffer]


class Whole:
    """A pool that was read and opened as a whole.

    Args:
        buckets: the plain bytes of all real buckets, or of the first layout's alone.
        contents: of the epoch.
    """

    def __init__(self, buckets: list[bytes], contents: Contents) -> None:
        self._buckets, self._contents = buckets, contents

    def plain(self, indices: NDArray[np.intp]) -> bytes:
        """Buckets as they are, end to end."""
        return b"".join([self._buckets[index] for index in indices.tolist()])

    @cached_property
    def entries(self) -> Entries:
        """All entries, dead ones too, ascending by id: those of the first layout."""
        first = b"".join(self._buckets[: self._contents.shape.leaves])
        entries = np.frombuffer(first, dtype=self._contents.build.dtype)
        found = np.full(len(self._contents.live), -1, dtype=np.int64)
        filled = np.flatnonzero(entries["id"] != EMPTY)
        found[entries["id"][filled]] = filled
        return raw(entries).take(found[found >= 0], axis=0).reshape(-1).view(entries.dtype)


def change_epoch(
    held: Held,
    *,
    whole: Whole | None = None,
    live: NDArray[np.bool_] | None = None,
    extra: Entries | None = None,
) -> None:
    """Fold the log, and what else is given, into a new epoch.

    Args:
        held: the store.
        whole: the pool, where it was read already.
        live: shape (next id,), which ids are alive afterwards, where that changes.
        extra: entries with ids above all others, too many for the log.
    """
    number = held.claimed + 1
    held.state.claim(number)
    held.claimed = number
    is_same = not len(held.log) and live is None
    whole = read_whole(held, one_layout=not is_same) if whole is None else whole
    if is_same:
        _adopt(held, _renewed(held, number), whole.plain)
        return
    live = held.live if live is None else live
    extra = no_entries(held.contents.build.schema) if extra is None else extra
    rows = np.concatenate([whole.entries, held.log.inserted, extra])
    begin(held, rows[live[rows["id"]]], live, number)


def begin(held: Held, entries: Entries, live: NDArray[np.bool_], number: int) -> None:
    """Begin an epoch with these entries, every layout cut anew.

    Args:
        held: the store; its epoch and log are over afterwards.
        entries: shape (n,), of the ids that are alive, ascending.
        live: shape (next id,).
        number: of the epoch, claimed.
    """
    build = held.contents.build
    shape = build.shape(len(entries))
    codes = np.ascontiguousarray(entries["code"])
    patients = None
    if build.schema.patient is not None:
        patients = np.ascontiguousarray(entries["carried"][build.schema.patient])
    slots = lay_out(codes, patients, build.names, shape)
    contents = replace(
        _renewed(held, number),
        records=padded(len(entries)),
        directory=Directory.of(codes, slots, patients, shape.leaves),
        live=live,
        patients=held.contents.patients if patients is None else np.unique(patients),
    )
    size = entries.dtype.itemsize
    empty = np.full((1, size), 0xFF, dtype=np.uint8)
    rows = np.concatenate([raw(entries), empty]).view(f"V{size}").ravel()  # row -1 is the empty one

    def plain(indices: NDArray[np.intp]) -> memoryview:
        return rows.take(slots[indices], mode="wrap").view(np.uint8).reshape(-1).data

    _adopt(held, contents, plain)


def _renewed(held: Held, number: int) -> Contents:
    """The same records in another epoch: new pool, new keys, a new generation of the log."""
    contents = held.contents.with_generation(held.log.next)
    return replace(
        contents,
        epoch=number,
        pool=secrets.token_hex(16),
        seal=Seal.fresh(contents.build.context(number)),
        live=held.live,
        cut=held.log.next,
        generations=contents.generations[-1:],
    )


def _adopt(held: Held, contents: Contents, plain: _Plain) -> None:
    """Write the new pool, then the root, by which everything changes at once."""
    cloud, store = held.cloud, held.store

    def put(items: bytes) -> None:
        tried(lambda: cloud.put_pool(store, held.writer.fence(), contents.pool, items))

    with sent_behind(put) as send:
        contents.whole_pool().write(plain, send)

    def adopted() -> None:
        held.live, held.log = contents.live, contents.log()
        held.rounds = new_rounds(held, contents)
        held.drop_others()
        cloud.trim(store, held.writer.fence(), contents.cut)

    held.put_root(contents, adopted)


def read_whole(held: Held, *, one_layout: bool = False) -> Whole:
    """Read the pool and open every blob, whatever is cached.

    A choice would show what past batches held.

    Args:
        held: the store.
        one_layout: whether only the first one's buckets are kept, which hold every entry.

    Raises:
        TamperedError, MissingBlob: the pool is not what was put there.
    """
    contents, cloud, store = held.contents, held.cloud, held.store

    def ask(after: bytes, limit: int) -> bytes:
        held.writer.fence()  # renews the lease while this takes long
        return tried(lambda: cloud.read_pool(store, contents.pool, after, limit))

    kept = contents.shape.leaves if one_layout else contents.shape.buckets
    return Whole(contents.whole_pool().read(ask, kept=kept), contents)
