# SPDX-License-Identifier: Apache-2.0
"""What follows from a release: medoids beside FasterPAM's, synthetic rows beside the true ones."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pmcb_services.publishing._clusters import medoids
from pmcb_services.publishing._lattice import LATTICE
from pmcb_services.publishing._metrics import cost
from pmcb_services.publishing._rows import synthetic_rows

from ._mpdp_methods import fitted
from ._publishing_anchors import absolute_cost, fasterpam, installed
from ._publishing_cases import K
from ._publishing_costs import Run, reference
from ._publishing_pool import each
from ._publishing_samples import Sample, sample

EPSILONS = ("1", "0.1")
ROW_STARTS = 10
"""Of k-means on synthetic rows."""


@dataclass(frozen=True)
class Draw:
    """One fit with rows, and what its medoids and rows are compared with."""

    home: Path
    data: str
    epsilon: str
    seed: int
    medoids_cost: float | None
    means_cost: float


def products(
    executor: Executor,
    data: str,
    home: Path,
    *,
    runs: int,
    seed: int,
    advance: Callable[[int], None] = lambda _: None,
) -> list[dict[str, Any]]:
    """A row for each epsilon: mean and standard error over the runs."""
    (means_cost,) = each(executor, reference, [Run(home, data, "", "", (K,), seed)])
    asked = [(home, data, seed)] if installed("kmedoids") else []
    pam = next(iter(each(executor, _fasterpam, asked)), None)
    draws = [
        Draw(home, data, epsilon, seed + run, pam, means_cost[K])
        for epsilon in EPSILONS
        for run in range(runs)
    ]
    found = each(executor, _compared, draws, advance)
    return [
        {"data": data, "epsilon": epsilon, "runs": runs, **_averaged(found[start : start + runs])}
        for epsilon, start in zip(EPSILONS, range(0, len(found), runs), strict=True)
    ]


def _fasterpam(asked: tuple[Path, str, int]) -> float:
    home, data, seed = asked
    return fasterpam(_held(data, home).points, K, seed)[1]


def _compared(draw: Draw) -> Mapping[str, float | None]:
    """Medoids' cost over FasterPAM's; KS of each column, averaged; cost of k-means on the rows."""
    from scipy.stats import ks_2samp
    from sklearn.cluster import KMeans

    held = _held(draw.data, draw.home)
    plain = fitted(held.data, draw.epsilon, draw.seed)
    paid = fitted(held.data, draw.epsilon, draw.seed, rows=True)
    if plain is None or paid is None:
        return {}
    places = medoids(plain, held.data.schema, K).centres
    rows = np.rint(synthetic_rows(paid, held.data.schema) * LATTICE) / LATTICE  # as they encode
    pairs = zip(rows.T, held.points.T, strict=True)
    gaps = [ks_2samp(made, true, method="asymp").statistic for made, true in pairs]
    means = KMeans(K, n_init=ROW_STARTS, random_state=draw.seed).fit(rows).cluster_centers_
    pam = draw.medoids_cost
    return {
        "medoids": None if pam is None else absolute_cost(held.points, places) / pam,
        "ks": float(np.mean(gaps)),
        "rows": cost(held.points, held.weights, means) / draw.means_cost,
    }


def _held(data: str, home: Path) -> Sample:
    held = sample(data, home)
    assert held is not None
    return held


def _averaged(found: Sequence[Mapping[str, float | None]]) -> dict[str, Any]:
    told: dict[str, Any] = {"refused": sum(not one for one in found)}
    for name in ("medoids", "ks", "rows"):
        values = [value for one in found if (value := one.get(name)) is not None]
        told[name] = round(float(np.mean(values)), 6) if values else None
        error = float(np.std(values, ddof=1)) / len(values) ** 0.5 if len(values) > 1 else None
        told[f"{name}_se"] = None if error is None else round(error, 6)
    return told
