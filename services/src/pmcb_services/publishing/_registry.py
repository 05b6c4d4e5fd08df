# SPDX-License-Identifier: Apache-2.0
"""What an institution does: budgets for cohorts, data sets with ever new versions, rules."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from ._budget import Budgets
from ._catalogue import Catalogue, Cohort, Dataset, Standing, Version
from ._entries import Entry, State
from ._policy import Policy
from ._publisher import Publisher
from ._requests import Kind, Request
from ._schema import Schema
from ._tables import Tables
from ._work import Work, probe_epsilon
from .errors import (
    BudgetExhausted,
    Forbidden,
    LedgerUnavailable,
    ReleaseLost,
    RequestError,
    SchemaError,
)

__all__ = ["Export", "Registry"]

Export = Callable[[Path, str | None], int]
"""Writes what an intake has to a CSV: of one task, or everything; the number of rows."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")


class Registry:
    """Cohorts, data sets and versions of one institution.

    Args:
        catalogue: where they are kept.
        budgets: the ledger.
        publisher: counts the persons of each version.
        work: knows what was counted.
        tables: which files may be read.
        exported: a folder for what comes from the intake.
        export: the intake's; None where there is no intake.
        clock: milliseconds UTC.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        budgets: Budgets,
        publisher: Publisher,
        work: Work,
        *,
        tables: Tables,
        exported: Path,
        export: Export | None,
        clock: Callable[[], int],
    ) -> None:
        self._catalogue = catalogue
        self._budgets = budgets
        self._publisher = publisher
        self._work = work
        self._tables = tables
        self._exported = exported
        self._export = export
        self._now_ms = clock
        self._finishing: set[asyncio.Task[Version]] = set()

    async def resume(self) -> None:
        """Settle the versions that another process was registering; after the publisher's."""
        for version in await asyncio.to_thread(self._catalogue.unsettled):
            try:
                entry = await self._publisher.find((await self._probe_of(version)).hash)
            except LedgerUnavailable:  # nobody knows yet: as little as of the publisher's own
                continue
            if entry is None:
                await self._settle(version, None)
            elif self._publisher.is_running(entry):
                task = asyncio.create_task(self._counted(version, entry))
                self._finishing.add(task)
                task.add_done_callback(self._finishing.discard)
            else:
                await self._counted(version, entry)

    async def close(self) -> None:
        """After the publisher's: what it has not finished is settled by the next process."""
        await asyncio.gather(*self._finishing, return_exceptions=True)

    async def cohort(self, cohort: str) -> Cohort:
        """A cohort of this institution.

        Raises:
            Forbidden: there is none, here.
        """
        found = await asyncio.to_thread(self._catalogue.cohort, cohort)
        if found is None:
            raise Forbidden
        return found

    async def open_cohort(self, cohort: str, total: Fraction, schema: Schema) -> Cohort:
        """Open a budget for a group of people; again, with the same content, it is the same.

        Raises:
            SchemaError: the schema does not say about how many there are.
            RequestError: the cohort was opened with other content.
            LedgerUnavailable: repeat it.
        """
        if schema.expected_size is None:
            raise SchemaError(
                "expected_size is missing.",
                next_step="Say about how many persons there are, as far as that is public.",
            )
        made = await asyncio.to_thread(
            self._catalogue.add_cohort, cohort, schema, now_ms=self._now_ms()
        )
        found = await self.cohort(cohort)
        if found.schema.hash != schema.hash:
            raise RequestError("This cohort has another schema.", field="schema")
        try:
            await self._budgets.open_cohort(
                cohort, unit=found.unit, total=total, schema_hash=schema.hash
            )
        except RequestError:
            if made:
                await asyncio.to_thread(self._catalogue.drop_cohort, cohort, now_ms=self._now_ms())
            raise
        return found

    async def lower(self, cohort: str, total: Fraction) -> None:
        """Take back what nothing has spent.

        Raises:
            Forbidden, RequestError, LedgerUnavailable: see `open_cohort` and `cohort`.
        """
        await self.cohort(cohort)
        await self._budgets.lower(cohort, total)

    async def set_policy(self, cohort: str, policy: Policy) -> None:
        """Say who may spend how much without asking.

        Raises:
            Forbidden: see `cohort`.
        """
        await self.cohort(cohort)
        await asyncio.to_thread(self._catalogue.set_policy, cohort, policy, now_ms=self._now_ms())

    async def add_dataset(self, name: str, cohort: str) -> Dataset:
        """Name a table of a cohort; the ledger hears of it with its first version.

        Raises:
            Forbidden: see `cohort`.
            RequestError: the name is none, or that of another cohort's.
        """
        await self.cohort(cohort)
        if not _NAME.fullmatch(name):
            message = "A name is 1 to 64 letters, digits, dots, hyphens and underscores."
            raise RequestError(message, field="name")
        made = Dataset(name, secrets.token_hex(16), cohort)
        await asyncio.to_thread(self._catalogue.add_dataset, made, now_ms=self._now_ms())
        found = await self.dataset(name)
        if found.cohort != cohort:
            raise RequestError("A data set of another cohort has this name.", field="name")
        return found

    async def dataset(self, name: str) -> Dataset:
        """The data set of this name.

        Raises:
            RequestError: there is none.
        """
        found = await asyncio.to_thread(self._catalogue.dataset, name)
        if found is None:
            raise RequestError("There is no such data set.", field="dataset")
        return found

    async def add_version(
        self, name: str, *, path: Path | None = None, task: str | None = None
    ) -> Version:
        """Register a table as a data set's newest version, and count its persons with noise.

        Nothing of the budget comes back by it; the count costs `probe_epsilon`.

        Args:
            name: of the data set.
            path: of the table; None for what the intake has.
            task: of the intake's rows, those of one task; None for all.

        Raises:
            RequestError: there is no such data set, or no intake.
            TableUnreadable: it is no table of the schema that may be read.
            SubjectsOverlap: somebody is in another cohort, too.
            BudgetExhausted: not even the count can be paid.
            ReleaseLost: the count was paid and lost; register it again.
            LedgerUnavailable: repeat it; what the count may have cost is not paid again.
        """
        dataset = await self.dataset(name)
        cohort = await self.cohort(dataset.cohort)
        made = await self._begun(name, path, cohort) or await self._begin(name, path, task, cohort)
        version = made.version
        try:
            number = await self._budgets.register_dataset(dataset.dataset, cohort.cohort, version)
            await asyncio.to_thread(self._catalogue.number, version, number, now_ms=self._now_ms())
            async with self._publisher.turn(cohort.cohort):
                request = await self._probe_of(made)
                entry = await self._publisher.buy(request, who=dataset.dataset)
        except LedgerUnavailable:  # nobody knows what it cost
            raise
        except Exception:
            await self._settle(made, None)
            raise
        found = await self._counted(made, entry)
        if found.standing is Standing.FAILED:
            raise ReleaseLost(
                "The count of persons was paid and lost.", next_step="Register the table again."
            )
        if found.standing is Standing.ADDING:
            raise LedgerUnavailable("The service ended before the ledger knew of the count.")
        return found

    async def _begun(self, name: str, path: Path | None, cohort: Cohort) -> Version | None:
        """A version of this very table that a ledger that was away has kept from its count."""
        if path is None:
            return None
        found = await asyncio.to_thread(self._tables.find, path, cohort.schema)
        begun = await asyncio.to_thread(self._catalogue.unsettled)
        return next((e for e in begun if (e.name, (e.path, e.mark)) == (name, found)), None)

    async def _begin(
        self, name: str, path: Path | None, task: str | None, cohort: Cohort
    ) -> Version:
        await self._check_left(cohort)
        version = secrets.token_hex(16)
        source = path or await self._from_intake(version, task)
        place, mark = await asyncio.to_thread(self._tables.find, source, cohort.schema)
        tags = await asyncio.to_thread(self._tables.tags, place, cohort.schema)
        made = Version(version, name, None, place, mark)
        await asyncio.to_thread(self._catalogue.add_version, made, cohort.cohort, tags)
        return made

    async def _check_left(self, cohort: Cohort) -> None:
        left, cost = (await self._budgets.get(cohort.cohort)).left, probe_epsilon(cohort.schema)
        if left < cost:
            raise BudgetExhausted(left=left, epsilon=cost)

    async def _from_intake(self, version: str, task: str | None) -> Path:
        if self._export is None:
            raise RequestError(
                "This service has no intake.",
                field="intake",
                next_step="Serve as the identity whose intake it is.",
            )
        path = self._exported / f"{version}.csv"
        await asyncio.to_thread(self._export, path, task)
        return path

    async def _probe_of(self, version: Version) -> Request:
        dataset = await self.dataset(version.name)
        cohort = await self.cohort(dataset.cohort)
        return Request(
            Kind.PROBE,
            cohort.cohort,
            version.version,
            cohort.schema.hash,
            cohort.unit,
            probe_epsilon(cohort.schema),
        )

    async def _counted(self, version: Version, entry: Entry) -> Version:
        return await self._settle(version, await self._publisher.finished(entry))

    async def _settle(self, version: Version, entry: Entry | None) -> Version:
        """Usable once its count is published, and never where that was lost; else not yet."""
        if entry is None or entry.state in {State.PUBLISHED, State.LOST}:
            probe = None
            if entry is not None and entry.state is State.PUBLISHED:
                probe = await asyncio.to_thread(self._work.probe, entry.request, entry.release_hash)
            await asyncio.to_thread(self._catalogue.settle, version.version, probe)
        found = await asyncio.to_thread(self._catalogue.version, version.version)
        assert found is not None
        return found
