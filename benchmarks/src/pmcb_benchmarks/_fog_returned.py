# SPDX-License-Identifier: Apache-2.0
"""Figure 9: all structures as the number of returned records grows, by range and by rank."""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

from pmcb_services.retrieval.paper import Found, best_in_balanced, best_of_all
from pmcb_services.retrieval.vitals import Vitals

from ._fog_boxes import Boxes
from ._fog_structures import BALANCED, SCAN, Structures, counted, search_all

SIZES = (1000, 100_000)
RETURNED = (10, 50, 200)
STEPS = len(SIZES) * len(RETURNED) * 2

Advance = Callable[[int], None]


def measure_returned(data: Vitals, *, queries: int, seed: int, advance: Advance) -> dict[str, Any]:
    """Rows by size, number returned and structure: ranges on all attributes; the best by a sum."""
    rng = np.random.default_rng(seed)
    every = list(range(data.codes.shape[1]))
    rows: list[dict[str, Any]] = []
    ranked: list[dict[str, Any]] = []
    done = 0
    for n in SIZES:
        codes = data.codes[rng.permutation(len(data.codes))[:n]]
        structures = Structures(data.schema, codes, rng)
        boxes = Boxes(data.schema, codes, rng)
        for returned in RETURNED:
            chosen = [boxes.of_hits(returned, every) for _ in range(queries)]
            found = search_all(structures, chosen)
            rows += [{"records": n, "returned": returned, **row} for row in found]
            advance(done := done + 1)
            ranked += _ranked(structures, returned, queries)
            advance(done := done + 1)
    return {"rows": rows, "ranked": ranked}


def _ranked(structures: Structures, k: int, queries: int) -> list[dict[str, Any]]:
    """The k best by the sum of two random attributes."""
    table, a = structures.table, structures.codes.shape[1]
    ways: dict[str, Callable[[Any], Found]] = {
        BALANCED: lambda token: best_in_balanced(structures.balanced, table, token, k),
        SCAN: lambda token: best_of_all(table, token, k),
    }
    told: dict[str, list[tuple[int, float]]] = {name: [] for name in ways}
    for _ in range(queries):
        weights = structures.rng.permutation(np.arange(a) < 2).astype(np.float64)
        token = structures.key.ranking(weights, structures.rng)
        for name, way in ways.items():
            way(token)
            start = time.perf_counter()
            found = way(token)
            told[name].append((found.tests, 1000 * (time.perf_counter() - start)))
    return [
        {
            "records": len(structures.codes),
            "returned": k,
            "structure": name,
            **counted([each[0] for each in told[name]]),
            "ms": round(median(each[1] for each in told[name]), 4),
        }
        for name in ways
    ]
