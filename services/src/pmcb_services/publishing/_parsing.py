# SPDX-License-Identifier: Apache-2.0
"""What a cell says, whatever it is: a number, a text or nothing. No cell ever raises."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from numbers import Real

import numpy as np
from numpy.typing import NDArray

__all__ = ["Cells", "as_numbers", "as_texts"]

Cells = Sequence[object] | NDArray[np.generic]
"""One column of a chunk."""

NO_SCALE = "cmMV"
"""Kinds of arrays whose cells are neither numbers nor texts: complex, times, bytes."""


def as_numbers(cells: Cells) -> NDArray[np.float64]:
    """The numbers of a column; NaN where a cell says none.

    A text is a number where Python's ``float`` takes it. Each cell is read by itself: what stands
    in one row never changes how another is read.

    >>> as_numbers(["1.5", 2, None, "1,5", "-inf"]).tolist()
    [1.5, 2.0, nan, nan, -inf]
    """
    if isinstance(cells, np.ndarray) and cells.dtype.kind in "biuf":
        return cells.astype(np.float64)
    if isinstance(cells, np.ndarray) and cells.dtype.kind in NO_SCALE:
        return np.full(len(cells), np.nan)
    if set(map(type, cells)) == {str}:
        with suppress(ValueError):  # the same `float` for each cell, only faster
            return np.array([float(cell) for cell in cells], dtype=np.float64)  # type: ignore[arg-type]
    return np.array([_number(cell) for cell in cells], dtype=np.float64)


def _number(cell: object) -> float:
    if not isinstance(cell, str | bytes | Real | Decimal | np.bool_):
        return math.nan
    try:
        return float(cell)
    except OverflowError:  # a whole number beyond all floats
        return math.inf if cell > 0 else -math.inf  # type: ignore[operator]
    except (TypeError, ValueError):
        return math.nan


def as_texts(cells: Cells) -> list[str | None]:
    """The texts of a column, without blanks around them; None where a cell says nothing.

    A whole number is its digits, whether it was kept as one or as a float.

    >>> as_texts([" yes", 3.0, 3, True, "", None, float("nan")])
    ['yes', '3', '3', 'true', None, None, None]
    """
    if isinstance(cells, np.ndarray):
        if cells.dtype.kind in NO_SCALE:
            return [None] * len(cells)
        cells = cells.tolist()
    return [_text(cell) for cell in cells]


def _text(cell: object) -> str | None:
    if isinstance(cell, bytes):
        cell = cell.decode("utf-8", "surrogateescape")
    if isinstance(cell, str):
        return cell.strip() or None
    if isinstance(cell, bool | np.bool_):
        return "true" if cell else "false"
    if isinstance(cell, int | np.integer):
        return str(int(cell))
    if isinstance(cell, float | np.floating | Decimal):
        return _digits(cell)
    return None


def _digits(number: float | np.floating | Decimal) -> str | None:
    if not math.isfinite(number):
        return None
    return str(int(number)) if number == int(number) else str(number)
