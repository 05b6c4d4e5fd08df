# SPDX-License-Identifier: Apache-2.0
"""Figs. 10 and 11 of the publication on the fog: energy over iterations and over orders."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pmcb_services.fog.solve import _bat, _colony, _swarm

from ._machine import machine
from ._plans_claims import claims, findings
from ._plans_runs import (
    INSTANCE_SEED,
    METHODS,
    PENALTY,
    POPULATION,
    SERVERS,
    Batch,
    elsewhere,
    traced,
)
from ._plans_tests import compared

Document = dict[str, Any]
Advance = Callable[[int], None]


@dataclass(frozen=True)
class Figure:
    """What is run.

    Attributes:
        orders: of each batch.
        points: iterations that are looked at.
        tested: those at which pairs are tested.
        fleets: seeds of other batches, on which each algorithm runs once.
    """

    orders: tuple[int, ...]
    points: tuple[int, ...]
    tested: tuple[int, ...]
    fleets: tuple[int, ...] = ()

    @property
    def steps(self) -> int:
        """How often something is done."""
        return len(self.orders) * len(METHODS)


FIGURES: Mapping[str, Figure] = {
    "fig10": Figure(
        (100, 300),
        (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 400, 500),
        (50, 200, 500),
        tuple(range(INSTANCE_SEED + 1, INSTANCE_SEED + 6)),
    ),
    "fig11": Figure((50, 100, 200, 300, 500, 700, 1000), (200,), (200,)),
}
ASSUMED: Mapping[str, str] = {
    "instance": "lengths U(1000, 20000) MI, speeds U(500, 2500) MIPS, busy 1e-8·speed³ W, idle "
    f"0.6 of it, penalty {PENALTY}, seed {INSTANCE_SEED}",
    "population": f"{POPULATION} assignments an iteration; BA, literal: one change of each order",
    "BA": f"A = 1, r = 0 at first, A *= {_bat.QUIETER}, r = {_bat.BUSIEST}(1 - exp(-"
    f"{_bat.EAGER}t)), f ~ U(0, 1); disturbed: {_bat.REDRAWN} entries drawn anew, or all by "
    "mean(A)·U(-1, 1)",
    "PSO": f"w {_swarm.FIRST} to {_swarm.LAST} within {_swarm.HORIZON} iterations, c = "
    f"{_swarm.PULL}; steady: w {_swarm.STEADY}, c {_swarm.STEADY_PULL}; |V| <= m/4",
    "ABC": f"{_colony.SOURCES} sources, given up after {_colony.PATIENCE}n failures",
    "pricebat": f"{POPULATION}n proposals an iteration",
}
"""What the publication does not say."""


def reproduce(
    name: str,
    *,
    runs: int,
    seed: int,
    advance: Advance = lambda _: None,
    figure: Figure | None = None,
) -> Document:
    """Measure a figure.

    Args:
        name: one of ``FIGURES``.
        runs: seeds of each algorithm, paired.
        seed: the first of them.
        advance: told how many batches and methods are done.
        figure: what is run, if not what ``FIGURES`` says.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    figure = figure or FIGURES[name]
    with threadpool_limits(1):
        rows, gaps = traced(figure.orders, figure.points, runs, seed, advance)
        others = elsewhere(figure.orders[0], figure.points[-1], figure.fleets, seed)
    bounds = [
        {"orders": n, "bound": batch.bound.value, "prices": batch.bound.prices.tolist()}
        for n in figure.orders
        for batch in [Batch.of(n)]
    ]
    document: Document = {
        "reproduction": "fog",
        "target": name,
        "seed": seed,
        "data": {
            "source": "generated",
            "servers": SERVERS,
            "orders": list(figure.orders),
            "speeds": (1.0 / Batch.of(1).instance.etc[0]).tolist(),
        },
        "machine": machine(["numba", "numpy", "pmcb-services", "scipy"]),
        "assumed": dict(ASSUMED),
        "bounds": bounds,
        "rows": rows,
        "fleets": others,
        "tests": compared(gaps, figure.points, figure.tested),
    }
    told = [each.document for each in claims(document)]
    return document | {"claims": told, "findings": findings(document)}
