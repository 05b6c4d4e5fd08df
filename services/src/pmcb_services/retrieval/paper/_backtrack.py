# SPDX-License-Identifier: Apache-2.0
"""Back-tracking: when too few records lie inside, the cloud adds their neighbours in one order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._aspe import Trapdoor
from ._found import NOTHING, Found

__all__ = ["backtrack"]

Ids = NDArray[np.int32]


def backtrack(
    table: NDArray[np.float64], orders: list[Ids], door: Trapdoor, hits: Ids, k: int
) -> Found:
    """Fillers, in the order of their choice, until hits and fillers are min(k, live records).

    In the order of the first ranged attribute: from the lower bound downwards, then from it
    upwards. So fillers are near in that attribute only, and not the nearest.

    Args:
        table: encrypted records.
        orders: for each attribute the live records sorted by it.
        door: the tokens.
        hits: records inside the box.
        k: the minimum return count.
    """
    if len(hits) >= k or not door.ranged.any():
        return NOTHING
    j = int(door.ranged.argmax())
    order = orders[j]
    at, tests = _first_above(table, order, door.tokens[2 * j])
    fillers: list[int] = []
    inside = set(hits.tolist())
    need = k - len(hits)
    for part in (order[:at][::-1], order[at:]):
        for row in part[: need + len(inside)].tolist():  # hits at most lie between
            if len(fillers) < need and row not in inside:
                fillers.append(row)
    return Found(np.array(fillers, dtype=np.int32), tests, 0)


def _first_above(
    table: NDArray[np.float64], order: Ids, token: NDArray[np.float64]
) -> tuple[int, int]:
    """Binary search by sign tests: the first place that passes, and how many tests it took."""
    low, high, tests = 0, len(order), 0
    while low < high:
        middle = (low + high) // 2
        tests += 1
        if table[order[middle]] @ token > 0:
            high = middle
        else:
            low = middle + 1
    return low, tests
