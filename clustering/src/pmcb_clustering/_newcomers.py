# SPDX-License-Identifier: Apache-2.0
"""A level for somebody who joined after the classification: the vote of those most alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pmcb_clustering._graph import SocialGraph
from pmcb_clustering.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["Electorate", "with_newcomer"]

VOTERS = 10


def with_newcomer(graph: SocialGraph, neighbours: Iterable[str]) -> SocialGraph:
    """The graph with one more user, the last, who is tied to ``neighbours``.

    Raises:
        ParameterError: one of them is no user, or nobody is named.
    """
    place = {user: index for index, user in enumerate(graph.users)}
    named = sorted(set(neighbours))
    unknown = [user for user in named if user not in place]
    if unknown or not named:
        reason = f"{unknown[0]!r} is no user of the graph" if unknown else "nobody is named"
        raise ParameterError(f"a newcomer needs neighbours: {reason}")
    new = np.array([[place[user], graph.n_users] for user in named], np.int64)
    return SocialGraph.from_arrays([*graph.users, "\0newcomer"], np.concatenate([graph.ties, new]))


@dataclass(frozen=True, eq=False)
class Electorate:
    """The classified users, who vote on newcomers.

    Attributes:
        metrics: shape (n, 4).
        levels: shape (n,); 1 .. T.
    """

    metrics: NDArray[np.float64]
    levels: NDArray[np.int64]

    def vote(self, metrics: NDArray[np.float64]) -> int:
        """The level most of the ten nearest users have, the lower one if two are level.

        Every metric counts by the share of users below it (its empirical distribution), so that
        no scale matters.

        Args:
            metrics: shape (4,); the newcomer's.
        """
        distance = np.zeros(len(self.levels))
        for column, value in zip(self.metrics.T, metrics, strict=True):
            ordered = np.sort(column)
            distance += (_share_below(ordered, column) - _share_below(ordered, value)) ** 2
        nearest = np.lexsort((self.levels, distance))[:VOTERS]
        return int(np.bincount(self.levels[nearest]).argmax())


def _share_below(
    ordered: NDArray[np.float64], values: NDArray[np.float64] | np.float64
) -> NDArray[np.float64]:
    """Of every value: the share of ``ordered`` below it, equal ones counted half."""
    below = np.searchsorted(ordered, values, "left")
    within = np.searchsorted(ordered, values, "right")
    return np.asarray((below + within) / (2.0 * len(ordered)), np.float64)
