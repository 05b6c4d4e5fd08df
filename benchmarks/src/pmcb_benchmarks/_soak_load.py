# SPDX-License-Identifier: Apache-2.0
"""Everybody at once: orders, answers, readings, records, credit and releases, while parts die.

Whoever gets no answer asks the same again until there is one; only then is it written down as told.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import httpx

from pmcb_apps.organisation._control import Control
from pmcb_apps.organisation._state import read
from pmcb_client.content import ContentError, ContentRefused
from pmcb_client.errors import ClientError, Refused
from pmcb_client.tasks import announced_keys
from pmcb_services.fog.client import FogClient
from pmcb_services.fog.errors import FogError, Unavailable
from pmcb_services.publishing import PublishingClient
from pmcb_services.publishing.errors import ServiceRefused, ServiceUnavailable
from pmcb_services.retrieval.errors import GatewayUnavailable, RetrievalError
from pmcb_services.retrieval.worker import RetrievalClient

from ._organisation_crowd import Crowd
from ._organisation_orders import KINDS, Made, Orders
from ._organisation_people import DATASET, People
from ._organisation_site import STORE, TOKEN, Site
from ._soak_told import Told

__all__ = ["SoakLoad"]

AGAIN_S = 0.3
_ORDERS_AT_ONCE = 4
_WAIT_S = 20.0  # for an order; one that waits longer holds up nobody
_LAST_S = 120.0  # after the end: what has no answer by then was not promised
_PAUSES_S = {"readings": 0.5, "records": 3.0, "credits": 0.5, "releases": 5.0, "answers": 1.0}
_T = TypeVar("_T")


class SoakLoad:
    """The load, until it is told to end.

    Args:
        site: under load.
        people: of it.
        seed: of what they do.

    Attributes:
        told: what they were told.
        crowd: receivers, and what they were told.
    """

    def __init__(self, site: Site, people: People, seed: int) -> None:
        self.told, self.crowd = Told(), Crowd(site, people, seed)
        self._site, self._people = site, people
        self._seed = seed
        self._over = asyncio.Event()
        self._ends = float("inf")

    def end(self) -> None:
        """Begin nothing more."""
        self._over.set()
        self._ends = time.monotonic() + _LAST_S

    async def run(self) -> None:
        """Everybody, until `end` was called and all have their answers."""
        readers = [self._people.get("verifier").uid]
        keys = await announced_keys(self._people.contract("releaser"), readers)
        orders = Orders(self._site, self._people, keys, self._seed)
        numbers = itertools.count()
        work: list[Coroutine[Any, Any, None]] = [
            *(self._orders(orders, numbers, each) for each in range(_ORDERS_AT_ONCE)),
            self._readings(),
            self._records(),
            self._credits(),
            self._releases(),
            self._answers(),
        ]
        for error in await asyncio.gather(*work, return_exceptions=True):
            if error is not None:  # the others went on without it; it is a finding
                self.told.refused[f"ended by {type(error).__name__}: {error}"] += 1

    # -- who asks

    async def _orders(self, orders: Orders, numbers: itertools.count[int], which: int) -> None:
        draws = random.Random(f"{self._seed} orders {which}")
        while not self._over.is_set():
            made = orders.make(draws.choice(list(KINDS)), next(numbers))
            await self._order(made)

    async def _order(self, made: Made) -> None:
        async def submit() -> None:
            async with FogClient(self._site.network(), self._people.get(made.label)) as gateway:
                if made.id not in self.told.orders:
                    await gateway.submit(made.document)
                    self.told.orders[made.id] = replace(made, document={"id": made.id})
                await gateway.outcome(made.id, within_s=_WAIT_S)

        await self._until_told("orders", submit)

    async def _readings(self) -> None:
        draws = random.Random(f"{self._seed} readings")
        at = time.time_ns() // 1_000_000 - 2 * 10**9
        async with httpx.AsyncClient(trust_env=False, timeout=10.0) as http:
            while not self._over.is_set():
                at += 1
                values = {"heart_rate": draws.randint(30, 220)}
                body = {"subject_ref": f"bed {draws.randint(1, 9)}", "at": at, "values": values}
                if await self._until_told("readings", partial(self._post, http, body)):
                    self.told.readings.append(at)
                await self._pause("readings")

    async def _post(self, http: httpx.AsyncClient, body: dict[str, Any]) -> bool:
        _, states = read(Control(self._site.home).places)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        url = f"{states['collector'].url}/v1/readings"
        answer = await http.post(url, json=body, headers=headers)
        answer.raise_for_status()
        return True

    async def _records(self) -> None:
        draws = random.Random(f"{self._seed} records")
        for number in itertools.count(1):
            if self._over.is_set():
                return
            rows = [[draws.randint(30, 220), draws.randint(60, 260)] for _ in range(2)]
            moments = [2 * number, 2 * number + 1]
            carried = {"patient": [draws.randrange(1000)] * 2, "at": moments}
            batch = hashlib.sha256(f"{self._seed} {number}".encode()).hexdigest()

            insert = partial(self._insert, rows, carried, batch)
            ids = await self._until_told("records", insert)
            self.told.records |= dict(zip(ids or (), moments, strict=False))
            await self._pause("records")

    async def _insert(
        self, rows: list[list[int]], carried: dict[str, list[int]], batch: str
    ) -> list[int]:
        who = self._people.get("institution")
        async with RetrievalClient(self._site.network(), who) as gateway:
            return await gateway.insert(STORE, rows, carried, batch=batch)

    async def _credits(self) -> None:
        ledger, who = self._people.contract("authority.a"), self._people.get("analyst").uid
        for number in itertools.count():
            if self._over.is_set():
                return
            words = (*who.split("/"), "1", f"soak-{number}")
            if await self._until_told("credits", partial(ledger.submit, "issue_credit", *words)):
                self.told.credits.append(words[-1])
            await self._pause("credits")

    async def _releases(self) -> None:
        for number in itertools.count():
            if self._over.is_set():
                return
            epsilon = f"{200 + number}/10000"

            if found := await self._until_told("releases", partial(self._ask, epsilon)):
                self.told.requests[found] = epsilon
            await self._pause("releases")

    async def _ask(self, epsilon: str) -> str:
        analyst = self._people.get("analyst")
        async with PublishingClient(self._site.network(), analyst) as service:
            asked = await service.ask(DATASET, epsilon=epsilon, k=2, fresh=True)
            return str(asked["id"])

    async def _answers(self) -> None:
        while not self._over.is_set():
            try:
                await self._answered_task()
            except TimeoutError:
                self.told.later["answers"] += 1
            except (Refused, ContentRefused) as error:
                self.told.refused[f"answers {error.code}"] += 1

    async def _answered_task(self) -> None:
        task = await self.crowd.publish()
        await self.crowd.accept(task)
        for who in self._people.receivers:
            if self._over.is_set():
                return
            opened = await self.crowd.open(task, who.label)
            await asyncio.to_thread(self.crowd.answer, opened, who)
            await self._pause("answers")

    # -- what they do without an answer

    async def _pause(self, who: str) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), _PAUSES_S[who])

    async def _until_told(self, who: str, ask: Callable[[], Awaitable[_T]]) -> _T | None:
        """The answer; None where it is refused, or did not come long after the end."""
        while time.monotonic() < self._ends:
            try:
                return await ask()
            except (Unavailable, GatewayUnavailable, ServiceUnavailable):
                self.told.later[who] += 1
            except (Refused, ServiceRefused, FogError, RetrievalError, ContentRefused) as error:
                if not _is_away(error):
                    self.told.refused[f"{who} {getattr(error, 'code', '')}"] += 1
                    return None
                self.told.later[who] += 1
            except (ClientError, ContentError, httpx.HTTPError):
                self.told.later[who] += 1
            await asyncio.sleep(AGAIN_S)
        return None


def _is_away(error: Exception) -> bool:
    """Whether a service says that something it needs is away."""
    return getattr(error, "exit_code", 0) == 3
