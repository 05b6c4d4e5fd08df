# SPDX-License-Identifier: Apache-2.0
"""Levels reach the ledger in an epoch that one authority fills and a quorum approves."""

import asyncio
from typing import Any

import pytest
from tests.scenarios.world import ORG_A, ORG_B, World, entries, manifest, refused

pytestmark = pytest.mark.anyio


async def test_an_epoch_needs_its_predecessor(world: World):
    """Numbers go up without gaps, and start at 1."""
    authority, _ = await world.authorities()
    number = await world.next_epoch()
    rows = entries(dict.fromkeys(await world.people(1), 1))
    with refused("EPOCH_ORDER"):
        await authority.submit("open_epoch", number + 1, manifest(2, [rows]))
    with refused("BAD_ARGUMENT"):
        await authority.submit("open_epoch", 0, manifest(2, [rows]))


@pytest.mark.parametrize(
    "change",
    [
        {"levels": 1},
        {"levels": 17},
        {"batches": 0},
        {"batches": 2001},
        {"graph_hash": "x"},
        {"per_level": [1]},
        {"per_level": [1, 1]},
        {"per_level": [1, 0, 0]},
        {"surplus": 1},
        {"count": True},
        {"count": 1.0},
    ],
)
async def test_a_malformed_manifest_is_refused(world: World, change: dict[str, Any]):
    """Ranges, exact fields, and levels that sum up."""
    authority, _ = await world.authorities()
    rows = entries(dict.fromkeys(await world.people(1), 1))
    with refused("BAD_ARGUMENT"):
        await authority.submit("open_epoch", 1, {**manifest(2, [rows]), **change})


async def test_only_an_authority_touches_epochs(world: World):
    """A receiver opens, fills and approves nothing."""
    receiver = await world.person("r0")
    rows = entries({receiver: 1})
    with refused("ROLE_REQUIRED"):
        await receiver.submit("open_epoch", 1, manifest(2, [rows]))
    with refused("ROLE_REQUIRED"):
        await receiver.submit("register_levels", 1, 0, rows)
    with refused("ROLE_REQUIRED"):
        await receiver.submit("approve_epoch", 1)
    with refused("ROLE_REQUIRED"):
        await receiver.submit("set_level", receiver.msp, receiver.name, 1, 0, "newcomer")


async def test_an_opened_epoch_stands(world: World):
    """Opening again answers the same; other content, or another opener, is refused."""
    authority, other = await world.authorities()
    number = await world.next_epoch()
    rows = entries(dict.fromkeys(await world.people(2), 1))
    first = await authority.submit("open_epoch", number, manifest(2, [rows]))
    assert await authority.submit("open_epoch", number, manifest(2, [rows])) == first
    with refused("EXISTS"):
        await authority.submit("open_epoch", number, manifest(3, [rows]))
    with refused("EXISTS"):
        await other.submit("open_epoch", number, manifest(2, [rows]))


async def test_batches_are_checked_one_by_one(world: World):
    """Unsorted, repeated, out of range, unknown epoch, foreign owner: each its own refusal."""
    authority, other = await world.authorities()
    number = await world.next_epoch()
    people = await world.people(3)
    rows = entries(dict.fromkeys(people, 2))
    with refused("NOT_FOUND"):
        await authority.submit("register_levels", number, 0, rows)
    await authority.submit("open_epoch", number, manifest(2, [rows[:2], rows[2:]]))
    with refused("NOT_OWNER"):
        await other.submit("register_levels", number, 0, rows[:2])
    for bad in (rows[::-1], [rows[0], rows[0]], [], [[*rows[0][:2], 3, 0]], [[ORG_A, "a b", 1, 0]]):
        with refused("BAD_ARGUMENT"):
            await authority.submit("register_levels", number, 0, bad)
    with refused("BAD_ARGUMENT"):
        await authority.submit("register_levels", number, 2, rows[:2])
    with refused("BAD_ARGUMENT"):
        too_many = [[ORG_A, f"p{n:04}", 1, n] for n in range(501)]
        await authority.submit("register_levels", number, 0, too_many)
    first = await authority.submit("register_levels", number, 0, rows[:2])
    assert await authority.submit("register_levels", number, 0, rows[:2]) == first
    with refused("EXISTS"):
        await authority.submit("register_levels", number, 0, rows[1:])
    with refused("DUPLICATE_PERSON"):
        await authority.submit("register_levels", number, 1, rows[1:])


async def test_an_incomplete_epoch_is_not_approved(world: World):
    """A missing batch, or batches that are not what was promised, stop the approval."""
    authority, _ = await world.authorities()
    number = await world.next_epoch()
    people = await world.people(3)
    rows = entries(dict.fromkeys(people, 1))
    with refused("NOT_FOUND"):
        await authority.submit("approve_epoch", number)
    await authority.submit("open_epoch", number, manifest(2, [rows[:2], rows[2:]]))
    await authority.submit("register_levels", number, 0, rows[:2])
    with refused("EPOCH_INCOMPLETE"):
        await authority.submit("approve_epoch", number)
    other = [[ORG_A, "zz", 1, 2]]
    await authority.submit("register_levels", number, 1, other)
    with refused("EPOCH_INCOMPLETE"):
        await authority.submit("approve_epoch", number)


async def test_batches_that_do_not_add_up_are_not_approved(world: World):
    """The hashes may fit while the promised number of persons does not."""
    authority, _ = await world.authorities()
    number = await world.next_epoch()
    rows = entries(dict.fromkeys(await world.people(2), 1))
    promise = {**manifest(2, [rows]), "count": 3, "per_level": [3, 0]}
    await authority.submit("open_epoch", number, promise)
    await authority.submit("register_levels", number, 0, rows)
    with refused("EPOCH_INCOMPLETE"):
        await authority.submit("approve_epoch", number)


async def test_an_epoch_is_active_when_the_quorum_approved(world: World):
    """One organisation is not enough; a repeat and a colleague add nothing."""
    authority, other = await world.authorities()
    colleague = await world.person("colleague", "authority")
    number = await world.next_epoch()
    rows = entries(dict.fromkeys(await world.people(2), 2))
    await authority.submit("open_epoch", number, manifest(2, [rows]))
    await authority.submit("register_levels", number, 0, rows)
    first = await authority.submit("approve_epoch", number)
    assert await authority.submit("approve_epoch", number) == first
    with refused("EXISTS"):
        await colleague.submit("approve_epoch", number)
    view = await authority.ask("get_epoch", number)
    assert (view["active"], view["approvals"], view["registered"]) == (False, [ORG_A], [0])
    await other.submit("approve_epoch", number)
    view = await authority.ask("get_epoch", 0)
    assert (view["epoch"], view["active"], view["approvals"]) == (number, True, [ORG_A, ORG_B])
    assert await authority.submit("approve_epoch", number) == first


async def test_an_epoch_shows_what_is_there_so_far(world: World):
    """Batches and approvals one by one; what is missing is counted; nothing counts before."""
    authority, _ = await world.authorities()
    number = await world.next_epoch()
    rows = entries(dict.fromkeys(await world.people(3), 1))
    await authority.submit("open_epoch", number, manifest(2, [rows[:1], rows[1:2], rows[2:]]))
    await authority.submit("register_levels", number, 1, rows[1:2])
    view = await authority.ask("get_epoch", number)
    assert (view["registered"], view["approvals"], view["active"]) == ([1], [], False)
    with refused("EPOCH_INCOMPLETE") as caught:
        await authority.submit("approve_epoch", number)
    assert caught.value.reason == "2 of 3 batches are missing."


async def test_an_active_epoch_is_closed(world: World):
    """Nothing is entered into, or approved of, an epoch that is active or past."""
    authority, other = await world.authorities()
    people = await world.people(3)
    stale = await world.next_epoch()
    rows = entries(dict.fromkeys(people, 1))
    await authority.submit("open_epoch", stale, manifest(2, [rows[:1], rows[1:]]))
    repeat = await authority.submit("register_levels", stale, 0, rows[:1])
    await world.epoch(2, dict.fromkeys(people, 2))
    with refused("EPOCH_ACTIVE"):
        await authority.submit("register_levels", stale, 1, rows[1:])
    with refused("EPOCH_ACTIVE"):
        await other.submit("approve_epoch", stale)
    assert await authority.submit("register_levels", stale, 0, rows[:1]) == repeat


async def test_batches_may_be_sent_at_once(world: World):
    """Concurrent batches of one epoch do not conflict."""
    authority, other = await world.authorities()
    number = await world.next_epoch()
    batches = [[[ORG_A, f"b{batch}.{n:03}", 1, n] for n in range(100)] for batch in range(6)]
    await authority.submit("open_epoch", number, manifest(2, batches))
    await asyncio.gather(
        *(
            authority.submit("register_levels", number, batch, rows)
            for batch, rows in enumerate(batches)
        )
    )
    await authority.submit("approve_epoch", number)
    await other.submit("approve_epoch", number)
    level = await authority.ask("get_level", ORG_A, "b3.042")
    assert level == {"epoch": number, "level": 1, "ordinal": 42, "suspended": False}


async def test_a_level_is_lowered_and_never_raised(world: World):
    """Lowering is one authority's; raising takes a new epoch and its quorum."""
    authority, _ = await world.authorities()
    (person,) = await world.people(1)
    await world.epoch(3, {person: 2})
    for level in (2, 3):
        with refused("LEVEL_RAISE"):
            await authority.submit("set_level", person.msp, person.name, level, 7, "error")
    with refused("BAD_ARGUMENT"):
        await authority.submit("set_level", person.msp, person.name, 4, 0, "error")
    with refused("BAD_ARGUMENT"):
        await authority.submit("set_level", person.msp, person.name, 1, 0, "because")
    lowered = await authority.submit("set_level", person.msp, person.name, 1, 0, "misconduct")
    assert await authority.submit("set_level", person.msp, person.name, 1, 0, "error") == lowered
    assert (await person.ask("get_level", person.msp, person.name))["level"] == 1


async def test_a_newcomer_enters_at_level_one_by_the_other_organisation(world: World):
    """Nobody enters people of the own organisation, and nobody above level 1."""
    authority, other = await world.authorities()
    (person,) = await world.people(1)
    newcomer = await world.person("newcomer")
    await world.epoch(3, {person: 2})
    with refused("MSP_NOT_ALLOWED"):
        await authority.submit("set_level", newcomer.msp, newcomer.name, 1, 0, "newcomer")
    with refused("LEVEL_RAISE"):
        await other.submit("set_level", newcomer.msp, newcomer.name, 2, 0, "newcomer")
    with refused("NOT_FOUND"):
        await other.ask("get_level", newcomer.msp, newcomer.name)
    await other.submit("set_level", newcomer.msp, newcomer.name, 1, 0, "newcomer")
    assert (await other.ask("get_level", newcomer.msp, newcomer.name))["level"] == 1
