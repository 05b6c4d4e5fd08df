# SPDX-License-Identifier: Apache-2.0
"""How far centres are from what k-means finds without noise: internal metrics, averaged."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pmcb_services.publishing._kmeans import nearest
from pmcb_services.publishing._metrics import accuracy, calinski_harabasz, f_measure
from pmcb_services.publishing.datasets import DataSet

from ._mpdp_methods import centres
from ._mpdp_names import METHODS

Floats = NDArray[np.float64]
Scores = dict[str, float]
Advance = Callable[[int], None]

REFERENCE_STARTS = 10
METRICS = ("cost_ratio", "ch", "ch_released", "f_measure", "accuracy")
"""Cost over k-means's; CH with the cells' means, and with the centres given; overlap with k-means's
clusters."""


class Judge:
    """k-means on the rows themselves, and what others are worth beside it.

    Args:
        rows: shape (n, d), encoded.
        k: clusters.
        seed: of k-means's starts.
    """

    def __init__(self, rows: Floats, k: int, seed: int) -> None:
        from sklearn.cluster import KMeans

        self._rows, self._k = rows, k
        self._middle = rows.mean(axis=0)
        self._total = float(((rows - self._middle) ** 2).sum())
        reference = KMeans(k, n_init=REFERENCE_STARTS, random_state=seed).fit(rows)
        self._labels, self._least = nearest(rows, reference.cluster_centers_)
        self.reference = self.scores(reference.cluster_centers_)

    def scores(self, found: Floats) -> Scores:
        """All metrics of centres of shape (k, d).

        With means for centres CH counts the clusters that rows fall into, as scikit-learn does; it
        is 0 where they all fall into one.
        """
        labels, squares = nearest(self._rows, found)
        sizes = np.bincount(labels, minlength=self._k)
        cost = float(squares.sum())
        sums = [np.bincount(labels, column, minlength=self._k) for column in self._rows.T]
        means = np.stack(sums, axis=1) / np.maximum(sizes, 1)[:, None]
        within = float(((self._rows - means[labels]) ** 2).sum())
        between = float(sizes @ ((found - self._middle) ** 2).sum(axis=1))
        persons, occupied = len(self._rows), int(np.count_nonzero(sizes))
        return {
            "cost_ratio": cost / float(self._least.sum()),
            "ch": calinski_harabasz(persons, occupied, within, self._total)
            if occupied > 1
            else 0.0,
            "ch_released": calinski_harabasz(persons, self._k, cost, between + cost),
            "f_measure": f_measure(self._labels, labels),
            "accuracy": accuracy(self._labels, labels),
        }


@dataclass(frozen=True)
class Grid:
    """What is run: every method at every epsilon and k, so many times."""

    data: DataSet
    epsilons: Sequence[str]
    ks: Sequence[int]
    runs: int
    seed: int
    methods: Sequence[str] = METHODS

    @property
    def size(self) -> int:
        """Runs in all; the k of one run count once."""
        return len(self.methods) * len(self.epsilons) * self.runs


def measure(grid: Grid, advance: Advance = lambda _: None) -> list[dict[str, Any]]:
    """A row for each method, epsilon and k: means and standard errors over the runs.

    k-means without noise comes first, with epsilon "". Refused runs are counted, not averaged.
    """
    rows = grid.data.encoded
    judges = {k: Judge(rows, k, grid.seed) for k in grid.ks}
    found = [_row("k-means", "", k, 1, [judge.reference]) for k, judge in judges.items()]
    done = 0
    for method in grid.methods:
        for epsilon in grid.epsilons:
            scores: dict[int, list[Scores]] = {k: [] for k in grid.ks}
            for each in _runs(grid, method, epsilon):
                for k, points in each.items():
                    scores[k].append(judges[k].scores(points))
                done += 1
                advance(done)
            found += [_row(method, epsilon, k, grid.runs, scores[k]) for k in grid.ks]
    return found


def _runs(grid: Grid, method: str, epsilon: str) -> Iterator[Mapping[int, Floats]]:
    seeds = range(grid.seed, grid.seed + grid.runs)
    return (centres(method, grid.data, epsilon, grid.ks, seed) for seed in seeds)


def _row(method: str, epsilon: str, k: int, runs: int, scores: Sequence[Scores]) -> dict[str, Any]:
    row: dict[str, Any] = {"method": method, "epsilon": epsilon, "k": k, "runs": runs}
    row["refused"] = runs - len(scores)
    for metric in METRICS:
        values = [each[metric] for each in scores if math.isfinite(each[metric])]
        row[metric] = float(np.mean(values)) if values else None
        error = float(np.std(values, ddof=1) / len(values) ** 0.5) if len(values) > 1 else None
        row[f"{metric}_se"] = error
    return row
