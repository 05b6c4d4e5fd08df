# SPDX-License-Identifier: Apache-2.0
"""The proof of a plan's quality."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Certificate", "relative_gap"]


@dataclass(frozen=True, eq=False)
class Certificate:
    """Prices from which anybody can compute a cost that no assignment goes below.

    Attributes:
        prices: (m,), lambda_j >= 0, sum at most K.
        w_energy: weight of a joule.
        w_makespan: weight of a second.
        bound: at most D(lambda), in exact arithmetic.
        cost: TC of the plan.
        gap: (cost - bound)/bound; 0 if both are equal, None if the bound is not above 0.
        instance_sha256: of the instance; see `Instance.sha256`.
    """

    prices: NDArray[np.float64]
    w_energy: float
    w_makespan: float
    bound: float
    cost: float
    gap: float | None
    instance_sha256: str

    def document(self) -> dict[str, object]:
        """As JSON; the prices in the order of the instance's servers."""
        return {
            "prices": self.prices.tolist(),
            "w_energy": self.w_energy,
            "w_makespan": self.w_makespan,
            "bound": self.bound,
            "cost": self.cost,
            "gap": self.gap,
            "instance_sha256": self.instance_sha256,
        }


def relative_gap(cost: float, bound: float) -> float | None:
    """By how much of the bound a cost exceeds it.

    >>> relative_gap(42.0, 40.0), relative_gap(0.0, 0.0), relative_gap(1.0, -1.0)
    (0.05, 0.0, None)
    """
    if cost == bound:
        return 0.0
    return (cost - bound) / bound if bound > 0 else None
