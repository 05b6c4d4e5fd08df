# SPDX-License-Identifier: Apache-2.0
"""kill -9 of a store's writer: is everything acknowledged there, is any label fetched twice?

A writer is killed at random moments under load, and before and after every write of an epoch
change. Each life takes the store over from what lies on the cloud.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pmcb_services.retrieval.keys import StoreKeys
from pmcb_services.retrieval.oblivious import ObliviousStore

from ._child import Child, child
from ._retrieval_writer import NOTES, SCHEMA, SETTINGS, STORE, cloud_of, keys_of

__all__ = ["MOMENTS", "Drill", "kill_writers"]

MOMENTS = ("before", "after")
_EARLY = 0.25  # of the kills meet a writer as it takes the store over
_EARLY_S, _AT_WORK_S = 0.1, 0.05
_LINES = 24  # acknowledged before the others
_RECORDS = 300
_WRITER = "_retrieval_writer"


@dataclass
class Drill:
    """A store in a folder, the lives of its writers, and what they said.

    Attributes:
        folder: an empty one at first.
        turn: lives so far.
        kills: how many of them were killed.
        failed: how many ended by themselves, without having been through.
        present: rows by id that were acknowledged.
        gone: ids whose deletion was acknowledged.
        doubtful: ids whose deletion was under way.
        extras: rows that were under way when their writers died.
    """

    folder: Path
    turn: int = 0
    kills: int = 0
    failed: int = 0
    present: dict[int, list[int]] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    doubtful: set[int] = field(default_factory=set)
    extras: int = 0

    def begin(self) -> None:
        """Create the store."""
        rows = np.random.default_rng(0).integers(0, 256, (_RECORDS, 2))
        keys = StoreKeys.generate()
        keys.save(self.folder / "keys.json")
        cloud = cloud_of(self.folder, 0)
        create = ObliviousStore.create
        create(cloud, SCHEMA, rows, name=STORE, keys=keys, settings=SETTINGS).close()
        cloud.close()
        self.present = dict(enumerate(rows.tolist()))

    def under_load(self, numbers: random.Random) -> None:
        """One life, ended at a random moment."""
        with self._life("work") as writer:
            heard: list[str] = []
            if numbers.random() < _EARLY:
                time.sleep(numbers.uniform(0, _EARLY_S))
            else:
                heard += [_line(writer) for _ in range(numbers.randint(1, _LINES))]
                time.sleep(numbers.uniform(0, _AT_WORK_S))
            writer.process.kill()
            self._hear([*heard, *_rest(writer)])
        self._count(writer)

    def in_change(self, count: int, moment: str) -> list[str]:
        """One life, ended at the ``count``-th write of an epoch change.

        Returns:
            the writes of the change, where it has not so many and went through; else none.
        """
        with self._life(f"{count}:{moment}") as writer:
            said = self._hear(_rest(writer))
        writes: list[str] = said.get("writes", [])
        if not writes:
            self._count(writer)
        return writes

    def judged(self) -> dict[str, Any]:
        """What is wrong in the end: nothing should be."""
        self.turn += 1
        cloud = cloud_of(self.folder, self.turn)
        with ObliviousStore.open(cloud, STORE, keys_of(self.folder)) as store:
            answer = store.export()
        cloud.close()
        rows = [each.tolist() for each in answer.values.astype(int)]
        found = dict(zip(answer.ids.tolist(), rows, strict=True))
        due = {number: row for number, row in self.present.items() if number not in self.gone}
        certain = due.keys() - self.doubtful
        return {
            "kills": self.kills,
            "failed": self.failed,
            "acknowledged": len(self.present) - _RECORDS + len(self.gone),
            "lost": len(certain - found.keys()),
            "changed": sum(found.get(number, row) != row for number, row in due.items()),
            "risen": len(self.gone & found.keys()),
            "unexplained": max(0, len(found.keys() - self.present.keys()) - self.extras),
            **self._noted(),
        }

    def _noted(self) -> dict[str, int]:
        """Labels that were fetched twice, and pools in which more than one life had a hand."""
        labels: Counter[tuple[str, str]] = Counter()
        lives: dict[str, set[int]] = {}
        epochs = set()
        for line in (self.folder / NOTES).read_bytes().splitlines():
            note = json.loads(line)
            pool = note.get("put") or note["fetched"]
            lives.setdefault(pool, set()).add(note["turn"])
            labels.update((pool, label) for label in note.get("labels", ()))
            if "fetched" in note:
                epochs.add(pool)
        return {
            "labels": len(labels),
            "epochs": len(epochs),
            "fetched_twice": sum(count > 1 for count in labels.values()),
            "dead_epochs_touched": sum(len(each) > 1 for each in lives.values()),
        }

    def _life(self, job: str) -> Any:
        self.turn += 1
        return _told_to_start(str(self.folder), str(self.turn), job)

    def _count(self, writer: Child) -> None:
        killed = writer.process.returncode == -9
        self.kills += killed
        self.failed += not killed

    def _hear(self, lines: list[str]) -> dict[str, Any]:
        """Take down what a writer said; the last words are returned by name."""
        said: dict[str, Any] = {}
        open_rows, open_ids = 0, set[int]()
        for line in lines:
            if not line.endswith("\n"):
                break  # cut off by the kill
            words = json.loads(line)
            said |= words
            if "inserting" in words:
                open_rows = words["inserting"]
            elif "inserted" in words:
                self.present |= zip(words["inserted"], words["rows"], strict=True)
                open_rows = 0
            elif "deleting" in words:
                open_ids = set(words["deleting"])
            elif "deleted" in words:
                self.gone |= set(words["deleted"])
                open_ids = set()
        self.extras += open_rows
        self.doubtful |= open_ids
        return said


@contextmanager
def _told_to_start(folder: str, turn: str, job: str) -> Iterator[Child]:
    """A writer that takes the store over; the time that its imports take is not a moment."""
    with child(_WRITER, folder, turn, job) as writer:
        assert writer.process.stdin is not None
        writer.process.stdin.write("\n")
        writer.process.stdin.flush()
        yield writer


def _line(writer: Child) -> str:
    assert writer.process.stdout is not None
    return writer.process.stdout.readline()


def _rest(writer: Child) -> list[str]:
    assert writer.process.stdout is not None
    return writer.process.stdout.readlines()


def kill_writers(
    folder: Path,
    *,
    kills: int,
    seed: int,
    writes: int | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> dict[str, Any]:
    """Kill at every write of an epoch change, then at random moments; look once at the end.

    Args:
        folder: an empty one.
        kills: at random moments.
        seed: of the moments.
        writes: how many writes of a change, from the first on; all where none is given.
        advance: hears how many were killed at random.
    """
    drill = Drill(folder)
    drill.begin()
    count, through = 0, list[str]()
    while not through and count != writes:
        count += 1
        for moment in MOMENTS:
            through = drill.in_change(count, moment)
    numbers = random.Random(seed)
    for at in range(kills):
        drill.under_load(numbers)
        advance(at + 1)
    return {"writes_of_a_change": through, "at_random": kills, **drill.judged()}
