# SPDX-License-Identifier: Apache-2.0
"""Credit is issued, set aside, earned and given back; no order of events leaves anybody unpaid."""

import asyncio

import pytest
from tests.scenarios.rewarded import REWARD, balance, funded, rewarded
from tests.scenarios.world import DAY_MS, World, new_id, outcomes, refused, subtask

pytestmark = pytest.mark.anyio

WINDOW_MS = 7 * DAY_MS


async def test_credit_is_issued_once_under_a_reference(world: World):
    """The same again moves nothing; another amount, or the other authority, is refused."""
    authority, other = await world.authorities()
    person = await world.person("issued")
    with refused("ROLE_REQUIRED"):
        await person.submit("issue_credit", person.msp, person.name, 5, "first")
    with refused("BAD_ARGUMENT"):
        await authority.submit("issue_credit", person.msp, person.name, 0, "first")
    first = await authority.submit("issue_credit", person.msp, person.name, 5, "first")
    assert await authority.submit("issue_credit", person.msp, person.name, 5, "first") == first
    for one, amount in ((authority, 6), (other, 5)):
        with refused("EXISTS"):
            await one.submit("issue_credit", person.msp, person.name, amount, "first")
    await other.submit("issue_credit", person.msp, person.name, 2, "second")
    assert await balance(person) == 7


async def test_an_account_is_its_owners_business(world: World):
    """And the authorities'; not a colleague's."""
    owner, colleague = await world.people(2, group="account")
    authority, other = await world.authorities()
    await authority.submit("issue_credit", owner.msp, owner.name, 3, "start")
    with refused("NOT_OWNER"):
        await colleague.ask("get_balance", owner.msp, owner.name)
    seen = await other.ask("get_balance", owner.msp, owner.name)
    assert seen == {"uid": owner.uid, "balance": 3}


async def test_two_tasks_at_once_spend_no_credit_twice(world: World):
    """One publication conflicts with the other; repeated by the client, it sees what is left."""
    await world.epoch(3, dict.fromkeys(await world.people(1), 1))
    releaser = await funded(world, "at-once", 100)
    spec = await world.spec(subtasks=[subtask(1, slots=3, reward=20)])
    results = await asyncio.gather(
        *(releaser.submit("publish_task", new_id(), spec) for _ in range(2)),
        return_exceptions=True,
    )
    assert sorted(outcomes(results)) == ["CREDIT_SHORT", "ok"]
    assert await balance(releaser) == 40
    small = await world.spec(subtasks=[subtask(1, slots=1, reward=20)])
    results = await asyncio.gather(
        *(releaser.submit("publish_task", new_id(), small) for _ in range(2)),
        return_exceptions=True,
    )
    assert outcomes(results) == ["ok", "ok"]
    assert await balance(releaser) == 0


async def test_credit_seen_by_two_endorsements_is_spent_by_one(world: World):
    """Both were endorsed on the same account; the second one is invalid on the ledger."""
    await world.epoch(3, dict.fromkeys(await world.people(1), 1))
    releaser = await funded(world, "same-height", 60)
    spec = await world.spec(subtasks=[subtask(1, slots=3, reward=20)])
    calls = [("publish_task", new_id(), spec) for _ in range(2)]
    made = [await releaser.endorsed(*call) for call in calls]
    for transaction in made:
        await transaction.submit()
    stand = [(await transaction.commit.status()).successful for transaction in made]
    assert stand == [True, False]
    with refused("CREDIT_SHORT"):
        await releaser.submit(*calls[1])
    assert await balance(releaser) == 0


async def test_from_credit_to_refund(world: World):
    """Set aside, earned by who was accepted, kept from who was rejected, the rest given back."""
    story = await rewarded(world, "refund", slots=4)
    assert await story.balances() == [0, 0, 0, 0]
    liked, disliked, _ = story.people
    good, bad = await story.send(liked, disliked)
    await story.judge(good, "accept", "reject")
    with refused("VERDICT_PENDING"):
        await story.settle(good, by=liked)
    await story.judge(good, "accept", "reject", "accept")
    await story.judge(bad, "reject", "reject")
    with refused("UNSETTLED"):
        await story.releaser.submit("close_task", story.task)
    settled = await story.settle(good, bad, by=liked)
    assert sorted(settled["slots"]) == sorted([good, bad])
    with refused("EXISTS"):
        await story.settle(good)
    assert await story.balances() == [0, REWARD, 0, 0]
    assert await story.is_conserved()
    with refused("TOO_EARLY"):
        await story.releaser.submit("close_task", story.task)
    world.offset_ms = 2 * DAY_MS
    closed = await story.releaser.submit("close_task", story.task)
    assert (closed["paid"], closed["refunded"]) == (REWARD, 3 * REWARD)
    assert await story.releaser.submit("close_task", story.task) == closed
    assert await story.balances() == [3 * REWARD, REWARD, 0, 0]
    assert await story.is_conserved()


async def test_silent_verifiers_cost_nobody_a_reward(world: World):
    """Undecided slots wait for the settle window, and are paid after it."""
    story = await rewarded(world, "silent")
    person, disputed, _ = story.people
    slots = await story.send(person, disputed)
    await story.judge(slots[1], "reject", "accept")
    world.offset_ms = 2 * DAY_MS + WINDOW_MS - DAY_MS // 24
    with refused("VERDICT_PENDING"):
        await story.settle(*slots, by=person)
    with refused("UNSETTLED"):
        await story.releaser.submit("close_task", story.task)
    world.offset_ms = 2 * DAY_MS + WINDOW_MS
    await story.settle(*slots, by=person)
    await story.releaser.submit("close_task", story.task)
    assert await story.balances() == [REWARD, REWARD, REWARD, 0]
    assert await story.is_conserved()


async def test_cancelling_and_closing_leave_nobody_unpaid(world: World):
    """Who holds a slot still submits and is paid; only then the rest goes back, before the time."""
    story = await rewarded(world, "cancelled")
    early, late, gone = story.people
    (first,) = await story.send(early)
    for person in (late, gone):
        await person.submit("accept_subtask", story.task, 0)
    await story.releaser.submit("cancel_task", story.task, "not_needed")
    await story.judge(first, "accept", "accept")
    await story.settle(first)
    with refused("TOO_EARLY"):
        await story.releaser.submit("close_task", story.task)
    second = await story.submit(late)
    with refused("UNSETTLED"):
        await story.releaser.submit("close_task", story.task)
    await story.judge(second, "accept", "accept")
    await story.settle(second)
    with refused("TOO_EARLY"):
        await story.releaser.submit("close_task", story.task)
    await gone.submit("withdraw_claim", story.task)
    await story.releaser.submit("close_task", story.task)
    assert await story.balances() == [REWARD, REWARD, REWARD, 0]
    assert await story.is_conserved()


async def test_closing_and_submitting_at_once_leave_nobody_unpaid(world: World):
    """Both were endorsed on the same ledger; who is handed in second is invalid."""
    story = await rewarded(world, "race", slots=1, people=1)
    (person,) = story.people
    await person.submit("accept_subtask", story.task, 0)
    sent = await person.endorsed("submit_data", story.task, 0, "a" * 64, 64)
    world.offset_ms = 2 * DAY_MS
    closed = await story.releaser.endorsed("close_task", story.task)
    for transaction in (sent, closed):
        await transaction.submit()
    assert (await sent.commit.status()).successful
    assert not (await closed.commit.status()).successful
    with refused("UNSETTLED"):
        await story.releaser.submit("close_task", story.task)


async def test_a_closed_task_takes_nothing(world: World):
    """An authority may close it too; data that were endorsed before it come too late."""
    story = await rewarded(world, "closed", slots=1, people=1)
    (person,) = story.people
    authority, _ = await world.authorities()
    await person.submit("accept_subtask", story.task, 0)
    sent = await person.endorsed("submit_data", story.task, 0, "a" * 64, 64)
    with refused("ROLE_REQUIRED"):
        await person.submit("close_task", story.task)
    stranger = await world.person("releaser2", "releaser")
    with refused("NOT_OWNER"):
        await stranger.submit("close_task", story.task)
    world.offset_ms = 2 * DAY_MS
    await authority.submit("close_task", story.task)
    await sent.submit()
    assert not (await sent.commit.status()).successful
    world.offset_ms = 0  # its clock is behind, or it says so
    with refused("TASK_CLOSED"):
        await person.submit("submit_data", story.task, 0, "a" * 64, 64)
    with refused("TASK_CLOSED"):
        await story.releaser.submit("cancel_task", story.task, "mistake")
    assert await story.balances() == [REWARD, 0]
    assert await story.is_conserved()


async def test_many_settlements_at_once_do_not_conflict(world: World):
    """Each slot by a call of its own, endorsed on the same ledger: every one of them stands."""
    story = await rewarded(world, "many-paid", slots=8, people=8)
    slots = await story.send(*story.people)
    for slot in slots:
        await story.judge(slot, "accept", "accept")
    made = [
        await person.endorsed("settle_rewards", story.task, 0, [slot])
        for person, slot in zip(story.people, slots, strict=True)
    ]
    again = await story.releaser.endorsed("settle_rewards", story.task, 0, slots[:1])
    for transaction in (*made, again):
        await transaction.submit()
    stand = [(await transaction.commit.status()).successful for transaction in (*made, again)]
    assert stand == [True] * 8 + [False]
    assert await story.balances() == [0] + [REWARD] * 8
    assert await story.is_conserved()
