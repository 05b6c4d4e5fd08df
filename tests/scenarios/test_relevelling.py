# SPDX-License-Identifier: Apache-2.0
"""Levels change while people work: what was taken stands, what comes next goes by the new level."""

import asyncio
import json
from collections.abc import Coroutine, Mapping
from contextlib import aclosing
from typing import Any

import pytest
from tests.scenarios.world import Person, World, digest, entries, manifest, outcomes, refused

pytestmark = pytest.mark.anyio


async def height(person: Person) -> int:
    """The number of a new block."""
    pending = await person.contract.submit_async("ping")
    return (await pending.status()).block_number


async def claims(world: World, task: str) -> dict[str, tuple[int, int]]:
    """Level and epoch by holder, as both organisations' peers list them; nobody is there twice."""
    releaser, verifier, _ = await world.parties()
    views: list[dict[str, tuple[int, int]]] = []
    for person in (releaser, verifier):
        seen: dict[str, tuple[int, int]] = {}
        for number in range(3):
            for item in (await person.ask("list_claims", task, number, 200, ""))["items"]:
                assert item["holder"] not in seen, "two subtasks of one task"
                assert item["level"] == number + 1
                seen[item["holder"]] = (item["level"], item["epoch"])
        views.append(seen)
    assert views[0] == views[1]
    return views[0]


async def in_order(
    reader: Person, start: int, task: str, registered: dict[int, dict[Person, int]]
) -> dict[str, tuple[int, int]]:
    """Level and epoch that were active at each acceptance, by the order of the blocks.

    Reads from the block ``start`` on until the task is cancelled; then the first of the
    ``registered`` epochs is active.
    """
    epoch = min(registered)
    levels = {
        (each, one.uid): n for each, people in registered.items() for one, n in people.items()
    }
    found: dict[str, tuple[int, int]] = {}
    async with asyncio.timeout(60), aclosing(reader.events(start_block=start)) as events:
        async for event in events:
            told = json.loads(event.payload)
            if event.name == "EpochActivated":
                epoch = told["epoch"]
            elif event.name == "LevelChanged":
                levels[epoch, told["uid"]] = told["to"]
            elif told.get("task") == task and event.name == "TaskCancelled":
                break
            elif told.get("task") == task and event.name == "SubtaskAccepted":
                found[told["uid"]] = (levels[epoch, told["uid"]], epoch)
    return found


async def opened(
    authority: Person, number: int, people: Mapping[Person, int], *, levels: int = 3
) -> None:
    """An epoch that this authority opens and fills, in two batches."""
    rows = entries(people)
    batches = [rows[: len(rows) // 2], rows[len(rows) // 2 :]] if len(rows) > 1 else [rows]
    await authority.submit("open_epoch", number, manifest(levels, batches))
    await asyncio.gather(
        *(authority.submit("register_levels", number, *each) for each in enumerate(batches))
    )


async def tries(person: Person, task: str, *levels: int) -> str:
    """What the last attempt came to: another level is tried where the one before did not fit."""
    said = ""
    for level in levels:
        if said in {"", "LEVEL_MISMATCH", "LEVELS_CHANGED"}:
            call = person.submit("accept_subtask", task, level - 1)
            (said,) = outcomes(await asyncio.gather(call, return_exceptions=True))
    return said


@pytest.mark.parametrize(("levels", "last_word"), [(3, "NOT_LEVELED"), (4, "LEVELS_CHANGED")])
async def test_an_epoch_becomes_active_while_claims_are_in_flight(
    world: World, levels: int, last_word: str
):
    """A claim has the level and the epoch of the moment at which it was committed, or is refused.

    A third of the people accept before the second approval, a third with it, a third after it; who
    is told of another level tries that one. The last two are in the first epoch only.
    """
    people = await world.people(30, group="flight")
    before = {person: 1 + n % 3 for n, person in enumerate(people)}
    after = {person: 1 + before[person] % 3 for person in people[:-2]}
    first = await world.epoch(3, before)
    task = await world.task(slots=30)
    releaser, _, _ = await world.parties()
    authority, other = await world.authorities()
    start = await height(releaser)
    approving, approved, answered = asyncio.Event(), asyncio.Event(), asyncio.Semaphore(0)

    async def accept(person: Person, begin: asyncio.Event | None) -> str:
        if begin is not None:
            await begin.wait()
        said = await tries(person, task, before[person], after.get(person, before[person]))
        answered.release()
        return said

    async def switch() -> int:
        number = await world.next_epoch()
        await opened(authority, number, after, levels=levels)
        await authority.submit("approve_epoch", number)
        for _ in range(5):
            await answered.acquire()
        approving.set()
        await other.submit("approve_epoch", number)
        approved.set()
        return number

    begins = [None] * 10 + [approving] * 10 + [approved] * 10
    async with asyncio.TaskGroup() as group:
        switched = group.create_task(switch())
        asked = [group.create_task(accept(*each)) for each in zip(people, begins, strict=True)]
    second = switched.result()
    said = {person.uid: each.result() for person, each in zip(people, asked, strict=True)}
    assert set(said.values()) == {"ok", last_word}
    assert said[people[-1].uid] == said[people[-2].uid] == last_word
    standing = await claims(world, task)
    assert set(standing) == {uid for uid, word in said.items() if word == "ok"}
    assert {epoch for _, epoch in standing.values()} == (
        {first, second} if levels == 3 else {first}
    )
    await releaser.submit("cancel_task", task, "complete")
    assert await in_order(releaser, start, task, {first: before, second: after}) == standing


@pytest.mark.parametrize(("old", "new"), [(1, 3), (3, 1), (2, 0)])
async def test_a_claim_outlives_the_level_it_was_made_with(world: World, old: int, new: int):
    """Its holder submits and is judged; after that only the new level is open, or none."""
    person = await world.person(f"outlives{old}{new}")
    filler = await world.person("filler")
    first = await world.epoch(3, {person: old})
    task, later = await world.task(), await world.task()
    _, verifier, _ = await world.parties()
    claim = await person.submit("accept_subtask", task, old - 1)
    second = await world.epoch(3, {person: new} if new else {filler: 1})
    assert await person.submit("accept_subtask", task, old - 1) == claim
    with refused("ALREADY_MEMBER"):
        await person.submit("accept_subtask", task, 1 if old != 2 else 0)
    await person.submit("submit_data", task, old - 1, digest("answer"), 64)
    verdict = (task, old - 1, claim["slot"], "accept", 90, "ok", digest("evidence"))
    await verifier.submit("verify_submission", *verdict)
    (mine,) = (await person.ask("list_my_claims", 200, ""))["items"]
    assert (mine["task"], mine["held"], mine["verdicts"][0]["verdict"]) == (task, True, "accept")
    assert (await claims(world, task))[person.uid] == (old, first)
    with refused("LEVEL_MISMATCH" if new else "NOT_LEVELED"):
        await person.submit("accept_subtask", later, old - 1)
    if not new:
        return
    listed = (await person.ask("list_open_subtasks", 200, ""))["items"]
    assert {item["level"] for item in listed} == {new}
    await person.submit("accept_subtask", later, new - 1)
    assert (await claims(world, later))[person.uid] == (new, second)


async def test_a_lowered_person_keeps_its_claim_and_rises_only_with_an_epoch(world: World):
    """From then on the lower level is the only one, until a quorum approves of the higher."""
    person = await world.person("lowered")
    authorities = await world.authorities()
    first = await world.epoch(3, {person: 3})
    tasks = [await world.task() for _ in range(3)]
    claim = await person.submit("accept_subtask", tasks[0], 2)
    await authorities[0].submit("set_level", person.msp, person.name, 2, 0, "misconduct")
    assert await person.submit("accept_subtask", tasks[0], 2) == claim
    await person.submit("submit_data", tasks[0], 2, digest("answer"), 64)
    for authority in authorities:
        with refused("LEVEL_RAISE"):
            await authority.submit("set_level", person.msp, person.name, 3, 0, "error")
    for number in (0, 2):
        with refused("LEVEL_MISMATCH"):
            await person.submit("accept_subtask", tasks[1], number)
    await person.submit("accept_subtask", tasks[1], 1)
    second = await world.epoch(3, {person: 3})
    with refused("LEVEL_MISMATCH"):
        await person.submit("accept_subtask", tasks[2], 1)
    await person.submit("accept_subtask", tasks[2], 2)
    stands = [(await claims(world, task))[person.uid] for task in tasks]
    assert stands == [(3, first), (2, first), (3, second)]


async def test_a_level_falls_while_its_holder_accepts(world: World):
    """Either the claim was first and stands, or the fall was and it is refused."""
    people = await world.people(8, group="falling")
    authority, _ = await world.authorities()
    epoch = await world.epoch(3, dict.fromkeys(people, 3))
    task = await world.task(slots=8)
    releaser, _, _ = await world.parties()
    start = await height(releaser)
    calls: list[Coroutine[Any, Any, object]] = []
    for n, each in enumerate(people):
        calls.append(authority.submit("set_level", each.msp, each.name, 1, n, "error"))
        calls.append(each.submit("accept_subtask", task, 2))
    results = await asyncio.gather(*calls, return_exceptions=True)
    lowering, accepting = outcomes(results[0::2]), outcomes(results[1::2])
    assert set(lowering) == {"ok"}
    assert set(accepting) <= {"ok", "LEVEL_MISMATCH"}
    standing = await claims(world, task)
    assert len(standing) == accepting.count("ok")
    await releaser.submit("cancel_task", task, "complete")
    registered = {epoch: dict.fromkeys(people, 3)}
    assert await in_order(releaser, start, task, registered) == standing


async def test_one_organisations_approval_switches_nothing(world: World):
    """Claims go on under the old epoch until the quorum's second approval."""
    people = await world.people(3, group="quorum")
    authority, other = await world.authorities()
    first = await world.epoch(3, dict.fromkeys(people, 1))
    task = await world.task()
    second = await world.next_epoch()
    await opened(authority, second, dict.fromkeys(people, 2))
    await people[0].submit("accept_subtask", task, 0)
    await authority.submit("approve_epoch", second)
    assert (await other.ask("get_epoch", 0))["epoch"] == first
    assert (await people[1].ask("get_level", people[1].msp, people[1].name))["level"] == 1
    with refused("LEVEL_MISMATCH"):
        await people[1].submit("accept_subtask", task, 1)
    await people[1].submit("accept_subtask", task, 0)
    await other.submit("approve_epoch", second)
    with refused("LEVEL_MISMATCH"):
        await people[2].submit("accept_subtask", task, 0)
    await people[2].submit("accept_subtask", task, 1)
    expected = [(1, first), (1, first), (2, second)]
    assert await claims(world, task) == dict(zip([p.uid for p in people], expected, strict=True))


async def test_of_two_competing_epochs_the_quorum_takes_one(world: World):
    """Each organisation fills its own; the number that was passed over is closed for good."""
    person = await world.person("contested")
    authority, other = await world.authorities()
    await world.epoch(3, {person: 1})
    theirs = await world.next_epoch()
    await opened(authority, theirs, {person: 2})
    approval = await authority.submit("approve_epoch", theirs)
    ours = theirs + 1
    rows = entries({person: 3})
    await opened(other, ours, {person: 3})
    with refused("NOT_OWNER"):
        await authority.submit("register_levels", ours, 0, rows)
    await other.submit("approve_epoch", ours)
    task = await world.task()
    with refused("LEVEL_MISMATCH"):
        await person.submit("accept_subtask", task, 2)
    await authority.submit("approve_epoch", ours)
    with refused("EPOCH_ACTIVE"):
        await other.submit("approve_epoch", theirs)
    assert await authority.submit("approve_epoch", theirs) == approval
    view = await authority.ask("get_epoch", theirs)
    assert (view["active"], view["approvals"]) == (False, [authority.msp])
    with refused("LEVEL_MISMATCH"):
        await person.submit("accept_subtask", task, 1)
    await person.submit("accept_subtask", task, 2)
    assert (await claims(world, task))[person.uid] == (3, ours)


async def test_an_epoch_with_other_levels_than_promised_is_approved_by_nobody(world: World):
    """As many people and batches, one of them a level higher; the next number is the way out."""
    people = await world.people(2, group="promised")
    authority, other = await world.authorities()
    first = await world.epoch(3, dict.fromkeys(people, 1))
    number = await world.next_epoch()
    promised, written = entries({people[0]: 1, people[1]: 2}), entries({people[0]: 1, people[1]: 3})
    await authority.submit("open_epoch", number, manifest(3, [promised]))
    await authority.submit("register_levels", number, 0, written)
    for one in (authority, other):
        with refused("EPOCH_INCOMPLETE") as caught:
            await one.submit("approve_epoch", number)
        assert caught.value.reason == "The batches do not match the epoch's manifest."
    with refused("EXISTS"):
        await authority.submit("register_levels", number, 0, promised)
    assert (await other.ask("get_epoch", 0))["epoch"] == first
    assert await world.epoch(3, {people[0]: 1, people[1]: 2}) == number + 1
    assert (await other.ask("get_level", people[1].msp, people[1].name))["level"] == 2
