# SPDX-License-Identifier: Apache-2.0
"""What can be had between saving energy and being quick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pmcb_services.fog.errors import InvalidInput
from pmcb_services.fog.model import Instance, Plan

from ._solve import EFFORT, solve

__all__ = ["Cut", "Front", "front", "hypervolume"]

GAIN = 1e-3
"""Relative; a segment that a plan improves by less is as good as the front itself."""

BEYOND = 1.1
"""Times the worst energy and makespan: the reference, so that the ends of a front count, too."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Cut:
    """Every plan has w_energy·E + w_makespan·M at least ``bound``."""

    w_energy: float
    w_makespan: float
    bound: float


@dataclass(frozen=True, eq=False)
class Front:
    """Plans that no other of them beats in both energy and makespan.

    Attributes:
        plans: by energy ascending, makespan descending.
        cuts: what no plan at all goes below, one of each penalty that was solved.
        reference: 1.1 times the greatest (E, M) of the plans; hypervolumes are measured from there.
        hypervolume: area, in joule-seconds, that the plans dominate.
        hypervolume_bound: area that the cuts leave to any plans.
    """

    plans: tuple[Plan, ...]
    cuts: tuple[Cut, ...]
    reference: Point
    hypervolume: float
    hypervolume_bound: float

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "plans": [plan.document() for plan in self.plans],
            "cuts": [[cut.w_energy, cut.w_makespan, cut.bound] for cut in self.cuts],
            "reference": list(self.reference),
            "hypervolume": self.hypervolume,
            "hypervolume_bound": self.hypervolume_bound,
        }


def front(instance: Instance, points: int = 20, *, effort: int = EFFORT, seed: int = 0) -> Front:
    """The Pareto front of energy and makespan; the instance's own penalty plays no part.

    First penalty 0 and 1; then, between the two neighbours that span most, the penalty that
    weighs both alike, until no plan gains 0.1 % on the line between its neighbours. Deadlines are
    left out.

    Args:
        instance: orders and servers.
        points: penalties that are solved, at most; 2 or more.
        effort: of each; see `solve`.
        seed: of each.

    Raises:
        InvalidInput: less than 2 points.
    """
    if points < 2:
        raise InvalidInput("A front has at least 2 points.", field="points")
    plans = [solve(instance.at(penalty), effort=effort, seed=seed) for penalty in (0.0, 1.0)]
    open_ = [(plans[0], plans[1])]
    while open_ and len(plans) < points:
        pair = max(open_, key=_area)
        open_.remove(pair)
        penalty = _between(*pair)
        if penalty is None:
            continue
        plan = solve(instance.at(penalty), effort=effort, seed=seed)
        plans.append(plan)
        line = (1.0 - penalty) * pair[0].energy + penalty * pair[0].makespan
        if plan.cost < (1.0 - GAIN) * line:
            open_ += [(pair[0], plan), (plan, pair[1])]
    return _front(plans)


def _area(pair: tuple[Plan, Plan]) -> float:
    return (pair[1].energy - pair[0].energy) * (pair[0].makespan - pair[1].makespan)


def _between(cheap: Plan, quick: Plan) -> float | None:
    """The penalty whose weights are normal to the line from one plan to the other."""
    dearer, quicker = quick.energy - cheap.energy, cheap.makespan - quick.makespan
    if dearer <= 0 or quicker <= 0:
        return None
    return dearer / (dearer + quicker)


def _front(plans: Sequence[Plan]) -> Front:
    kept: list[Plan] = []
    for plan in sorted(plans, key=lambda plan: (plan.energy, plan.makespan)):
        if not kept or plan.makespan < kept[-1].makespan:
            kept.append(plan)
    certificates = [plan.certificate for plan in plans]
    cuts = tuple(Cut(each.w_energy, each.w_makespan, each.bound) for each in certificates)
    worst = max(plan.energy for plan in kept), max(plan.makespan for plan in kept)
    reference = BEYOND * worst[0], BEYOND * worst[1]
    area = hypervolume([(plan.energy, plan.makespan) for plan in kept], reference)
    return Front(tuple(kept), cuts, reference, area, _left(cuts, reference))


def hypervolume(points: Sequence[Point], reference: Point) -> float:
    """Area between points of (E, M) and a reference that they dominate; both are to be small.

    >>> hypervolume([(1.0, 3.0), (2.0, 1.0), (3.0, 3.0)], (4.0, 4.0))
    7.0
    """
    area, low = 0.0, reference[1]
    for energy, makespan in sorted(points):
        if makespan < low and energy < reference[0]:
            area += (reference[0] - energy) * (low - makespan)
            low = makespan
    return area


def _left(cuts: Sequence[Cut], reference: Point) -> float:
    """Area of what all cuts leave of the rectangle from (0, 0) to the reference."""
    e, m = reference
    corners = [(0.0, 0.0), (e, 0.0), (e, m), (0.0, m)]
    for cut in cuts:
        corners = _clipped(corners, cut)
    following = corners[1:] + corners[:1]
    crossed = (a[0] * b[1] - a[1] * b[0] for a, b in zip(corners, following, strict=True))
    return max(sum(crossed) / 2.0, 0.0)


def _clipped(corners: Sequence[Point], cut: Cut) -> list[Point]:
    kept: list[Point] = []
    over = [cut.w_energy * e + cut.w_makespan * m - cut.bound for e, m in corners]
    for k, corner in enumerate(corners):
        before, last = over[k - 1], corners[k - 1]
        if (before < 0) != (over[k] < 0):
            share = before / (before - over[k])
            kept.append(
                (
                    last[0] + share * (corner[0] - last[0]),
                    last[1] + share * (corner[1] - last[1]),
                )
            )
        if over[k] >= 0:
            kept.append(corner)
    return kept
