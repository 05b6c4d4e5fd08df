# SPDX-License-Identifier: Apache-2.0
"""The public schema of a store: what can be searched, what comes back, who is counted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pmcb_client._canonical import canonical

from ._attribute import MOST_LEVELS, Attribute
from ._box import Box, Codes
from ._carried import TYPES, Carried, Columns, carried_dtype, pack
from ._numbers import Floats, column, refuse_absent
from ._schema_file import made, mapping, read, texts
from .errors import (
    InputError,
    MissingValue,
    NoRange,
    NotANumber,
    SchemaError,
    UnknownAttribute,
    WrongAttributeCount,
)

__all__ = ["Ranges", "Records", "Schema"]

MOST_ATTRIBUTES = 32
MOST_CARRIED_BYTES = 64
LONGEST_NAME = 64
OWN_COLUMNS = ("id", "in_range", "gap")  # of every answer
_TOP = 65_535

Records = Mapping[str, object] | NDArray[np.generic] | Sequence[Sequence[object]]
"""A column by name, or rows in the order of the attributes."""

Ranges = Mapping[str, object] | Iterable[tuple[str, object]]
"""Pairs (lo, hi) by name, as a mapping or as pairs, in which a repeated name is seen."""


@dataclass(frozen=True)
class Schema:
    """What is public about the records of a store; its digest binds everything that is sealed.

    Attributes:
        name: of the schema, 1 to 64 printable characters.
        attributes: 1 to 32, each with a scale; their order matters for range trees.
        carried: fields that come back with a hit, 64 bytes per record at most.
        patient: the carried field, a whole number, that says whose record it is; None where
            nobody is counted.
        missing: "refuse" absent values, or give them a "code" that only wildcards match.
        rounding: "refuse" values between the grid's, or take the "nearest"; for records only.

    Raises:
        SchemaError: names the attribute or field where one is to blame.

    >>> schema = Schema("signs", [Attribute("SBP", 0, 255, 1), Attribute("Temp", 30, 42.75, 0.05)])
    >>> schema.encode([[120, 36.65]]).tolist()
    [[120, 133]]
    >>> box = schema.box({"SBP": (60, 90)})
    >>> box.lo.tolist(), box.hi.tolist()
    ([60, 0], [90, 65535])
    """

    name: str
    attributes: Sequence[Attribute]
    carried: Sequence[Carried] = ()
    patient: str | None = None
    missing: str = "refuse"
    rounding: str = "refuse"

    def __post_init__(self) -> None:
        object.__setattr__(self, "attributes", tuple(self.attributes))
        object.__setattr__(self, "carried", tuple(self.carried))
        _check_names(self)
        _check_sizes(self)
        if self.missing not in {"refuse", "code"} or self.rounding not in {"refuse", "nearest"}:
            raise SchemaError("missing is 'refuse' or 'code', rounding 'refuse' or 'nearest'.")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The attributes' names."""
        return tuple(attribute.name for attribute in self.attributes)

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """How many values each scale has."""
        return tuple(attribute.levels for attribute in self.attributes)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: j for j, name in enumerate(self.names)}

    @cached_property
    def _spans(self) -> Floats:
        return np.array(self.levels, dtype=np.float64) - 1

    @cached_property
    def carried_dtype(self) -> np.dtype[np.void]:
        """The packed little-endian layout of the carried fields."""
        return carried_dtype(tuple(self.carried))

    @classmethod
    def load(cls, path: str | Path) -> Schema:
        """The schema of a YAML file.

        Raises:
            SchemaError: it cannot be read, or is none.
        """
        return cls.from_document(read(Path(path)))

    @classmethod
    def from_document(cls, document: object) -> Schema:
        """The schema behind `document`.

        Raises:
            SchemaError: it is none.
        """
        parts = mapping(document, "a schema")
        attributes = made(Attribute, parts.pop("attributes", None))
        carried = made(Carried, parts.pop("carried", []))
        try:
            return cls(attributes=attributes, carried=carried, **parts)  # type: ignore[arg-type]
        except TypeError:
            raise SchemaError("a part of the schema is unknown or missing.") from None

    def document(self) -> dict[str, object]:
        """The schema as it is written; equal schemas have equal documents."""
        attributes = [
            {"name": a.name, "unit": a.unit, "min": a.min, "max": a.max, "step": a.step}
            for a in self.attributes
        ]
        return {
            "name": self.name,
            "attributes": attributes,
            "carried": [{"name": field.name, "type": field.type} for field in self.carried],
            "patient": self.patient,
            "missing": self.missing,
            "rounding": self.rounding,
        }

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of the document's canonical JSON, numbers as text; 32 bytes."""
        return hashlib.sha256(canonical(texts(self.document()))).digest()

    def encode(self, rows: Records) -> Codes:
        """Codes of records, shape (n, a); nothing is clipped, wrapped or guessed.

        Args:
            rows: a column by name, or a table of shape (n, a) in the order of the attributes;
                None stands for an absent value.

        Raises:
            InputError: a subclass per rule; names the attribute and the row, never the value.
        """
        columns = self._columns(rows)
        codes = np.empty((len(columns[0][0]), len(self.attributes)), dtype=np.uint16)
        for j, (attribute, (values, absent)) in enumerate(
            zip(self.attributes, columns, strict=True)
        ):
            if self.missing == "refuse":
                refuse_absent(absent, attribute.name)
            held = np.where(absent, attribute.min, values)
            found = attribute.codes(held, nearest=self.rounding == "nearest")
            codes[:, j] = np.where(absent, attribute.levels, found)
        return codes

    def decode(self, codes: Codes) -> Floats:
        """Values of codes of shape (n, a); absent ones are NaN."""
        values = np.empty(codes.shape)
        for j, attribute in enumerate(self.attributes):
            values[:, j] = attribute.table[codes[:, j]]
        return values

    def encode_carried(self, carried: Columns, rows: int) -> NDArray[np.void]:
        """Carried fields of ``rows`` records, checked; see `pack`."""
        return pack(tuple(self.carried), carried, rows)

    def box(self, ranges: Ranges, *, everything: bool = False) -> Box:
        """The query as codes.

        Args:
            ranges: (lo, hi) by attribute, both included; None opens an end, an attribute that
                is not named (or open at both ends) is a wildcard.
            everything: whether wildcards alone may be asked for.

        Raises:
            InputError: the ranges have no names.
            UnknownAttribute, NotANumber, EmptyRange, NoRange: names the attribute.
        """
        width = len(self.attributes)
        lo, hi, ranged = [0] * width, [_TOP] * width, [False] * width
        seen: list[str] = []
        for name, pair in _named(ranges):
            if not _is_text(name) or name not in self._places or name in seen:
                wrong = "is named twice" if name in seen else "is no attribute of the store"
                raise UnknownAttribute(f"'{name}' {wrong}.", field=str(name))
            seen.append(name)
            low, high = _pair(pair, name)
            if low is not None or high is not None:
                j = self._places[name]
                lo[j], hi[j] = self.attributes[j].bounds(low, high)
                ranged[j] = True
        if not any(ranged) and not everything:
            raise NoRange("The query has no range: it would return the whole store.")
        return Box(np.array(lo, np.int32), np.array(hi, np.int32), np.array(ranged), self._spans)

    def _columns(self, rows: Records) -> list[tuple[Floats, NDArray[np.bool_]]]:
        named = self._by_name(rows) if isinstance(rows, Mapping) else self._by_place(rows)
        columns = [column(each, name) for each, name in zip(named, self.names, strict=True)]
        if len({len(values) for values, _ in columns}) > 1:
            raise WrongAttributeCount("The columns differ in length.")
        return columns

    def _by_name(self, rows: Mapping[str, object]) -> list[object]:
        for name in rows:
            if name not in self.names:
                raise UnknownAttribute(f"'{name}' is no attribute of the store.", field=str(name))
        for name in self.names:
            if name not in rows:
                raise MissingValue(f"The column '{name}' is absent.", field=name)
        return [rows[name] for name in self.names]

    def _by_place(self, rows: NDArray[np.generic] | Sequence[Sequence[object]]) -> list[object]:
        width = len(self.attributes)
        if isinstance(rows, np.ndarray):
            if rows.ndim != 2 or rows.shape[1] != width:
                raise WrongAttributeCount(f"A table of {width} columns is needed.")
            return list(rows.T)
        if not _is_row(rows):
            raise WrongAttributeCount("Records are a table of rows, or columns by name.")
        for at, row in enumerate(rows):
            if not _is_row(row) or len(row) != width:
                raise WrongAttributeCount(f"Row {at} must have {width} values.")
        return [[row[j] for row in rows] for j in range(width)]


def _check_names(schema: Schema) -> None:
    names = [*(each.name for each in schema.attributes), *(each.name for each in schema.carried)]
    for name in (schema.name, *names):
        if not (_is_text(name) and name.isprintable() and 0 < len(name) <= LONGEST_NAME):
            raise SchemaError(f"a name must be 1 to {LONGEST_NAME} printable characters.")
    for name in names:
        if names.count(name) > 1 or name in OWN_COLUMNS:
            raise SchemaError(f"'{name}' is named twice in an answer.", field=name)
    whole = {field.name for field in schema.carried if "int" in str(field.type)}
    if schema.patient is not None and schema.patient not in whole:
        raise SchemaError("patient must name a carried field of whole numbers.", field="patient")


def _check_sizes(schema: Schema) -> None:
    if len(schema.attributes) not in range(1, MOST_ATTRIBUTES + 1):
        raise SchemaError(f"a schema has 1 to {MOST_ATTRIBUTES} attributes.")
    for field in schema.carried:
        if field.type not in TYPES:
            raise SchemaError(
                f"'{field.name}': no such type; {', '.join(TYPES)}.", field=field.name
            )
    if carried_dtype(tuple(schema.carried)).itemsize > MOST_CARRIED_BYTES:
        raise SchemaError(f"the carried fields take over {MOST_CARRIED_BYTES} bytes.")
    for attribute in schema.attributes:
        if schema.missing == "code" and attribute.levels == MOST_LEVELS:
            raise SchemaError(
                f"'{attribute.name}' leaves no code for absent values.", field=attribute.name
            )


def _named(ranges: Ranges) -> list[tuple[str, object]]:
    pairs = ranges.items() if isinstance(ranges, Mapping) else ranges
    try:
        return [(name, pair) for name, pair in pairs]
    except (TypeError, ValueError):
        message = "Ranges are given by attribute: {'HR': (60, None)}."
        raise InputError(message, field="ranges") from None


def _pair(pair: object, name: str) -> tuple[object, object]:
    if isinstance(pair, Sequence | np.ndarray) and not isinstance(pair, str) and len(pair) == 2:
        return pair[0], pair[1]
    raise NotANumber(f"The range of '{name}' must be a pair: (lo, hi).", field=name)


def _is_text(name: object) -> bool:
    return isinstance(name, str)


def _is_row(row: object) -> bool:
    return isinstance(row, Sequence | np.ndarray)
