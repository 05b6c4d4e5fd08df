# SPDX-License-Identifier: Apache-2.0
"""Who is too far from the truth to be believed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._truth import ABSENT, Claims, Floats, Truths, discover, losses_of, majority, weights_of

__all__ = ["FEWEST", "Reliability", "judge_reliability"]

FEWEST = 5
FAR = 3.0
RARE = 0.2
MAX_ROUNDS = 20
_NORMAL_MAD = 1.4826  # of the normal distribution: standard deviation / median deviation
_NORMAL_HALF = 1.349  # length of its middle half / standard deviation


@dataclass(frozen=True)
class Reliability:
    """Persons against truths.

    Attributes:
        is_far: shape (n,), whether a person is too far from the truth.
        scores: shape (n,), 0 to 100: the weight, the median weight being 100.
        worst: shape (n,), the field in which a person is farthest off: p numbers, then q words.
        truths: of those who are not too far.
    """

    is_far: NDArray[np.bool_]
    scores: NDArray[np.int64]
    worst: NDArray[np.int64]
    truths: Truths


def judge_reliability(claims: Claims, steps: Floats) -> Reliability:
    """Who is too far off, by truths that those who are not too far give.

    A person who says m things is off by u = √(2 Σ z²) - √(2m - 1), Fisher's approximation: about
    standard normal where every z is. For a number z = (value - truth) / scale, for a word z² = 1 /
    (share of those who say another word than the truth, 0.2 at least) or 0. Too far is whoever has
    u > max(3, median + 3 · 1.4826 · MAD of the u of those who are kept). Truths, scales and the
    persons who are kept are found in turn:

    1. begin with all persons; a number's truth is the median of the shortest half of its values,
       its scale that half's length / 1.349;
    2. keep who is not too far; of those, truths are CRH's (`discover`, begun with the median) and
       scales 1.4826 · MAD; repeat until nobody changes.

    Scales are widened by 1 + 5 / (n - 1) for few persons and are at least one step of the field.
    Where less than a majority would be kept there is nothing to judge by, and nobody is too far.

    Args:
        claims: of n ≥ 5 persons, each of whom says something; every field by 5 persons at least.
        steps: shape (p,), above 0: the steps of the numbers, in their units.

    Raises:
        ValueError: there are fewer persons.

    Nine persons read 20.0 to 20.8 from one device, the tenth says 25: off by z = 13.

    >>> read = np.array([*np.arange(20, 20.9, 0.1), 25.0])[:, None]
    >>> found = judge_reliability(Claims(read, np.empty((10, 0), np.int64)), np.array([0.1]))
    >>> found.is_far.nonzero()[0].tolist()
    [9]
    """
    persons = len(claims.numbers)
    if persons < FEWEST:
        raise ValueError(f"truth discovery takes {FEWEST} persons at least")
    with np.errstate(all="ignore"):  # no float holds the square of a great lie
        kept = _kept(claims, steps)
        found = _settled(claims.of(kept), steps)
        squares = _squares(claims, found, _rarity(claims.of(kept), found))
        weights = weights_of(losses_of(claims, found.truths, found.scales))
        scores = np.nan_to_num(100 * np.clip(weights / np.median(weights), 0, 1))
    return Reliability(
        ~kept, np.rint(scores).astype(np.int64), squares.argmax(axis=1), found.truths
    )


def _kept(claims: Claims, steps: Floats) -> NDArray[np.bool_]:
    """Who is not too far off; everybody where there is nothing to judge by."""
    kept = everybody = np.ones(len(claims.numbers), dtype=np.bool_)
    found = _begun(claims, steps)
    for _ in range(MAX_ROUNDS):
        off = _off(claims, found, _rarity(claims.of(kept), found))
        limit = max(FAR, float(np.median(off[kept]) + FAR * _deviation(off[kept])))
        before, kept = kept, off <= limit
        if not _can_judge(claims, kept):
            return everybody
        if np.array_equal(before, kept):
            break
        found = _settled(claims.of(kept), steps)
    return kept


@dataclass(frozen=True)
class _Found:
    """Truths, and the scales by which persons differ from them."""

    truths: Truths
    scales: Floats


def _begun(claims: Claims, steps: Floats) -> _Found:
    halves = [_shortest_half(column[np.isfinite(column)]) for column in claims.numbers.T]
    numbers = np.array([np.median(half) for half in halves])
    lengths = np.array([(half[-1] - half[0]) / _NORMAL_HALF for half in halves])
    return _Found(Truths(numbers, majority(claims)), _widened(claims, lengths, steps))


def _shortest_half(values: Floats) -> Floats:
    """The run of more than half of the values, in order, that is shortest."""
    ordered = np.sort(values)
    size = len(ordered) // 2 + 1
    start = int(np.argmin(ordered[size - 1 :] - ordered[: len(ordered) - size + 1]))
    return np.asarray(ordered[start : start + size])


def _settled(claims: Claims, steps: Floats) -> _Found:
    columns = [column[np.isfinite(column)] for column in claims.numbers.T]
    medians = np.array([np.median(column) for column in columns])
    scales = _widened(claims, np.array([_deviation(column) for column in columns]), steps)
    return _Found(discover(claims, scales, medians), scales)


def _widened(claims: Claims, scales: Floats, steps: Floats) -> Floats:
    persons = np.isfinite(claims.numbers).sum(axis=0)
    return np.asarray(np.maximum(scales * (1 + 5 / np.maximum(persons - 1, 1)), steps))


def _deviation(values: Floats) -> float:
    """A standard deviation that half of the values cannot move far."""
    return float(_NORMAL_MAD * np.median(np.abs(values - np.median(values))))


def _rarity(claims: Claims, found: _Found) -> Floats:
    """The share of persons who say another word than the truth, shape (q,)."""
    said = claims.words != ABSENT
    wrong = said & (claims.words != found.truths.words)
    return np.asarray(np.maximum(wrong.sum(axis=0) / np.maximum(said.sum(axis=0), 1), RARE))


def _squares(claims: Claims, found: _Found, rarity: Floats) -> Floats:
    """z² of each person and field, shape (n, p + q); 0 where nothing is said."""
    z = (claims.numbers - found.truths.numbers) / found.scales
    wrong = (claims.words != ABSENT) & (claims.words != found.truths.words)
    return np.hstack([np.nan_to_num(z) ** 2, wrong / rarity])


def _off(claims: Claims, found: _Found, rarity: Floats) -> Floats:
    sums = _squares(claims, found, rarity).sum(axis=1)
    return np.asarray(np.sqrt(2 * sums) - np.sqrt(2 * claims.said - 1))


def _can_judge(claims: Claims, kept: NDArray[np.bool_]) -> bool:
    """Whether they are a majority of all, and every field is said by one of them."""
    left = claims.of(kept)
    is_said = (
        np.isfinite(left.numbers).any(axis=0).all() and (left.words != ABSENT).any(axis=0).all()
    )
    return bool(2 * kept.sum() > len(kept) and is_said)
