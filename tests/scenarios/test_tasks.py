# SPDX-License-Identifier: Apache-2.0
"""A releaser publishes leveled subtasks, for parties that can serve, within bounds."""

from typing import Any

import pytest
from tests.scenarios.world import DAY_MS, World, digest, new_id, refused, subtask

pytestmark = pytest.mark.anyio


@pytest.fixture
async def levels(world: World) -> None:
    await world.epoch(3, dict.fromkeys(await world.people(1), 1))


@pytest.mark.usefixtures("levels")
@pytest.mark.parametrize(
    "change",
    [
        {"subtasks": []},
        {"subtasks": [subtask(1, slots=1)] * 65},
        {"subtasks": [subtask(4)]},
        {"subtasks": [subtask(0)]},
        {"subtasks": [subtask(1, slots=0)]},
        {"subtasks": [subtask(1, slots=1001)]},
        {"subtasks": [subtask(1, slots=600), subtask(2, slots=401)]},
        {"subtasks": [{**subtask(1), "surplus": 1}]},
        {"subtasks": [{**subtask(1), "reward": -1}]},
        {"series": "x"},
        {"results_to": "anybody"},
        {"institution": "nobody"},
        {"notice_hash": digest("x")[:-1]},
        {"accept_until": 1},
        {"submit_until": 1},
    ],
)
async def test_a_malformed_task_is_refused(world: World, change: dict[str, Any]):
    """Levels, slots, times and exact fields."""
    releaser, _, _ = await world.parties()
    with refused("BAD_ARGUMENT"):
        await releaser.submit("publish_task", new_id(), await world.spec(**change))


@pytest.mark.usefixtures("levels")
async def test_a_task_ends_within_a_year(world: World):
    """Submitting later than 366 days from now cannot be asked."""
    releaser, _, _ = await world.parties()
    late = world.now() + 367 * DAY_MS
    with refused("BAD_ARGUMENT"):
        await releaser.submit("publish_task", new_id(), await world.spec(submit_until=late))


@pytest.mark.usefixtures("levels")
async def test_parties_must_be_able_to_serve(world: World):
    """Verifiers: 1, 3 or 5, distinct, not of the releaser's organisation, with a key."""
    releaser, verifier, institution = await world.parties()
    own = await world.person("verifier", "verifier")
    second = await world.person("verifier2", "verifier", verifier.msp)
    await own.submit("announce_key")
    unfit: list[dict[str, Any]] = [
        {"verifiers": []},
        {"verifiers": [verifier.uid, institution.uid]},
        {"verifiers": [verifier.uid] * 3},
        {"verifiers": [own.uid]},
        {"verifiers": [institution.uid]},
        {"verifiers": [f"{verifier.msp}/nobody"]},
        {"institution": verifier.uid},
        {"institution": f"{verifier.msp}/nobody"},
    ]
    for change in unfit:
        with refused("PARTY_UNFIT"):
            await releaser.submit("publish_task", new_id(), await world.spec(**change))
    third = await world.person("verifier3", "verifier", verifier.msp)
    for one in (second, third):
        await one.submit("announce_key")
    task = await world.task(verifiers=[verifier.uid, second.uid, third.uid])
    assert len((await releaser.ask("get_task", task))["verifiers"]) == 3


async def test_a_task_has_as_many_levels_as_the_epoch(world: World):
    """A task for another T is refused; only a releaser publishes."""
    people = await world.people(1)
    await world.epoch(4, dict.fromkeys(people, 1))
    releaser, verifier, _ = await world.parties()
    with refused("LEVELS_CHANGED"):
        await releaser.submit("publish_task", new_id(), await world.spec(levels=3))
    with refused("ROLE_REQUIRED"):
        await verifier.submit("publish_task", new_id(), await world.spec(levels=4))


@pytest.mark.usefixtures("levels")
async def test_rewards_need_credit(world: World):
    """Nobody has credit yet, so a task with a reward is refused."""
    releaser, _, _ = await world.parties()
    spec = await world.spec(subtasks=[subtask(1), subtask(2, reward=1)])
    with refused("CREDIT_SHORT"):
        await releaser.submit("publish_task", new_id(), spec)


@pytest.mark.usefixtures("levels")
async def test_a_published_task_stands(world: World):
    """The same again is answered; other content, or another releaser, is refused."""
    releaser, _, _ = await world.parties()
    stranger = await world.person("releaser2", "releaser")
    name, spec = new_id(), await world.spec()
    first = await releaser.submit("publish_task", name, spec)
    assert await releaser.submit("publish_task", name, spec) == first
    with refused("EXISTS"):
        await stranger.submit("publish_task", name, spec)
    with refused("EXISTS"):
        await releaser.submit("publish_task", name, {**spec, "results_to": "releaser"})
    with refused("EXISTS"):
        other = [{**part, "envelope_hash": digest("other")} for part in spec["subtasks"]]
        await releaser.submit("publish_task", name, {**spec, "subtasks": other})
    view = await stranger.ask("get_task", name)
    assert [part["level"] for part in view["subtasks"]] == [1, 2, 3]
    assert (view["status"], view["escrow"]) == ("open", 0)


@pytest.mark.usefixtures("levels")
async def test_cancelling_stops_new_claims_only(world: World):
    """Only its releaser cancels; who holds a slot goes on; a repeat is answered."""
    (first,) = await world.people(1)
    later = await world.person("later")
    await world.epoch(3, {first: 1, later: 1})
    task = await world.task()
    releaser, _, _ = await world.parties()
    stranger = await world.person("releaser2", "releaser")
    await first.submit("accept_subtask", task, 0)
    with refused("NOT_FOUND"):
        await releaser.submit("cancel_task", new_id(), "mistake")
    with refused("NOT_OWNER"):
        await stranger.submit("cancel_task", task, "mistake")
    cancelled = await releaser.submit("cancel_task", task, "ethics")
    assert cancelled["status"] == "cancelled"
    assert await releaser.submit("cancel_task", task, "ethics") == cancelled
    with refused("TASK_CANCELLED"):
        await later.submit("accept_subtask", task, 0)
    assert task not in {
        i["task"] for i in (await later.ask("list_open_subtasks", 200, ""))["items"]
    }
    await first.submit("submit_data", task, 0, digest("data"), 10)


async def test_an_unknown_task_is_not_found(world: World):
    """Asking for a task that nobody published."""
    receiver = await world.person("r0")
    with refused("NOT_FOUND"):
        await receiver.ask("get_task", new_id())
