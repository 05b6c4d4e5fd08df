# SPDX-License-Identifier: Apache-2.0
"""An assignment and a bound make a plan."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pmcb_services.fog.model import Certificate, Instance, Plan, relative_gap

from ._bound import Bound

__all__ = ["plan_of"]


def plan_of(
    instance: Instance,
    assignment: NDArray[np.integer],
    bound: Bound,
    *,
    algorithm: str,
    seed: int = 0,
    effort: int = 0,
    notes: tuple[str, ...] = (),
) -> Plan:
    """A plan of an assignment, (n,), certified by a bound of the same instance."""
    found = instance.evaluate(assignment)
    gap = relative_gap(found.cost, bound.value)
    certificate = Certificate(
        prices=bound.prices,
        w_energy=instance.w_energy,
        w_makespan=instance.w_makespan,
        bound=bound.value,
        cost=found.cost,
        gap=gap,
        instance_sha256=instance.sha256,
    )
    return Plan(
        assignment=assignment.astype(np.int32),
        energy=found.energy,
        makespan=found.makespan,
        cost=found.cost,
        gap=gap,
        certificate=certificate,
        algorithm=algorithm,
        seed=seed,
        effort=effort,
        notes=notes,
        order_ids=instance.order_ids,
        server_ids=instance.server_ids,
    )
