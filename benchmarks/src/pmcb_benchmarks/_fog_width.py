# SPDX-License-Identifier: Apache-2.0
"""Figure 7: the range tree against the width of the ranges, and how the formula may be read."""

import time
from collections.abc import Callable
from statistics import mean, median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pmcb_services.retrieval import Box
from pmcb_services.retrieval.paper import DUMMIES as DUMMY_PLACES
from pmcb_services.retrieval.paper import Found, backtrack, best_of_all
from pmcb_services.retrieval.vitals import Vitals

from ._fog_boxes import Boxes
from ._fog_structures import RANGE_TREE, Structures, counted

WIDTHS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1)
MINIMA = (5, 10, 50)
SIZES = (1000, 10_000, 100_000)
FEW = 10
DUMMIES = ("bounded", "integers", "0.001", "0.005", "0.01", "0.03")
NOISY_SIZE, NOISY_HITS = 10_000, 200
STEPS = len(SIZES) * (len(WIDTHS) + 1) + len(DUMMIES)

Advance = Callable[[int], None]
Row = dict[str, Any]


def measure_width(
    data: Vitals, *, queries: int, seed: int, advance: Advance
) -> dict[str, list[Row]]:
    """Rows by width, size and minimum; readings of the formula; dummies of several sizes."""
    rng = np.random.default_rng(seed)
    every = list(range(data.codes.shape[1]))
    rows: list[Row] = []
    readings: list[Row] = []
    done = 0
    for n in SIZES:
        codes = data.codes[rng.permutation(len(data.codes))[:n]]
        structures = Structures(data.schema, codes, rng, [RANGE_TREE])
        boxes = Boxes(data.schema, codes, rng)
        for width in WIDTHS:
            chosen = [boxes.of_width(width, every) for _ in range(queries)]
            rows += [
                {"records": n, "width": width, **row} for row in _by_minimum(structures, chosen)
            ]
            advance(done := done + 1)
        readings += _readings(structures, [boxes.of_hits(50, every) for _ in range(queries)])
        advance(done := done + 1)
    noise: list[Row] = []
    codes = data.codes[rng.permutation(len(data.codes))[:NOISY_SIZE]]
    structures = Structures(data.schema, codes, rng, [])
    boxes = Boxes(data.schema, codes, rng)
    chosen = [boxes.of_hits(NOISY_HITS, every) for _ in range(queries)]
    for name in DUMMIES:
        noise.append({"dummies": name, **_noisy(structures, chosen, name)})
        advance(done := done + 1)
    return {"rows": rows, "readings": readings, "noise": noise}


def _by_minimum(structures: Structures, boxes: list[Box]) -> list[Row]:
    orders = [
        np.argsort(structures.codes[:, j], kind="stable").astype(np.int32)
        for j in range(structures.codes.shape[1])
    ]
    told: dict[int, list[tuple[int, int, int, float]]] = {k: [] for k in MINIMA}
    for box in boxes:
        door = structures.key.trapdoor(box, structures.rng)
        search = structures.searches(box)[RANGE_TREE]
        search(door)
        for k in MINIMA:
            start = time.perf_counter()
            found = search(door)
            more = backtrack(structures.table, orders, door, found.ids, k)
            ms = 1000 * (time.perf_counter() - start)
            told[k].append((len(found.ids), len(more.ids), found.tests + more.tests, ms))
    few = mean(hits < FEW for hits, *_ in told[MINIMA[0]])
    return [
        {
            "minimum": k,
            "hits": median(each[0] for each in told[k]),
            "few": round(few, 3),
            "fillers": median(each[1] for each in told[k]),
            **counted([each[2] for each in told[k]]),
            "ms": round(median(each[3] for each in told[k]), 4),
        }
        for k in MINIMA
    ]


def _readings(structures: Structures, boxes: list[Box]) -> list[Row]:
    """As printed (the best by the sum of the ranged attributes) and by sign tests."""
    ways: dict[str, Callable[[Box, int], Found]] = {
        "as printed": lambda box, hits: _printed(structures, box, hits),
        "sign tests": lambda box, _: structures.searches(box)[RANGE_TREE](
            structures.key.trapdoor(box, structures.rng)
        ),
    }
    rows = []
    for name, way in ways.items():
        told = []
        for box in boxes:
            truth = np.flatnonzero(box.contains(structures.codes))
            found = way(box, len(truth))
            told.append((*_quality(found.ids, truth), found.tests))
        row = {"reading": name, "records": len(structures.codes)}
        rows.append(row | _averaged(told) | {"tests": median(each[2] for each in told)})
    return rows


def _printed(structures: Structures, box: Box, hits: int) -> Found:
    token = structures.key.ranking(box.ranged.astype(np.float64), structures.rng)
    return best_of_all(structures.table, token, hits)


def _noisy(structures: Structures, boxes: list[Box], dummies: str) -> Row:
    """One score per attribute, x_j + dummies, compared with both bounds: what dummies do to it."""
    key, rng, codes = structures.key, structures.rng, structures.codes
    a = codes.shape[1]
    points = key.points(codes, rng, scaled=False, dummies=_drawn(dummies, len(codes), rng))
    table = key.seal_points(points, rng)
    told = []
    for box in boxes:
        ones = rng.permuted(np.tile(np.arange(DUMMY_PLACES) < DUMMY_PLACES // 2, (a, 1)), axis=1)
        queries = np.hstack([np.eye(a), ones, np.zeros((a, 1))])
        scores = table @ key.seal_queries(queries, rng).T * box.spans
        inside = ((scores >= box.lo - 0.5) & (scores <= box.hi + 0.5)).all(axis=1)
        truth = np.flatnonzero(box.contains(codes))
        told.append(_quality(np.flatnonzero(inside), truth))
    return _averaged(told)


def _drawn(dummies: str, n: int, rng: np.random.Generator) -> NDArray[np.float64] | None:
    if dummies == "bounded":
        return None
    if dummies == "integers":
        return rng.integers(-10, 11, (n, DUMMY_PLACES)).astype(np.float64)
    return rng.normal(0, float(dummies), (n, DUMMY_PLACES))


def _quality(found: NDArray[np.integer], truth: NDArray[np.integer]) -> tuple[float, float]:
    right = len(np.intersect1d(found, truth))
    return right / max(len(found), 1), right / max(len(truth), 1)


def _averaged(told: list[Any]) -> Row:
    return {
        "precision": round(mean(each[0] for each in told), 4),
        "recall": round(mean(each[1] for each in told), 4),
    }
