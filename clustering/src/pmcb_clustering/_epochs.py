# SPDX-License-Identifier: Apache-2.0
"""From one epoch to the next: levels that change as little as the new graph allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pmcb_clustering._assignment import bounded_assignment, costs_of_leaving
from pmcb_clustering.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pmcb_clustering._result import LevelAssignment

__all__ = ["levels_of", "previous_levels", "share_kept", "warm_labels"]


def previous_levels(
    previous: LevelAssignment, users: tuple[str, ...], n_levels: int
) -> NDArray[np.int64]:
    """Shape (n,): each user's level in the last epoch, 0 for who was not in it.

    Raises:
        ParameterError: the last epoch has another number of levels, or a level of which nobody
            is left.
    """
    if previous.levels != n_levels:
        raise ParameterError(
            f"the previous result has {previous.levels} levels, {n_levels} were asked for",
            next_step="Classify without the previous result, or keep its number of levels.",
        )
    levels = levels_of(previous, users)
    if not np.bincount(levels, minlength=n_levels + 1)[1:].all():
        raise ParameterError(
            "a level of the previous result has none of these users left",
            next_step="Check that both speak of the same people; else classify without it.",
        )
    return levels


def levels_of(assignment: LevelAssignment, users: tuple[str, ...]) -> NDArray[np.int64]:
    """Shape (n,): the level of each of these users, 0 for who is not among the result's."""
    level_of = dict(zip(assignment.users, assignment.level.tolist(), strict=True))
    return np.array([level_of.get(user, 0) for user in users], np.int64)


def warm_labels(
    features: NDArray[np.float64],
    levels: NDArray[np.int64],
    n_levels: int,
    bounds: tuple[int, int],
    ties: NDArray[np.int64],
) -> NDArray[np.int64]:
    """The last epoch's levels as labels, within bounds: only those move who must, at least cost.

    Who has a level leaves it at the cost of the squared distance to another level's mean; who
    has none goes to the nearest.

    Args:
        features: shape (n, d).
        levels: shape (n,); 1 .. T, or 0 for none; every level carried by a user.
        n_levels: T.
        bounds: least and most users per label.
        ties: shape (n,), a permutation; decides between equal users.

    Returns:
        shape (n,); 0 .. T - 1.

    >>> line = np.array([[0.0], [1.0], [2.0], [8.0], [9.0]])
    >>> warm_labels(line, np.array([1, 1, 1, 2, 0]), 2, (2, 3), np.arange(5)).tolist()
    [0, 0, 0, 1, 1]
    """
    return bounded_assignment(costs_of_leaving(features, levels, n_levels), *bounds, ties=ties)


def share_kept(before: NDArray[np.int64], after: NDArray[np.int64]) -> float:
    """Share of the users with a level before (not 0) who have the same after.

    >>> share_kept(np.array([1, 2, 0, 2]), np.array([1, 2, 1, 1])) == 2 / 3
    True
    """
    known = before > 0
    return float((before[known] == after[known]).mean())
