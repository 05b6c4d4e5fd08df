# SPDX-License-Identifier: Apache-2.0
"""What every page is made from, and how lists are cut into pages."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ._follower import Follower
from ._index import Index
from ._watch import Watch

if TYPE_CHECKING:
    from pmcb_client.wallet import WalletIdentity

__all__ = ["Board", "Page", "below", "count", "one", "page_of"]

T = TypeVar("T")
SIZE = 25


def now_ms() -> int:
    """Milliseconds UTC."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Board:
    """The parts behind the pages.

    Attributes:
        home: of this user.
        identity: who is signed in.
        index: of the ledger.
        follower: keeps it in step.
        watch: looks at nodes and services.
        clock: milliseconds UTC.
    """

    home: Path
    identity: WalletIdentity
    index: Index
    follower: Follower
    watch: Watch
    clock: Callable[[], int] = field(default=now_ms)


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list; ``number`` counts from 1."""

    items: Sequence[T]
    number: int
    total: int
    size: int = SIZE

    @property
    def pages(self) -> int:
        """How many there are, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        """The place of its first item in the list, from 1; 0 where the list is empty."""
        return min(self.total, (self.number - 1) * self.size + 1)

    @property
    def last(self) -> int:
        """The place of its last item."""
        return min(self.total, self.number * self.size)


def page_of(
    total: int, asked: int, read: Callable[[int, int], Sequence[T]], size: int = SIZE
) -> Page[T]:
    """The page asked for, or the nearest one that there is.

    Args:
        total: items of the whole list.
        asked: its number, from 1.
        read: the items after so many, at most so many.
        size: of a page.

    >>> page_of(3, 9, lambda skip, size: "abc"[skip : skip + size], size=2)
    Page(items='c', number=2, total=3, size=2)
    """
    number = min(max(1, asked), max(1, -(-total // size)))
    return Page(read((number - 1) * size, size), number, total, size)


def one(database: sqlite3.Connection, kind: str, key: str = "") -> dict[str, Any] | None:
    """A record, or None."""
    row = database.execute(
        "SELECT value FROM records WHERE kind = ? AND key = ?", (kind, key)
    ).fetchone()
    return None if row is None else dict(json.loads(row[0]))


def count(database: sqlite3.Connection, kind: str) -> int:
    """How many records of a kind there are."""
    row = database.execute("SELECT COUNT(*) FROM records WHERE kind = ?", (kind,)).fetchone()
    return int(row[0])


def below(key: str) -> tuple[str, str]:
    """The bounds, inclusive and exclusive, of all keys that continue this one.

    >>> below("ab")
    ('ab/', 'ab0')
    """
    return f"{key}/", f"{key}0"
