# SPDX-License-Identifier: Apache-2.0
"""An LMDB environment for many threads: writes that share a commit, a map that grows."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Condition, Event, Lock
from typing import Any, Generic, TypeVar

import lmdb

from pmcb_services.retrieval.errors import CloudUnavailable, RetrievalError

__all__ = ["Environment"]

AT_ONCE = 256  # writes in a transaction

T = TypeVar("T")


class Environment:
    """One folder of LMDB.

    A write returns once it is on disk. While one commit runs, the writes that come meanwhile wait
    and go into the next one together, so that a busy log pays for few commits and a quiet one for
    no delay.

    Args:
        folder: made if absent; one process at a time.
        tables: their names.
        map_bytes: address space to begin with; doubled when it is full.

    Raises:
        CloudUnavailable: the folder cannot be used.
    """

    def __init__(self, folder: Path, tables: Sequence[str], *, map_bytes: int) -> None:
        self._folder = folder
        self._names = tables
        self._queue = Lock()
        self._waiting: list[_Write[Any]] = []
        self._is_led = False  # by a thread that commits, or was called to
        self._gate = Condition(Lock())
        self._readers = 0
        self._is_moving = False
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = _alone(folder / "served.lock")
        except OSError as error:
            raise _unusable(error) from error
        present = folder / "data.mdb"
        self._map_bytes = max(map_bytes, present.stat().st_size if present.exists() else 0)
        try:
            self._open()
        except (OSError, lmdb.Error) as error:
            os.close(self._lock)
            raise _unusable(error) from error

    def _open(self) -> None:
        self._env = lmdb.open(
            os.fspath(self._folder),
            map_size=self._map_bytes,
            max_dbs=len(self._names),
            max_readers=1024,
            mode=0o600,
        )
        self.tables = {name: self._env.open_db(name.encode()) for name in self._names}

    @contextmanager
    def read(self) -> Iterator[Any]:
        """A snapshot; what it gives are views that end with it.

        Raises:
            CloudUnavailable: the disk cannot be read.
        """
        with self._gate:
            self._gate.wait_for(lambda: not self._is_moving)
            self._readers += 1
        try:
            with self._env.begin(buffers=True) as txn:
                yield txn
        except lmdb.Error as error:
            raise _failed(error) from error
        finally:
            with self._gate:
                self._readers -= 1
                self._gate.notify_all()

    def write(self, change: Callable[[Any], T]) -> T:
        """What ``change`` makes of a transaction, once that is on disk.

        It may run again, and raises its refusals before it writes anything.

        Raises:
            CloudUnavailable: the disk cannot be written; nothing is changed.
        """
        mine = _Write(change)
        with self._queue:
            self._waiting.append(mine)
            leads, self._is_led = not self._is_led, True
        if not leads:
            mine.called.wait()
        if not mine.is_done:
            self._lead()
        return mine.result()

    def close(self) -> None:
        """Let others use the folder."""
        self.write(lambda _: None)  # what came before is on disk
        with self._alone():
            self._env.close()
            os.close(self._lock)

    def _lead(self) -> None:
        """Commit what waits, one's own write with it, and call the next one to lead."""
        with self._queue:
            batch, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
        try:
            self._commit(batch)
        finally:
            for write in batch:
                write.finish()
            with self._queue:
                self._is_led = bool(self._waiting)
                if self._waiting:
                    self._waiting[0].called.set()

    def _commit(self, batch: list[_Write[Any]]) -> None:
        """Apply them in one transaction, in the order of their coming."""
        while True:
            try:
                with self._env.begin(write=True) as txn:
                    for write in batch:
                        write.apply(txn)
            except lmdb.MapFullError:
                self._grow()
                continue
            except (OSError, lmdb.Error) as error:
                for write in batch:
                    write.error = _failed(error)
                self._reopen()
            except BaseException as error:  # a defect, or this thread is ended: all must hear of it
                for write in batch:
                    write.error = error
                if not isinstance(error, Exception):
                    raise
            return

    def _grow(self) -> None:
        with self._alone():
            self._map_bytes *= 2
            self._env.set_mapsize(self._map_bytes)

    def _reopen(self) -> None:
        """Use the files anew after a failed commit: LMDB refuses all use after some of them.

        Where that fails, too, the next write tries it again.
        """
        with self._alone(), suppress(OSError, lmdb.Error):
            self._env.close()
            self._open()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Without readers, whose pages would move."""
        with self._gate:
            self._is_moving = True
            self._gate.wait_for(lambda: not self._readers)
        try:
            yield
        finally:
            with self._gate:
                self._is_moving = False
                self._gate.notify_all()


class _Write(Generic[T]):
    """One change that waits for its commit."""

    def __init__(self, change: Callable[[Any], T]) -> None:
        self._change = change
        self._made: list[T] = []
        self.error: BaseException | None = None
        self.is_done = False
        self.called = Event()  # it is done, or its thread is the next to lead

    def apply(self, txn: Any) -> None:
        self.error = None
        try:
            self._made = [self._change(txn)]
        except RetrievalError as error:
            self.error = error

    def finish(self) -> None:
        """Let its thread go on."""
        self.is_done = True
        self.called.set()

    def result(self) -> T:
        if self.error is not None:
            raise self.error
        return self._made[0]


def _alone(path: Path) -> int:
    """A lock that ends with this process, however it ends."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _unusable(error: Exception) -> CloudUnavailable:
    step = "Choose a folder that this user can write and no other process serves."
    return CloudUnavailable(f"The folder cannot be used: {_reason(error)}.", next_step=step)


def _failed(error: Exception) -> CloudUnavailable:
    step = "Make room on the cloud's disk; what was acknowledged is there."
    return CloudUnavailable(f"The cloud's disk fails: {_reason(error)}.", next_step=step)


def _reason(error: Exception) -> str:
    """The system's words without LMDB's own prefix (`mdb_txn_commit: No space left on device`)."""
    if isinstance(error, BlockingIOError):
        return "another process serves it"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error).rpartition(": ")[2].lower()
