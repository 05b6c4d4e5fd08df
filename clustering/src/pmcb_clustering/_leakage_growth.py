# SPDX-License-Identifier: Apache-2.0
"""Gangs that grow friend by friend: plainly, or towards the levels that are still needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pmcb_clustering._jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["grow_gangs"]


@kernel
def _pull(held: int, needed: int, expected: float) -> float:
    """How much more a recruit is worth where ``held`` of ``needed`` are had.

    With M ~ Poisson(expected) later recruits a level is worth E[C(held + M, needed)], which is
    sum_i a_i with a_i = C(held, i) expected**(needed - i) / (needed - i)!; one recruit more adds
    the same sum for needed - 1. The answer is their quotient, plus 1.
    """
    term, worth, gain = 1.0, 0.0, 0.0
    for i in range(needed + 1):
        worth += term
        gain += term * (needed - i) / expected
        term *= (held - i) / (i + 1.0) * (needed - i) / expected
        if term <= 0.0:
            break
        if term > 1e200:
            term, worth, gain = term * 1e-200, worth * 1e-200, gain * 1e-200
    return 1.0 + gain / worth


@kernel
def _prefer(
    held: NDArray[np.int64],
    needed: NDArray[np.int64],
    ways: NDArray[np.float64],
    later: float,
    pulls: NDArray[np.float64],
) -> float:
    """``pulls`` receives the preference for each level; the answer is ``ways`` weighted by it.

    Of ``later`` recruits a level is expected to get its share of today's ways out of the gang,
    and a hundredth at least: tomorrow there may be some.
    """
    total, weighted = ways.sum(), 0.0
    for t in range(len(ways)):
        share = max(ways[t] / total, 0.01)
        pulls[t] = _pull(held[t], needed[t], later * share)
        weighted += ways[t] * pulls[t]
    return weighted


@kernel
def _admit(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    level: NDArray[np.int64],
    members: NDArray[np.int64],
    seat: NDArray[np.int64],
    outside: NDArray[np.int64],
) -> None:
    """Count the newest member's friends outside by level; its friends inside have one fewer."""
    newest = len(members) - 1
    user = members[newest]
    seat[user] = newest
    outside[newest] = 0
    for slot in range(indptr[user], indptr[user + 1]):
        friend = indices[slot]
        if seat[friend] >= 0:
            outside[seat[friend], level[user]] -= 1
        else:
            outside[newest, level[friend]] += 1


@kernel
def _weigh(
    outside: NDArray[np.int64],
    by_ties: bool,
    weights: NDArray[np.float64],
    ways: NDArray[np.float64],
) -> None:
    """What each member's friend outside counts, and the sum of these by level."""
    ways[:] = 0.0
    for m in range(len(weights)):
        friends = 0
        for t in range(len(ways)):
            friends += outside[m, t]
        weights[m] = 1.0 if by_ties else 1.0 / max(1, friends)
        for t in range(len(ways)):
            ways[t] += weights[m] * outside[m, t]


@kernel
def _choose(
    outside: NDArray[np.int64],
    weights: NDArray[np.float64],
    pulls: NDArray[np.float64],
    left: float,
) -> tuple[int, int, int]:
    """Who recruits, from which level, and which of the friends there, at ``left`` of the sum."""
    recruiter, chosen, place = -1, -1, 0
    for m in range(len(weights)):
        for t in range(len(pulls)):
            if outside[m, t] > 0:
                each = weights[m] * pulls[t]
                recruiter, chosen, place = m, t, min(int(left / each), outside[m, t] - 1)
                left -= each * outside[m, t]
                if left < 0.0:
                    return recruiter, chosen, place
    return recruiter, chosen, place  # rounding: the last one


@kernel
def grow_gangs(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    level: NDArray[np.int64],
    founders: NDArray[np.int64],
    needed: NDArray[np.int64],
    draws: NDArray[np.float64],
    by_ties: bool,
    tilted: bool,
    counts: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Grow a gang from each row of ``draws``; ``counts`` receives its users per level.

    Returns the logarithm of how much likelier each gang's way of growing is plainly than when
    friends of needed levels are preferred (``tilted``).
    """
    trials, gang = draws.shape
    seat = np.full(len(level), -1, np.int64)  # the user's place in the gang
    members = np.empty(gang, np.int64)
    outside = np.empty((gang, len(needed)), np.int64)  # each member's friends outside, by level
    weights = np.empty(gang, np.float64)  # of each of these friends, by member
    ways = np.empty(len(needed), np.float64)  # into each level: the sum of these weights
    pulls = np.empty(len(needed), np.float64)
    plain = np.ones(len(needed), np.float64)
    ratio = np.zeros(trials, np.float64)
    for trial in range(trials):
        members[0] = founders[int(draws[trial, 0] * len(founders))]
        for size in range(1, gang + 1):
            counts[trial, level[members[size - 1]]] += 1
            if size == gang:
                break
            _admit(indptr, indices, level, members[:size], seat, outside)
            _weigh(outside, by_ties, weights[:size], ways)
            held = counts[trial]
            pulled = _prefer(held, needed, ways, gang - size - 0.5, pulls)
            left = draws[trial, size] * (pulled if tilted else ways.sum())
            m, t, place = _choose(outside, weights[:size], pulls if tilted else plain, left)
            ratio[trial] += np.log(pulled / (ways.sum() * pulls[t]))
            for slot in range(indptr[members[m]], indptr[members[m] + 1]):
                friend = indices[slot]
                if seat[friend] < 0 and level[friend] == t:
                    if place == 0:
                        members[size] = friend
                        break
                    place -= 1
        seat[members] = -1
    return ratio
