# SPDX-License-Identifier: Apache-2.0
"""How near a front comes to what its cuts leave, beside NSGA-II's."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from pmcb_services.fog import front
from pmcb_services.fog.solve import hypervolume, unrelated

from ._plans_rivals import nsga2

__all__ = ["fronts"]

IDLE = 0.1
"""Of busy power: with more, saving energy and being quick ask for the same plan."""


def fronts(orders: int, servers: int, *, seconds: float, seed: int) -> dict[str, Any]:
    """A front, how long it took, and its hypervolume beside NSGA-II's.

    Args:
        orders: n.
        servers: m, unrelated.
        seconds: that NSGA-II gets; 0 leaves it out.
        seed: of the batch and of both.
    """
    instance = unrelated(orders, servers, seed, idle=IDLE)
    begun = perf_counter()
    found = front(instance, seed=seed)
    took = perf_counter() - begun
    distances = [
        min(
            cut.w_energy * plan.energy / cut.bound + cut.w_makespan * plan.makespan / cut.bound - 1
            for cut in found.cuts
        )
        for plan in found.plans
    ]
    theirs = nsga2(instance, seconds, seed) if seconds else []
    return {
        "orders": orders,
        "servers": servers,
        "plans": len(found.plans),
        "seconds": took,
        "worst": 100 * max(distances),
        "hypervolume": found.hypervolume,
        "hypervolume_bound": found.hypervolume_bound,
        "nsga2_s": seconds,
        "nsga2_plans": len(theirs),
        "nsga2_hypervolume": hypervolume(theirs, found.reference),
    }
