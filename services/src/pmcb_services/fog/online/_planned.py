# SPDX-License-Identifier: Apache-2.0
"""A plan that was asked for, made in a process that imports nothing else."""

from __future__ import annotations

from typing import Any

from pmcb_services.fog.errors import ScenarioError

__all__ = ["planned"]

Document = dict[str, Any]


def planned(scenario: Document, algorithm: str, time_s: float, seed: int) -> Document:
    """In a process of its own.

    Raises:
        ScenarioError, InvalidInput, Infeasible: as the planner does.
    """
    from pmcb_services.fog import solve
    from pmcb_services.fog.sim import Scenario

    if scenario.get("arrivals") is not None:
        raise ScenarioError("Orders are listed here, not drawn.", pointer="/arrivals")
    found = solve(Scenario.parse(scenario).instance(), algorithm, time_limit=time_s, seed=seed)
    return found.document()
