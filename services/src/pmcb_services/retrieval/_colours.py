# SPDX-License-Identifier: Apache-2.0
"""Pathological colouring: whether the patients of a colour crowd inside a range.

A colour is a named set of patients, those who have a disease. If more of them lie inside a range
than chance explains, the disease is tied to that indicator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ._numbers import Floats

__all__ = ["FEW", "Analysis", "Finding", "analysed", "corrected", "fisher", "holm", "profiled"]

FEW = 10
_ALIKE = 1 + 1e-7  # tables as probable as the one at hand, but for rounding


@dataclass(frozen=True)
class Analysis:
    """Patients and coloured patients inside a range and in the store; each counts once.

    Attributes:
        inside, coloured_inside: with a record inside all ranges.
        patients, coloured: in the store, as of its last epoch and the inserts since.
        lift: share of coloured inside over their share in the store; NaN where either is none.
        p: of Fisher's exact test, two-sided.
        small: whether fewer than 10 coloured lie inside, too few to conclude from.
    """

    inside: int
    coloured_inside: int
    patients: int
    coloured: int
    lift: float
    p: float
    small: bool

    def document(self) -> dict[str, object]:
        """For JSON; a lift that is none is null."""
        return {
            "inside": self.inside,
            "coloured_inside": self.coloured_inside,
            "patients": self.patients,
            "coloured": self.coloured,
            "lift": None if np.isnan(self.lift) else self.lift,
            "p": self.p,
            "small": self.small,
        }


@dataclass(frozen=True)
class Finding:
    """One bin of one attribute: values from ``low`` to ``high``, and Holm's p over all bins."""

    attribute: str
    low: float
    high: float
    analysis: Analysis
    p_holm: float

    def document(self) -> dict[str, object]:
        """For JSON."""
        bounds = {"attribute": self.attribute, "low": self.low, "high": self.high}
        return {**bounds, **self.analysis.document(), "p_holm": self.p_holm}


def analysed(
    inside: NDArray[np.generic], colour: NDArray[np.generic], everybody: NDArray[np.generic]
) -> Analysis:
    """Counts and test of one range.

    Args:
        inside: patients of the records inside, with repeats.
        colour: the coloured patients.
        everybody: the store's patients.
    """
    found = np.unique(inside)
    everybody = np.union1d(everybody, found)
    coloured = int(np.isin(everybody, colour).sum())
    coloured_inside = int(np.isin(found, colour).sum())
    lift = float("nan")
    if len(found) and coloured:
        lift = (coloured_inside / len(found)) / (coloured / len(everybody))
    return Analysis(
        inside=len(found),
        coloured_inside=coloured_inside,
        patients=len(everybody),
        coloured=coloured,
        lift=lift,
        p=fisher(coloured_inside, len(found), coloured, len(everybody)),
        small=coloured_inside < FEW,
    )


def profiled(
    names: tuple[str, ...],
    values: Floats,
    patients: NDArray[np.generic],
    colour: NDArray[np.generic],
    bins: int,
) -> list[Finding]:
    """Every attribute over bins of about equally many records, by falling lift.

    Records of one value stay in one bin, so that ties make fewer bins; absent values are in none.

    Args:
        names: of the attributes.
        values: shape (n, a), of all records; NaN where absent.
        patients: shape (n,).
        colour: the coloured patients.
        bins: at most so many per attribute, from 2 on.
    """
    everybody = np.unique(patients)
    findings = []
    for name, column in zip(names, values.T, strict=True):
        for low, high in _edges(column[~np.isnan(column)], bins):
            inside = patients[(column >= low) & (column <= high)]
            found = analysed(inside, colour, everybody)
            findings.append(Finding(name, low, high, found, found.p))
    return corrected(findings)


def corrected(findings: Sequence[Finding]) -> list[Finding]:
    """Findings by falling lift, with Holm's p over these bins and no others."""
    p = holm(np.array([each.analysis.p for each in findings]))
    made = [replace(each, p_holm=float(new)) for each, new in zip(findings, p, strict=True)]
    return sorted(made, key=lambda each: -np.nan_to_num(each.analysis.lift, nan=-1.0))


def _edges(column: Floats, bins: int) -> list[tuple[float, float]]:
    """First and last value of each bin."""
    values, counts = np.unique(column, return_counts=True)
    before = np.cumsum(counts) - counts
    group = before * bins // max(len(column), 1)
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    ends = np.append(starts[1:], len(values))[: len(starts)] - 1
    return list(zip(values[starts].tolist(), values[ends].tolist(), strict=True))


def fisher(both: int, inside: int, coloured: int, total: int) -> float:
    """Fisher's exact test, two-sided: the probability of all tables no likelier than this one.

    ``both`` of ``inside`` are coloured, as ``coloured`` of ``total`` are; hypergeometric.

    Tea with milk, eight cups of which four are told apart, three of them rightly: 34 / 70.

    >>> round(fisher(3, 4, 4, 8), 6)
    0.485714
    """
    least, most = max(0, inside + coloured - total), min(inside, coloured)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, total + 1)))])  # of factorials
    x = np.arange(least, most + 1)
    weight = -(
        logs[x] + logs[inside - x] + logs[coloured - x] + logs[total - inside - coloured + x]
    )
    chance = np.exp(weight - weight.max())
    unlikely = chance <= chance[both - least] * _ALIKE
    return float(min(1.0, chance[unlikely].sum() / chance.sum()))


def holm(p: Floats) -> Floats:
    """Holm's step-down correction of p values of shape (m,).

    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(stepped, 1)
    return corrected
