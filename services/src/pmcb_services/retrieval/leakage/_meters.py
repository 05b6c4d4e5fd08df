# SPDX-License-Identifier: Apache-2.0
"""How much of the questions a transcript gives away.

Two adversaries see what the cloud sees: when a query came, which labels it fetched, where they lie
among all labels. One says which queries are the same; the other puts queries in the order of what
they asked for. Each is held against permutations of the truth: what it reaches by chance.

An adversary that said "these labels came in one batch, so they belong together" would score on any
oblivious store alike, and say nothing; so nothing is scored within a batch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pmcb_services.retrieval._numbers import Floats

__all__ = ["Score", "likeness", "link", "locate"]

_CONFIDENCE = 0.99
_PERMUTATIONS = 400
_VECTORS = 3
_Value = TypeVar("_Value", bound=np.generic)
_SLIGHT = 1e-3  # of a likeness: where labels lie decides only between equals


@dataclass(frozen=True)
class Score:
    """What an adversary reached, and what 99 % of permuted truths stay within.

    Attributes:
        value: AUC, or |rho|.
        low, high: of the null; ``low`` is 0 where only the upper end counts.
    """

    value: float
    low: float
    high: float

    @property
    def is_chance(self) -> bool:
        """Whether chance explains it."""
        return self.low <= self.value <= self.high

    def document(self) -> dict[str, object]:
        """For JSON."""
        return {
            "value": round(self.value, 4),
            "null_low": round(self.low, 4),
            "null_high": round(self.high, 4),
            "is_chance": self.is_chance,
        }


def likeness(fetched: Sequence[frozenset[bytes]]) -> Floats:
    """Shared labels of every two queries over the labels of both (Jaccard), shape (m, m)."""
    fetches = Counter(chain.from_iterable(fetched))
    again = [label for label, count in fetches.items() if count > 1]  # the others nobody shares
    number = {label: at for at, label in enumerate(again)}
    held = np.zeros((len(fetched), len(number)), dtype=np.float32)
    for row, labels in zip(held, fetched, strict=True):
        row[[number[label] for label in labels if label in number]] = 1
    shared = (held @ held.T).astype(np.float64)
    sizes = np.array([len(labels) for labels in fetched], dtype=np.float64)
    np.fill_diagonal(shared, sizes)
    either = sizes[:, None] + sizes[None, :] - shared
    return np.divide(shared, either, out=np.zeros_like(shared), where=either > 0)


def link(
    alike: Floats, features: Floats, asked: NDArray[np.integer], rng: np.random.Generator
) -> Score:
    """AUC of telling pairs of equal queries from pairs of different ones.

    A pair's score is its likeness, less a thousandth of the distance of its features. The null
    permutes which query asked what.

    Args:
        alike: shape (m, m).
        features: shape (m, f), such as the mean place of a query's labels.
        asked: shape (m,), equal where queries are.
        rng: draws permutations.
    """
    first, second = np.triu_indices(len(asked), k=1)
    distance = np.abs(features[first] - features[second]).sum(axis=1)
    ranks = _ranks(alike[first, second] - _SLIGHT * distance)

    def auc(truth: NDArray[np.integer]) -> float:
        same = truth[first] == truth[second]
        pairs = int(same.sum())
        others = len(same) - pairs
        above = ranks[same].sum() - pairs * (pairs - 1) / 2
        return float(above / (pairs * others)) if pairs and others else 0.5

    null = _null(auc, asked, rng)
    tail = (1 - _CONFIDENCE) / 2
    return Score(auc(asked), *(float(np.quantile(null, q)) for q in (tail, 1 - tail)))


def locate(alike: Floats, features: Floats, wanted: Floats, rng: np.random.Generator) -> Score:
    """The greatest |rho| (Spearman) between where queries lie and what the cloud makes of them.

    The cloud's candidates are the first principal coordinates of the likeness (queries that share
    labels lie together), and the features.

    Args:
        alike: shape (m, m).
        features: shape (m, f).
        wanted: shape (m,), where each query lies, say the middle of its range.
        rng: draws permutations.
    """
    centred = alike - alike.mean(axis=0) - alike.mean(axis=1)[:, None] + alike.mean()
    _, vectors = np.linalg.eigh(centred)
    candidates = np.column_stack([vectors[:, -_VECTORS:], features])
    ranked = np.column_stack([_standard(_ranks(column)) for column in candidates.T])

    def rho(truth: Floats) -> float:
        return float(np.abs(_standard(_ranks(truth)) @ ranked).max())

    null = _null(rho, wanted, rng)
    return Score(rho(wanted), 0.0, float(np.quantile(null, _CONFIDENCE)))


def _null(
    statistic: Callable[[NDArray[_Value]], float],
    truth: NDArray[_Value],
    rng: np.random.Generator,
) -> Floats:
    return np.array([statistic(rng.permutation(truth)) for _ in range(_PERMUTATIONS)])


def _ranks(values: NDArray[np.generic]) -> Floats:
    """Ranks from 0, ties sharing their mean."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts) - 1
    ranks: Floats = (last - (counts - 1) / 2)[inverse]
    return ranks


def _standard(values: Floats) -> Floats:
    centred: Floats = values - values.mean()
    length = np.linalg.norm(centred)
    return centred / length if length > 0 else centred
