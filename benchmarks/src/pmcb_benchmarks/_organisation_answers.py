# SPDX-License-Identifier: Apache-2.0
"""How long an answer is on its way: from `pmcb receiver answer` until a worker finds it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from pmcb_services.retrieval.worker import RetrievalClient

from ._organisation_crowd import Crowd, Queued
from ._organisation_people import People
from ._organisation_site import STORE, Site

__all__ = ["answers_found"]

_LOOK_S = 0.05
_WITHIN_S = 60.0


async def answers_found(
    site: Site, people: People, *, count: int, seed: int, advance: Callable[[int], None]
) -> dict[str, Any]:
    """One answer after another, each alone in an idle system.

    Args:
        site: with a `receiver serve` for everybody.
        people: of it.
        count: of answers.
        seed: of their values.
        advance: told how many were found.
    """
    crowd = Crowd(site, people, seed)
    took: list[float] = []
    async with RetrievalClient(site.network(), people.get("doctor")) as gateway:
        while len(took) < count:
            task = await crowd.publish()
            await crowd.accept(task)
            for who in people.receivers[: count - len(took)]:
                opened = await crowd.open(task, who.label)
                began, queued = time.monotonic(), crowd.answer(opened, who)
                await _until_found(gateway, queued)
                took.append(time.monotonic() - began)
                advance(len(took))
    p50, p95 = np.percentile(took, [50, 95]).tolist()
    return {
        "answers": len(took),
        "look_s": _LOOK_S,
        "p50_s": round(p50, 3),
        "p95_s": round(p95, 3),
        "most_s": round(max(took), 3),
        "each_s": [round(each, 3) for each in took],
    }


async def _until_found(gateway: RetrievalClient, queued: Queued) -> None:
    """Search for its values until its moment is among the hits.

    Raises:
        TimeoutError: it is not.
    """
    ranges = {name: (value, value) for name, value in queued.values.items()}
    async with asyncio.timeout(_WITHIN_S):
        while True:
            found = await gateway.query(STORE, ranges)
            at = found["columns"].index("at")
            if any(row[at] == queued.at for row in found["rows"]):
                return
            await asyncio.sleep(_LOOK_S)
