# SPDX-License-Identifier: Apache-2.0
"""Plans, and bounds that prove how good they are."""

from typing import TYPE_CHECKING

from pmcb_client._lazy import lazily as _lazily

from ._solve import solve

if TYPE_CHECKING:
    from ._algorithms import ALGORITHMS
    from ._bat import ba
    from ._bound import Bound, dual_bound, reduced_costs
    from ._budget import Budget
    from ._certified import plan_of
    from ._colony import abc
    from ._exact import exact
    from ._front import Cut, Front, front, hypervolume
    from ._generator import braun, uniform, unrelated
    from ._heuristic import lpt, maxmin, mct, minmin, sufferage
    from ._literal import ba_literal
    from ._penalty import penalty_matters
    from ._pricebat import pricebat, psa
    from ._swarm import pso

__all__ = [
    "ALGORITHMS",
    "Bound",
    "Budget",
    "Cut",
    "Front",
    "abc",
    "ba",
    "ba_literal",
    "braun",
    "dual_bound",
    "exact",
    "front",
    "hypervolume",
    "lpt",
    "maxmin",
    "mct",
    "minmin",
    "penalty_matters",
    "plan_of",
    "pricebat",
    "psa",
    "pso",
    "reduced_costs",
    "solve",
    "sufferage",
    "uniform",
    "unrelated",
]

_HOMES = {
    "_algorithms": "ALGORITHMS",
    "_bat": "ba",
    "_bound": "Bound dual_bound reduced_costs",
    "_budget": "Budget",
    "_certified": "plan_of",
    "_colony": "abc",
    "_exact": "exact",
    "_front": "Cut Front front hypervolume",
    "_generator": "braun uniform unrelated",
    "_heuristic": "lpt maxmin mct minmin sufferage",
    "_literal": "ba_literal",
    "_penalty": "penalty_matters",
    "_pricebat": "pricebat psa",
    "_swarm": "pso",
}
"""Who only carries orders waits for no compiler."""

__getattr__ = _lazily(
    __name__, {name: f".{home}" for home, names in _HOMES.items() for name in names.split()}
)
