# SPDX-License-Identifier: Apache-2.0
"""Where rows come from: raw columns of at most 8192 cells at a time, as often as needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ._arrow import Batches
from ._files import open_files
from ._header import Places, find_columns
from ._lattice import CHUNK
from ._parsing import Cells
from .errors import TableUnreadable

__all__ = ["Source", "open_source"]


class Source(Protocol):
    """Raw columns; the same rows in the same columns whenever they are asked for."""

    def chunks(self) -> Iterator[list[Cells]]:
        """Columns in the order of the schema's names, all of one length, at most 8192."""


def open_source(source: object, names: Sequence[str]) -> Source:
    """The columns of these names in whatever holds them.

    Raises:
        TableUnreadable: nothing that holds columns, or not these.
    """
    if isinstance(source, str | Path):
        return open_files(Path(source), names)
    if isinstance(source, np.ndarray) and source.dtype.names is None:
        return _array(source, names)
    if isinstance(source, np.ndarray):
        assert source.dtype.names is not None
        return _Named(source, find_columns(source.dtype.names, names))
    if hasattr(source, "columns") and hasattr(source, "__getitem__"):
        return _Named(source, find_columns(list(source.columns), names))
    if callable(source):
        return Batches(source, names)
    raise TableUnreadable(
        "This is no table.",
        next_step="Give an array, a DataFrame, a path, or a callable that gives Arrow batches.",
    )


def _array(source: NDArray[np.generic], names: Sequence[str]) -> Source:
    if source.ndim != 2 or source.shape[1] != len(names):
        listed = ", ".join(names)
        raise TableUnreadable(f"The array must have {len(names)} columns, in this order: {listed}.")
    return _Array(source)


@dataclass(frozen=True)
class _Array:
    """An array whose columns stand in the order of the names."""

    array: NDArray[np.generic]

    def chunks(self) -> Iterator[list[Cells]]:
        for start in range(0, len(self.array), CHUNK):
            yield list(self.array[start : start + CHUNK].T)


@dataclass(frozen=True)
class _Named:
    """Whatever gives a column for a name: a DataFrame, an array of records."""

    frame: object
    places: Places

    def chunks(self) -> Iterator[list[Cells]]:
        columns = [_values(self.frame[name]) for name in self.places.header]  # type: ignore[index]
        for start in range(0, len(columns[0]), CHUNK):
            yield [column[start : start + CHUNK] for column in columns]


def _values(column: object) -> NDArray[np.generic]:
    to_numpy = getattr(column, "to_numpy", None)
    return np.asarray(column if to_numpy is None else to_numpy())
