# SPDX-License-Identifier: Apache-2.0
"""What services that react to submissions have in common: events in, one subtask after another."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, TypeVar

import structlog

from pmcb_client._ledger import Ledger
from pmcb_client.content import ContentError, ContentRefused, ContentUnavailable
from pmcb_client.errors import (
    ClientError,
    LedgerError,
    LedgerUnavailable,
    NetworkFileError,
    Refused,
)

from ._logs import raised_at

if TYPE_CHECKING:
    from pmcb_client.inbox import Inbox, Item
    from pmcb_client.wallet import WalletIdentity

__all__ = ["SubtaskHandler"]

LONGEST_PAUSE_MS = 3_600_000
_NOWHERE = "0" * 64  # a hash under which nothing is kept


class Answering(Protocol):
    """As much of the content store as shows whether it answers."""

    async def get(self, digest: str) -> bytes:
        """The bytes under a hash."""
        ...


Kept = TypeVar("Kept")
Store = TypeVar("Store", bound=Answering)

_log = structlog.get_logger("pmcb_services.common")


class SubtaskHandler(ABC, Generic[Kept, Store]):
    """Deals with events that name slots of subtasks, for one identity; it may be killed anywhere.

    `handle` is what `pmcb_client.inbox.follow` calls. It opens the content store once a round and
    hands the items to `_subtask`, those of a subtask together. That says of each item whether it
    is done or when it comes again. What fails, in whatever way, comes again after ``pause_ms``
    milliseconds, then twice as many, up to an hour, and holds up nothing else: people send what is
    dealt with here, and nothing that they send may end a service. Only where ledger or store do not
    answer at all the round is over.

    Args:
        ledger: the contract, as the identity sees it.
        inbox: where the events are kept.
        kept: where what becomes of submissions is kept.
        identity: whose service this is, as it is now: a renewed key opens what came since.
        store: a way to the content store, wherever it is now.
        clock: milliseconds UTC.
    """

    pause_ms: ClassVar[int]

    def __init__(
        self,
        ledger: Ledger,
        inbox: Inbox,
        kept: Kept,
        *,
        identity: Callable[[], WalletIdentity],
        store: Callable[[WalletIdentity], AbstractAsyncContextManager[Store]],
        clock: Callable[[], int] | None = None,
    ) -> None:
        self._ledger = ledger
        self._inbox = inbox
        self._kept = kept
        self._identity = identity
        self._store = store
        self._now_ms = clock or (lambda: time.time_ns() // 1_000_000)
        self._pauses: dict[int, int] = {}  # by item, of those that failed

    async def handle(self, items: list[Item]) -> None:
        """Deal with what is due; what ledger or store do not answer for comes again.

        Raises:
            WalletError: the identity cannot be used any more.
        """
        identity = self._identity()
        self._arrived(items)
        ordered = sorted(items, key=_subtask_of)
        try:
            async with self._store(identity) as store:
                for (task, subtask), group in groupby(ordered, key=_subtask_of):
                    due = list(group)
                    work = self._subtask(task, subtask, due, identity, store)
                    await self._tried(work, store, *due)
        except (LedgerError, ContentError, NetworkFileError) as error:
            _log.warning("later", kind=type(error).__name__, code=_code(error))

    def _arrived(self, items: list[Item]) -> None:
        """All items of a round, in the ledger's order, before any is dealt with."""

    @abstractmethod
    async def _subtask(
        self, task: str, subtask: int, items: list[Item], identity: WalletIdentity, store: Store
    ) -> None:
        """Deal with the items of one subtask."""

    async def _tried(self, work: Awaitable[None], store: Store, *items: Item) -> bool:
        """Whether the work on these items was done; where it failed they come again.

        Raises:
            LedgerUnavailable, ContentUnavailable: ledger or store do not answer at all.
        """
        try:
            await work
        except Exception as error:  # whatever it is, it ends neither round nor service
            if await self._is_away(error, store):
                for item in items:
                    self._inbox.later(item, self._now_ms() + self.pause_ms)
                raise
            self._failed(error, items)
            return False
        return True

    def _done(self, item: Item) -> None:
        """There is nothing left to do."""
        self._pauses.pop(item.id, None)
        self._inbox.done(item)

    def _failed(self, error: Exception, items: Sequence[Item]) -> None:
        for item in items:
            pause_ms = self._pauses.get(item.id, self.pause_ms)
            self._pauses[item.id] = min(2 * pause_ms, LONGEST_PAUSE_MS)
            self._inbox.later(item, self._now_ms() + pause_ms)
        task, subtask = _subtask_of(items[0])
        slots = sorted({int(item.payload["slot"]) for item in items})
        said = {"task": task, "subtask": subtask, "slots": slots, "kind": type(error).__name__}
        if isinstance(error, ClientError):
            _log.warning("later", **said, code=_code(error))
        else:
            _log.error("defect", **said, at=raised_at(error))

    async def _is_away(self, error: Exception, store: Store) -> bool:
        """Whether what failed fails for everything: then the rest of the round would be in vain."""
        try:
            if isinstance(error, LedgerUnavailable):
                await self._ledger.evaluate("ping")
            elif isinstance(error, ContentUnavailable):
                await store.get(_NOWHERE)
        except (LedgerUnavailable, ContentUnavailable):
            return True
        except (LedgerError, ContentError):
            return False  # it answers
        return False


def _subtask_of(item: Item) -> tuple[str, int]:
    return item.payload["task"], item.payload["subtask"]


def _code(error: Exception) -> str:
    return error.code if isinstance(error, Refused | ContentRefused) else ""
