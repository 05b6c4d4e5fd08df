# SPDX-License-Identifier: Apache-2.0
"""Which order runs on which server, and how good that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._certificate import Certificate

__all__ = ["Plan"]

_SCHEMA = "pmcb-fog-plan/1"


@dataclass(frozen=True, eq=False)
class Plan:
    """An assignment with its cost and the proof of how far from optimal it can be.

    Attributes:
        assignment: (n,) int32, the server of each order.
        energy: E in joules.
        makespan: M in seconds from now.
        cost: TC = w_E·E + w_M·M + lateness.
        gap: by how much of the certified bound the cost exceeds it; see `Certificate`.
        certificate: the proof.
        algorithm: that found it.
        seed: of its random numbers.
        effort: proposals or evaluations spent.
        notes: what a reader should know of it, in sentences.
        order_ids: of the rows.
        server_ids: of the columns.
    """

    assignment: NDArray[np.int32]
    energy: float
    makespan: float
    cost: float
    gap: float | None
    certificate: Certificate
    algorithm: str
    seed: int
    effort: int
    notes: tuple[str, ...]
    order_ids: tuple[str, ...]
    server_ids: tuple[str, ...]

    def document(self) -> dict[str, object]:
        """As JSON: what ``plan.json`` holds, and what `check` takes."""
        servers = (self.server_ids[j] for j in self.assignment.tolist())
        return {
            "schema": _SCHEMA,
            "algorithm": self.algorithm,
            "seed": self.seed,
            "effort": self.effort,
            "energy": self.energy,
            "makespan": self.makespan,
            "cost": self.cost,
            "gap": self.gap,
            "notes": list(self.notes),
            "assignment": dict(zip(self.order_ids, servers, strict=True)),
            "servers": list(self.server_ids),
            "certificate": self.certificate.document(),
        }
