# SPDX-License-Identifier: Apache-2.0
"""Figure 8: all structures as the number of records grows, and what breaks the scheme."""

from collections.abc import Callable, Mapping, Sequence
from math import log2
from typing import Any

import numpy as np

from pmcb_services.retrieval.paper import AspeKey, attacks
from pmcb_services.retrieval.vitals import Vitals

from ._fog_boxes import Boxes
from ._fog_structures import Structures, search_all

SIZES = (1000, 3000, 10_000, 30_000, 100_000)
PATTERNS: Mapping[str, Sequence[int]] = {
    "HR": (0,),
    "HR, SBP": (0, 1),
    "HR, SBP, DBP": (0, 1, 2),
    "all five": (0, 1, 2, 3, 4),
    "Glucose": (4,),
}
FIRST, ALL, OFF = "HR", "all five", "Glucose"
HITS = 10
KNOWN, ATTACKED = 24, 20_000
STEPS = len(SIZES) * len(PATTERNS) + 1

Advance = Callable[[int], None]


def measure_size(data: Vitals, *, queries: int, seed: int, advance: Advance) -> dict[str, Any]:
    """Rows by size, ranged attributes and structure; the attack from known records."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    done = 0
    for n in SIZES:
        codes = data.codes[rng.permutation(len(data.codes))[:n]]
        structures = Structures(data.schema, codes, rng)
        boxes = Boxes(data.schema, codes, rng)
        for pattern, attributes in PATTERNS.items():
            chosen = [boxes.of_hits(HITS, attributes) for _ in range(queries)]
            found = search_all(structures, chosen)
            rows += [{"records": n, "ranged": pattern, **row} for row in found]
            advance(done := done + 1)
    attacked = _attacked(data, rng)
    advance(done + 1)
    return {"rows": rows, "attack": attacked, "crossing": crossing(data.codes.shape[1])}


def _attacked(data: Vitals, rng: np.random.Generator) -> dict[str, Any]:
    """Vectors with secret factors, some records known: how many others are read."""
    codes = data.codes[rng.permutation(len(data.codes))[:ATTACKED]].astype(np.int64)
    table = AspeKey.generate(data.schema.levels, rng).encrypt(codes, rng)
    known = rng.choice(len(codes), KNOWN, replace=False)
    read = (attacks.projective(table, known, codes[known]) == codes).all(axis=1)
    return {"known": KNOWN, "records": len(codes), "read": round(float(read.mean()), 4)}


def crossing(attributes: int) -> int:
    """The n from which log2(n)^a stays below n.

    >>> crossing(5)
    5690033
    """
    low, high = 2.0**attributes, 2.0**64
    for _ in range(100):
        middle = (low + high) / 2
        below = log2(middle) ** attributes > middle
        low, high = (middle, high) if below else (low, middle)
    return round(high)
