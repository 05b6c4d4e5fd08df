# SPDX-License-Identifier: Apache-2.0
"""What analysts ask for: judged before anything is spent, given free where it stands already."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from ._catalogue import Catalogue, Cohort, Standing, Version
from ._entries import Entries, Entry, State
from ._lattice import UNIT
from ._measurements import Algorithm
from ._plan import Plan
from ._publisher import Publisher
from ._registry import Registry
from ._requests import Kind, Request, check_algorithm, check_attempt, check_k
from ._tables import Tables
from .errors import ReleaseLost, RequestError

__all__ = ["Asked", "Desk"]

MOST_PENDING = 100
"""Of one person in one cohort."""


@dataclass(frozen=True)
class Asked:
    """A release, in an analyst's words.

    Attributes:
        dataset: its name.
        version: its number; None for the newest.
        epsilon: what it may cost.
        algorithm: by which.
        k: clusters to be counted; None for none.
        rows: whether synthetic rows are bought.
        attempt: how often it was paid for and lost; counts only where it was.
        fresh: whether another release that covers it is not enough.
    """

    dataset: str
    version: int | None
    epsilon: Fraction
    algorithm: str = Algorithm.MPDP_K
    k: int | None = None
    rows: bool = False
    attempt: int = 0
    fresh: bool = False


class Desk:
    """Takes requests.

    Args:
        catalogue: tables and schemas.
        entries: what became of requests.
        registry: finds data sets.
        publisher: buys.
        tables: whether a table is as it was registered.
        clock: milliseconds UTC.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        entries: Entries,
        registry: Registry,
        publisher: Publisher,
        *,
        tables: Tables,
        clock: Callable[[], int],
    ) -> None:
        self._catalogue = catalogue
        self._entries = entries
        self._registry = registry
        self._publisher = publisher
        self._tables = tables
        self._now_ms = clock

    async def ask(self, asked: Asked, who: str) -> Entry:
        """The request's entry: what stands already, what runs now, or what waits for approval.

        Raises:
            RequestError: it cannot be carried out as it stands; names the field.
            NotPrivate: the algorithm may not publish.
            NotEnoughData: too few persons for this epsilon; nothing was spent.
            TableUnreadable: the table was changed since; nothing was spent.
            ReleaseLost: it was paid for and lost; ask with a new attempt.
            BudgetExhausted, LedgerUnavailable: nothing was spent.
        """
        algorithm = check_algorithm(asked.algorithm, asked.k, rows=asked.rows)
        check_k(asked.k)
        check_attempt(asked.attempt)
        cohort, version = await self._version(asked.dataset, asked.version)
        request = Request(
            Kind.RELEASE,
            cohort.cohort,
            version.version,
            cohort.schema.hash,
            cohort.unit,
            asked.epsilon,
            asked.k,
            asked.rows,
            algorithm=algorithm,
        )
        async with self._publisher.turn(cohort.cohort):
            request, known = await self._known(request, asked.attempt)
            if known is None and not asked.fresh:
                known = await self._covering(request)
            if known is not None and known.state is not State.PENDING:
                return known
            if algorithm is Algorithm.MPDP_K:  # the others take any table
                _judge(request, cohort, version)
            return await self._admit(request, who, cohort, version, known)

    async def metrics(self, release: str, epsilon: Fraction, attempt: int, who: str) -> Entry:
        """Buy how well a release's clusters fit the table itself.

        Raises:
            RequestError: there is no such release yet.
            TableUnreadable, ReleaseLost, BudgetExhausted, LedgerUnavailable: see `ask`.
        """
        check_attempt(attempt)
        about = await self._publisher.find(release)
        if about is None or about.request.kind is not Kind.RELEASE:
            raise RequestError("There is no such release.", field="release")
        if about.state is not State.PUBLISHED:
            raise RequestError("The release is not published.", field="release")
        found = about.request
        request = Request(
            Kind.METRICS,
            found.cohort,
            found.version,
            found.schema_hash,
            found.unit,
            epsilon,
            release=release,
        )
        cohort = await self._registry.cohort(found.cohort)
        version = await asyncio.to_thread(self._catalogue.version, found.version)
        assert version is not None
        async with self._publisher.turn(found.cohort):
            request, known = await self._known(request, attempt)
            if known is not None and known.state is not State.PENDING:
                return known
            return await self._admit(request, who, cohort, version, known)

    async def approve(self, request_hash: str) -> Entry:
        """Buy what waits for the institution.

        Raises:
            RequestError: nothing of this id waits.
            TableUnreadable, BudgetExhausted, LedgerUnavailable: nothing was spent; it still waits.
        """
        entry = await self._publisher.find(request_hash)
        if entry is None:
            raise RequestError("There is no such request.", field="id")
        request = entry.request
        async with self._publisher.turn(request.cohort):
            entry = await self._publisher.find(request_hash)
            if entry is None or entry.state is not State.PENDING:
                raise RequestError("This request does not wait for approval.", field="id")
            version = await asyncio.to_thread(self._catalogue.version, request.version)
            assert version is not None
            cohort = await self._registry.cohort(request.cohort)
            await self._check_table(version, cohort)
            return await self._publisher.buy(request, who=entry.who)

    async def _version(self, name: str, number: int | None) -> tuple[Cohort, Version]:
        dataset = await self._registry.dataset(name)
        versions = await asyncio.to_thread(self._catalogue.versions, name)
        ready = [each for each in versions if each.standing is Standing.READY]
        fit = [each for each in ready if number in {None, each.number}]
        if not fit:
            raise RequestError("The data set has no such version.", field="version")
        return await self._registry.cohort(dataset.cohort), fit[-1]

    async def _known(self, request: Request, attempts: int) -> tuple[Request, Entry | None]:
        """The request at its attempt, and what became of it; of attempts only lost ones count.

        Raises:
            ReleaseLost: the last one, too, was lost.
        """
        for attempt in range(attempts + 1):
            tried = request.attempted(attempt)
            entry = await self._publisher.find(tried.hash)
            if entry is None or entry.state is State.INTENT:  # nothing has begun
                return tried, None
            if not self._is_lost(entry):
                return tried, entry
        raise ReleaseLost(
            "This was paid for, and lost in a crash.",
            next_step=f"Ask again with attempt {attempts + 1}, which pays again.",
        )

    def _is_lost(self, entry: Entry) -> bool:
        """Also where nothing could be written any more when it was lost."""
        if entry.state is State.RESERVED:
            return not self._publisher.is_running(entry)
        return entry.state is State.LOST

    async def _covering(self, request: Request) -> Entry | None:
        """A release that has what is asked for, or will have; the one that cost most."""
        entries = await asyncio.to_thread(self._entries.of_cohort, request.cohort)
        good = [
            entry
            for entry in entries
            if entry.request.covers(request)
            and (entry.state is State.PUBLISHED or self._publisher.is_running(entry))
        ]
        return max(good, key=lambda entry: entry.request.epsilon, default=None)

    async def _admit(
        self, request: Request, who: str, cohort: Cohort, version: Version, known: Entry | None
    ) -> Entry:
        """Buy it, or let it wait for the institution."""
        await self._check_table(version, cohort)
        spent = await asyncio.to_thread(self._entries.spent, cohort.cohort)
        if cohort.policy.allows(who, request.epsilon, spent):
            return await self._publisher.buy(request, who=who)
        if known is not None:
            return known
        await self._check_pending(cohort, who)
        return await asyncio.to_thread(
            self._entries.put, request, who, State.PENDING, now_ms=self._now_ms()
        )

    async def _check_pending(self, cohort: Cohort, who: str) -> None:
        entries = await asyncio.to_thread(self._entries.of_cohort, cohort.cohort)
        waiting = [each for each in entries if each.state is State.PENDING and each.who == who]
        if len(waiting) >= MOST_PENDING:
            raise RequestError(
                f"{MOST_PENDING} requests of yours wait for the institution already."
            )

    async def _check_table(self, version: Version, cohort: Cohort) -> None:
        await asyncio.to_thread(self._tables.check, version.path, version.mark, cohort.schema)


def _judge(request: Request, cohort: Cohort, version: Version) -> None:
    """Whether there are persons enough, by their paid number alone.

    Raises:
        NotEnoughData: with the least epsilon that would do.
    """
    assert version.probe is not None  # it is ready
    plan = Plan(
        request.epsilon,
        cohort.schema.width,
        rows=request.rows,
        counted=request.k is not None,
        probed=True,
    )
    plan.route(version.probe.count / UNIT, nominal=False)
