# SPDX-License-Identifier: Apache-2.0
"""The root of the errors of encrypted retrieval, and those of what is handed in."""

from __future__ import annotations

import re
from typing import ClassVar

__all__ = [
    "BadMinimum",
    "DuplicateRecord",
    "EmptyDataset",
    "EmptyRange",
    "IndexBudgetError",
    "InputError",
    "InsecureMode",
    "MissingValue",
    "NoRange",
    "NotANumber",
    "OffGrid",
    "OutOfDomain",
    "PrecisionLimit",
    "RetrievalError",
    "SchemaError",
    "SingularKey",
    "TooManyRecords",
    "UnknownAttribute",
    "WrongAttributeCount",
]


class RetrievalError(Exception):
    """Root of the tree: one sentence for the user, what to do about it, and what is to blame.

    >>> EmptyRange("The range of 'HR' is empty.", field="HR").code
    'EMPTY_RANGE'
    """

    exit_code: ClassVar[int] = 2
    status: ClassVar[int] = 422
    code: ClassVar[str] = "RETRIEVAL"
    next_step: str = ""

    def __init_subclass__(cls) -> None:
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).upper()

    def __init__(self, message: str, *, field: str = "", next_step: str | None = None) -> None:
        super().__init__(message)
        self.field = field
        if next_step is not None:
            self.next_step = next_step


class InputError(RetrievalError):
    """What was asked for or handed in cannot be; nothing was sent."""


class SchemaError(InputError):
    """A schema that contradicts itself, or that does not fit the store."""

    next_step = "Correct the schema; `pmcb retrieval schema check FILE` reads it."


class EmptyRange(InputError):
    """A range that holds no value of the attribute's scale."""

    next_step = "Give the lower bound first; None leaves an end open."


class NotANumber(InputError):
    """NaN, infinity, text or a truth value where a number belongs."""

    next_step = "Write plain decimal numbers."


class OutOfDomain(InputError):
    """A record outside min...max of an attribute, or of a carried field's type."""

    next_step = "Correct the record, or widen the schema and build the store anew."


class OffGrid(InputError):
    """A record between two values of the grid.

    ``neighbours`` are these two, for whoever holds the record; the message leaves them out.
    """

    next_step = "Round the record to the step, or set `rounding: nearest`."

    def __init__(
        self, message: str, *, field: str = "", neighbours: tuple[float, float] | None = None
    ) -> None:
        super().__init__(message, field=field)
        self.neighbours = neighbours


class UnknownAttribute(InputError):
    """An attribute or field that the schema lacks, or one that is named twice."""


class WrongAttributeCount(InputError):
    """Rows or columns of the wrong length."""


class MissingValue(InputError):
    """A value, or a whole column, that is absent."""

    next_step = "Fill it in, or set `missing: code` in the schema."


class NoRange(InputError):
    """A query of wildcards only, which returns the whole store."""

    next_step = "Give a range, or ask for everything explicitly."


class BadMinimum(InputError):
    """A minimum return count that is no whole number from 0 on."""


class EmptyDataset(InputError):
    """A file without rows."""


class TooManyRecords(InputError):
    """More records than ids: 2^32 - 2 in the life of a store."""


class DuplicateRecord(InputError):
    """One id twice in a request."""


class SingularKey(InputError):
    """No matrix that can be inverted well was found."""


class IndexBudgetError(InputError):
    """An index above the bytes that are allowed for it."""

    next_step = "Index fewer levels, enlarge the leaves, or allow more bytes."


class PrecisionLimit(InputError):
    """Rounding errors too near to the margin of a sign test."""


class InsecureMode(InputError):
    """The reproduction protects nothing and was not acknowledged as such."""

    next_step = (
        "Use the oblivious store; for study, acknowledge that this one is insecure: --insecure."
    )
