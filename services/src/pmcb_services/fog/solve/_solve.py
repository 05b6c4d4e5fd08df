# SPDX-License-Identifier: Apache-2.0
"""Plan a batch of orders; what it needs is imported when it is called."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import TYPE_CHECKING

from pmcb_services.fog.errors import InvalidInput

if TYPE_CHECKING:
    from pmcb_services.fog.model import Instance, Plan

    from ._algorithms import Algorithm

__all__ = ["EFFORT", "solve"]

EFFORT = 300_000
"""Proposals or evaluations, unless told otherwise: some 50 ms."""

_EVERY_PENALTY = "Here the quickest plan burns least, too: every penalty asks for the same."


def solve(
    instance: Instance,
    algorithm: str = "pricebat",
    effort: int = EFFORT,
    time_limit: float | None = None,
    seed: int = 0,
) -> Plan:
    """Assign every order to a server, and prove how far from optimal that can be.

    Args:
        instance: n orders, m servers.
        algorithm: a name of `ALGORITHMS`; the list heuristics look at neither effort nor seed.
        effort: proposals or evaluations, at least 0. The same effort and seed give the same plan;
            a greater one gives none that costs more.
        time_limit: seconds, above 0, instead of the effort.
        seed: at least 0.

    Raises:
        InvalidInput: an unknown algorithm, or a number outside its range.

    >>> from pmcb_services.fog import Instance
    >>> pair = Instance([[2, 2], [2, 2], [4, 4]], busy_w=[10, 10], idle_w=[6, 6])
    >>> plan = solve(pair)
    >>> plan.cost, round(plan.certificate.bound, 6)
    (42.0, 42.0)
    """
    from ._bound import dual_bound
    from ._budget import Budget
    from ._certified import plan_of

    run = _checked(algorithm, effort, time_limit, seed)
    budget = Budget(effort if time_limit is None else None, time_limit)
    bound = dual_bound(instance)
    assignment = run(instance, bound, budget, seed) if instance.n else instance.etc.argmin(axis=1)
    return plan_of(
        instance,
        assignment,
        bound,
        algorithm=algorithm,
        seed=seed,
        effort=budget.spent,
        notes=(_EVERY_PENALTY,) if bound.uniform and not instance.penalty_matters() else (),
    )


def _checked(algorithm: str, effort: int, time_limit: float | None, seed: int) -> Algorithm:
    from ._algorithms import ALGORITHMS

    if algorithm not in ALGORITHMS:
        known = ", ".join(ALGORITHMS)
        raise InvalidInput(
            f"There is no algorithm {algorithm!r}.",
            field="algorithm",
            next_step=f"Choose one of {known}.",
        )
    for name, value in (("effort", effort), ("seed", seed)):
        whole = isinstance(value, Integral) and not isinstance(value, bool)
        if not whole or value < 0:
            raise InvalidInput(f"The {name} is a whole number from 0 on.", field=name)
    if time_limit is not None:
        real = isinstance(time_limit, Real) and not isinstance(time_limit, bool)
        if not real or not 0 < time_limit < math.inf:
            raise InvalidInput("The time limit is a number of seconds above 0.", field="time_limit")
    return ALGORITHMS[algorithm]
