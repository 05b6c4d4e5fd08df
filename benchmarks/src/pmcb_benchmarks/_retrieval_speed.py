# SPDX-License-Identifier: Apache-2.0
"""Queries in one process: the store, SciPy's tree and others on the very same boxes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import cycle
from statistics import mean, median
from typing import Any, TypeVar

import numpy as np

from pmcb_services.retrieval.oblivious import ObliviousStore

from ._retrieval_anchors import Asker
from ._retrieval_worlds import FEW, HITS, Question, World

__all__ = ["Clock", "WrongAnswer", "speed", "timed", "updates"]

Found = TypeVar("Found")

KD_TREE = "cKDTree"
AT_ONCE = 1024  # rows per insert


class WrongAnswer(AssertionError):
    """Two structures found different records in one box."""


class Clock:
    """Seconds by the wall and by this process's CPU, from now on."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def told(self, name: str) -> dict[str, float]:
        """Both, by name."""
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        return {f"{name}_s": round(wall, 3), f"{name}_cpu_s": round(cpu, 3)}


def timed(
    ask: Callable[[Question], Found], questions: Sequence[Question]
) -> tuple[list[float], list[Found]]:
    """Milliseconds of each question, and its answers."""
    times, answers = [], []
    for question in questions:
        start = time.perf_counter()
        answers.append(ask(question))
        times.append(1000 * (time.perf_counter() - start))
    return times, answers


def speed(
    world: World, *, layouts: str, queries: int, askers: Mapping[str, Asker]
) -> dict[str, Any]:
    """What building, asking, inserting and renewing take.

    Args:
        world: the records.
        layouts: of the store.
        queries: boxes per number of hits.
        askers: others that answer the same boxes.
    """
    assert len(world.values) == len(world.codes)  # decoded before the clock starts
    clock = Clock()
    store = world.store(layouts=layouts)
    built = clock.told("build")
    with store:
        rows = [
            {"hits": hits, **_asked(world, store, world.asks(hits, queries), askers)}
            for hits in HITS
        ]
        return {
            **world.about,
            "layouts": layouts,
            "status": _sizes(store),
            **built,
            "queries": rows,
            "epoch": _epoch(world, store),
            "updates": updates(world, store),
        }


def _asked(
    world: World, store: ObliviousStore, questions: Sequence[Question], askers: Mapping[str, Asker]
) -> dict[str, Any]:
    """Medians over the boxes; every answer is compared with that of SciPy's tree."""
    expected = [world.inside(question) for question in questions]
    tree = world.tree
    others: dict[str, Callable[[Question], Sequence[int]]] = {
        KD_TREE: lambda q: tree.query_ball_point(q.centre, q.width, p=np.inf),
        **{name: asker.ask for name, asker in askers.items()},
    }
    ours, answers = timed(lambda q: store.query(q.ranges), questions)
    _same("the store", [answer.ids.tolist() for answer in answers], expected)
    beside = {}
    for name, ask in others.items():
        times, found = timed(ask, questions)
        _same(name, found, expected)
        beside[name] = round(median(times), 4)
    rounds = [answer.rounds for answer in answers]
    return {
        "boxes": len(questions),
        "found": median(len(each) for each in expected),
        "rounds": round(mean(rounds), 2),
        "one_round": round(rounds.count(1) / len(rounds), 3),
        "ms": round(median(ours), 4),
        "p95_ms": round(float(np.quantile(ours, 0.95)), 4),
        "beside": beside,
    }


def _same(name: str, found: Sequence[Sequence[int]], expected: list[list[int]]) -> None:
    if any(sorted(one) != other for one, other in zip(found, expected, strict=True)):
        raise WrongAnswer(f"{name} found other records than SciPy's tree")


def updates(world: World, store: ObliviousStore) -> dict[str, Any]:
    """Inserts and deletes a second in batches, and the renewal that a full log brings."""
    most = int(str(store.status()["log_most"]))
    rows = np.resize(world.values, (most // 2, world.values.shape[1]))
    start = time.perf_counter()
    ids = [store.insert(rows[at : at + AT_ONCE]) for at in range(0, len(rows), AT_ONCE)]
    inserts = len(rows) / (time.perf_counter() - start)
    start = time.perf_counter()
    for each in ids:
        store.delete(each)
    deletes = len(rows) / (time.perf_counter() - start)
    before = store.status()["epoch"]
    clock = Clock()
    store.insert(rows[:1])
    folded = clock.told("fold")
    assert store.status()["epoch"] != before, "the log was full"
    return {
        "batch": AT_ONCE,
        "inserts_per_s": round(inserts),
        "deletes_per_s": round(deletes),
        **folded,
    }


def _epoch(world: World, store: ObliviousStore) -> dict[str, Any]:
    """The mean of all queries of one epoch in which nothing is written, its change included."""
    most = int(str(store.status()["rounds_per_epoch"]))
    boxes = cycle(world.asks(FEW, min(300, most)))
    _until_next(store, boxes)
    clock = Clock()
    times = _until_next(store, boxes)
    spent = clock.told("mean")
    return {
        "queries": len(times),
        "rounds": most,
        "mean_ms": round(1000 * spent["mean_s"] / len(times), 4),
        "mean_cpu_ms": round(1000 * spent["mean_cpu_s"] / len(times), 4),
        "change_s": round(times[-1] / 1000, 3),
    }


def _until_next(store: ObliviousStore, boxes: Iterator[Question]) -> list[float]:
    """Milliseconds of all queries up to the one with which another epoch begins."""
    epoch, times = store.status()["epoch"], list[float]()
    while store.status()["epoch"] == epoch:
        (ms,), _ = timed(lambda q: store.query(q.ranges), [next(boxes)])
        times.append(ms)
    return times


def _sizes(store: ObliviousStore) -> dict[str, Any]:
    names = ("records_padded", "buckets", "dummies", "bucket", "batch", "rounds_per_epoch")
    status = store.status()
    return {name: status[name] for name in names}
