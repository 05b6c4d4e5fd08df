# SPDX-License-Identifier: Apache-2.0
"""An answer: rows of values, each with the time when it was measured."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pmcb_client.sealing import Damaged

__all__ = ["MAX_ROWS", "Answer", "Row"]

MAX_ROWS = 100_000
VERSION = 1
LATEST_MS = 253_402_300_800_000  # the year 10,000, which no calendar here reaches

Value = int | float | str


@dataclass(frozen=True)
class Row:
    """Values by field, measured at ``at`` (milliseconds UTC)."""

    at: int
    values: Mapping[str, Value] = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """Rows in the order in which they were measured."""

    rows: tuple[Row, ...]

    def column(self, name: str) -> list[Value]:
        """The values of a field, in order, without the rows that lack it."""
        return [row.values[name] for row in self.rows if name in row.values]

    def encode(self) -> bytes:
        """JSON in UTF-8."""
        rows = [{"at": row.at, "values": dict(row.values)} for row in self.rows]
        document = {"version": VERSION, "rows": rows}
        return json.dumps(document, ensure_ascii=False, allow_nan=False, sort_keys=True).encode()

    @classmethod
    def decode(cls, data: bytes) -> Answer:
        """The answer in an opened file; whether it fits its questions is `examine`'s to say.

        Raises:
            Damaged: it holds something else.
        """
        try:
            rows = tuple(map(_row, _rows(json.loads(data))))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Damaged("The sealed file holds no answer.") from error
        return cls(rows)


def _rows(document: dict[str, Any]) -> list[dict[str, Any]]:
    if set(document) != {"version", "rows"} or document["version"] != VERSION:
        raise ValueError("keys")
    rows: object = document["rows"]
    if not isinstance(rows, list) or len(rows) > MAX_ROWS:
        raise TypeError("rows")
    return rows


def _row(document: dict[str, Any]) -> Row:
    at, values = document["at"], document["values"]
    if set(document) != {"at", "values"} or type(at) is not int or not 0 <= at < LATEST_MS:
        raise ValueError("row")
    if not all(_is_value(value) for value in values.values()):
        raise ValueError("values")
    return Row(at, values)


def _is_value(value: object) -> bool:
    if type(value) is float:
        return math.isfinite(value)
    return isinstance(value, str) or (type(value) is int and abs(value) <= 2**53)
