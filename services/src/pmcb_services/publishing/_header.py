# SPDX-License-Identifier: Apache-2.0
"""Which columns of a header the schema means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .errors import TableUnreadable

__all__ = ["Places", "find_columns"]


@dataclass(frozen=True)
class Places:
    """The schema's names in a header.

    Attributes:
        header: the names, in the schema's order.
        indexes: where each of them stands.
    """

    header: tuple[str, ...]
    indexes: tuple[int, ...]


def find_columns(header: Sequence[object], names: Sequence[str]) -> Places:
    """Where the names stand; other columns are left alone.

    Raises:
        TableUnreadable: names the column that is not there, or there twice.

    >>> find_columns(["id", "age", "sex"], ["sex", "age"]).indexes
    (2, 1)
    """
    for name in names:
        if name not in header:
            raise TableUnreadable("it is not in the header.", column=name)
        if list(header).count(name) > 1:
            raise TableUnreadable("it is in the header more than once.", column=name)
    return Places(tuple(names), tuple(list(header).index(name) for name in names))
