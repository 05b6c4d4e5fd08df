# SPDX-License-Identifier: Apache-2.0
"""Rows in place of published ones that are not at hand: same shape, same box, nothing else."""

import numpy as np
from numpy.typing import NDArray

from pmcb_services.publishing import Numeric, Schema

from ._dataset import STAND_IN, DataSet

_CLUSTERS = 6
_SEED = 20_131
_SPREAD = (0.03, 0.12)  # standard deviations, in shares of a column's range


class StandInWarning(UserWarning):
    """Figures are measured on made-up rows: the published ones are not at hand."""


def stand_in(name: str, schema: Schema, n: int) -> DataSet:
    """Six Gaussian clusters in the schema's box, by a fixed seed.

    Args:
        name: of the set they stand for.
        schema: all its columns are numbers.
        n: how many rows.
    """
    rng = np.random.default_rng(_SEED)
    d = schema.width
    centres = rng.uniform(0.15, 0.85, (_CLUSTERS, d))
    spread = rng.uniform(*_SPREAD, (_CLUSTERS, d))
    which = rng.choice(_CLUSTERS, n, p=rng.dirichlet(np.full(_CLUSTERS, 4.0)))
    shares = np.clip(rng.normal(centres[which], spread[which]), 0, 1)
    points = schema.snap(2 * shares - 1)
    lower, upper = _bounds(schema)
    rows = np.round(lower + (points + 1) / 2 * (upper - lower), 6)
    return DataSet(name, schema, rows, STAND_IN)


def _bounds(schema: Schema) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    columns = [column for column in schema.columns if isinstance(column, Numeric)]
    lower = np.array([column.lower for column in columns], dtype=np.float64)
    return lower, np.array([column.upper for column in columns], dtype=np.float64)
