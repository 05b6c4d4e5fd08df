# SPDX-License-Identifier: Apache-2.0
"""Listings come in pages, in order, to those whom they concern."""

from typing import Any

import pytest
from tests.scenarios.world import DAY_MS, Person, World, digest, new_id, refused

pytestmark = pytest.mark.anyio


async def pages(person: Person, function: str, *args: object, size: int) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    bookmark = ""
    while True:
        page = await person.ask(function, *args, size, bookmark)
        assert len(page["items"]) <= size
        items += page["items"]
        bookmark = page["bookmark"]
        if not bookmark:
            return items


async def test_open_subtasks_are_of_the_callers_level_and_in_order(world: World):
    """Soonest deadline first, nothing past, nothing of another level; pages hold all."""
    low, high, nobody = await world.people(3, group="listing")
    await world.epoch(3, {low: 1, high: 3})
    with refused("NOT_LEVELED"):
        await nobody.ask("list_open_subtasks", 10, "")
    world.offset_ms = -DAY_MS
    tasks = [
        await world.task(
            accept_until=world.now() + hours * 3_600_000, submit_until=world.now() + 3 * DAY_MS
        )
        for hours in (40, 30, 35, 1)
    ]
    world.offset_ms = 0
    for person, level in ((low, 1), (high, 3)):
        items = [
            item
            for item in await pages(person, "list_open_subtasks", size=2)
            if item["task"] in tasks
        ]
        assert [item["task"] for item in items] == [tasks[1], tasks[2], tasks[0]]
        assert {item["level"] for item in items} == {level}


@pytest.mark.parametrize("bookmark", ["!", "AExWAA", "____", "A" * 701])
async def test_a_foreign_bookmark_is_refused(world: World, bookmark: str):
    """Not base64, another listing's, or not UTF-8."""
    (person,) = await world.people(1)
    await world.epoch(3, {person: 1})
    with refused("BAD_ARGUMENT"):
        await person.ask("list_open_subtasks", 10, bookmark)


async def test_a_bookmark_is_taken_whole_or_not_at_all(world: World):
    """What a listing gave is taken; every shortened form of it is refused, other letters too."""
    (person,) = await world.people(1)
    await world.epoch(3, {person: 1})
    for _ in range(2):
        await world.task()
    bookmark = (await person.ask("list_open_subtasks", 1, ""))["bookmark"]
    assert (await person.ask("list_open_subtasks", 1, bookmark))["items"]
    for length in (1, 20, len(bookmark) // 2, len(bookmark) - 4, len(bookmark) - 1):
        with refused("BAD_ARGUMENT"):
            await person.ask("list_open_subtasks", 1, bookmark[:length])
    with refused("BAD_ARGUMENT"):
        await person.ask("list_my_claims", 1, bookmark)


async def test_a_member_who_left_sees_no_more(world: World):
    """Membership stays, insight goes with the slot, also when somebody else takes it."""
    person, next_one = await world.people(2, group="left")
    await world.epoch(3, {person: 1, next_one: 1})
    task = await world.task(slots=1)
    await person.submit("accept_subtask", task, 0)
    await person.ask("list_claims", task, 0, 5, "")
    await person.submit("withdraw_claim", task)
    with refused("NOT_OWNER"):
        await person.ask("list_claims", task, 0, 5, "")
    await next_one.submit("accept_subtask", task, 0)
    await next_one.submit("submit_data", task, 0, digest("x"), 1)
    with refused("NOT_OWNER"):
        await person.ask("list_claims", task, 0, 5, "")
    (mine,) = [one for one in await pages(person, "list_my_claims", size=9) if one["task"] == task]
    assert mine == {"task": task, "subtask": 0, "slot": 0, "held": False}


async def test_a_member_of_a_series_sees_the_own_task_only(world: World):
    """Another task of the series, also with a slot of the same number, is others' business."""
    person, other = await world.people(2, group="series")
    await world.epoch(3, {person: 1, other: 1})
    series = new_id()
    own, foreign = await world.task(series=series), await world.task(series=series)
    await person.submit("accept_subtask", own, 0)
    await other.submit("accept_subtask", foreign, 0)
    for function in ("list_claims", "list_submissions"):
        await person.ask(function, own, 0, 5, "")
        with refused("NOT_OWNER"):
            await person.ask(function, foreign, 0, 5, "")


async def test_claims_and_submissions_come_slot_by_slot(world: World):
    """In the order of their slots, whatever the size of a page."""
    people = await world.people(3, group="slot-by-slot")
    await world.epoch(3, dict.fromkeys(people, 1))
    task = await world.task(slots=3)
    releaser, _, _ = await world.parties()
    for person in people:
        await person.submit("accept_subtask", task, 0)
        await person.submit("submit_data", task, 0, digest(person.uid), 1)
    for function in ("list_claims", "list_submissions"):
        items = await pages(releaser, function, task, 0, size=1)
        held = {item["slot"]: item["holder"] for item in items}
        assert list(held) == [0, 1, 2]
        for slot, holder in held.items():
            assert (await releaser.ask("get_claim", task, 0, slot))["holder"] == holder


@pytest.mark.parametrize("size", [0, 201, -1])
async def test_a_page_holds_one_to_two_hundred(world: World, size: int):
    """Other sizes are refused."""
    (person,) = await world.people(1)
    with refused("BAD_ARGUMENT"):
        await person.ask("list_my_claims", size, "")


async def test_a_person_sees_what_became_of_its_claims(world: World):
    """Joined, submitted, judged, and given back."""
    person = await world.person(f"mine-{new_id()[:8]}")
    await world.epoch(3, {person: 1})
    assert await pages(person, "list_my_claims", size=1) == []
    judged, returned, open_one = [await world.task() for _ in range(3)]
    for task in (judged, returned, open_one):
        await person.submit("accept_subtask", task, 0)
    slot = (await person.submit("submit_data", judged, 0, digest("x"), 1))["slot"]
    await person.submit("withdraw_claim", returned)
    _, verifier, _ = await world.parties()
    await verifier.submit("verify_submission", judged, 0, slot, "accept", 80, "ok", digest("e"))
    mine = {item["task"]: item for item in await pages(person, "list_my_claims", size=1)}
    assert mine[judged]["submission"]["content_hash"] == digest("x")
    assert [verdict["verdict"] for verdict in mine[judged]["verdicts"]] == ["accept"]
    assert mine[returned]["held"] is False
    assert mine[open_one]["held"] is True
    assert "submission" not in mine[open_one]


async def test_claims_and_submissions_concern_those_who_take_part(world: World):
    """Releaser, verifier, institution, authority and members see them; nobody else does."""
    member, stranger = await world.people(2, group="concern")
    await world.epoch(3, {member: 1, stranger: 2})
    task = await world.task()
    claim = await member.submit("accept_subtask", task, 0)
    await member.submit("submit_data", task, 0, digest("x"), 12)
    parties = [*await world.parties(), *await world.authorities(), member]
    for person in parties:
        assert len(await pages(person, "list_claims", task, 0, size=5)) == 1
        (submission,) = await pages(person, "list_submissions", task, 0, size=5)
        assert (submission["holder"], submission["size"]) == (member.uid, 12)
        found = await person.ask("get_claim", task, 0, claim["slot"])
        assert found["holder"] == member.uid
    for function, args in (
        ("list_claims", (task, 0, 5, "")),
        ("list_submissions", (task, 0, 5, "")),
        ("get_claim", (task, 0, claim["slot"])),
    ):
        with refused("NOT_OWNER"):
            await stranger.ask(function, *args)
        with refused("NOT_FOUND"):
            await stranger.ask(function, new_id(), *args[1:])
    with refused("NOT_FOUND"):
        await member.ask("get_claim", task, 1, 0)
