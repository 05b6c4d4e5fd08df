# SPDX-License-Identifier: Apache-2.0
"""One searchable attribute: a scale of evenly spaced values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ._numbers import Floats, decimals, plain, single
from .errors import EmptyRange, NotANumber, OffGrid, OutOfDomain, SchemaError

__all__ = ["MOST_LEVELS", "Attribute"]

MOST_LEVELS = 65_536
_NEAR = 1e-6  # of a step: what decimal fractions lose in binary


@dataclass(frozen=True)
class Attribute:
    """A scale min, min + step, ... max; all three are public.

    A value's code is (x - min) / step, so that min has 0 and max ``levels - 1``.

    Raises:
        SchemaError: fewer than 2 or more than 65,536 levels, or max is no value of the scale.

    >>> temperature = Attribute("Temp", 30, 42.75, 0.05, "degC")
    >>> temperature.levels, temperature.values[133].item()
    (256, 36.65)
    """

    name: str
    min: float
    max: float
    step: float
    unit: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.unit, str):
            raise SchemaError(f"'{self.name}': a unit is a text.", field=self.name)
        for part in ("min", "max", "step"):
            try:
                object.__setattr__(self, part, plain(single(getattr(self, part), self.name)))
            except (NotANumber, OverflowError):
                raise SchemaError(
                    f"'{self.name}': {part} must be a finite number.", field=self.name
                ) from None
        if self.step <= 0 or self.max <= self.min:
            raise SchemaError(f"'{self.name}': min < max and step > 0.", field=self.name)
        steps = (float(self.max) - float(self.min)) / self.step  # infinite where it is too large
        if not 1 <= steps <= MOST_LEVELS or abs(steps - round(steps)) > _NEAR:
            raise SchemaError(
                f"'{self.name}': (max - min) / step must be a whole number below {MOST_LEVELS}.",
                field=self.name,
            )
        if self.levels > MOST_LEVELS:
            raise SchemaError(f"'{self.name}' has over {MOST_LEVELS} levels.", field=self.name)

    @cached_property
    def levels(self) -> int:
        """How many values the scale has."""
        return round((self.max - self.min) / self.step) + 1

    @cached_property
    def values(self) -> Floats:
        """The value of every code, shape (levels,), rounded as its decimals are written."""
        digits = max(decimals(self.min), decimals(self.step))
        return np.round(self.min + np.arange(self.levels) * self.step, min(digits, 15))

    @cached_property
    def table(self) -> Floats:
        """The values, and NaN for the code of an absent one; shape (levels + 1,)."""
        return np.append(self.values, np.nan)

    def codes(self, values: Floats, *, nearest: bool) -> NDArray[np.int64]:
        """Codes of records' values, shape (n,).

        Raises:
            OutOfDomain, OffGrid: names the attribute and the row, counted from 0.
        """
        steps = (values - self.min) / self.step
        codes = np.rint(steps)
        outside = (codes < 0) | (codes >= self.levels)
        if not nearest:
            outside = (steps < -_NEAR) | (steps > self.levels - 1 + _NEAR)
        if outside.any():
            row = int(outside.argmax())
            raise OutOfDomain(
                f"'{self.name}' is outside {self.min}...{self.max} in row {row}.", field=self.name
            )
        between = np.abs(steps - codes) > _NEAR
        if not nearest and between.any():
            row = int(between.argmax())
            below = math.floor(steps[row])
            raise OffGrid(
                f"'{self.name}' is between two values of its grid (step {self.step}) in row {row}.",
                field=self.name,
                neighbours=(float(self.values[below]), float(self.values[below + 1])),
            )
        return codes.astype(np.int64)

    def bounds(self, low: object, high: object) -> tuple[int, int]:
        """Codes of a range's ends, snapped inward to the grid and clamped to the scale.

        Raises:
            NotANumber: an end is none.
            EmptyRange: no value of the scale lies inside.

        >>> Attribute("HR", 0, 255, 1).bounds(99.5, 300)
        (100, 255)
        """
        lo = self.min if low is None else single(low, self.name)
        hi = self.max if high is None else single(high, self.name)
        first = math.ceil(self._steps(lo) - _NEAR)
        last = math.floor(self._steps(hi) + _NEAR)
        first, last = max(first, 0), min(last, self.levels - 1)
        if lo > hi or first > last:
            raise EmptyRange(
                f"No value of '{self.name}' lies in {lo}...{hi}"
                f" (its scale: {self.min} to {self.max}, step {self.step}).",
                field=self.name,
            )
        return first, last

    def _steps(self, value: float) -> float:
        """Steps from min; whatever is off the scale is one step off, so that nothing overflows."""
        inside = min(max(value, self.min - self.step), self.max + self.step)
        return (inside - self.min) / self.step
