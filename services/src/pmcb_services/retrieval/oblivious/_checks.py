# SPDX-License-Identifier: Apache-2.0
"""What callers hand in beside records and ranges, checked before anything is sent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pmcb_services.retrieval.errors import (
    BadMinimum,
    DuplicateRecord,
    NotANumber,
    SchemaError,
    UnknownRecord,
)

from ._entry import MOST_IDS

__all__ = [
    "check_bins",
    "check_colour",
    "check_ids",
    "check_minimum",
    "check_patient",
    "check_patients",
]

_LONGEST_NAME = 64
_MOST_BINS = 64


def check_minimum(minimum: object) -> int:
    """A minimum return count.

    Raises:
        BadMinimum: it is no whole number from 0 on.
    """
    if not _is_whole(minimum) or minimum < 0:  # type: ignore[operator]
        raise BadMinimum("The minimum is a whole number from 0 on.", field="minimum")
    return int(minimum)  # type: ignore[call-overload, no-any-return]


def check_bins(bins: object) -> None:
    """A number of bins.

    Raises:
        BadMinimum: it is no whole number from 2 to 64.
    """
    if not _is_whole(bins) or not 2 <= bins <= _MOST_BINS:  # type: ignore[operator]
        raise BadMinimum(f"bins is a whole number from 2 to {_MOST_BINS}.", field="bins")


def check_colour(name: object) -> None:
    """A colour's name.

    Raises:
        SchemaError: it is none.
    """
    if not (isinstance(name, str) and name.isprintable() and 0 < len(name) <= _LONGEST_NAME):
        raise SchemaError("A colour's name has 1 to 64 printable characters.", field="colour")


def check_patient(patient: object) -> int:
    """A patient's id.

    Raises:
        NotANumber: it is no whole number.
    """
    if not _is_whole(patient):
        raise NotANumber("A patient's id is a whole number.", field="patient")
    return int(patient)  # type: ignore[call-overload, no-any-return]


def check_patients(patients: object, dtype: np.dtype[np.generic]) -> NDArray[np.generic]:
    """A set of patients, ascending; repeats count once.

    Raises:
        NotANumber: one is no whole number, or no id that the schema's type can hold.
    """
    limits = np.iinfo(dtype)  # type: ignore[type-var]
    for each in (listed := _listed(patients, "patients")):
        if not limits.min <= check_patient(each) <= limits.max:
            raise NotANumber(f"A patient's id does not fit {dtype.name}.", field="patients")
    return np.unique(np.array(listed, dtype=dtype))


def check_ids(ids: object) -> NDArray[np.uint32]:
    """Ids of records.

    Raises:
        NotANumber: one is no whole number.
        UnknownRecord: one is beyond all ids.
        DuplicateRecord: one is there twice.
    """
    for each in (listed := _listed(ids, "ids")):
        if not _is_whole(each):
            raise NotANumber("An id is a whole number.", field="ids")
        if not 0 <= each < MOST_IDS:  # type: ignore[operator]
            raise UnknownRecord("There is no record of such an id.", field="ids")
    found = np.array(listed, dtype=np.uint32)
    if len(np.unique(found)) < len(found):
        raise DuplicateRecord("An id is named twice.", field="ids")
    return found


def _listed(values: object, field: str) -> list[object]:
    if isinstance(values, np.ndarray):
        values = values.tolist()
    if isinstance(values, list | tuple | range | set | frozenset):
        return list(values)
    raise NotANumber(f"{field} come as a sequence of whole numbers.", field=field)


def _is_whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
