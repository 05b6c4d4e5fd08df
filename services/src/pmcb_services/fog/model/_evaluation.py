# SPDX-License-Identifier: Apache-2.0
"""What an assignment costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ._instance import Instance

__all__ = ["Evaluation", "evaluate"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Evaluation:
    """What an assignment costs.

    Attributes:
        energy: E in joules, without what the work already started costs whatever is decided.
        makespan: M in seconds from now.
        lateness: the sum of weight times seconds late; 0 without deadlines.
        cost: TC = w_E·E + w_M·M + lateness.
    """

    energy: float
    makespan: float
    lateness: float
    cost: float


def evaluate(instance: Instance, a: Ints) -> Evaluation:
    """Evaluate a checked assignment; see `Instance.evaluate`."""
    times = instance.etc[np.arange(instance.n), a]
    loads = np.bincount(a, weights=times, minlength=instance.m)
    finish = instance.ready + loads
    makespan = float(finish.max())
    energy = float(loads @ instance.marginal_w + makespan * instance.floor_w.sum())
    if instance.sleeps:
        awake = np.minimum(makespan - finish, instance.sleep_after_s)
        energy += float(awake @ (instance.idle_w - instance.floor_w))
    late = _lateness(instance, a, times) if instance.deadlines is not None else 0.0
    cost = instance.w_energy * energy + instance.w_makespan * makespan + late
    return Evaluation(energy, makespan, late, cost)


def _lateness(instance: Instance, a: Ints, times: Floats) -> float:
    assert instance.deadlines is not None
    assert instance.lateness_weights is not None
    weights, due = instance.lateness_weights, instance.deadlines
    first = instance.precedence
    order = first[np.argsort(a[first], kind="stable")]
    bounds = np.searchsorted(a[order], np.arange(instance.m + 1))
    total = 0.0
    for j in np.flatnonzero(np.diff(bounds)):
        run = order[bounds[j] : bounds[j + 1]]
        finish = instance.ready[j] + np.cumsum(times[run])
        total += float(weights[run] @ np.maximum(finish - due[run], 0.0))
    return total
