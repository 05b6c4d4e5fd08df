# SPDX-License-Identifier: Apache-2.0
"""Looking through measured rows."""

from collections.abc import Mapping, Sequence
from typing import Any

from ._fog_structures import RANGE_TREE

Row = Mapping[str, Any]


def pick(rows: Sequence[Row], **wanted: object) -> list[Row]:
    """Rows with these values."""
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def one(rows: Sequence[Row], **wanted: object) -> Row:
    """The only row with these values."""
    (row,) = pick(rows, **wanted)
    return row


def values(rows: Sequence[Row], name: str) -> list[Any]:
    """What stands in a column, once each, in order."""
    return list(dict.fromkeys(row[name] for row in rows))


def ahead(rows: Sequence[Row], rival: str, name: str = RANGE_TREE) -> list[int]:
    """The sizes at which the range tree, or another structure, takes fewer tests."""
    return [
        n
        for n in values(rows, "records")
        if one(rows, records=n, structure=name)["tests"]
        < one(rows, records=n, structure=rival)["tests"]
    ]


def tests(rows: Sequence[Row], name: str, **wanted: object) -> str:
    """How many sign tests a structure takes, in words."""
    return f"{one(rows, structure=name, **wanted)['tests']:,.0f}"
