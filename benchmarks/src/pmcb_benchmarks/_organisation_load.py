# SPDX-License-Identifier: Apache-2.0
"""Orders of all kinds at fixed moments, whatever became of those before: an open loop."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from pmcb_client.tasks import announced_keys
from pmcb_services.fog.client import FogClient
from pmcb_services.fog.errors import FogError, Overloaded, Unavailable

from ._fog_drill import judged
from ._organisation_orders import KINDS, Made, Orders
from ._organisation_people import People
from ._organisation_site import Site

__all__ = ["Sample", "mixed_load", "spread"]

_OVER_WITHIN_S = 60.0  # after the last was due
_AGAIN_S = 0.1


@dataclass(frozen=True)
class Sample:
    """One order: when it was due and when it was over, seconds from the load's start."""

    made: Made
    due_s: float
    ended_s: float
    state: str


async def mixed_load(
    site: Site,
    people: People,
    *,
    rate: float,
    seconds: float,
    seed: int,
    advance: Callable[[int], None],
) -> dict[str, Any]:
    """``rate`` orders a second, the five kinds in turn; then what the fog says of each.

    Args:
        site: idle.
        people: of it.
        rate: orders a second.
        seconds: that they come.
        seed: of their values.
        advance: told how many were due.
    """
    readers = [people.get("verifier").uid]
    keys = await announced_keys(people.contract("releaser"), readers)
    orders = Orders(site, people, keys, seed)
    async with AsyncExitStack() as stack:
        network = site.network()
        clients = {
            label: await stack.enter_async_context(FogClient(network, people.get(label)))
            for label in sorted(set(KINDS.values()))
        }
        load = _Load(clients, orders)
        warm = await load.run(rate, 2.0, lambda _: None)
        samples = await load.run(rate, seconds, advance)
        events = [event async for event in clients["institution"].events()]
    states = {event["order"]: event["to"] for event in events}
    accepted = {each.made.id: each.made.kind for each in [*warm, *samples] if each.state}
    audit = await asyncio.to_thread(site.pmcb, "--as", "institution", "fog", "audit", fails=True)
    return {
        "rate": rate,
        "seconds": seconds,
        "orders": len(samples),
        "refused": sum(not each.state for each in samples),
        "achieved": round(len(samples) / max(each.ended_s for each in samples), 1),
        "ended_as": dict(Counter(each.state or "refused" for each in samples)),
        "kinds": {kind: spread(samples, kind) for kind in KINDS},
        "audit_findings": len(audit["findings"]),
        **judged(accepted, states, site.effects()),
    }


class _Load:
    """An open loop over one client a person."""

    def __init__(self, clients: dict[str, FogClient], orders: Orders) -> None:
        self._clients, self._orders = clients, orders
        self._number = 0

    async def run(
        self, rate: float, seconds: float, advance: Callable[[int], None]
    ) -> list[Sample]:
        """All samples, once all are over or a minute has passed."""
        start, running = time.monotonic(), []
        kinds, count = list(KINDS), round(rate * seconds)
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                made = self._orders.make(kinds[number % len(kinds)], self._number)
                self._number += 1
                due_s = number / rate
                await asyncio.sleep(max(0.0, start + due_s - time.monotonic()))
                ends = start + seconds + _OVER_WITHIN_S
                running.append(group.create_task(self._one(made, start, due_s, ends)))
                advance(number + 1)
        return [each.result() for each in running]

    async def _one(self, made: Made, start: float, due_s: float, ends: float) -> Sample:
        """Submit it, wait for its end; one that is refused for good has no state."""
        client, state = self._clients[made.label], ""
        while time.monotonic() < ends and state in {"", "NEW", "QUEUED", "STARTED"}:
            try:
                if not state:
                    state = (await client.submit(made.document))["state"]
                state = (await client.status(made.id, wait_s=10.0))["state"]
            except (Overloaded, Unavailable):
                await asyncio.sleep(_AGAIN_S)
            except FogError:
                break
        return Sample(made, due_s, time.monotonic() - start, state)


def spread(samples: Sequence[Sample], kind: str) -> dict[str, float]:
    """Milliseconds from the moment at which an order was due until it was over."""
    took = [1000 * (each.ended_s - each.due_s) for each in samples if each.made.kind == kind]
    p50, p95, p99 = np.percentile(took, [50, 95, 99]).tolist()
    found = {"p50": p50, "p95": p95, "p99": p99, "most": max(took)}
    return {"count": len(took), **{name: round(each, 1) for name, each in found.items()}}
