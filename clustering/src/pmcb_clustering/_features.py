# SPDX-License-Identifier: Apache-2.0
"""Features of receivers: the four metrics on comparable scales."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from scipy.stats import rankdata

from pmcb_clustering.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Scaling", "mid_ranks", "rank_correlation", "round_significant", "scale_features"]

Scaling = Literal["robust", "rank", "logz", "raw"]
BETWEENNESS = 1  # its column


def round_significant(values: NDArray[np.float64], digits: int = 9) -> NDArray[np.float64]:
    """Round to significant digits, so that ties do not hang on the order of a sum.

    >>> round_significant(np.array([123.4567, 0.00012345]), 3).tolist()
    [123.0, 0.000123]
    """
    _, exponent = np.frexp(values)
    decimals = np.minimum(digits - np.ceil(exponent * np.log10(2.0)), 300.0)
    scale = 10.0 ** np.abs(decimals)
    fine, coarse = np.round(values * scale) / scale, np.round(values / scale) * scale
    return np.asarray(np.where(decimals >= 0, fine, coarse), np.float64)


def rank_correlation(left: NDArray[np.float64], right: NDArray[np.float64]) -> float | None:
    """Spearman correlation, -1 .. 1; None where one side is constant.

    >>> rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([1.0, 8.0, 9.0]))
    1.0
    """
    if np.ptp(left) == 0 or np.ptp(right) == 0:
        return None
    return round(float(np.corrcoef(rankdata(left), rankdata(right))[0, 1]), 9)


def mid_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mid-ranks of each column within 0 .. 1: (rank - 1/2) / n, ties share their mean.

    >>> mid_ranks(np.array([[5.0], [7.0], [7.0], [9.0]])).ravel().tolist()
    [0.125, 0.5, 0.5, 0.875]
    """
    ranks: NDArray[np.float64] = rankdata(values, axis=0)
    return (ranks - 0.5) / len(values)


def _unit_range(column: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = column.min(), column.max()
    return np.zeros_like(column) if high == low else (column - low) / (high - low)


def _z_scores(values: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = values.std(axis=0)
    scores: NDArray[np.float64] = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return scores


def scale_features(
    metrics: NDArray[np.float64],
    scaling: Scaling = "robust",
    *,
    weights: Sequence[float] = (1.0, 1.0, 1.0, 1.0),
) -> NDArray[np.float64]:
    """Bring the four metrics to comparable scales.

    ``rank``
        mid-ranks of every metric.
    ``robust``
        mid-ranks of degree, clustering and entropy; betweenness as ln(1 + count / n), stretched
        to 0 .. 1, since its upper tail is what sets brokers apart.
    ``logz``
        z-scores of ln(1 + x).
    ``raw``
        the metrics as they are.

    Degree and entropy carry nearly the same order (Spearman 0.999 on ego-Facebook), so every
    scaling counts degree twice unless ``weights`` says otherwise. Metrics are rounded to nine
    significant digits first: the order of a sum must not decide a tie.

    Args:
        metrics: shape (n, 4); degree, betweenness as a count of pairs, clustering, entropy.
        scaling: see above.
        weights: factor of each scaled metric, at least 0, not all 0.

    Returns:
        shape (n, 4).

    >>> scale_features(np.array([[1.0, 0, 0, 0.7], [3.0, 3, 0, 1.2]]), "rank")[:, 0].tolist()
    [0.25, 0.75]
    """
    if scaling not in get_args(Scaling):
        message = f"scaling is {scaling!r}; it must be one of {', '.join(get_args(Scaling))}"
        raise ParameterError(message)
    factors = np.asarray(weights, np.float64)
    if factors.shape != (4,) or not np.all(np.isfinite(factors)) or factors.min() < 0:
        message = "weights must be four numbers of at least 0: degree, betweenness, Lc, entropy"
        raise ParameterError(message)
    if not factors.any():
        message = "weights are all 0; at least one must be greater"
        raise ParameterError(message)
    values = round_significant(metrics)
    if scaling == "logz":
        values = _z_scores(np.log1p(values))
    elif scaling == "rank":
        values = mid_ranks(values)
    elif scaling == "robust":
        tail = np.log1p(values[:, BETWEENNESS] / len(values))
        values = mid_ranks(values)
        values[:, BETWEENNESS] = _unit_range(tail)
    return values * factors
