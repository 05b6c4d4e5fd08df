# SPDX-License-Identifier: Apache-2.0
"""A service put together: everything behind its HTTP routes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from pmcb_services.common import ErrorCode, ServiceError
from pmcb_services.intake import Subjects

from ._answers import entry_document
from ._budget import Budgets, Contract
from ._catalogue import Catalogue, Version
from ._desk import Desk
from ._entries import Entries, Entry, State
from ._noise import SYSTEM, Bits
from ._publisher import TICK_MS, Publisher
from ._registry import Export, Registry
from ._release_document import Ledger
from ._requests import Kind
from ._store import Store
from ._tables import Tables
from ._work import Work

__all__ = ["Publishing"]


class Publishing:
    """An institution's publishing service, without its HTTP routes.

    ::

        async with Publishing(folder, contract, ledger=Ledger.FABRIC, roots=[tables]) as service:
            ...                             # what another process left unfinished goes on

    Args:
        folder: of the service; one process at a time uses it.
        contract: the ledger's, as the institution sees it.
        ledger: of which kind it is; releases say so.
        roots: folders with the tables that may be published.
        export: of the institution's intake; None where there is none.
        clock: milliseconds UTC.
        bits: the source of noise; the operating system's by default, a seeded one in tests only.

    Raises:
        InputError: another process uses the folder, or others can read its key.
    """

    def __init__(
        self,
        folder: Path,
        contract: Contract,
        *,
        ledger: Ledger,
        roots: Sequence[Path],
        export: Export | None = None,
        clock: Callable[[], int] | None = None,
        bits: Bits = SYSTEM,
    ) -> None:
        self.now_ms = clock or (lambda: time.time_ns() // 1_000_000)
        self.store = Store(folder)
        self.budgets = Budgets(contract)
        self.catalogue, self.entries = Catalogue(self.store), Entries(self.store)
        self.work = Work(self.store.releases, self.catalogue, ledger, bits)
        self.publisher = Publisher(self.entries, self.budgets, self.work, clock=self.now_ms)
        used = self.catalogue.knows_subjects()
        subjects = Subjects(folder / "subjects.key", may_make=not used)
        tables = Tables([*roots, self.store.tables], subjects)
        self.registry = Registry(
            self.catalogue,
            self.budgets,
            self.publisher,
            self.work,
            tables=tables,
            exported=self.store.tables,
            export=export,
            clock=self.now_ms,
        )
        self.desk = Desk(
            self.catalogue,
            self.entries,
            self.registry,
            self.publisher,
            tables=tables,
            clock=self.now_ms,
        )

    async def __aenter__(self) -> Self:
        """Check the log, and go on where another process ended.

        Raises:
            ReleaseTampered: a line of the log was changed.
        """
        try:
            await asyncio.to_thread(self.store.check)
            await self.publisher.resume()
            await self.registry.resume()
        except BaseException:
            self.store.close()
            raise
        return self

    def is_visible(self, entry: Entry) -> bool:
        """Whether it is published, and a whole tick has passed since."""
        tick_ms = self.now_ms() // TICK_MS * TICK_MS
        return entry.state is State.PUBLISHED and entry.published_ms <= tick_ms

    async def find(self, request_hash: str) -> Entry:
        """A release or metrics, asked for by anybody.

        Raises:
            ServiceError: ``NOT_FOUND``.
        """
        entry = await asyncio.to_thread(self.entries.find, request_hash)
        if entry is None or entry.request.kind is Kind.PROBE:
            raise ServiceError(ErrorCode.NOT_FOUND, "There is no such request.")
        return entry

    async def version_of(self, entry: Entry) -> Version | None:
        """The version that a request is about."""
        return await asyncio.to_thread(self.catalogue.version, entry.request.version)

    async def pending(self, cohort: str) -> list[dict[str, object]]:
        """What waits for the institution, and who asked."""
        entries = await asyncio.to_thread(self.entries.of_cohort, cohort)
        waiting = [entry for entry in entries if entry.state is State.PENDING]
        return [
            {**entry_document(each, await self.version_of(each), visible=False), "who": each.who}
            for each in waiting
        ]

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.publisher.close()
        await self.registry.close()
        self.store.close()
