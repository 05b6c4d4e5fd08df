# SPDX-License-Identifier: Apache-2.0
"""A privacy budget is spent exactly, for good, and by its own organisation only."""

import asyncio
import json
from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest
from tests.scenarios.world import ORG_B, Person, World, digest, new_id, outcomes, refused

from pmcb_client.gateway import Retry

pytestmark = pytest.mark.anyio

# A hundred at once: all but one of each block meet a conflict, and each must come through.
PATIENT = Retry(conflicts=1000, cap_s=0.5)


@dataclass(frozen=True)
class Spender:
    """An institution with a cohort of its own."""

    person: Person
    cohort: str

    async def reserve(self, request: str, epsilon: str) -> dict[str, Any]:
        """Spend for a request, in time, however many others do."""
        args = (self.cohort, digest(request), epsilon)
        answer = await self.person.contract.submit("reserve_budget", *args, retry=PATIENT)
        entry: dict[str, Any] = json.loads(answer)
        return entry

    async def budget(self) -> tuple[str, str, int]:
        """Total, spent and count."""
        found = await self.person.ask("get_budget", self.cohort)
        return found["total"], found["spent"], found["count"]

    async def spends(self) -> list[dict[str, Any]]:
        """All that was spent, by number."""
        listed = await self.person.ask("list_spends", self.cohort, 200, "")
        return sorted(listed["items"], key=lambda item: item["number"])


async def opened(world: World, total: str = "1") -> Spender:
    """A new cohort with such a budget."""
    person = await world.person("institution", "institution", ORG_B)
    spender = Spender(person, new_id())
    await person.submit("open_cohort", spender.cohort, "subject", total, digest("schema"))
    return spender


async def test_a_budget_belongs_to_one_organisation(world: World):
    """Another institution, and whoever is none, is refused; a colleague is not."""
    spender = await opened(world)
    stranger = await world.person("institution", "institution")
    colleague = await world.person("institution2", "institution", ORG_B)
    releaser, _, _ = await world.parties()
    calls: list[tuple[str, ...]] = [
        ("reserve_budget", spender.cohort, digest("theirs"), "1/2"),
        ("record_release", spender.cohort, digest("theirs"), digest("release")),
        ("lower_budget", spender.cohort, "1/2"),
        ("register_dataset", new_id(), spender.cohort, new_id()),
    ]
    for call in calls:
        with refused("NOT_OWNER"):
            await stranger.submit(*call)
        with refused("ROLE_REQUIRED"):
            await releaser.submit(*call)
    assert await spender.budget() == ("1", "0", 0)
    for call in calls:
        await colleague.submit(*call)
    assert await spender.budget() == ("1/2", "1/2", 1)


async def test_ten_of_a_hundred_requests_at_once_are_served(world: World):
    """A budget for ten: whoever conflicts asks again, and the others find nothing left."""
    spender = await opened(world)
    results = await asyncio.gather(
        *(spender.reserve(f"request {number}", "1/10") for number in range(100)),
        return_exceptions=True,
    )
    assert Counter(outcomes(results)) == {"ok": 10, "BUDGET_EXHAUSTED": 90}
    assert await spender.budget() == ("1", "1", 10)
    spends = await spender.spends()
    assert [one["number"] for one in spends] == list(range(1, 11))
    assert sum(Fraction(one["epsilon"]) for one in spends) == 1
    with refused("BUDGET_EXHAUSTED"):
        await spender.reserve("one more", "1/1000000000")


async def test_the_same_request_at_once_is_paid_once(world: World):
    """Ten ask for one release; all of them get the one entry."""
    spender = await opened(world)
    entries = await asyncio.gather(*(spender.reserve("the same", "1/3") for _ in range(10)))
    assert entries == [entries[0]] * 10
    assert await spender.reserve("the same", "1/3") == entries[0]
    with refused("EXISTS"):
        await spender.reserve("the same", "1/6")
    assert await spender.budget() == ("1", "1/3", 1)


async def test_a_refresh_keeps_the_budget(world: World):
    """The next version of the same people's data returns nothing of what is spent."""
    spender, other = await opened(world), await opened(world)
    institution, dataset = spender.person, new_id()
    await institution.submit("register_dataset", dataset, spender.cohort, new_id())
    await spender.reserve("before", "2/3")
    refreshed = new_id()
    made = await institution.submit("register_dataset", dataset, spender.cohort, refreshed)
    assert (made["version"], made["number"]) == (refreshed, 2)
    for cohort in (other.cohort, ""):
        with refused("COHORT_FIXED"):
            await institution.submit("register_dataset", dataset, cohort, new_id())
    assert await spender.budget() == ("1", "2/3", 1)
    with refused("BUDGET_EXHAUSTED"):
        await spender.reserve("after", "1/2")
    await spender.reserve("after", "1/3")
    assert await spender.budget() == ("1", "1", 2)


async def test_a_spend_and_a_lowering_at_once_leave_no_overspend(world: World):
    """Both were endorsed on the same ledger; who is handed in second is invalid."""
    spender = await opened(world)
    institution = spender.person
    spend = ("reserve_budget", spender.cohort, digest("big"), "2/3")
    calls: list[tuple[str, ...]] = [("lower_budget", spender.cohort, "1/2"), spend]
    made = [await institution.endorsed(*call) for call in calls]
    for transaction in made:
        await transaction.submit()
    stand = [(await transaction.commit.status()).successful for transaction in made]
    assert stand == [True, False]
    with refused("BUDGET_EXHAUSTED"):
        await institution.submit(*spend)
    for total in ("2/3", "1"):
        with refused("BUDGET_RANGE"):
            await institution.submit("lower_budget", spender.cohort, total)
    await spender.reserve("small", "1/2")
    with refused("BUDGET_RANGE"):
        await institution.submit("lower_budget", spender.cohort, "49/100")
    assert await spender.budget() == ("1/2", "1/2", 1)


async def told(person: Person, cohort: str, last: str) -> list[tuple[str, dict[str, Any]]]:
    """What is told of a cohort, up to the event named last."""
    found = []
    async with aclosing(person.events(start_block=0)) as events:
        async for event in events:
            payload = json.loads(event.payload)
            if payload.get("cohort") == cohort:
                found.append((event.name, payload))
                if event.name == last:
                    break
    return found


async def test_from_a_cohort_to_a_recorded_release(world: World):
    """Anybody sees what was spent for which release, and how the budget came to that."""
    spender = await opened(world, "3/4")
    institution, cohort, request = spender.person, spender.cohort, digest("a request")
    analyst = await world.person("analyst", "analyst")
    recorded = ("record_release", cohort, request, digest("release"))
    with refused("NOT_FOUND"):
        await institution.submit(*recorded)
    await spender.reserve("a probe", "1/50")
    entry = await spender.reserve("a request", "1/3")
    assert (entry["state"], entry["number"]) == ("reserved", 2)
    published = await institution.submit(*recorded)
    assert await institution.submit(*recorded) == published
    with refused("EXISTS"):
        await institution.submit("record_release", cohort, request, digest("another"))
    await institution.submit("lower_budget", cohort, "1/2")
    proof = await analyst.ask("get_release", cohort, request)
    assert proof == {**entry, **published, "cohort": cohort, "request_hash": request}
    assert (proof["state"], proof["release_hash"]) == ("published", digest("release"))
    seen = await analyst.ask("get_budget", cohort)
    assert (seen["owner"], seen["total"], seen["spent"]) == (ORG_B, "1/2", "53/150")
    history = (await analyst.ask("get_history", "BU", [cohort]))["items"]
    assert [item["record"]["spent"] for item in history] == ["53/150", "1/50", "0"]
    assert history[0]["at"] == entry["at"]
    assert await told(institution, cohort, "BudgetLowered") == [
        ("CohortOpened", {"v": 1, "cohort": cohort}),
        ("BudgetReserved", {"v": 1, "cohort": cohort, "number": 1}),
        ("BudgetReserved", {"v": 1, "cohort": cohort, "number": 2}),
        ("ReleaseRecorded", {"v": 1, "cohort": cohort, "number": 2}),
        ("BudgetLowered", {"v": 1, "cohort": cohort}),
    ]
