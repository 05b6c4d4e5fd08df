# SPDX-License-Identifier: Apache-2.0
"""How long MPDP k-medoids takes, against rows, clusters and parts, beside a count of distances."""

import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import numpy as np

from pmcb_services.publishing.datasets import DataSet
from pmcb_services.publishing.faithful import MPDPKMedoids
from pmcb_services.publishing.faithful._medoids import MOST_ROUNDS
from pmcb_services.publishing.faithful._parameters import ROUNDS

BASE = (2000, 5, 5)
SHAPES = (
    *((n, 5, 5) for n in (500, 1000, 2000)),
    *((2000, k, 5) for k in (2, 10)),
    *((2000, 5, m) for m in (1, 10)),
)
"""(n, k, m); so few rows that every medoid is exact."""


def distances(n: int, k: int, m: int) -> float:
    """Distances that are computed: each round nk to assign and about n²/k to choose medoids.

    MP-INIT's rounds are paid for all rows and for m parts of n/m; T rounds follow. Clusters are
    taken as equal, so that the count is a lower bound for the choice of medoids.

    All rows: 500 + 2000 a round; the parts: 500 + 400; so 5·(2500 + 900) + 5·2500.

    >>> distances(100, 5, 5)
    29500.0
    """
    whole, parts = n * k + n**2 / k, n * k + n**2 / (m * k)
    return MOST_ROUNDS * (whole + parts) + ROUNDS * whole


def measure_time(
    data: DataSet, *, runs: int, seed: int, advance: Callable[[int], None]
) -> list[dict[str, Any]]:
    """A row for each shape: the median of the runs' seconds beside the count."""
    rng = np.random.default_rng(seed)
    found: list[dict[str, Any]] = []
    for n, k, m in SHAPES:
        rows = data.rows[rng.permutation(len(data.rows))[:n]]
        seconds = []
        for run in range(runs):
            model = MPDPKMedoids(
                schema=data.schema, epsilon="1", n_clusters=k, partitions=m, random_state=seed + run
            )
            start = time.process_time()
            model.fit(rows)
            seconds.append(time.process_time() - start)
            advance(len(found) * runs + run + 1)
        row = {"n": len(rows), "k": k, "m": m, "runs": runs}
        found.append({**row, "cpu_s": median(seconds), "distances": distances(n, k, m)})
    return found


def growth(rows: Sequence[dict[str, Any]], axis: str, figure: str) -> float:
    """The exponent of a figure's growth along one axis, the others fixed: least squares.

    >>> rows = [{"n": 1, "k": 5, "m": 5, "s": 2.0}, {"n": 2, "k": 5, "m": 5, "s": 8.0}]
    >>> round(growth(rows, "n", "s"), 3)
    2.0
    """
    fixed = dict(zip("nkm", BASE, strict=True))
    del fixed[axis]
    chosen = [row for row in rows if all(row[name] == value for name, value in fixed.items())]
    if len(chosen) < 2:
        return float("nan")
    x, y = (np.log([row[name] for row in chosen]) for name in (axis, figure))
    return float(np.polyfit(x, y, 1)[0])
