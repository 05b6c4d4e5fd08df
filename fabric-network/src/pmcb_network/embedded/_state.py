# SPDX-License-Identifier: Apache-2.0
"""The ledger's storage: state, history, blocks and transaction index in one LMDB environment.

One write transaction per block holds all four, synchronised to disk at its end, so that a kill
at any moment leaves the previous block or this one. Readers work on snapshots that never wait.
"""

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lmdb

from pmcb_network.errors import FolderUnusable, StorageFailed

from ._snapshot import (
    Snapshot,
    TxStatus,
    Value,
    Version,
    pack_number,
    pack_status,
    pack_value,
    pack_version,
    unpack_number,
)

_FORMAT = b"2"  # since a ledger holds history
_MAP_BYTES = 1 << 28  # address space, not disk: the file grows with what is written


@dataclass(frozen=True, slots=True)
class BlockWrite:
    """All that one block changes; applied whole or not at all."""

    number: int
    block: bytes
    statuses: Mapping[str, TxStatus]
    updates: Mapping[str, Value | None]  # None deletes
    history: Sequence[tuple[str, Version]] = ()  # every valid write, deletions too


class MapFull(Exception):
    """The block does not fit the address space reserved so far; `Store.grow` helps."""


class Store:
    """One LMDB environment with its current snapshot. `commit` may run in another thread."""

    def __init__(self, folder: Path, *, map_bytes: int = _MAP_BYTES) -> None:
        self._folder = folder
        self._old: list[Snapshot] = []
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            present = folder.joinpath("data.mdb")
            size = present.stat().st_size if present.exists() else 0
            self._map_bytes = max(map_bytes, size)
            self._open(folder)
            self._current = self._read()
            known = self._format()
        except (OSError, lmdb.Error) as error:
            raise FolderUnusable(
                f"the ledger folder {folder} cannot be used: {_reason(error)}",
                next_step="give it to this user, make room, or choose another folder",
            ) from error
        if not known:
            self.close()
            raise FolderUnusable(
                f"the ledger in {folder} was written by another version of this program",
                next_step="run `pmcb network reset` to begin a new one",
            )

    def _open(self, folder: Path) -> None:
        self._env = lmdb.open(
            os.fspath(folder),
            map_size=self._map_bytes,
            max_dbs=5,
            max_readers=1024,  # the default of 126 ends in errors under load
            mode=0o600,
        )
        self._env.reader_check()  # places of readers that a kill left behind
        self.state = self._env.open_db(b"state")
        self.blocks = self._env.open_db(b"blocks")
        self.index = self._env.open_db(b"index")
        self.history = self._env.open_db(b"history", dupsort=True, dupfixed=True)
        self._meta = self._env.open_db(b"meta")

    def _format(self) -> bool:
        """Whether this program can go on with the ledger; an empty one is marked as its own."""
        with self._env.begin(write=not self.height) as txn:
            if not self.height:
                txn.put(b"format", _FORMAT, db=self._meta)
            return bool(txn.get(b"format", db=self._meta) == _FORMAT)

    def _read(self) -> Snapshot:
        txn = self._env.begin()
        with txn.cursor(db=self.blocks) as cursor:
            height = unpack_number(cursor.key()) + 1 if cursor.last() else 0
        return Snapshot(self, txn, height)

    @property
    def current(self) -> Snapshot:
        """The snapshot after the last block; `acquire` it to keep it over an await."""
        return self._current

    @property
    def height(self) -> int:
        """Number of blocks."""
        return self._current.height

    def commit(self, write: BlockWrite) -> None:
        """Writes one block and returns once it is on disk.

        Raises:
            MapFull: `grow`, then again.
            StorageFailed: the disk refused; the ledger is as before.
        """
        try:
            with self._env.begin(write=True) as txn:
                _apply(txn, self, write)
        except lmdb.MapFullError as error:
            raise MapFull from error
        except lmdb.BadValsizeError:  # a defect of ours: trying again would not help
            raise
        except (OSError, lmdb.Error) as error:
            raise _failed(error) from error

    def refresh(self, *, keep: bool = False) -> Snapshot | None:
        """Makes the newest block the current snapshot; `keep` returns the old one, acquired."""
        old = self._current
        self._current = self._read()
        kept = old.acquire() if keep else None
        if old.idle:
            old.reopen(None)
        else:
            self._old.append(old)
        return kept

    def forget(self, snapshot: Snapshot) -> None:
        """Frees an old snapshot that nobody reads any more."""
        if snapshot.idle and snapshot is not self._current and snapshot in self._old:
            self._old.remove(snapshot)
            snapshot.reopen(None)

    def grow(self) -> None:
        """Doubles the address space. Readers of older heights are ended: it moves their pages."""
        for snapshot in self._old:
            snapshot.reopen(None)
        self._old.clear()
        self._current.reopen(None)
        self._map_bytes *= 2
        self._env.set_mapsize(self._map_bytes)
        self._current.reopen(self._env.begin())

    def recover(self) -> None:
        """Opens the files anew after a failed write: LMDB refuses all use after some of them."""
        for snapshot in [*self._old, self._current]:
            snapshot.reopen(None)
        self._old.clear()
        self._env.close()
        try:
            self._open(self._folder)
            self._current.reopen(self._env.begin())
        except (OSError, lmdb.Error) as error:
            raise _failed(error) from error

    def close(self) -> None:
        """Ends all snapshots and closes the files."""
        for snapshot in [*self._old, self._current]:
            with contextlib.suppress(lmdb.Error):
                snapshot.reopen(None)
        self._env.close()


def ledger_height(folder: Path) -> int:
    """Number of blocks in a ledger that another process may have open; 0 if there is none.

    Reads only; never waits for the writer.
    """
    try:
        with lmdb.open(os.fspath(folder), readonly=True, max_dbs=3, create=False) as env:
            table = env.open_db(b"blocks", create=False)
            with env.begin() as txn:
                return int(txn.stat(table)["entries"])
    except (lmdb.Error, OSError):
        return 0


def _apply(txn: Any, store: Store, write: BlockWrite) -> None:
    txn.put(pack_number(write.number), write.block, db=store.blocks, append=True)
    for tx_id, status in write.statuses.items():
        txn.put(tx_id.encode(), pack_status(status), db=store.index, overwrite=False)
    for key, value in write.updates.items():
        if value is None:
            txn.delete(key.encode(), db=store.state)
        else:
            txn.put(key.encode(), pack_value(value), db=store.state)
    for key, version in write.history:
        txn.put(key.encode(), pack_version(version), db=store.history)


def _failed(error: Exception) -> StorageFailed:
    return StorageFailed(
        f"the ledger cannot be written: {_reason(error)}",
        next_step="make room on the disk; the network goes on by itself",
    )


def _reason(error: Exception) -> str:
    """The system's words without LMDB's own prefix (`mdb_txn_commit: No space left on device`)."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error).rpartition(": ")[2].lower()
