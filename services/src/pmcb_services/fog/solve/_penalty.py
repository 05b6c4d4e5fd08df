# SPDX-License-Identifier: Apache-2.0
"""Whether the penalty value decides anything."""

from __future__ import annotations

from pmcb_services.fog.model import Evaluation, Instance

from ._bound import dual_bound
from ._budget import Budget
from ._pricebat import pricebat
from ._uniform import level, rank_one

__all__ = ["penalty_matters"]

AGREE = 1e-3
"""Relative; two plans that differ by less in energy and makespan are one."""

_EFFORT = 300_000


def penalty_matters(instance: Instance) -> bool:
    """Whether penalty 0 and penalty 1 ask for different plans; deadlines play no part.

    On uniform machines they do not if every server is worth opening at penalty 0: idle power is
    so dear that the energy is least when the makespan is. This follows from the closed form. On
    unrelated machines `pricebat` plans for both, and they agree within 0.1 % or not.
    """
    if instance.n == 0 or instance.m == 1:
        return False
    uniform = rank_one(instance.etc)
    if uniform is None:
        return not _agree(_planned(instance.at(0.0)), _planned(instance.at(1.0)))
    gamma = instance.marginal_w / uniform.speeds
    mu = level(uniform, gamma, instance.ready, float(instance.floor_w.sum()))
    return mu <= float(gamma.max())


def _planned(instance: Instance) -> Evaluation:
    budget = Budget(_EFFORT)
    return instance.evaluate(pricebat(instance, dual_bound(instance), budget, 0))


def _agree(one: Evaluation, other: Evaluation) -> bool:
    pairs = (one.energy, other.energy), (one.makespan, other.makespan)
    return all(abs(a - b) <= AGREE * max(a, b) for a, b in pairs)
