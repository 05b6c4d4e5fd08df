# SPDX-License-Identifier: Apache-2.0
"""The algorithms by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pmcb_services.fog.model import Instance

from ._bat import ba
from ._bound import Bound
from ._budget import Budget
from ._colony import abc
from ._exact import exact
from ._heuristic import lpt, maxmin, mct, minmin, sufferage
from ._literal import ba_literal
from ._pricebat import pricebat, psa
from ._swarm import pso

__all__ = ["ALGORITHMS"]

Ids = NDArray[np.int32]
Algorithm = Callable[[Instance, Bound, Budget, int], Ids]


def _listed(heuristic: Callable[[Instance], Ids]) -> Algorithm:
    def run(instance: Instance, bound: Bound, budget: Budget, seed: int) -> Ids:
        del bound, seed
        budget.spend(instance.n)
        return heuristic(instance)

    return run


ALGORITHMS: dict[str, Algorithm] = {
    "abc": abc,
    "ba": ba,
    "ba_literal": ba_literal,
    "exact": exact,
    "lpt": _listed(lpt),
    "maxmin": _listed(maxmin),
    "mct": _listed(mct),
    "minmin": _listed(minmin),
    "pricebat": pricebat,
    "psa": psa,
    "pso": pso,
    "sufferage": _listed(sufferage),
}
"""What `solve` can be told to use."""
