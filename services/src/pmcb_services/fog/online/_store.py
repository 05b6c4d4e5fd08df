# SPDX-License-Identifier: Apache-2.0
"""The order store: what stands here is the truth, everything else is rebuilt from it."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self, TypeVar

from ._lane import Connection, Lane
from ._session import Session

__all__ = ["Database", "Store"]

T = TypeVar("T")


class Database(Protocol):
    """Where the tables lie."""

    def writing(self) -> Connection:
        """A connection that writes; it makes the tables where they are missing."""

    def reading(self) -> Connection:
        """One that sees what was committed before each of its transactions."""

    def leads(self) -> bool:
        """Whether this gateway is the one that plans; another takes over when it ends."""

    @property
    def is_shared(self) -> bool:
        """Whether other gateways may write, too."""


class Store:
    """Runs works on a database; entered, it may be used.

    ::

        async with Store(SqliteDatabase(folder / "orders.sqlite3")) as store:
            order = await store.run(lambda session: session.change(id, lambda o: o.lost(now)))

    Args:
        database: behind it.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    async def __aenter__(self) -> Self:
        """Make the tables.

        Raises:
            Unavailable: the database fails.
        """
        self._writes = Lane(self.database.writing, Session)
        self._reads = Lane(self.database.reading, Session)
        try:
            await self.run(Session.last_event)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._close()

    async def run(self, work: Callable[[Session], T], then: Callable[[T], None] | None = None) -> T:
        """The result of a work that may write; it is on disk then.

        Args:
            work: what is done.
            then: hears the result as soon as it is on disk, also where nobody waits any more.

        Raises:
            Unavailable: the database fails, and nothing of it stands.
        """
        return await self._writes.run(work, then)

    async def read(self, work: Callable[[Session], T]) -> T:
        """The result of a work that only reads; it holds up no writing.

        Raises:
            Unavailable: the database fails.
        """
        return await self._reads.run(work)

    async def _close(self) -> None:
        await self._writes.close()
        await self._reads.close()
