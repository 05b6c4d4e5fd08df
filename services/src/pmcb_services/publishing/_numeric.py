# SPDX-License-Identifier: Apache-2.0
"""A column of numbers between public bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ._column import Floats, Number, Value, digits, exact, is_finite, is_text
from ._lattice import LATTICE
from ._parsing import Cells, as_numbers
from .errors import SchemaError

__all__ = ["Numeric"]

LONGEST_UNIT = 32

_NEAR = 1e-6
"""Within this part of a step a decoded number is the step's own value, not a rounding of it."""


@dataclass(frozen=True)
class Numeric:
    """A number between public bounds, clipped to them.

    x = rint(S·(2·(v - lower)/(upper - lower) - 1)).

    Attributes:
        name: of the column.
        lower, upper: public bounds in the column's unit, written without looking at the data.
        step: values are ``lower``, ``lower + step``, ...; None for a continuous measure.
        missing: stands for absent and unreadable cells; the middle of the range by default.
        unit: of bounds and values, for reading; "" where there is none.

    Raises:
        SchemaError: the parts do not fit together.

    >>> hours = Numeric("hours", 0, 24, step=1)
    >>> hours.encode(["0", 12, 30, "?"]).ravel().tolist()
    [-65536.0, 0.0, 65536.0, 0.0]
    >>> hours.decode(np.array([[0.25]])), hours.decode(hours.snap(np.array([[0.25 + 1e-3]])))
    ([15], [15])
    """

    name: str
    lower: Number
    upper: Number
    step: Number | None = None
    missing: Number | None = None
    unit: str = ""

    def __post_init__(self) -> None:
        parts = [self.lower, self.upper, self.step, self.missing]
        if not all(part is None or is_finite(part) for part in parts):
            raise SchemaError("bounds, step and missing must be finite numbers.", column=self.name)
        if not (self.lower < self.upper and math.isfinite(float(self.upper) - float(self.lower))):
            raise SchemaError("the lower bound must be less than the upper.", column=self.name)
        if self.step is not None and not 0 < exact(self.step) <= self._range:
            raise SchemaError("the step must lie between 0 and the range.", column=self.name)
        if self.missing is not None and not self.lower <= self.missing <= self.upper:
            raise SchemaError("missing must lie within the bounds.", column=self.name)
        if not is_text(self.unit, longest=LONGEST_UNIT):
            message = f"a unit must be at most {LONGEST_UNIT} printable characters."
            raise SchemaError(message, column=self.name)

    @property
    def _range(self) -> Fraction:
        return exact(self.upper) - exact(self.lower)

    @property
    def width(self) -> int:
        """One coordinate."""
        return 1

    @property
    def count(self) -> int:
        """Values of its step, at most those of the lattice; those of the lattice without a step."""
        if self.step is None:
            return 2 * LATTICE + 1
        return min(self._steps + 1, 2 * LATTICE + 1)

    @property
    def points(self) -> NDArray[np.int64] | None:
        """Lattice coordinates of its values; None if there are too many to tell apart."""
        if self.step is None or self._steps >= 2 * LATTICE:
            return None
        lower, step = exact(self.lower), exact(self.step)
        values = [float(lower + each * step) for each in range(self._steps + 1)]
        return self.encode(values)[:, 0].astype(np.int64)

    @property
    def _steps(self) -> int:
        assert self.step is not None
        return self._range // exact(self.step)

    def encode(self, cells: Cells) -> Floats:
        """Lattice integers, shape (m, 1)."""
        lower, upper = float(self.lower), float(self.upper)
        missing = lower + (upper - lower) / 2 if self.missing is None else float(self.missing)
        numbers = as_numbers(cells)
        clipped = np.clip(np.where(np.isnan(numbers), missing, numbers), lower, upper)
        coordinate = 2.0 * ((clipped - lower) / (upper - lower)) - 1.0
        return np.asarray(np.rint(LATTICE * coordinate)[:, None])

    def snap(self, points: Floats) -> Floats:
        """The nearest values: of the step, else of the lattice."""
        clipped = np.clip(points, -1.0, 1.0)
        if self.step is None:
            return np.asarray(np.rint(LATTICE * clipped) / LATTICE)
        unit = float(exact(self.step) * 2 / self._range)
        steps = np.clip(np.rint((clipped + 1.0) / unit), 0, self._steps)
        return np.asarray(np.clip(steps * unit - 1.0, -1.0, 1.0))

    def decode(self, points: Floats) -> list[Value]:
        """Numbers within the bounds; a value of the step where one is meant."""
        return [self._value(point) for point in np.clip(points[:, 0], -1.0, 1.0).tolist()]

    def _value(self, point: float) -> Value:
        lower, upper = float(self.lower), float(self.upper)
        value = min(max(lower + (point + 1.0) / 2 * (upper - lower), lower), upper)
        if self.step is None:
            return value
        steps = min(max(round((value - lower) / float(self.step)), 0), self._steps)
        near = exact(self.lower) + steps * exact(self.step)
        if abs(value - float(near)) > _NEAR * float(self.step):
            return value
        return near.numerator if near.denominator == 1 else float(near)

    def document(self) -> dict[str, object]:
        """The column in digits; the unit only where there is one."""
        found = {"lower": self.lower, "upper": self.upper, "step": self.step}
        found["missing"] = self.missing
        written = {key: digits(value) for key, value in found.items() if value is not None}
        unit = {"unit": self.unit} if self.unit else {}
        return {"kind": "numeric", "name": self.name, **written, **unit}
