# SPDX-License-Identifier: Apache-2.0
"""A receiver takes a slot of a subtask of its own level; every other way in is refused."""

import asyncio

import pytest
from tests.scenarios.place import Place
from tests.scenarios.world import (
    DAY_MS,
    ORG_B,
    World,
    digest,
    holders,
    new_id,
    outcomes,
    refused,
    subtask,
)

from pmcb_chaincode.contract import candidates
from pmcb_network.embedded import EmbeddedNetwork

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("levels", [3, 4, 5])
async def test_a_claim_stands_on_the_diagonal_only(world: World, levels: int):
    """Level by level: accepted where they are equal, LEVEL_MISMATCH and no key elsewhere."""
    people = await world.people(levels, group=f"diagonal{levels}-")
    await world.epoch(levels, {person: n for n, person in enumerate(people, 1)})
    task = await world.task(levels=levels)
    releaser, _, _ = await world.parties()
    for number in range(levels):
        for own_level, person in enumerate(people, 1):
            if own_level != number + 1:
                with refused("LEVEL_MISMATCH"):
                    await person.submit("accept_subtask", task, number)
        assert holders(await releaser.ask("list_claims", task, number, 200, "")) == set()
    for number, person in enumerate(people):
        claim = await person.submit("accept_subtask", task, number)
        assert (claim["level"], claim["holder"]) == (number + 1, person.uid)
        listed = await releaser.ask("list_claims", task, number, 200, "")
        assert holders(listed) == {person.uid}


async def test_a_refusal_writes_no_key(world: World, embedded: tuple[Place, EmbeddedNetwork]):
    """On the embedded network, where nothing else runs, a refusal orders no block."""
    if world.place.kind != "embedded":
        pytest.skip("only the embedded network's height is ours alone")
    person, stranger = await world.people(2, group="keyless")
    await world.epoch(3, {person: 2})
    task = await world.task()
    before = embedded[1].height
    for one, number in ((person, 0), (person, 2), (stranger, 0)):
        with refused("LEVEL_MISMATCH" if one is person else "NOT_LEVELED"):
            await one.submit("accept_subtask", task, number)
    assert embedded[1].height == before


async def test_who_is_in_no_epoch_has_no_level(world: World):
    """A person whom no authority registered is refused, and so is one of an older epoch."""
    old, new = await world.people(2, group="epoch")
    await world.epoch(3, {old: 1})
    task = await world.task()
    with refused("NOT_LEVELED"):
        await new.submit("accept_subtask", task, 0)
    await world.epoch(3, {new: 1})
    with refused("NOT_LEVELED"):
        await old.submit("accept_subtask", task, 0)
    assert (await new.submit("accept_subtask", task, 0))["level"] == 1


async def test_the_level_that_counts_is_the_one_now(world: World):
    """Lowered after the task was published: the new level opens, the old one no more."""
    authority, _ = await world.authorities()
    person = await world.person("relevelled")
    await world.epoch(3, {person: 3})
    task = await world.task()
    await authority.submit("set_level", person.msp, person.name, 2, 0, "error")
    with refused("LEVEL_MISMATCH"):
        await person.submit("accept_subtask", task, 2)
    assert (await person.submit("accept_subtask", task, 1))["level"] == 2


async def test_a_new_number_of_levels_stops_open_tasks(world: World):
    """A task for three levels takes no claims once four levels are active."""
    person = await world.person("fourth")
    await world.epoch(3, {person: 1})
    task = await world.task()
    await world.epoch(4, {person: 1})
    with refused("LEVELS_CHANGED"):
        await person.submit("accept_subtask", task, 0)


async def test_a_task_or_subtask_that_is_not_there(world: World):
    """Both are not found; so is a subtask beyond the last."""
    (person,) = await world.people(1)
    await world.epoch(3, {person: 1})
    task = await world.task()
    for name, number in ((new_id(), 0), (task, 3)):
        with refused("NOT_FOUND"):
            await person.submit("accept_subtask", name, number)


async def test_one_subtask_of_a_task_a_person(world: World):
    """A second subtask of the same task is closed to its members, of whatever level."""
    person = await world.person("second")
    await world.epoch(3, {person: 1})
    task = await world.task(subtasks=[subtask(1), subtask(1)])
    first = await person.submit("accept_subtask", task, 0)
    assert await person.submit("accept_subtask", task, 0) == first
    with refused("ALREADY_MEMBER"):
        await person.submit("accept_subtask", task, 1)


async def test_one_subtask_of_a_series_a_person(world: World):
    """Tasks of one releaser's series count as one; another releaser's do not."""
    person = await world.person("serial")
    await world.epoch(3, {person: 1})
    series = new_id()
    first, second = await world.task(series=series), await world.task(series=series)
    await person.submit("accept_subtask", first, 0)
    with refused("ALREADY_MEMBER"):
        await person.submit("accept_subtask", second, 0)
    with refused("NOT_HOLDER"):
        await person.submit("withdraw_claim", second)
    with refused("NOT_HOLDER"):
        await person.submit("submit_data", second, 0, digest("x"), 1)
    stranger = await world.person("releaser2", "releaser")
    third = new_id()
    await stranger.submit("publish_task", third, await world.spec(series=series))
    assert (await person.submit("accept_subtask", third, 0))["holder"] == person.uid


async def test_too_late_to_accept(world: World):
    """The deadline itself is too late, one moment before is not."""
    first, second = await world.people(2, group="late")
    await world.epoch(3, {first: 1, second: 1})
    task = await world.task()
    world.offset_ms = DAY_MS - 60_000
    await first.submit("accept_subtask", task, 0)
    world.offset_ms = DAY_MS
    with refused("DEADLINE_PASSED"):
        await second.submit("accept_subtask", task, 0)


async def test_a_full_subtask_is_full(world: World):
    """Every slot is filled, each by one person, and the next is refused."""
    people = await world.people(5, group="full")
    await world.epoch(3, dict.fromkeys(people, 1))
    task = await world.task(slots=3)
    releaser, _, _ = await world.parties()
    claims = [await person.submit("accept_subtask", task, 0) for person in people[:3]]
    assert {claim["slot"] for claim in claims} == {0, 1, 2}
    for person in people[3:]:
        with refused("CAPACITY_FULL"):
            await person.submit("accept_subtask", task, 0)
    assert len((await releaser.ask("list_claims", task, 0, 200, ""))["items"]) == 3


async def test_slots_beyond_the_first_look_are_found(world: World):
    """With all but one of many slots held, the last free one is still taken."""
    people = await world.people(90, msp=ORG_B, group="many")
    await world.epoch(2, dict.fromkeys(people, 1))
    task = await world.task(levels=2, slots=89)
    results = await asyncio.gather(
        *(person.submit("accept_subtask", task, 0) for person in people), return_exceptions=True
    )
    assert sorted(outcomes(results)) == ["CAPACITY_FULL"] + ["ok"] * 89


async def test_the_one_free_slot_is_found_wherever_it_is(world: World):
    """Also where a person looks for it last."""
    *people, late = await world.people(13, group="late")
    await world.epoch(3, dict.fromkeys(people, 1))
    task = await world.task(slots=12)
    claims = [(await person.submit("accept_subtask", task, 0), person) for person in people]
    holder = {claim["slot"]: person for claim, person in claims}
    await world.epoch(3, {late: 1})
    *_, last = candidates(0, 12, late.uid)
    await holder[last].submit("withdraw_claim", task)
    assert (await late.submit("accept_subtask", task, 0))["slot"] == last


async def test_a_crowd_that_finds_its_first_slots_taken_gets_others(world: World):
    """An epoch numbers people anew; who has the slots of the old numbers keeps them."""
    people = await world.people(80, msp=ORG_B, group="many")
    await world.epoch(3, dict.fromkeys(people, 1))
    task = await world.task(slots=120)
    for crowd in (people[:40], people[40:]):
        await world.epoch(3, dict.fromkeys(crowd, 1))
        results = await asyncio.gather(
            *(person.submit("accept_subtask", task, 0) for person in crowd), return_exceptions=True
        )
        assert outcomes(results) == ["ok"] * 40
    releaser, _, _ = await world.parties()
    listed = await releaser.ask("list_claims", task, 0, 200, "")
    assert holders(listed) == {person.uid for person in people}


async def test_the_last_slot_goes_to_one_of_many(world: World):
    """Concurrent claims of one slot: one holder, everybody else refused, nobody failed."""
    people = await world.people(8, group="last")
    await world.epoch(3, dict.fromkeys(people, 1))
    task = await world.task(slots=1)
    results = await asyncio.gather(
        *(person.submit("accept_subtask", task, 0) for person in people), return_exceptions=True
    )
    assert sorted(outcomes(results)) == ["CAPACITY_FULL"] * 7 + ["ok"]


async def test_one_person_claims_twice_at_once(world: World):
    """Two subtasks asked for at the same moment by one person: one is granted."""
    person = await world.person("greedy")
    await world.epoch(3, {person: 1})
    task = await world.task(subtasks=[subtask(1), subtask(1)])
    results = await asyncio.gather(
        *(person.submit("accept_subtask", task, number) for number in (0, 1)),
        return_exceptions=True,
    )
    assert sorted(outcomes(results)) == ["ALREADY_MEMBER", "ok"]


async def test_withdrawing_gives_the_slot_back_and_nothing_else(world: World):
    """The slot is free for others; the person stays a member and gets no other subtask."""
    person, next_one = await world.people(2, group="withdraw")
    await world.epoch(3, {person: 1, next_one: 1})
    task = await world.task(subtasks=[subtask(1, slots=1), subtask(1, slots=1)])
    with refused("NOT_FOUND"):
        await person.submit("withdraw_claim", new_id())
    with refused("NOT_HOLDER"):
        await person.submit("withdraw_claim", task)
    await person.submit("accept_subtask", task, 0)
    with refused("CAPACITY_FULL"):
        await next_one.submit("accept_subtask", task, 0)
    first = await person.submit("withdraw_claim", task)
    assert await person.submit("withdraw_claim", task) == first
    for number in (0, 1):
        with refused("ALREADY_MEMBER"):
            await person.submit("accept_subtask", task, number)
        with refused("NOT_HOLDER"):
            await person.submit("submit_data", task, number, digest("x"), 1)
    await next_one.submit("accept_subtask", task, 0)
    with refused("NOT_HOLDER"):
        await person.submit("submit_data", task, 0, digest("x"), 1)
    assert await person.submit("withdraw_claim", task) == first
    assert holders(await next_one.ask("list_claims", task, 0, 5, "")) == {next_one.uid}
    with refused("ALREADY_MEMBER"):
        await person.submit("accept_subtask", task, 0)


async def test_a_suspended_holder_keeps_its_slot_used(world: World):
    """Suspended, a person frees no slot for another reader; reinstated, it may."""
    person, next_one = await world.people(2, group="stays-used")
    authority, other = await world.authorities()
    await world.epoch(3, {person: 1, next_one: 1})
    task = await world.task(slots=1)
    await person.submit("accept_subtask", task, 0)
    await authority.submit("suspend", person.msp, person.name, "misconduct")
    with refused("SUSPENDED"):
        await person.submit("withdraw_claim", task)
    with refused("CAPACITY_FULL"):
        await next_one.submit("accept_subtask", task, 0)
    await other.submit("reinstate", person.msp, person.name, "cleared")
    await person.submit("withdraw_claim", task)
    await next_one.submit("accept_subtask", task, 0)


async def test_nobody_withdraws_after_submitting(world: World):
    """Submitted data keep their slot."""
    person = await world.person("submitted")
    await world.epoch(3, {person: 1})
    task = await world.task()
    await person.submit("accept_subtask", task, 0)
    await person.submit("submit_data", task, 0, digest("x"), 1)
    with refused("ALREADY_SUBMITTED"):
        await person.submit("withdraw_claim", task)


async def test_only_receivers_accept(world: World):
    """A releaser, also of the task itself, is no receiver."""
    releaser, _, _ = await world.parties()
    await world.epoch(3, {releaser: 1})
    task = await world.task()
    with refused("ROLE_REQUIRED"):
        await releaser.submit("accept_subtask", task, 0)
