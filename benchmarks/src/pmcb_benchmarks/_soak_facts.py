# SPDX-License-Identifier: Apache-2.0
"""What an organisation holds in the end: ledger, fog, table, store, files and releases."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Any

from pmcb_client.content import ContentClient, ContentMissing
from pmcb_client.receiver import listing
from pmcb_services.fog.client import FogClient
from pmcb_services.intake import Intake
from pmcb_services.publishing import PublishingClient
from pmcb_services.retrieval.worker import RetrievalClient

from ._fog_drill import settled
from ._organisation_crowd import Crowd, patiently
from ._organisation_orders import Made
from ._organisation_people import LEVELS, People
from ._organisation_site import STORE, Site
from ._soak_told import Told

__all__ = ["Facts", "gathered"]

_TOLD_WITHIN_S = 300.0
_LOOK_S = 1.0
_DRAIN_S = 300.0
_SLOTS = ("DataSubmitted", "SubmissionVerified", "RewardsSettled")


@dataclass
class Facts:
    """All of it.

    Attributes:
        states: of orders, by id.
        codes: why orders failed, by id.
        files: hashes of sealed files that the content store has, of those looked for.
        submitted: what the ledger has of answers, by task and holder's label.
        events: how often the ledger told of something, by event and what it is about.
        earned, balances: credits of all payments to receivers, and what they own.
        issued: credits of the person to whom credit was issued.
        taken: how often a moment is in the intake's table.
        found: how often a moment is in the store.
        records: the moment that a row of the store carries, by the row's id.
        spends: epsilons by request, as the ledger has them.
        budget: of the cohort: total and spent.
        releases: states by request.
    """

    states: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    submitted: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    events: Counter[tuple[str, str]] = field(default_factory=Counter)
    earned: int = 0
    balances: int = 0
    issued: int = 0
    taken: Counter[int] = field(default_factory=Counter)
    found: Counter[int] = field(default_factory=Counter)
    records: dict[int, int] = field(default_factory=dict)
    spends: list[tuple[str, Fraction]] = field(default_factory=list)
    budget: tuple[Fraction, Fraction] = (Fraction(0), Fraction(0))
    releases: dict[str, str] = field(default_factory=dict)


async def gathered(site: Site, people: People, told: Told, crowd: Crowd) -> Facts:
    """Wait until nothing moves any more, at most some minutes; then look everywhere."""
    facts = Facts()
    operator = people.get("institution")
    _, facts.states = await settled(site.network, operator)
    reader = _Reader(site, people)
    failed = [made for made in told.orders.values() if facts.states.get(made.id) == "FAILED"]
    facts.codes = await patiently(partial(reader.codes, failed))
    facts.submitted = await _until(
        lambda: reader.submitted(crowd.tasks),
        lambda rows: all("payment" in rows.get(key, {}) for key in crowd.answers),
    )
    due = {*told.readings, *(each.at for each in crowd.answers.values())}
    due |= {made.at for made in told.orders.values() if facts.states.get(made.id) == "DONE"} - {0}
    facts.taken = await _until(reader.taken, lambda taken: due <= taken.keys())
    wanted = {*facts.taken, *told.records.values()}
    facts.records = await _until(reader.records, lambda rows: wanted <= {*rows.values()})
    facts.found = Counter(facts.records.values())
    facts.releases = await _until(
        lambda: reader.releases(told.requests), lambda each: "running" not in each.values()
    )
    made = told.orders.values()
    done = (each for each in made if facts.states.get(each.id) == "DONE")
    facts.files = await patiently(partial(reader.files, {each.hash for each in done} - {""}))
    facts.events = await patiently(reader.events)
    payments = [row["payment"] for row in facts.submitted.values() if "payment" in row]
    facts.earned = sum(payment["amount"] for payment in payments)
    owned = [await patiently(partial(reader.balance, who.uid)) for who in people.receivers]
    facts.balances = sum(owned)
    facts.issued = await patiently(partial(reader.balance, people.get("analyst").uid))
    facts.spends = await patiently(reader.spends)
    asked = partial(people.ask, "institution", "get_budget", people.cohort)
    budget = await patiently(asked)
    facts.budget = (Fraction(budget["total"]), Fraction(budget["spent"]))
    return facts


async def _until(look: Callable[[], Awaitable[Any]], is_all: Callable[[Any], bool]) -> Any:
    """What there is once it is all there, or once no more is to be waited for."""
    ends = time.monotonic() + _DRAIN_S
    while True:
        found = await patiently(look)
        if is_all(found) or time.monotonic() > ends:
            return found
        await asyncio.sleep(_LOOK_S)


class _Reader:
    """Asks each part for what it has; asks again while it is away."""

    def __init__(self, site: Site, people: People) -> None:
        self._site, self._people = site, people
        owner = people.get("institution")
        folder = site.home / "institution" / f"{owner.msp_id}.{owner.enrollment_id}"
        self._intake = Intake(folder)

    async def codes(self, orders: Iterable[Made]) -> dict[str, str]:
        """Why they failed, as their submitters are told."""
        found = {}
        for made in orders:
            async with FogClient(self._site.network(), self._people.get(made.label)) as gateway:
                result = (await gateway.status(made.id)).get("result") or ""
                found[made.id] = base64.b64decode(result).decode("ascii", "replace")
        return found

    async def submitted(self, tasks: Iterable[str]) -> dict[tuple[str, str], dict[str, Any]]:
        """By task and label of the holder."""
        labels = {who.uid: who.label for who in self._people.receivers}
        ledger = self._people.contract("releaser")
        found: dict[tuple[str, str], dict[str, Any]] = {}

        async def look(task: str, subtask: int) -> None:
            async for row in listing(ledger, "list_submissions", task, str(subtask)):
                found[task, labels[row["holder"]]] = row

        for task in tasks:
            for subtask in range(LEVELS):
                await patiently(partial(look, task, subtask))
        return found

    async def taken(self) -> Counter[int]:
        """Moments in the table."""
        return Counter(record.at for record in await asyncio.to_thread(self._records))

    def _records(self) -> list[Any]:
        return list(self._intake.records())

    async def records(self) -> dict[int, int]:
        """Moments in the store, by the row's id; the first rows have none."""
        async with RetrievalClient(
            self._site.network(), self._people.get("institution")
        ) as gateway:
            found = await gateway.query(STORE, {}, everything=True)
        columns = found["columns"]
        key, at = columns.index("id"), columns.index("at")
        return {int(row[key]): int(row[at]) for row in found["rows"] if row[at]}

    async def releases(self, requests: Mapping[str, str]) -> dict[str, str]:
        """States by request."""
        found = {}
        async with PublishingClient(self._site.network(), self._people.get("analyst")) as service:
            for each in requests:
                found[each] = str((await service.find(each))["state"])
        return found

    async def files(self, hashes: Iterable[str]) -> set[str]:
        """Those that the store has, whole."""
        kept = set()
        async with ContentClient(self._site.network(), self._people.get("verifier")) as store:
            for digest in hashes:
                with suppress(ContentMissing):
                    await store.get(digest)
                    kept.add(digest)
        return kept

    async def events(self) -> Counter[tuple[str, str]]:
        """What events tell of, from the ledger's first block to one that is written now."""
        told: Counter[tuple[str, str]] = Counter()
        last = secrets.token_hex(8)
        account = self._people.get("releaser").uid.split("/")
        await self._people.contract("authority.a").submit("issue_credit", *account, "1", last)
        channel = self._people.channel("releaser")
        reader = channel.chaincode_events(self._people.file.chaincode, start_block=0)
        async with asyncio.timeout(_TOLD_WITHIN_S), aclosing(reader) as events:
            async for event in events:
                payload = json.loads(event.payload)
                if event.name in _SLOTS:
                    told.update((event.name, slot) for slot in _slots(payload))
                if event.name == "CreditIssued":
                    told[event.name, payload["ref"]] += 1
                if payload.get("ref") == last:
                    return told
        raise RuntimeError("the ledger's events ended")

    async def balance(self, uid: str) -> int:
        """Of somebody."""
        ledger = self._people.contract("authority.a")
        return int(json.loads(await ledger.evaluate("get_balance", *uid.split("/")))["balance"])

    async def spends(self) -> list[tuple[str, Fraction]]:
        """Of the cohort."""
        rows = listing(self._people.contract("institution"), "list_spends", self._people.cohort)
        return [(row["request_hash"], Fraction(row["epsilon"])) async for row in rows]


def _slots(payload: Mapping[str, Any]) -> list[str]:
    slots = payload.get("slots", [payload.get("slot")])
    return [f"{payload['task']} {payload['subtask']} {slot}" for slot in slots]
