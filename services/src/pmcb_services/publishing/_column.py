# SPDX-License-Identifier: Apache-2.0
"""What a schema needs of a column, and what columns share."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ._parsing import Cells

__all__ = ["Column", "Floats", "Number", "Value", "digits", "exact", "is_finite", "is_text"]

Floats = NDArray[np.float64]
Number = int | float
Value = int | float | str


class Column(Protocol):
    """What a schema needs of a column; a cell is encoded by itself and never raises."""

    @property
    def name(self) -> str:
        """Its name in the header."""

    @property
    def width(self) -> int:
        """How many coordinates it has."""

    @property
    def count(self) -> int:
        """How many values it can take."""

    @property
    def points(self) -> NDArray[np.int64] | None:
        """Its values' lattice coordinates in their order; None where it has no order or step."""

    def encode(self, cells: Cells) -> Floats:
        """Lattice integers, shape (m, width), each in [-S, S]."""

    def snap(self, points: Floats) -> Floats:
        """The nearest points of values, in [-1, 1], shape (k, width)."""

    def decode(self, points: Floats) -> list[Value]:
        """Values in original units from points in [-1, 1], shape (k, width)."""

    def document(self) -> dict[str, object]:
        """Texts and lists only, numbers as digits."""


def is_finite(number: object) -> bool:
    """Whether it is a number, and a finite one that fits a float."""
    if isinstance(number, bool) or not isinstance(number, int | float):
        return False
    try:
        return math.isfinite(number)
    except OverflowError:
        return False


def is_text(text: object, *, longest: int) -> bool:
    """Whether it is a text of so many characters at most, all of them printable."""
    return isinstance(text, str) and len(text) <= longest and text.isprintable()


def exact(number: Number) -> Fraction:
    """A number by its digits: 0.1 is 1/10."""
    return Fraction(str(number))


def digits(number: Number) -> str:
    """The shortest digits without an exponent; 10 and 10.0 are the same.

    >>> digits(10.0), digits(0.1), digits(1e-7), digits(7e8)
    ('10', '0.1', '0.0000001', '700000000')
    """
    whole = int(number)
    return str(whole) if whole == number else format(Decimal(str(number)), "f")
