# SPDX-License-Identifier: Apache-2.0
"""Whether one algorithm ends lower than another: paired tests over seeds, all corrected at once."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from ._plans_runs import ABC, BA, BA_DENSE, BA_LITERAL, OURS, PSO, PSO_STEADY, RIVALS

Row = dict[str, Any]

PAIRS = (
    *product((BA, BA_DENSE), RIVALS),
    *((OURS, each) for each in (BA, BA_DENSE, BA_LITERAL, PSO, PSO_STEADY, ABC)),
)
LEVEL = 0.05
_FEWEST = 6  # runs below which no two-sided test of signed ranks can reach 5 %


def compared(
    gaps: Mapping[tuple[int, str], np.ndarray], points: Sequence[int], chosen: Sequence[int]
) -> list[Row]:
    """A row for each batch, chosen iteration and pair: who is lower, by Wilcoxon's signed ranks.

    Args:
        gaps: (runs, points) by orders and method; a run is the same seed everywhere.
        points: iterations of the columns.
        chosen: those that are tested.

    Returns:
        Rows with the probability after Holm's correction over all of them; ``lower`` is "neither"
        where that is 5 % or more.
    """
    rows: list[Row] = []
    for n, point in product(dict.fromkeys(n for n, _ in gaps), chosen):
        at = list(points).index(point)
        for first, second in PAIRS:
            one, two = gaps[n, first][:, at], gaps[n, second][:, at]
            rows.append({
                "orders": n,
                "iteration": point,
                "first": first,
                "second": second,
                "difference": float(np.median(one - two)),
                "p": _probability(one - two),
            })  # fmt: skip
    for row, p in zip(rows, holm([row["p"] for row in rows]), strict=True):
        row["p"] = p
        lower = "first" if row["difference"] < 0 else "second"
        row["lower"] = row[lower] if p < LEVEL else "neither"
    return rows


def _probability(differences: np.ndarray) -> float:
    from scipy.stats import wilcoxon

    if len(differences) < _FEWEST or not differences.any():
        return 1.0
    return float(wilcoxon(differences, zero_method="zsplit", method="approx").pvalue)


def holm(probabilities: Sequence[float]) -> list[float]:
    """Probabilities corrected for being many (Holm 1979).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    corrected, least = [0.0] * len(probabilities), 0.0
    for place, at in enumerate(np.argsort(probabilities, kind="stable").tolist()):
        least = max(least, min(1.0, (len(probabilities) - place) * probabilities[at]))
        corrected[at] = least
    return corrected
