# SPDX-License-Identifier: Apache-2.0
"""Columns that list their values: in an order that means something, or in none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._column import Floats, Number, Value, digits, is_finite
from ._lattice import LATTICE
from ._parsing import Cells, as_texts
from .errors import SchemaError

__all__ = ["Nominal", "Ordinal"]


@dataclass(frozen=True)
class Ordinal:
    """One of a list of texts whose order means something: its place in the list, linear.

    Attributes:
        name: of the column.
        values: at least two, all different, the lowest first; whole numbers become texts.
        missing: stands for absent and unknown cells; the first by default.

    >>> Ordinal("pain", ["none", "some", "much"]).encode(["much", "some", "?"]).ravel().tolist()
    [65536.0, 0.0, -65536.0]
    """

    name: str
    values: Sequence[str | int]
    missing: str | int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _checked_values(self.name, self.values, self.missing))

    @property
    def width(self) -> int:
        """One coordinate."""
        return 1

    @property
    def count(self) -> int:
        """How many values there are."""
        return len(self.values)

    @property
    def points(self) -> NDArray[np.int64]:
        """Lattice coordinates of its values."""
        return np.rint(LATTICE * self._at(np.arange(float(self.count)))).astype(np.int64)

    def _at(self, codes: NDArray[np.float64]) -> Floats:
        return np.asarray(2.0 * codes / (self.count - 1) - 1.0)

    def encode(self, cells: Cells) -> Floats:
        """Lattice integers, shape (m, 1)."""
        codes = _codes(cells, self.values, self.missing)
        return self.points[codes].astype(np.float64)[:, None]

    def snap(self, points: Floats) -> Floats:
        """The nearest values' points."""
        return self._at(self._nearest(points))

    def _nearest(self, points: Floats) -> Floats:
        places = (np.clip(points, -1.0, 1.0) + 1.0) / 2 * (self.count - 1)
        return np.asarray(np.rint(places))

    def decode(self, points: Floats) -> list[Value]:
        """The nearest values."""
        return [self.values[int(code)] for code in self._nearest(points)[:, 0]]

    def document(self) -> dict[str, object]:
        """The column in texts."""
        return {"kind": "ordinal", "name": self.name, **_listed(self.values, self.missing)}


@dataclass(frozen=True)
class Nominal:
    """One of a list of texts without an order: a coordinate each, weight/√2 where it holds, else 0.

    Attributes:
        name: of the column.
        values: at least two, all different; whole numbers become texts.
        weight: how far two values are apart, above 0, at most √2, so that coordinates stay in
            [-1, 1].
        missing: stands for absent and unknown cells; the first by default.

    >>> Nominal("sex", ["f", "m"], weight=2**0.5).encode(["m", None]).tolist()
    [[0.0, 65536.0], [65536.0, 0.0]]
    """

    name: str
    values: Sequence[str | int]
    weight: Number = 1
    missing: str | int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _checked_values(self.name, self.values, self.missing))
        if not (is_finite(self.weight) and 0 < self.weight <= math.sqrt(2)):
            message = "the weight must be greater than 0 and at most the square root of 2."
            raise SchemaError(message, column=self.name)

    @property
    def width(self) -> int:
        """One coordinate for each value."""
        return len(self.values)

    @property
    def count(self) -> int:
        """How many values there are."""
        return len(self.values)

    @property
    def points(self) -> None:
        """None: its values have no order."""
        return

    @property
    def _high(self) -> float:
        return float(self.weight) / math.sqrt(2)

    def encode(self, cells: Cells) -> Floats:
        """Lattice integers, shape (m, number of values)."""
        codes = _codes(cells, self.values, self.missing)
        return np.asarray(np.eye(self.width)[codes] * np.rint(LATTICE * self._high))

    def snap(self, points: Floats) -> Floats:
        """The points of the values with the largest coordinate, the first of equals."""
        return np.asarray(np.eye(self.width)[points.argmax(axis=1)] * self._high)

    def decode(self, points: Floats) -> list[Value]:
        """The values with the largest coordinate, the first of equals."""
        return [self.values[int(code)] for code in points.argmax(axis=1)]

    def document(self) -> dict[str, object]:
        """The column in texts."""
        listed = _listed(self.values, self.missing)
        return {"kind": "nominal", "name": self.name, **listed, "weight": digits(self.weight)}


def _checked_values(
    name: str, values: Sequence[str | int], missing: str | int | None
) -> tuple[str, ...]:
    if isinstance(values, str) or not all(_is_word(value) for value in values):
        raise SchemaError("values must be a list of texts.", column=name)
    texts = tuple(str(value).strip() for value in values)
    if len(texts) < 2 or len(set(texts)) < len(texts) or "" in texts:
        raise SchemaError("values must be at least two different texts.", column=name)
    if missing is not None and str(missing) not in texts:
        raise SchemaError("missing must be one of the values.", column=name)
    return texts


def _is_word(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _codes(
    cells: Cells, values: Sequence[str | int], missing: str | int | None
) -> NDArray[np.int64]:
    places = {str(value): place for place, value in enumerate(values)}
    instead = 0 if missing is None else places[str(missing)]
    found = [instead if text is None else places.get(text, instead) for text in as_texts(cells)]
    return np.array(found, dtype=np.int64)


def _listed(values: Sequence[str | int], missing: str | int | None) -> dict[str, object]:
    listed: dict[str, object] = {"values": list(values)}
    return listed if missing is None else listed | {"missing": str(missing)}
