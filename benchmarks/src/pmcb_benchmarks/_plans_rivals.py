# SPDX-License-Identifier: Apache-2.0
"""Libraries of metaheuristics on the same batches: mealpy, NiaPy, pymoo; of the group `bench`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from pmcb_services.fog import solve
from pmcb_services.fog.solve._decoded import Decoder

from ._plans_cases import fresh
from ._plans_targets import UNRELATED
from ._publishing_anchors import installed

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LIBRARIES", "nsga2", "rivals", "rivals_reasons"]

LIBRARIES = ("mealpy", "niapy", "pymoo")
POPULATION = 40
_MANY = 10**9


@dataclass(frozen=True)
class _Task:
    """Positions in [0, m)^n, servers by speed, as our own versions read them."""

    decoder: Decoder
    seconds: float
    seed: int

    @property
    def n(self) -> int:
        return self.decoder.instance.n

    @property
    def top(self) -> float:
        return float(np.nextafter(float(self.decoder.instance.m), 0.0))

    def cost(self, x: NDArray[np.float64]) -> float:
        return float(self.decoder.costs(np.asarray(x, dtype=np.float64)[None])[0])


def _mealpy(task: _Task, kind: str) -> float:
    from mealpy import FloatVar
    from mealpy.swarm_based import ABC, BA, PSO

    made = {"BA": BA.OriginalBA, "PSO": PSO.OriginalPSO, "ABC": ABC.OriginalABC}[kind]
    problem = {
        "obj_func": task.cost,
        "bounds": FloatVar(lb=[0.0] * task.n, ub=[task.top] * task.n),
        "minmax": "min",
        "log_to": None,
    }
    model = made(epoch=100_000, pop_size=POPULATION)
    best = model.solve(problem, seed=task.seed, termination={"max_time": task.seconds})
    return float(best.target.fitness)


def _niapy(task: _Task, kind: str) -> float:
    from niapy.algorithms import basic
    from niapy.problems import Problem
    from niapy.task import Task

    ends = perf_counter() + task.seconds

    class Orders(Problem):  # type: ignore[misc]  # without types
        def __init__(self) -> None:
            super().__init__(task.n, 0.0, task.top)

        def _evaluate(self, x: NDArray[np.float64]) -> float:
            return task.cost(x)

    class Timed(Task):  # type: ignore[misc]  # without types
        def stopping_condition(self) -> bool:
            return perf_counter() >= ends

    made = {
        "BA": basic.BatAlgorithm,
        "PSO": basic.ParticleSwarmOptimization,
        "ABC": basic.ArtificialBeeColonyAlgorithm,
    }[kind]
    _, best = made(population_size=POPULATION, seed=task.seed).run(Timed(problem=Orders()))
    return float(best)


def _pymoo(task: _Task, _: str) -> float:
    from pymoo.algorithms.soo.nonconvex.ga import GA

    found = _minimised(task, GA(pop_size=100), 1, task.decoder.costs)
    return float(found[0])


def _minimised(
    task: _Task, algorithm: Any, objectives: int, costs: Callable[..., Any]
) -> NDArray[np.float64]:
    from pymoo.core.problem import Problem
    from pymoo.optimize import minimize

    class Orders(Problem):  # type: ignore[misc]  # without types
        def __init__(self) -> None:
            super().__init__(n_var=task.n, n_obj=objectives, xl=0.0, xu=task.top)

        def _evaluate(self, x: Any, out: dict[str, Any], *_: object, **__: object) -> None:
            out["F"] = costs(x)

    found = minimize(Orders(), algorithm, ("time", task.seconds), seed=task.seed, verbose=False)
    return np.atleast_2d(found.F) if objectives > 1 else np.atleast_1d(found.F)


_RUNS: Mapping[str, tuple[Callable[[_Task, str], float], tuple[str, ...]]] = {
    "mealpy": (_mealpy, ("BA", "PSO", "ABC")),
    "niapy": (_niapy, ("BA", "PSO", "ABC")),
    "pymoo": (_pymoo, ("GA",)),
}


def rivals_reasons() -> dict[str, str]:
    """Libraries that are not installed, with the reason."""
    absent = "not installed; it is of the dependency group bench"
    return {name: absent for name in LIBRARIES if installed(name) is None}


def rivals(orders: int, servers: int, seconds: float, seed: int) -> dict[str, Any]:
    """Gaps in percent, ours and theirs, on one batch of unrelated servers, all in the same time."""
    instance = fresh(UNRELATED, orders, servers, seed)
    plan = solve(instance, time_limit=seconds, seed=seed)
    bound = plan.certificate.bound
    task = _Task(Decoder(instance), seconds, seed)
    return {
        "orders": orders,
        "servers": servers,
        "seconds": seconds,
        "ours": 100 * (plan.cost / bound - 1),
        "theirs": {name: 100 * (cost / bound - 1) for name, cost in _all(task)},
    }


def _all(task: _Task) -> Iterator[tuple[str, float]]:
    missing = rivals_reasons()
    for name, (run, kinds) in _RUNS.items():
        for kind in () if name in missing else kinds:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of theirs, about versions of their own
                yield f"{name} {kind}", run(task, kind)


def nsga2(instance: Any, seconds: float, seed: int) -> list[tuple[float, float]]:
    """Energies and makespans of plans that pymoo's NSGA-II finds; none where it is not there."""
    if "pymoo" in rivals_reasons():
        return []
    from pymoo.algorithms.moo.nsga2 import NSGA2

    decoder = Decoder(instance)

    def both(positions: NDArray[np.float64]) -> NDArray[np.float64]:
        found = [instance.evaluate(place) for place in decoder.assign(positions)]
        return np.array([(each.energy, each.makespan) for each in found])

    points = _minimised(_Task(decoder, seconds, seed), NSGA2(pop_size=100), 2, both)
    return [(float(e), float(m)) for e, m in points]
