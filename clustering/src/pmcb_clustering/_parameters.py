# SPDX-License-Identifier: Apache-2.0
"""Ranges of the classification's parameters, checked before any work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from pmcb_clustering._checks import MAX_LEVELS, check_choice, check_range
from pmcb_clustering._features import Scaling
from pmcb_clustering._influence import InfluenceRule
from pmcb_clustering.errors import ParameterError

if TYPE_CHECKING:
    from pmcb_clustering._levels import LevelClustering

__all__ = ["Mode", "check_parameters"]

Mode = Literal["balanced", "spectral", "paper"]


def check_parameters(given: LevelClustering, n_users: int, *, warm: bool) -> None:
    """Raise `ParameterError` for the first parameter that is out of its range.

    Args:
        given: its parameters are looked at.
        n_users: of the graph.
        warm: whether there is a previous result to start from.
    """
    most = min(MAX_LEVELS, n_users)
    if not 2 <= given.n_levels <= most:
        raise ParameterError(
            f"{given.n_levels} levels were asked for; T must be from 2 to {most} "
            f"for {n_users} users"
        )
    check_choice("mode", given.mode, get_args(Mode))
    check_choice("influence", given.influence, get_args(InfluenceRule))
    if given.scaling is not None:
        check_choice("scaling", given.scaling, get_args(Scaling))
    check_range("neighbours", given.neighbours, 1, 1_000)
    check_range("pivots", given.pivots, 2, 2**31)
    check_range("random_state", given.random_state, 0, 2**32 - 1)
    check_range("social_weight", given.social_weight, 0, 1_000)
    check_range("order_margin", given.order_margin, 0, 1)
    if given.sigma is not None and not 0.0 < given.sigma < float("inf"):
        raise ParameterError(f"sigma is {given.sigma}; it must be greater than 0")
    if given.mode == "paper":
        _check_as_published(given, warm=warm)


def _check_as_published(given: LevelClustering, *, warm: bool) -> None:
    """The published method is reproduced as it is."""
    extra = {"a previous result": warm, "social_weight": given.social_weight > 0}
    for name, asked in (extra | {"trusted people": bool(given.trusted)}).items():
        if asked:
            raise ParameterError(
                f"mode 'paper' takes no {name.removeprefix('a ')}",
                next_step="Use mode 'balanced' or 'spectral'.",
            )
