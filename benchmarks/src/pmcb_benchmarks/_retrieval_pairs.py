# SPDX-License-Identifier: Apache-2.0
"""The reproduced pair forest beside a tuned kd-tree: sign tests are counted, answers compared."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from pmcb_services.retrieval import Box

from ._fog_boxes import Boxes
from ._fog_structures import PAIRS, SCAN, TUNED, Structures, search_all
from ._retrieval_worlds import World

__all__ = ["pair_forest"]

HITS = 10
WIDTHS = (0.02, 0.1, 0.4)


def pair_forest(world: World, boxes: int) -> dict[str, Any]:
    """Medians for every two attributes, and for few and all at several widths.

    Args:
        world: the records.
        boxes: for each pattern of ranged attributes.
    """
    structures = Structures(world.schema, world.codes, world.rng, [PAIRS, TUNED, SCAN])
    drawn = Boxes(world.schema, world.codes, world.rng)
    every = tuple(range(world.codes.shape[1]))

    def of_hits(ranged: Sequence[int]) -> list[Box]:
        return [drawn.of_hits(HITS, ranged) for _ in range(boxes)]

    def of_width(ranged: Sequence[int], width: float) -> list[Box]:
        return [drawn.of_width(width, ranged) for _ in range(boxes)]

    wide = [
        {"ranged": list(ranged), "width": width, **_medians(structures, of_width(ranged, width))}
        for ranged in (every[:1], every[:2], every[:3], every)
        for width in WIDTHS
    ]
    pairs = [
        {"ranged": list(ranged), **_medians(structures, of_hits(ranged))}
        for ranged in combinations(every, 2)
    ]
    return {
        **world.about,
        "hits": HITS,
        "boxes": boxes,
        "bytes_per_record": round(structures.bytes_per_record(PAIRS), 1),
        "pairs": pairs,
        "wide": wide,
    }


def _medians(structures: Structures, boxes: Sequence[Box]) -> dict[str, Any]:
    """Tests and milliseconds of each structure."""
    return {
        row["structure"]: {"tests": row["tests"], "ms": row["ms"]}
        for row in search_all(structures, boxes)
    }
