# SPDX-License-Identifier: Apache-2.0
"""Multi-keyword ranked search (MRSE): every record times every token, in one product."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._aspe import Trapdoor
from ._found import Found

__all__ = ["best_of_all", "scan"]

Floats = NDArray[np.float64]


def scan(table: Floats, ids: NDArray[np.int32] | None, door: Trapdoor) -> Found:
    """Records whose signs are all positive; ``ids`` limits the search, None means all."""
    held = table if ids is None else table[ids]
    inside = np.asarray((held @ door.bounds.T > 0).all(axis=1))
    places = np.flatnonzero(inside).astype(np.int32)
    tests = len(held) * len(door.bounds)
    return Found(places if ids is None else np.sort(ids[places]), tests, 0)


def best_of_all(table: Floats, token: Floats, k: int) -> Found:
    """The k records of highest score, best first; scores compare where rho is 1."""
    scores = table @ token
    chosen = np.argpartition(-scores, k - 1)[:k] if k < len(scores) else np.arange(len(scores))
    best = chosen[np.argsort(-scores[chosen], kind="stable")]
    return Found(best.astype(np.int32), len(table), 0)
