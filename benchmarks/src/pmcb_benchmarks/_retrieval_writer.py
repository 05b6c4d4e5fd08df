# SPDX-License-Identifier: Apache-2.0
"""The single writer of a store in LMDB, as a process that may be killed at any moment.

It says what it is about to do and what was acknowledged, a line of JSON each; every request to the
cloud is noted in a file before it is made, and what is noted outlives the process.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pmcb_services.retrieval import Attribute, Schema
from pmcb_services.retrieval._settings import Settings
from pmcb_services.retrieval.cloud import LABEL_SIZE, LmdbCloud
from pmcb_services.retrieval.keys import StoreKeys
from pmcb_services.retrieval.oblivious import ObliviousStore

__all__ = ["NOTES", "SCHEMA", "SETTINGS", "STORE", "cloud_of", "keys_of"]

STORE, NOTES = "icu", "notes"
SCHEMA = Schema("signs", [Attribute("HR", 0, 255, 1), Attribute("SBP", 0, 255, 1)])
SETTINGS = Settings(bucket=2048, log=64)
"""A pool of three slices, and an epoch over after 16 rounds or 64 items of the log."""

WRITES = frozenset({"put_pool", "put_root", "drop_pool", "trim", "append"})
_LEASE_S = 60.0
_MOST = 8


class Noting:
    """A cloud that notes pools written to and labels fetched, and may kill its process.

    Args:
        inner: the cloud.
        notes: a file, appended to.
        turn: the number of this process's life.
    """

    def __init__(self, inner: LmdbCloud, notes: Path, turn: int) -> None:
        self._inner, self._turn = inner, turn
        self._file = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.writes: list[str] = []
        self.doom = (0, "")

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._inner, name)

        def call(*arguments: Any) -> Any:
            self._note(name, arguments)
            self._die(name, "before")
            answer = method(*arguments)
            self._die(name, "after")
            return answer

        return call

    def kill_at(self, count: int, moment: str) -> None:
        """From now on, end this process before or after the work of a write, counted from 1."""
        self.writes, self.doom = [], (count, moment)

    def _note(self, name: str, arguments: tuple[Any, ...]) -> None:
        if name in WRITES:
            self.writes.append(name)
        if name == "put_pool":
            self._say({"turn": self._turn, "put": arguments[2]})
        if name == "fetch":
            labels = arguments[3]
            parts = [labels[at : at + LABEL_SIZE].hex() for at in range(0, len(labels), LABEL_SIZE)]
            self._say({"turn": self._turn, "fetched": arguments[2], "labels": parts})

    def _say(self, note: dict[str, Any]) -> None:
        os.write(self._file, json.dumps(note).encode() + b"\n")

    def _die(self, name: str, moment: str) -> None:
        if name in WRITES and self.doom == (len(self.writes), moment):
            os.kill(os.getpid(), signal.SIGKILL)


def keys_of(folder: Path) -> StoreKeys:
    """The institution's."""
    return StoreKeys.load(folder / "keys.json")


def cloud_of(folder: Path, turn: int) -> LmdbCloud:
    """The cloud, in whose time the lease of whoever was killed before has run out."""
    return LmdbCloud(folder / "cloud", clock=lambda: time.time() + turn * _LEASE_S)


def say(**what: object) -> None:
    """To whoever reads."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def work(store: ObliviousStore, seed: int) -> None:
    """Insert, delete what was inserted here, ask; until the process ends."""
    rng = np.random.default_rng(seed)
    mine: list[int] = []
    while True:
        mine += insert(store, rng.integers(0, 256, (int(rng.integers(1, _MOST)), 2)))
        if len(mine) > _MOST:
            gone = [mine.pop(int(rng.integers(len(mine)))) for _ in range(int(rng.integers(1, 4)))]
            say(deleting=gone)
            store.delete(gone)
            say(deleted=gone)
        low = int(rng.integers(0, 200))
        store.query({"HR": (low, low + 50)})


def insert(store: ObliviousStore, rows: np.ndarray[Any, np.dtype[np.int64]]) -> list[int]:
    """Insert rows, and say so once it is acknowledged."""
    say(inserting=len(rows))
    ids: list[int] = store.insert(rows).tolist()
    say(inserted=ids, rows=rows.tolist())
    return ids


def change(store: ObliviousStore, cloud: Noting, count: int, moment: str) -> None:
    """Fill the log, and end in the change of the epoch, if it has so many writes."""
    rng = np.random.default_rng(count)
    store.query({"HR": (0, 255)})
    status = store.status()
    left = int(str(status["log_most"])) - int(str(status["log"]))
    if left:
        insert(store, rng.integers(0, 256, (left, 2)))
    cloud.kill_at(count, moment)
    insert(store, rng.integers(0, 256, (1, 2)))
    say(writes=cloud.writes)


def main(folder: Path, turn: int, job: str) -> None:
    """Be ready; upon a line, take the store over and work, or change the epoch."""
    say(ready=turn)
    sys.stdin.readline()
    cloud = Noting(cloud_of(folder, turn), folder / NOTES, turn)
    store = ObliviousStore.open(cloud, STORE, keys_of(folder))
    say(opened=turn)
    if job == "work":
        work(store, turn)
    count, _, moment = job.partition(":")
    change(store, cloud, int(count), moment)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
