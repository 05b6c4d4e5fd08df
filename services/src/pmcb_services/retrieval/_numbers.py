# SPDX-License-Identifier: Apache-2.0
"""Numbers as people hand them in: checked as they are, before any array narrows them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from .errors import MissingValue, NotANumber, OutOfDomain

__all__ = ["Floats", "column", "decimals", "plain", "single"]

Floats = NDArray[np.float64]


def plain(number: float) -> int | float:
    """The number as an int where it is whole, so that 30 and 30.0 are written alike.

    >>> plain(30.0), plain(0.05)
    (30, 0.05)
    """
    return int(number) if float(number).is_integer() else float(number)


def decimals(number: float) -> int:
    """Digits after the point, as the number is written.

    >>> decimals(0.05), decimals(30)
    (2, 0)
    """
    exponent = Decimal(repr(plain(number))).normalize().as_tuple().exponent
    return max(0, -int(exponent))


def single(value: object, name: str) -> int | float:
    """A finite number that somebody gave for ``name``.

    Raises:
        NotANumber: it is none.

    >>> single(np.float32(1.5), "HR")
    1.5
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotANumber(f"'{name}' takes a number, not {type(value).__name__}.", field=name)
    if isinstance(value, float) and not math.isfinite(value):
        raise NotANumber(f"'{name}' takes a finite number.", field=name)
    return value


def column(values: object, name: str) -> tuple[Floats, NDArray[np.bool_]]:
    """The values of one column, and which of them are absent (None).

    Args:
        values: a numeric array or a sequence, shape (n,).
        name: of the attribute, for messages.

    Raises:
        NotANumber, OutOfDomain: names the column and the row, counted from 0.

    >>> column([36.6, None, 37], "Temp")[1].tolist()
    [False, True, False]
    """
    if isinstance(values, np.ndarray) and values.ndim != 1:
        raise NotANumber(f"'{name}' takes one number per row.", field=name)
    if isinstance(values, np.ndarray) and values.dtype.kind in "iuf":
        held = values.astype(np.float64)
        return _finite(held, name), np.zeros(len(held), dtype=np.bool_)
    listed = values.tolist() if isinstance(values, np.ndarray) else values
    if not isinstance(listed, Sequence) or isinstance(listed, str | bytes):
        raise NotANumber(f"'{name}' takes a sequence of numbers.", field=name)
    absent = np.fromiter((each is None for each in listed), np.bool_, len(listed))
    if not set(map(type, listed)) <= {int, float, type(None)}:
        listed = [None if v is None else _in_row(v, name, row) for row, v in enumerate(listed)]
    try:
        held = np.array([0 if each is None else each for each in listed], dtype=np.float64)
    except OverflowError:
        raise OutOfDomain(f"'{name}' holds a number beyond any scale.", field=name) from None
    return _finite(held, name), absent


def refuse_absent(absent: NDArray[np.bool_], name: str) -> None:
    """Raise `MissingValue`, naming the first row, if anything is absent."""
    if absent.any():
        row = int(absent.argmax())
        raise MissingValue(f"'{name}' is absent in row {row}.", field=name)


def _in_row(value: object, name: str, row: int) -> int | float:
    try:
        return single(value, name)
    except NotANumber:
        raise NotANumber(f"'{name}' is no number in row {row}.", field=name) from None


def _finite(values: Floats, name: str) -> Floats:
    bad = ~np.isfinite(values)
    if bad.any():
        row = int(bad.argmax())
        raise NotANumber(f"'{name}' is not finite in row {row}.", field=name)
    return values
