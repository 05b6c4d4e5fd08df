# SPDX-License-Identifier: Apache-2.0
"""What others make: diffprivlib's k-means, FasterPAM's medoids; of the dependency group `bench`.

Holohan et al., "Diffprivlib: the IBM differential privacy library", 2019; Schubert, Rousseeuw,
"Fast and eager k-medoids clustering", Information Systems 101, 2021.
"""

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pmcb_services.publishing import Nominal, Schema
from pmcb_services.publishing._kmeans import nearest

__all__ = ["LENT", "diffprivlib_centres", "diffprivlib_models", "fasterpam", "installed"]

Floats = NDArray[np.float64]

LENT: Mapping[str, type] = {"DTYPE": np.float32, "DOUBLE": np.float64}
"""Names of ``sklearn.tree._tree`` that diffprivlib 0.6.6 imports and scikit-learn 1.9 has not."""

STARTS = 3
ROWS = 3000
"""FasterPAM needs all distances: the best of three samples of so many rows."""


def installed(name: str) -> str | None:
    """The version of a distribution; None where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


@cache
def diffprivlib_models() -> Any:  # it has no types
    """``diffprivlib.models``.

    Its forests ask scikit-learn's trees for two names that are gone since, which stops the import
    of its k-means, too. They are lent while it is imported; its k-means uses neither.

    Raises:
        ImportError: it is not installed, or misses something else.
    """
    with _lent():
        return importlib.import_module("diffprivlib.models")


@contextmanager
def _lent() -> Iterator[None]:
    importlib.import_module("sklearn.tree")
    tree = sys.modules["sklearn.tree._tree"]
    missing = [name for name in LENT if not hasattr(tree, name)]
    for name in missing:
        setattr(tree, name, LENT[name])
    try:
        yield
    finally:
        for name in missing:
            delattr(tree, name)


def diffprivlib_centres(
    points: Floats, schema: Schema, epsilon: float, k: int, seed: int
) -> Floats:
    """Its centres of encoded rows, shape (k, d); the bounds are the schema's."""
    model = diffprivlib_models().KMeans(
        k, epsilon=epsilon, bounds=_bounds(schema), random_state=seed
    )
    return np.asarray(model.fit(points).cluster_centers_, dtype=np.float64)


def _bounds(schema: Schema) -> tuple[Floats, Floats]:
    lower, upper = -np.ones(schema.width), np.ones(schema.width)
    for column, span in zip(schema.columns, schema.spans, strict=True):
        if isinstance(column, Nominal):
            lower[span], upper[span] = 0.0, float(column.weight) / 2**0.5
    return lower, upper


def fasterpam(points: Floats, k: int, seed: int) -> tuple[Floats, float]:
    """The medoids of the sample that is cheapest on all rows, and that cost, Σ min ‖x - m‖."""
    from sklearn.metrics import pairwise_distances

    kmedoids = importlib.import_module("kmedoids")
    rng = np.random.default_rng(seed)
    found = []
    for start in range(STARTS):
        chosen = points[rng.permutation(len(points))[:ROWS]]
        run = kmedoids.fasterpam(pairwise_distances(chosen), k, random_state=seed + start)
        medoids = chosen[run.medoids.astype(np.int64)]
        found.append((medoids, absolute_cost(points, medoids)))
    return min(found, key=lambda each: each[1])


def absolute_cost(points: Floats, medoids: Floats) -> float:
    """Σ min ‖x - m‖, in units of the points."""
    return float(np.sqrt(nearest(points, medoids)[1]).sum())
