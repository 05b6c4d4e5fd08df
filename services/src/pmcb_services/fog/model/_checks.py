# SPDX-License-Identifier: Apache-2.0
"""What an instance may be made of: numbers of the right kind, shape and range."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pmcb_services.fog.errors import DuplicateId, Infeasible, InvalidInput, OutOfRange

__all__ = ["etc_matrix", "ids", "magnitudes", "share", "somewhere", "vector"]

LARGEST = 1e305
"""No cost, and no part of one, exceeds it: sums and products of two parts stay finite."""

SMALLEST = 1e-303
"""A scale of costs below it leaves too few bits to prove a bound with."""

Floats = NDArray[np.float64]


def _numbers(values: ArrayLike, field: str) -> Floats:
    try:
        given = np.asarray(values)
    except ValueError as error:  # rows of different lengths
        raise InvalidInput(f"{field} is no array of numbers.", field=field) from error
    if given.dtype.kind not in "iuf":
        raise InvalidInput(
            f"{field} holds {given.dtype.name} where real numbers belong.", field=field
        )
    with np.errstate(over="ignore"):  # a longer float that becomes inf is told below
        return np.array(given, dtype=np.float64, order="C")


def _blame(bad: NDArray[np.bool_], field: str, rule: str) -> None:
    if bad.any():
        index = tuple(int(i) for i in np.argwhere(bad)[0])
        place = ", ".join(map(str, index))
        raise InvalidInput(f"{field}[{place}] {rule}.", field=field, index=index)


def etc_matrix(etc: ArrayLike) -> Floats:
    """A copy of the ETC matrix, (n, m) float64 in C order: above 0, +inf where forbidden."""
    p = _numbers(etc, "etc")
    if p.ndim != 2:
        raise InvalidInput("etc has one row per order and one column per server.", field="etc")
    if p.shape[1] == 0:
        raise InvalidInput("There is no server: etc has no column.", field="etc")
    _blame(~(p > 0), "etc", "is no time above 0; inf forbids the pair")
    return p


def somewhere(etc: Floats, order_ids: Sequence[str]) -> None:
    """Every order can run on some server."""
    nowhere = np.flatnonzero(np.isinf(etc).all(axis=1))
    if len(nowhere):
        raise Infeasible([order_ids[int(i)] for i in nowhere])


def vector(
    values: ArrayLike,
    field: str,
    length: int,
    *,
    low: float = 0.0,
    nan: bool = False,
    inf: bool = False,
) -> Floats:
    """A copy of one number per order or server, at least ``low``; nan or +inf where allowed."""
    v = _numbers(values, field)
    if v.shape != (length,):
        raise InvalidInput(f"{field} has shape {v.shape}; ({length},) is due.", field=field)
    good = (v >= low) & ((v < np.inf) | inf) & (v > -np.inf)
    _blame(~(good | (np.isnan(v) & nan)), field, "is outside its range" + _range(low, inf=inf))
    return v


def _range(low: float, *, inf: bool) -> str:
    end = "inf]" if inf else "inf)"
    return f" ({'-inf' if low == -np.inf else f'[{low:g}'}, {end}"


def share(value: float, field: str) -> float:
    """A number in [0, 1]."""
    real = isinstance(value, Real) and not isinstance(value, bool | np.bool_)
    if not real or not 0.0 <= float(value) <= 1.0:
        raise InvalidInput(f"{field} is a number from 0 to 1.", field=field)
    return float(value)


def ids(given: Sequence[str] | None, field: str, length: int) -> tuple[str, ...]:
    """One id each, none twice; the numbers from 0 on where none are given."""
    if given is None:
        return tuple(map(str, range(length)))
    named = tuple(given)
    if isinstance(given, str) or not all(map(_is_id, named)):
        raise InvalidInput(f"{field} are texts, none of them empty.", field=field)
    if len(named) != length:
        raise InvalidInput(f"{field} names {len(named)} where {length} are due.", field=field)
    seen: set[str] = set()
    for i, each in enumerate(named):
        if each in seen:
            raise DuplicateId(f"{field} holds {each!r} twice.", field=field, index=(i,))
        seen.add(each)
    return named


def _is_id(value: object) -> bool:
    return isinstance(value, str) and value != ""


def magnitudes(etc: Floats, cost: Floats, capacity: float, ready: Floats) -> None:
    """Costs that can be added, and that leave bits enough to prove a bound with.

    Args:
        etc: (n, m); seconds, inf where forbidden.
        cost: (n, m); c of the linear form.
        capacity: K of the linear form.
        ready: (m,); seconds.
    """
    if not len(etc):
        return
    allowed = np.isfinite(etc)
    with np.errstate(over="ignore", invalid="ignore"):
        worst = float(etc.max(axis=1, where=allowed, initial=0.0).sum() + ready.max())
        dearest = np.abs(cost).max(axis=1, where=allowed, initial=0.0)
        largest = worst * max(capacity, 1.0) + float(dearest.sum())
    if not largest <= LARGEST:
        raise OutOfRange("Times and powers are too large to be multiplied.", field="etc")
    scale = float(etc.min()) * capacity if capacity > 0 else float(dearest.max())
    if (capacity > 0 or np.any(cost != 0)) and scale < SMALLEST:
        raise OutOfRange("Times and powers are too small to be multiplied.", field="etc")
