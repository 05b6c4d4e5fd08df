# SPDX-License-Identifier: Apache-2.0
"""Costs over that of k-means without noise, of many runs in two processes."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pmcb_services.publishing import PrivacyWarning
from pmcb_services.publishing._clusters import clusters
from pmcb_services.publishing._metrics import cost

from ._mpdp_methods import Floats, centres, fitted
from ._mpdp_names import OURS
from ._publishing_anchors import diffprivlib_centres
from ._publishing_cases import COUNTED, DIFFPRIVLIB, Case
from ._publishing_pool import each
from ._publishing_samples import Sample, sample

STARTS = 50
"""k-means's, of which the cheapest counts."""

DIGITS = 6


@dataclass(frozen=True)
class Run:
    """One fit, or k-means itself where the method is empty."""

    home: Path
    data: str
    epsilon: str
    method: str
    ks: tuple[int, ...]
    seed: int


def costs(
    executor: Executor,
    cases: Sequence[Case],
    home: Path,
    seed: int,
    advance: Callable[[int], None] = lambda _: None,
) -> list[dict[str, Any]]:
    """A row for each case, method and k: the ratios of its runs, and what they come to.

    Args:
        executor: where they run.
        cases: whose tables are at hand.
        home: the user's folder.
        seed: of the first run; the others follow.
        advance: told how many runs are done.
    """
    least = _references(executor, cases, home, seed)
    runs = [(case, run) for case in cases for run in _runs(case, home, seed)]
    found = each(executor, paid, [run for _, run in runs], advance)
    rows: dict[tuple[Case, str, int], list[float]] = {}
    for (case, run), paid_by_k in zip(runs, found, strict=True):
        for k in run.ks:
            ratios = rows.setdefault((case, run.method, k), [])
            if k in paid_by_k:
                ratios.append(paid_by_k[k] / least[case.data][k])
    return [
        {**_told(case), "method": method, "k": k, **_summary(ratios, case.runs)}
        | {"one_centre": round(least[case.data][1] / least[case.data][k], DIGITS)}
        for (case, method, k), ratios in rows.items()
    ]


def steps(cases: Sequence[Case]) -> int:
    """How many runs these are."""
    return sum(1 for case in cases for _ in _runs(case, Path(), 0))


def _runs(case: Case, home: Path, seed: int) -> Iterator[Run]:
    for method in case.methods:
        free = (*case.ks, *case.free)
        parts = [free] if method == OURS else [(k,) for k in case.ks]
        for ks in parts:
            for number in range(case.runs):
                yield Run(home, case.data, case.epsilon, method, tuple(ks), seed + number)


def _references(
    executor: Executor, cases: Sequence[Case], home: Path, seed: int
) -> Mapping[str, Mapping[int, float]]:
    wanted: dict[str, set[int]] = {}
    for case in cases:
        wanted.setdefault(case.data, {1}).update((*case.ks, *case.free))
    asked = [Run(home, data, "", "", (k,), seed) for data, ks in wanted.items() for k in sorted(ks)]
    least: dict[str, dict[int, float]] = {}
    for run, found in zip(asked, each(executor, reference, asked), strict=True):
        least.setdefault(run.data, {}).update(found)
    return least


def reference(run: Run) -> Mapping[int, float]:
    """The least cost of k-means's starts, by k."""
    from sklearn.cluster import KMeans

    held = _held(run)
    (k,) = run.ks
    starts = STARTS if k > 1 else 1
    model = KMeans(k, n_init=starts, random_state=run.seed)
    return {k: float(model.fit(held.points, sample_weight=held.weights).inertia_)}


def paid(run: Run) -> Mapping[int, float]:
    """What the centres of a run cost, by k; empty where it was refused."""
    held = _held(run)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PrivacyWarning)  # an epsilon of 1000 is no release's
        found = _centres(held, run)
    return {k: cost(held.points, held.weights, places) for k, places in found.items()}


def _centres(held: Sample, run: Run) -> Mapping[int, Floats]:
    if run.method == DIFFPRIVLIB:
        (k,) = run.ks
        schema, epsilon = held.data.schema, float(run.epsilon)
        return {k: diffprivlib_centres(held.points, schema, epsilon, k, run.seed)}
    if run.method == COUNTED:
        (k,) = run.ks
        found = fitted(held.data, run.epsilon, run.seed, n_clusters=k)
        return {} if found is None else {k: clusters(found, k).centres}
    return centres(run.method, held.data, run.epsilon, run.ks, run.seed)


def _held(run: Run) -> Sample:
    held = sample(run.data, run.home)
    assert held is not None
    return held


def _told(case: Case) -> dict[str, Any]:
    return {"about": case.about, "data": case.data, "epsilon": case.epsilon}


def _summary(ratios: Sequence[float], runs: int) -> dict[str, Any]:
    found: dict[str, Any] = {"runs": runs, "refused": runs - len(ratios)}
    values = np.array(ratios)
    found |= {"mean": None, "p95": None, "se": None}
    if len(values):
        found |= {"mean": _short(values.mean()), "p95": _short(np.quantile(values, 0.95))}
    if len(values) > 1:
        found["se"] = _short(values.std(ddof=1) / len(values) ** 0.5)
    return {**found, "ratios": [_short(value) for value in values]}


def _short(value: float) -> float:
    return round(float(value), DIGITS)
