# SPDX-License-Identifier: Apache-2.0
"""Truth discovery: what is true, and whom to believe, found together.

CRH: Li, Li, Gao, Zhao, Fan, Han, "Resolving Conflicts in Heterogeneous Data by Truth Discovery and
Source Reliability Estimation", SIGMOD 2014.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ABSENT", "Claims", "Truths", "discover", "losses_of", "majority", "weights_of"]

ABSENT = -1
MIN_LOSS = 1e-6  # whoever hits the truth exactly is not believed without end
MAX_ROUNDS = 100
TOLERANCE = 1e-9

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Claims:
    """What n persons say of p numbers and q words; each a row.

    Attributes:
        numbers: shape (n, p); NaN where nothing is said.
        words: shape (n, q); the number of the word among those that may be said, `ABSENT` where
            nothing is said.
    """

    numbers: Floats
    words: NDArray[np.int64]

    def of(self, persons: NDArray[np.bool_]) -> Claims:
        """Those of some of the persons."""
        return Claims(self.numbers[persons], self.words[persons])

    @property
    def said(self) -> NDArray[np.int64]:
        """How much each person says, shape (n,)."""
        numbers = np.isfinite(self.numbers).sum(axis=1)
        return np.asarray(numbers + (self.words != ABSENT).sum(axis=1), dtype=np.int64)


@dataclass(frozen=True)
class Truths:
    """What is true: shapes (p,) and (q,)."""

    numbers: Floats
    words: NDArray[np.int64]


def weights_of(losses: Floats) -> Floats:
    """Reliability from losses: w_k = -log(loss_k / sum of losses) (Li et al., eq. 5).

    Args:
        losses: shape (n,), 0 or more, dimensionless.

    Losses 1, 1, 2 are shares 1/4, 1/4, 1/2 of all: the weights are as 2 : 2 : 1.

    >>> (weights_of(np.array([1.0, 1.0, 2.0])) / np.log(2)).round(12).tolist()
    [2.0, 2.0, 1.0]
    """
    raised = np.maximum(losses, MIN_LOSS)
    return np.asarray(-np.log(raised / raised.sum()))


def discover(claims: Claims, scales: Floats, start: Floats) -> Truths:
    """Truths and weights in turn until they stand (Li et al., algorithm 1).

    The loss of a person is the mean over what the person says of ((value - truth) / scale)² for a
    number and of 0 or 1 for a word; the truth is the weighted mean of a number (eq. 14) and the
    word with the greatest weight (eq. 9). Where the paper divides squares by the standard deviation
    of a field, we divide by its variance, so that the loss has no unit; ``scales`` are robust ones.

    Args:
        claims: of n persons, each of whom says something; every field said by somebody.
        scales: shape (p,), above 0, in each field's unit.
        start: shape (p,), the truths to begin with; words begin with the majority.

    Three persons say 10, 10 and 15, and the truth begins with 10: two losses are 0.

    >>> claims = Claims(np.array([[10.0], [10], [15]]), np.empty((3, 0), np.int64))
    >>> discover(claims, np.array([1.0]), np.array([10.0])).numbers.round(3).tolist()
    [10.0]
    """
    truths = Truths(start, majority(claims))
    for _ in range(MAX_ROUNDS):
        weights = weights_of(losses_of(claims, truths, scales))
        before = truths.numbers
        truths = Truths(_means(claims.numbers, weights), _votes(claims.words, weights))
        if np.all(np.abs(truths.numbers - before) <= TOLERANCE * scales):
            break
    return truths


def losses_of(claims: Claims, truths: Truths, scales: Floats) -> Floats:
    """The loss of each person against these truths, shape (n,); see `discover`."""
    squares = np.nansum(((claims.numbers - truths.numbers) / scales) ** 2, axis=1)
    wrong = (claims.words != truths.words) & (claims.words != ABSENT)
    return np.asarray((squares + wrong.sum(axis=1)) / claims.said)


def majority(claims: Claims) -> NDArray[np.int64]:
    """The words that most persons say, shape (q,)."""
    return _votes(claims.words, np.ones(len(claims.words)))


def _means(numbers: Floats, weights: Floats) -> Floats:
    given = np.isfinite(numbers) * weights[:, None]
    return np.asarray(np.nansum(numbers * weights[:, None], axis=0) / given.sum(axis=0))


def _votes(words: NDArray[np.int64], weights: Floats) -> NDArray[np.int64]:
    """The word with the greatest weight in each column; of equals the first."""
    found = [
        int(np.bincount(column[column >= 0], weights[column >= 0]).argmax()) for column in words.T
    ]
    return np.array(found, dtype=np.int64)
