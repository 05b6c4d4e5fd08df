# SPDX-License-Identifier: Apache-2.0
"""A thread that runs transactions on a database, many in one: group commits."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

import structlog

from pmcb_services.common._logs import raised_at
from pmcb_services.fog.errors import FogError, Unavailable

__all__ = ["Connection", "Lane", "Row"]

MOST_WAITING = 10_000
"""Works that wait for the thread; further ones are refused."""

GROUP_S = 0.002
"""How long works are added to a transaction before it is committed; none is waited for."""

_log = structlog.get_logger("pmcb_services.fog")

Row = tuple[Any, ...]
T = TypeVar("T")
S = TypeVar("S")


class Connection(Protocol):
    """To a database, of one thread. Statements hold ``?`` for each value.

    Its methods raise whatever the database's library does.
    """

    def begin(self) -> None:
        """Start a transaction; nobody else writes meanwhile."""

    def commit(self) -> None:
        """On disk once this returns."""

    def rollback(self) -> None:
        """Undo it; also where the database is away."""

    def all(self, statement: str, *values: object) -> list[Row]:
        """The rows that it finds."""

    def write(self, statement: str, *values: object) -> int:
        """How many rows it changed."""

    def write_many(self, statement: str, rows: Sequence[Row]) -> None:
        """The same for many."""

    def close(self) -> None:
        """Not used any more."""


class Session(Protocol):
    """What works get: see `pmcb_services.fog.online._session.Session`."""

    wrote: bool


S_ = TypeVar("S_", bound=Session)


class _Job(Generic[S_]):
    """A work, who waits for it, and who hears of it whether somebody waits or not."""

    def __init__(
        self,
        work: Callable[[S_], Any],
        waits: asyncio.Future[Any],
        then: Callable[[Any], None] | None,
    ) -> None:
        self.work, self.waits, self.then = work, waits, then
        self.forget()

    def forget(self) -> None:
        """Nothing of it stands."""
        self.was_done = False
        self.result: Any = None
        self.error: Exception | None = None

    def tell(self) -> None:
        """Who waits gets what came of it; called in the loop."""
        if self.was_done and self.error is None and self.then is not None:
            try:
                self.then(self.result)
            except Exception as error:  # noqa: BLE001 - of this work; others are to be told
                self.error = error
        if self.waits.cancelled():
            return
        if self.error is not None:
            self.waits.set_exception(self.error)
        else:
            self.waits.set_result(self.result)


class Lane(Generic[S_]):
    """Runs works one after another in a thread of its own.

    A work checks before it writes: one that is refused has written nothing, or the whole
    transaction is undone and each of its works gets one of its own. So it is where a work fails for
    whatever reason, and nobody else's fails with it. Without a connection all that wait fail at
    once: each would wait as long for one. A work that nobody waits for any more is left out.

    Args:
        connect: makes the connection, in the thread.
        session: what a work gets, made of the connection.
    """

    def __init__(
        self, connect: Callable[[], Connection], session: Callable[[Connection], S_]
    ) -> None:
        self._connect, self._session = connect, session
        self._jobs: queue.SimpleQueue[_Job[S_] | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._serve, name="fog-store", daemon=True)
        self._thread.start()

    async def run(self, work: Callable[[S_], T], then: Callable[[T], None] | None = None) -> T:
        """The result of a work once its transaction is on disk.

        Args:
            work: what is done.
            then: hears the result first, in the loop; also where whoever waited has left since.

        Raises:
            Unavailable: the database fails, and nothing of it stands, as far as anybody knows; or
                too many works wait.
        """
        if self._jobs.qsize() >= MOST_WAITING:
            raise Unavailable("The order store is far behind.")
        waits: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put(_Job(work, waits, then))
        return await waits

    async def close(self) -> None:
        """Once all works are done."""
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            group, ends = [job], time.perf_counter() + GROUP_S
            is_last = self._together(group, ends)
            self._tell(group)
            if is_last:
                break
        if self._connection is not None:
            self._connection.close()

    def _tell(self, group: list[_Job[S_]]) -> None:
        def tell() -> None:
            for job in group:
                job.tell()

        self._loop.call_soon_threadsafe(tell)

    def _together(self, group: list[_Job[S_]], ends: float) -> bool:
        """All that come before the time ends in one transaction; whether none follow."""
        is_last, place = False, 0
        try:
            connection, session = self._begun()
        except Exception as error:  # noqa: BLE001 - told to whoever waits; the thread lives on
            return self._fail_waiting(group, error)
        try:
            while place < len(group):
                if not _done(group[place], session):
                    connection.rollback()
                    return self._alone(group) or is_last
                place += 1
                if place == len(group) and time.perf_counter() < ends and not self._jobs.empty():
                    following = self._jobs.get()
                    if following is None:
                        is_last = True
                    else:
                        group.append(following)
            connection.commit()
        except Exception as error:  # noqa: BLE001 - see above
            self._failed(group, error)
        return is_last

    def _alone(self, group: Sequence[_Job[S_]]) -> bool:
        """Each in a transaction of its own, since one of them failed; whether none follow."""
        for place, job in enumerate(group):
            job.forget()
            try:
                connection, session = self._begun()
            except Exception as error:  # noqa: BLE001 - see above
                return self._fail_waiting([*group[place:]], error)
            try:
                if _done(job, session):
                    connection.commit()
                elif job.error is not None:
                    self._failed([job], job.error)
            except Exception as error:  # noqa: BLE001 - see above
                self._failed([job], error)
        return False

    def _fail_waiting(self, group: list[_Job[S_]], error: Exception) -> bool:
        """All of the group and all that wait fail: there is no connection; whether none follow."""
        behind, is_last = list[_Job[S_]](), False
        while not (is_last or self._jobs.empty()):
            following = self._jobs.get()
            if following is None:
                is_last = True
            else:
                behind.append(following)
        self._failed([*group, *behind], error)
        self._tell(behind)
        return is_last

    def _begun(self) -> tuple[Connection, S_]:
        if self._connection is None:
            self._connection = self._connect()
        self._connection.begin()
        return self._connection, self._session(self._connection)

    def _failed(self, group: Sequence[_Job[S_]], error: Exception) -> None:
        """Nothing of the group stands."""
        if self._connection is not None:
            self._connection.rollback()
        known = isinstance(error, FogError)
        if not known:
            _log.error("order_store", kind=type(error).__name__, at=raised_at(error))
        for job in group:
            away = Unavailable(f"The order store fails ({type(error).__name__}).")
            away.__cause__ = error
            job.error = error if known else away


def _done(job: _Job[Any], session: Session) -> bool:
    """Do a work; whether the transaction may go on."""
    if job.waits.cancelled():
        return True
    session.wrote = False
    try:
        job.result = job.work(session)
        job.was_done = True
    except FogError as error:
        job.error = error
        return not session.wrote
    except Exception as error:  # noqa: BLE001 - told to whoever waits, and to nobody else
        job.error = error
        return False
    return True
