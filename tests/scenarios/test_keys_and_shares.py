# SPDX-License-Identifier: Apache-2.0
"""Keys and shares go to those who hold a slot, and a secret that was shared ends coming and going.

Only their form is the contract's business: the wraps here open nothing.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from tests.scenarios.world import DAY_MS, Person, World, digest, outcomes, refused

pytestmark = pytest.mark.anyio


def key_for(slot: int, person: Person) -> dict[str, Any]:
    """One item of a delivery."""
    return {"slot": slot, "to": person.uid, "wrapped": "01" + "ab" * 81}


def deal(holders: Sequence[tuple[int, Person]], *, n: int, **changes: Any) -> dict[str, Any]:
    """A deal to holders of slots, in the order of their slots."""
    items = [
        {"slot": slot, "to": person.uid, "index": index}
        | {"share": "01" + "cd" * 83, "share_hash": digest(person.uid)}
        for index, (slot, person) in enumerate(holders, start=1)
    ]
    header = {"n": n, "threshold": n // 2 + 1, "commitment": digest("c"), "blob_hash": digest("b")}
    return {**header, "close_early": True, "items": items, **changes}


async def joined(
    world: World, group: str, *, count: int = 3, slots: int = 4
) -> tuple[str, Person, list[tuple[int, Person]]]:
    """A task, its releaser, and the people who hold slots of its first subtask."""
    people = await world.people(count, group=group)
    await world.epoch(3, dict.fromkeys(people, 1))
    task = await world.task(slots=slots)
    releaser, _, _ = await world.parties()
    held = [((await one.submit("accept_subtask", task, 0))["slot"], one) for one in people]
    return task, releaser, sorted(held, key=lambda item: item[0])


async def test_a_key_goes_to_the_holder_of_the_slot(world: World):
    """By the task's releaser only; once there it stays, and nobody else is shown it."""
    task, releaser, held = await joined(world, "keys", count=2)
    (slot, person), (other_slot, other) = held
    stranger = await world.person("releaser2", "releaser")
    for by, code in ((stranger, "NOT_OWNER"), (person, "ROLE_REQUIRED")):
        with refused(code):
            await by.submit("deliver_keys", task, 0, [key_for(slot, person)])
    for item in (key_for(slot, other), key_for(3, person)):
        with refused("NOT_HOLDER"):
            await releaser.submit("deliver_keys", task, 0, [item])
    first = await releaser.submit("deliver_keys", task, 0, [key_for(slot, person)])
    assert first == {"task": task, "subtask": 0, "slots": [slot]}
    later = {**key_for(slot, person), "wrapped": "01" + "ef" * 81}
    await releaser.submit("deliver_keys", task, 0, [later, key_for(other_slot, other)])
    for one in (person, releaser):
        sealed = await one.ask("get_sealed", task, 0, slot)
        assert sealed["key"]["wrapped"] == "01" + "ab" * 81
    with refused("NOT_HOLDER"):
        await other.ask("get_sealed", task, 0, slot)
    listed = (await releaser.ask("list_claims", task, 0, 200, ""))["items"]
    assert [item["delivered"] for item in listed] == [True, True]


async def test_who_was_sent_the_key_keeps_the_slot(world: World):
    """Before, it may be given back, and the key goes to who comes next; after, it stays used."""
    task, releaser, held = await joined(world, "kept", count=2, slots=2)
    (slot, person), (_, other) = held
    await person.submit("withdraw_claim", task)
    with refused("NOT_HOLDER"):
        await releaser.submit("deliver_keys", task, 0, [key_for(slot, person)])
    await releaser.submit("deliver_keys", task, 0, [key_for(held[1][0], other)])
    with refused("KEY_DELIVERED"):
        await other.submit("withdraw_claim", task)


async def test_a_key_and_a_withdrawal_at_once(world: World):
    """Both were endorsed on the same ledger; one of them stands, so nobody reads and leaves."""
    task, releaser, held = await joined(world, "leaving", count=2)
    for first_is_key, (slot, person) in zip((True, False), held, strict=True):
        key = await releaser.endorsed("deliver_keys", task, 0, [key_for(slot, person)])
        leave = await person.endorsed("withdraw_claim", task)
        made = (key, leave) if first_is_key else (leave, key)
        for transaction in made:
            await transaction.submit()
        stand = [(await transaction.commit.status()).successful for transaction in made]
        assert stand == [True, False]


async def test_a_deal_waits_until_accepting_is_over(world: World):
    """Free slots and time left: only a releaser who closes early deals now."""
    task, releaser, held = await joined(world, "waiting")
    open_deal = deal(held, n=3, close_early=False)
    with refused("STILL_OPEN"):
        await releaser.submit("deliver_shares", task, 0, open_deal)
    world.offset_ms = DAY_MS
    dealt = await releaser.submit("deliver_shares", task, 0, open_deal)
    assert (dealt["n"], dealt["threshold"]) == (3, 2)


async def test_a_full_subtask_is_dealt_at_once(world: World):
    """Nobody can come any more."""
    task, releaser, held = await joined(world, "full", slots=3)
    await releaser.submit("deliver_shares", task, 0, deal(held, n=3, close_early=False))


async def test_a_deal_fits_the_holders(world: World):
    """Their number, a majority as threshold, and each one's share in its place."""
    task, releaser, held = await joined(world, "fitting")
    sound = deal(held, n=3)
    turned = [{**sound["items"][0], "index": 2}, *sound["items"][1:]]
    for change in (
        {"n": 2},
        {"threshold": 1},
        {"threshold": 3},
        {"items": sound["items"][1:]},
        {"items": turned},
    ):
        with refused("DEAL_MISMATCH"):
            await releaser.submit("deliver_shares", task, 0, {**sound, **change})
    await releaser.submit("deliver_shares", task, 0, sound)


async def test_a_shared_secret_ends_coming_and_going(world: World):
    """No claim, no withdrawal, no second deal; every holder finds a share and the deal."""
    task, releaser, held = await joined(world, "dealt")
    late = await world.person("too-late-for-a-share")
    await world.epoch(3, {**{person: 1 for _, person in held}, late: 1})
    made = deal(held, n=3)
    await releaser.submit("deliver_shares", task, 0, made)
    with refused("ALREADY_DEALT"):
        await releaser.submit("deliver_shares", task, 0, made)
    with refused("SUBTASK_CLOSED"):
        await late.submit("accept_subtask", task, 0)
    for index, (slot, person) in enumerate(held, start=1):
        with refused("SUBTASK_CLOSED"):
            await person.submit("withdraw_claim", task)
        sealed = await person.ask("get_sealed", task, 0, slot)
        assert (sealed["share"]["to"], sealed["share"]["index"]) == (person.uid, index)
        assert (sealed["deal"]["n"], sealed["deal"]["threshold"]) == (3, 2)
    view = await releaser.ask("get_task", task)
    assert [part["dealt"] for part in view["subtasks"]] == [True, False, False]
    await held[0][1].submit("submit_data", task, 0, digest("data"), 10)


async def test_a_suspended_holder_counts_and_gets_nothing(world: World):
    """No key and no share; the others keep their places among all."""
    task, releaser, held = await joined(world, "suspended-dealt")
    (slot, person), *others = held
    authority, other = await world.authorities()
    await authority.submit("suspend", person.msp, person.name, "investigation")
    with refused("SUSPENDED"):
        await releaser.submit("deliver_keys", task, 0, [key_for(slot, person)])
    everybody = deal(held, n=3)
    with refused("DEAL_MISMATCH"):
        await releaser.submit("deliver_shares", task, 0, everybody)
    rest = {**everybody, "items": everybody["items"][1:]}
    await releaser.submit("deliver_shares", task, 0, rest)
    assert "share" not in await person.ask("get_sealed", task, 0, slot)
    sealed = await others[0][1].ask("get_sealed", task, 0, others[0][0])
    assert sealed["share"]["index"] == 2
    await other.submit("reinstate", person.msp, person.name, "cleared")


async def test_a_deal_and_a_claim_at_once(world: World):
    """Whoever is first: no holder is left without a share."""
    task, releaser, held = await joined(world, "deal-race", count=2)
    late = await world.person("last-moment")
    await world.epoch(3, {**{person: 1 for _, person in held}, late: 1})
    results = await asyncio.gather(
        releaser.submit("deliver_shares", task, 0, deal(held, n=2)),
        late.submit("accept_subtask", task, 0),
        return_exceptions=True,
    )
    assert outcomes(results) in (["ok", "SUBTASK_CLOSED"], ["DEAL_MISMATCH", "ok"])
