# SPDX-License-Identifier: Apache-2.0
"""A scenario's own matrix of times."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pmcb_services.fog.errors import ScenarioError

__all__ = ["matrix"]

_LARGEST = 1e300


def matrix(given: object, shape: tuple[int, int], folder: Path | None) -> NDArray[np.float64]:
    """A matrix, null forbidden; or, where there is a folder, the ``.npy`` there."""
    if isinstance(given, str):
        return _loaded(given, shape, folder)
    n, m = shape
    if not isinstance(given, list) or len(given) != n:
        raise ScenarioError(f"has one row for each of {n} orders.", pointer="/etc")
    for i, row in enumerate(given):
        if not isinstance(row, list) or len(row) != m:
            raise ScenarioError(f"has a number for each of {m} servers.", pointer=f"/etc/{i}")
        for j, value in enumerate(row):
            if value is not None and not (type(value) in {int, float} and 0 < value < _LARGEST):
                raise ScenarioError("is no time above 0, nor null.", pointer=f"/etc/{i}/{j}")
    filled = [[math.inf if value is None else value for value in row] for row in given]
    return np.array(filled, dtype=np.float64).reshape(shape)


def _loaded(name: str, shape: tuple[int, int], folder: Path | None) -> NDArray[np.float64]:
    if folder is None:
        raise ScenarioError("is a matrix here, not a path.", pointer="/etc")
    try:
        found = np.load(folder / name, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        raise ScenarioError("names no .npy that can be read.", pointer="/etc") from None
    if not isinstance(found, np.ndarray) or found.shape != shape or found.dtype.kind not in "iuf":
        raise ScenarioError(f"names no matrix of {shape[0]} x {shape[1]} numbers.", pointer="/etc")
    rows = found.astype(np.float64)
    if not (rows > 0).all():
        raise ScenarioError("names a matrix with a time that is not above 0.", pointer="/etc")
    return rows
