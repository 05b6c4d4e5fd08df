# SPDX-License-Identifier: Apache-2.0
"""Traces of the published algorithms, and of ours, on batches of uniform servers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pmcb_services.fog.solve import Bound, Budget, abc, ba, ba_literal, dual_bound, pso, uniform

from ._intervals import half_width

if TYPE_CHECKING:
    from pmcb_services.fog import Instance

Advance = Callable[[int], None]
Row = dict[str, Any]

SERVERS = 10
PENALTY = 0.5
INSTANCE_SEED = 42
POPULATION = 40
"""Assignments evaluated in an iteration."""

BA, BA_DENSE, BA_LITERAL = "BA", "BA, dense", "BA, literal"
PSO, PSO_STEADY, ABC = "PSO", "PSO, steady", "ABC"
OURS = "pricebat"
TRACED: Mapping[str, Callable[..., Any]] = {
    BA: ba,
    BA_DENSE: partial(ba, dense=True),
    BA_LITERAL: ba_literal,
    PSO: pso,
    PSO_STEADY: partial(pso, steady=True),
    ABC: abc,
}
METHODS = (*TRACED, OURS)
RIVALS = (PSO, PSO_STEADY, ABC)


@dataclass(frozen=True)
class Batch:
    """Orders on ten uniform servers, with the bound of every plan's cost."""

    instance: "Instance"
    bound: Bound

    @classmethod
    def of(cls, orders: int, seed: int = INSTANCE_SEED) -> "Batch":
        """The batch of so many orders; speeds and lengths from the seed."""
        instance = uniform(orders, SERVERS, seed, penalty=PENALTY)
        return cls(instance, dual_bound(instance))

    def traces(self, method: str, seed: int, points: Sequence[int]) -> list[tuple[float, float]]:
        """Cost and energy of the best plan after each of some iterations, ascending.

        An iteration evaluates forty assignments of n orders; of `pricebat`, whose proposals take
        the same time however many orders there are, it is 40·n proposals.
        """
        if method == OURS:
            return [self._ours(seed, POPULATION * self.instance.n * point) for point in points]
        seen: dict[int, tuple[float, float]] = {}

        def keep(iteration: int, cost: float, energy: float) -> None:
            seen[iteration] = cost, energy

        each = self.instance.n if method == BA_LITERAL else POPULATION
        budget = Budget(effort=each * (points[-1] + 1))
        TRACED[method](self.instance, self.bound, budget, seed, trace=keep)
        return [seen[point] for point in points]

    def _ours(self, seed: int, effort: int) -> tuple[float, float]:
        from pmcb_services.fog import solve

        plan = solve(self.instance, OURS, effort=effort, seed=seed)
        return plan.cost, plan.energy


def traced(
    orders: Sequence[int], points: Sequence[int], runs: int, seed: int, advance: Advance
) -> tuple[list[Row], dict[tuple[int, str], np.ndarray]]:
    """Rows of means over seeds, and the gaps, (runs, points), by orders and method.

    Args:
        orders: how many, of each batch.
        points: iterations that are looked at, ascending.
        runs: seeds of each algorithm.
        seed: the first of them.
        advance: told how many methods are done.
    """
    rows: list[Row] = []
    gaps: dict[tuple[int, str], np.ndarray] = {}
    for n in orders:
        batch = Batch.of(n)
        for method in METHODS:
            found = np.array([batch.traces(method, seed + run, points) for run in range(runs)])
            gaps[n, method] = 100 * (found[:, :, 0] / batch.bound.value - 1)
            for at, point in enumerate(points):
                rows.append({
                    "orders": n,
                    "method": method,
                    "iteration": point,
                    **mean("gap", gaps[n, method][:, at]),
                    **mean("energy", found[:, at, 1]),
                    **mean("cost", found[:, at, 0]),
                })  # fmt: skip
            advance(len(gaps))
    return rows, gaps


def elsewhere(orders: int, iteration: int, fleets: Sequence[int], seed: int) -> list[Row]:
    """Gaps in percent on other batches, whose speeds and lengths have these seeds; one run each."""
    rows: list[Row] = []
    for fleet in fleets:
        batch = Batch.of(orders, fleet)
        for method in (BA, BA_DENSE, *RIVALS):
            ((cost, _),) = batch.traces(method, seed, [iteration])
            gap = 100 * (cost / batch.bound.value - 1)
            rows.append({"fleet": fleet, "orders": orders, "method": method, "gap": gap})
    return rows


def mean(name: str, values: np.ndarray) -> dict[str, float | None]:
    """The mean with an interval of 95 %, none of a single run."""
    error = float(np.std(values, ddof=1) / len(values) ** 0.5) if len(values) > 1 else None
    half, middle = half_width(error, len(values)), float(np.mean(values))
    low, high = (None, None) if half is None else (middle - half, middle + half)
    return {name: middle, f"{name}_low": low, f"{name}_high": high}
