# SPDX-License-Identifier: Apache-2.0
"""Fields that come back with a hit and are never searched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._numbers import Floats, column, refuse_absent
from .errors import MissingValue, NotANumber, OutOfDomain, UnknownAttribute, WrongAttributeCount

__all__ = ["TYPES", "Carried", "Columns", "carried_dtype", "pack"]

TYPES = {
    f"{kind}{bits}": f"<{kind[0]}{bits // 8}"
    for kind, widths in (("uint", (8, 16, 32, 64)), ("int", (8, 16, 32, 64)), ("float", (32, 64)))
    for bits in widths
}
"""Names of types and their little-endian codes."""


Columns = Mapping[str, object] | NDArray[np.void] | None
"""A column by name, or a structured array; None where nothing is carried."""


@dataclass(frozen=True, slots=True)
class Carried:
    """One field: its name and one of `TYPES`."""

    name: str
    type: str


def carried_dtype(fields: tuple[Carried, ...]) -> np.dtype[np.void]:
    """The packed little-endian layout of the fields of one record.

    >>> carried_dtype((Carried("patient", "uint32"), Carried("hour", "uint8"))).itemsize
    5
    """
    return np.dtype([(field.name, TYPES[field.type]) for field in fields])


def pack(fields: tuple[Carried, ...], values: Columns, rows: int) -> NDArray[np.void]:
    """The fields of ``rows`` records, checked.

    Args:
        fields: of the schema.
        values: a column by name, or a structured array; None where there are no fields.
        rows: how many records there are.

    Raises:
        UnknownAttribute, MissingValue, WrongAttributeCount, NotANumber, OutOfDomain: names the
            field.
    """
    columns = _columns(values)
    unknown = [name for name in columns if name not in {field.name for field in fields}]
    if unknown:
        raise UnknownAttribute(f"The schema carries no '{unknown[0]}'.", field=str(unknown[0]))
    packed = np.zeros(rows, dtype=carried_dtype(fields))
    for field in fields:
        if field.name not in columns:
            raise MissingValue(f"The carried field '{field.name}' is absent.", field=field.name)
        packed[field.name] = _checked(columns[field.name], field, rows)
    return packed


def _columns(values: Columns) -> Mapping[str, object]:
    if values is None:
        return {}
    if isinstance(values, np.ndarray):
        if values.dtype.names is None:
            raise WrongAttributeCount("Carried fields come by name.")
        return {name: values[name] for name in values.dtype.names}
    return values


def _checked(values: object, field: Carried, rows: int) -> NDArray[np.generic]:
    target = np.dtype(TYPES[field.type])
    if isinstance(values, np.ndarray) and values.dtype == target:  # nothing to convert or lose
        if target.kind == "f":
            column(values, field.name)
        return _of_length(values, field, rows)
    held, absent = column(values, field.name)
    refuse_absent(absent, field.name)
    _of_length(held, field, rows)
    found: NDArray[np.generic] = held
    bounds: tuple[float, ...] = (held.min(initial=0), held.max(initial=0))
    if target.kind != "f":
        found, bounds = _whole(values, held, field)
    limits = np.finfo(target) if target.kind == "f" else np.iinfo(target)
    if any(not limits.min <= bound <= limits.max for bound in bounds):
        raise OutOfDomain(f"'{field.name}' holds a number beyond {field.type}.", field=field.name)
    return found.astype(target)


def _whole(
    values: object, held: Floats, field: Carried
) -> tuple[NDArray[np.generic], tuple[int, ...]]:
    """Whole numbers without loss, and their least and greatest."""
    if np.any(held != np.rint(held)):
        raise NotANumber(f"'{field.name}' takes whole numbers.", field=field.name)
    if not len(held):
        return held, ()
    exact = values if isinstance(values, np.ndarray) and values.dtype.kind in "iu" else None
    if exact is None:
        listed = [int(each) for each in values]  # type: ignore[attr-defined]  # column() read it
        return np.array(listed, dtype=object), (min(listed), max(listed))
    return exact, (int(exact.min()), int(exact.max()))


def _of_length(values: NDArray[np.generic], field: Carried, rows: int) -> NDArray[np.generic]:
    if values.shape != (rows,):
        raise WrongAttributeCount(f"'{field.name}' must have one value per row.", field=field.name)
    return values
