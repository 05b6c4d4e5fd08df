# SPDX-License-Identifier: Apache-2.0
"""The public schema: which columns, between which bounds, and who counts as one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from pmcb_client._canonical import canonical
from pmcb_client.fields import parse_fields
from pmcb_client.usage_errors import TaskFileError

from ._column import Column, Floats, Value, is_text
from ._lattice import MOST_COORDINATES, UNIT
from ._listed import Nominal, Ordinal
from ._numeric import Numeric
from .errors import SchemaError

if TYPE_CHECKING:
    from pmcb_client.fields import Field

__all__ = ["Schema", "Weigh"]

Weigh = Literal["subject", "row"]
MOST_ROWS = 1024
LONGEST_NAME = 64


@dataclass(frozen=True)
class Schema:
    """What is public about a table before anybody looks into it; its hash is on the ledger.

    Attributes:
        columns: at least one, at most 128 encoded coordinates in all.
        subject: the column whose text tells whose row it is; None where each row is a person.
        weigh: "subject" counts each person once, "row" each kept row alike.
        cap: rows that are kept of one person, 1 to 2^20; 1024 by default, to be given where rows
            are weighed.
        expected_size: persons or rows, as far as is publicly known; None where nothing is.

    Raises:
        SchemaError: names the column where one is to blame.

    >>> schema = Schema([Numeric("age", 17, 90, step=1), Nominal("sex", ["f", "m"])])
    >>> schema.width
    3
    >>> schema.decode(np.array([[0.0, 0.1, 0.7]]))
    [[53.5, 'm']]
    """

    columns: Sequence[Column]
    subject: str | None = None
    weigh: Weigh = "subject"
    cap: int | None = None
    expected_size: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.columns))
        _check_columns(self.columns, self.subject)
        _check_unit(self)
        if self.subject is not None and self.cap is None:
            object.__setattr__(self, "cap", MOST_ROWS)
        if self.expected_size is not None and not _is_count(self.expected_size):
            raise SchemaError("expected_size must be a whole number above 0.")

    @property
    def width(self) -> int:
        """d, the number of encoded coordinates."""
        return sum(column.width for column in self.columns)

    @cached_property
    def spans(self) -> tuple[slice, ...]:
        """Where each column's coordinates stand in an encoded row."""
        ends = np.cumsum([column.width for column in self.columns]).tolist()
        return tuple(slice(b - c.width, b) for b, c in zip(ends, self.columns, strict=True))

    @property
    def names(self) -> tuple[str, ...]:
        """The header that a source must have: the columns, then the subject's."""
        subject = () if self.subject is None else (self.subject,)
        return (*(column.name for column in self.columns), *subject)

    @property
    def rows_per_unit(self) -> int:
        """Rows that are kept of one unit of privacy."""
        return self.cap or 1

    @classmethod
    def from_fields(
        cls,
        path: str | Path,
        *,
        subject: str | None = None,
        weigh: Weigh = "subject",
        cap: int | None = None,
        expected_size: int | None = None,
    ) -> Schema:
        """The schema of a ``fields.yaml``: min and max are the bounds, units go along.

        Raises:
            SchemaError: names the line where one is to blame.
        """
        path = Path(path)
        try:
            fields = parse_fields(path.read_bytes(), path.name)
        except TaskFileError as error:
            raise SchemaError(str(error), next_step=error.next_step) from error
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise SchemaError(f"{path.name} cannot be read ({reason}).") from error
        columns = [_column(field) for field in fields.values()]
        return cls(columns, subject, weigh, cap, expected_size)

    def document(self) -> dict[str, object]:
        """The schema in texts, lists and whole numbers; equal schemas have equal documents."""
        document: dict[str, object] = {"columns": [each.document() for each in self.columns]}
        if self.subject is not None:
            document |= {"subject": self.subject, "weigh": self.weigh, "cap": self.cap}
        if self.expected_size is not None:
            document["expected_size"] = self.expected_size
        return document

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> Schema:
        """The schema behind `document`.

        Raises:
            SchemaError: it is none.

        >>> schema = Schema([Numeric("age", 17, 90.5, step=0.5), Ordinal("pain", ["no", "yes"])])
        >>> Schema.from_document(schema.document()) == schema
        True
        """
        parts = dict(document)
        columns = parts.pop("columns", None)
        if not isinstance(columns, list):
            raise SchemaError("columns must be a list.")
        try:
            return cls([_listed_column(each) for each in columns], **parts)  # type: ignore[arg-type]
        except TypeError:
            raise SchemaError("a part of the schema is unknown or missing.") from None

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the document's canonical JSON, hex."""
        return hashlib.sha256(canonical(self.document())).hexdigest()

    def snap(self, points: Floats) -> Floats:
        """The nearest points that a record can have.

        Args:
            points: shape (k, d), in [-1, 1].
        """
        parts = [
            column.snap(points[:, span])
            for column, span in zip(self.columns, self.spans, strict=True)
        ]
        return np.hstack(parts)

    def decode(self, points: Floats) -> list[list[Value]]:
        """Rows in original units: numbers as they are, of lists the nearest value.

        Args:
            points: shape (k, d), in [-1, 1]; `snap` them first where rows must be possible ones.
        """
        pairs = zip(self.columns, self.spans, strict=True)
        parts = [column.decode(points[:, span]) for column, span in pairs]
        return [list(row) for row in zip(*parts, strict=True)]


def _check_columns(columns: Sequence[Column], subject: str | None) -> None:
    if not columns:
        raise SchemaError("a schema needs at least one column.")
    names = [column.name for column in columns]
    for name in [*names, *([] if subject is None else [subject])]:
        if not name or not is_text(name, longest=LONGEST_NAME):
            raise SchemaError(f"a name must be 1 to {LONGEST_NAME} printable characters.")
    for name in names:
        if names.count(name) > 1:
            raise SchemaError("two columns have this name.", column=name)
    if subject in names:
        raise SchemaError("the subject cannot be a column that is published.", column=subject or "")
    if sum(column.width for column in columns) > MOST_COORDINATES:
        raise SchemaError(f"the columns have more than {MOST_COORDINATES} coordinates in all.")


def _check_unit(schema: Schema) -> None:
    if schema.weigh not in {"subject", "row"}:
        raise SchemaError("weigh must be 'subject' or 'row'.")
    if schema.weigh == "row" and (schema.subject is None or schema.cap is None):
        raise SchemaError("to weigh rows, give the subject's column and the cap.")
    if schema.subject is None and schema.cap is not None:
        raise SchemaError("a cap is of persons: give the subject's column.")
    if schema.cap is not None and (not _is_count(schema.cap) or schema.cap > UNIT):
        raise SchemaError("the cap must be a whole number, 1 to 2^20.")


def _is_count(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number > 0


def _column(field: Field) -> Column:
    if field.low is None or field.high is None:
        kind = Ordinal if field.ordered else Nominal
        missing = None if field.missing is None else str(field.missing)
        return kind(field.name, field.values, missing=missing)
    assert not isinstance(field.missing, str)
    return Numeric(field.name, field.low, field.high, field.step, field.missing, field.unit)


_KINDS: dict[str, tuple[Callable[..., Column], frozenset[str]]] = {
    "numeric": (Numeric, frozenset({"lower", "upper", "step", "missing"})),
    "ordinal": (Ordinal, frozenset()),
    "nominal": (Nominal, frozenset({"weight"})),
}
"""Each kind of column, and which of its parts are numbers."""


def _listed_column(document: object) -> Column:
    parts = dict(document) if isinstance(document, Mapping) else {}
    kind = str(parts.pop("kind", None))
    if kind not in _KINDS:
        raise SchemaError("a column must be numeric, ordinal or nominal.")
    make, numbers = _KINDS[kind]
    return make(**{key: _number(each) if key in numbers else each for key, each in parts.items()})


def _number(digits: object) -> int | float:
    try:
        return int(str(digits)) if str(digits).lstrip("-").isdigit() else float(str(digits))
    except ValueError:
        raise SchemaError("a bound, step or weight is no number.") from None
