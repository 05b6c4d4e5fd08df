# SPDX-License-Identifier: Apache-2.0
"""The index of a real ledger: true to its queries, followed live, across absences."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack, aclosing, asynccontextmanager
from pathlib import Path

import pytest
from tests.apps.dashboard.story import Story, tell, until
from tests.embedded import in_a_thread, patient_network
from tests.scenarios.place import Place
from tests.scenarios.world import ORG_A, World

from pmcb_apps.dashboard._block import calls
from pmcb_apps.dashboard._follower import Follower, Seen
from pmcb_network.embedded import EmbeddedNetwork


@pytest.fixture(
    scope="module", params=["embedded", pytest.param("fabric", marks=pytest.mark.fabric)]
)
async def story(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Story]:
    with ExitStack() as stack:
        if request.param == "fabric":
            fabric = request.getfixturevalue("fabric")
            place = Place("fabric", fabric.file, fabric.registrars)
        else:
            place, _ = stack.enter_context(patient_network(tmp_path_factory.mktemp("network")))
        async with World(place) as world:
            yield await tell(world)


@asynccontextmanager
async def running(follower: Follower) -> AsyncIterator[Follower]:
    work = asyncio.create_task(follower.run())
    try:
        yield follower
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


def records(follower: Follower, kind: str) -> dict[str, dict[str, object]]:
    with follower.index.open() as database:
        found = database.execute("SELECT key, value FROM records WHERE kind = ?", (kind,))
        return {key: json.loads(value) for key, value in found}


def within(record: dict[str, object], answer: dict[str, object]) -> bool:
    """Whether an answer says the same of everything in a record."""
    return {**answer, **record} == answer and bool(record)


async def test_the_index_says_what_the_contract_says(story: Story, tmp_path: Path):
    """Task, subtasks, claim, verdict, payment, budget, release, epoch: as its queries answer."""
    async with running(story.follower(tmp_path, story.releaser)) as follower:
        height = await story.height()
        await until(lambda: follower.index.place.next == height)
    ask = story.releaser.ask
    view = await ask("get_task", story.task)
    assert within(records(follower, "TK")[story.task], {**view, "subtasks": len(view["subtasks"])})
    for part in view["subtasks"]:
        assert within(records(follower, "ST")[f"{story.task}/{part['subtask']:04}"], part)
    (claim,) = (await ask("list_claims", story.task, 0, 9, ""))["items"]
    slot = f"{story.task}/0000/{claim['slot']:04}"
    assert within(records(follower, "SL")[slot], claim)
    (sent,) = (await ask("list_submissions", story.task, 0, 9, ""))["items"]
    (verdict,) = sent["verdicts"]
    assert within(records(follower, "SB")[slot], sent)
    assert within(records(follower, "VD")[f"{slot}/{verdict['by']}"], verdict)
    assert records(follower, "PY")[slot] == sent["payment"]
    assert records(follower, "BU")[story.cohort] == {"spent": "1/2", "count": 1}
    (bought,) = (await ask("list_spends", story.cohort, 9, ""))["items"]
    assert within(records(follower, "RS")[f"{story.cohort}/{bought['request_hash']}"], bought)
    epoch = await ask("get_epoch", 0)
    assert within(records(follower, "EP")[f"{epoch['epoch']:08}"], epoch)
    with follower.index.open() as database:
        people = database.execute(
            "SELECT level FROM people WHERE epoch = ? ORDER BY level", (epoch["epoch"],)
        )
        assert people.fetchall() == [(1,), (2,), (3,)]


async def test_what_did_not_count_wrote_nothing(story: Story):
    """An invalid transaction is told and its writes are not; noise and other contracts are left."""
    channel = story.world.network(next(iter(story.world.place.enrolled)))
    async with aclosing(channel.block_events("full", start_block=0)) as blocks:
        async for block in blocks:
            found = list(calls(block.message, "pmcb"))
            if any(call.function == "accept_subtask" for call in found):
                break
    (call,) = found
    assert {write.kind for write in call.writes} == {"MB", "SL"}
    assert (call.msp, call.code) == (ORG_A, 0)
    assert 0 <= story.world.now() - call.at_ms < 10**6
    assert list(calls(block.message, "other")) == []
    message = block.message
    message.data.data.append(b"noise")
    message.metadata.metadata[2] = bytes([11])
    (call,) = calls(message, "pmcb")
    assert (call.code, call.writes) == (11, ())
    del message.metadata.metadata[:]
    (call,) = calls(message, "pmcb")
    assert (call.code, call.writes) == (254, ())


async def test_the_contract_decides_who_sees_a_listing(story: Story, tmp_path: Path):
    """Who takes part does; a doctor is told the rule; its last word is kept while it is away."""
    async with running(story.follower(tmp_path, story.releaser)) as follower:
        await until(lambda: follower.link.answers)
        assert await follower.may_see(story.task) == Seen(allowed=True)
    outsider = story.follower(tmp_path, story.outsider)
    assert await outsider.may_see(story.task) == Seen(allowed=None)
    async with running(outsider):
        await until(lambda: outsider.link.answers)
        refused = await outsider.may_see(story.task)
    assert (refused.allowed, refused.code) == (False, "NOT_OWNER")
    assert "take part" in refused.reason
    assert await outsider.may_see(story.task) == refused
    assert (await outsider.may_see("0" * 32)).allowed is None


async def test_who_takes_a_slot_sees_the_listing_at_once(story: Story, tmp_path: Path):
    """A refusal is not asked for again for minutes, unless this person has joined since."""
    world = story.world
    newcomer = await world.person("seen1")
    async with running(story.follower(tmp_path, newcomer)) as follower:
        await until(lambda: follower.link.answers)
        assert (await follower.may_see(story.task)).code == "NOT_OWNER"
        await newcomer.submit("accept_subtask", story.task, 1)

        async def seen() -> bool:
            return bool((await follower.may_see(story.task)).allowed)

        await until(seen)


async def test_it_is_followed_live_and_goes_on(story: Story, tmp_path: Path):
    """A new block is there at once; what came while nobody looked, afterwards; damage is mended."""
    async with running(story.follower(tmp_path, story.releaser)) as follower:
        for _ in range(2):
            height = await story.height()
            await until(lambda: follower.index.place.next == height)  # noqa: B023
    missed = await story.height()
    again = story.follower(tmp_path, story.releaser)
    assert again.index.place.next == height
    async with running(again):
        await until(lambda: again.index.place.next == missed)
        again.damaged()
        with again.index.open() as database:
            database.execute("DELETE FROM records")
        await until(lambda: again.index.place.next == missed and story.task in records(again, "TK"))


async def test_a_network_that_goes_away_and_comes_back(tmp_path: Path):
    """The last state stays, with the reason; a new ledger in its place is another one."""
    folder = tmp_path / "network"
    with in_a_thread(EmbeddedNetwork(folder)) as place:
        async with World(place) as world:
            releaser, _, _ = await world.parties()
            story = Story(world, releaser, releaser, "", "")
            follower = story.follower(tmp_path / "home", releaser)
            work = asyncio.create_task(follower.run())
            height = await story.height()
            await until(lambda: follower.index.place.next == height)
    try:
        await until(lambda: not follower.link.answers)
        assert follower.link.reason
        assert follower.link.heard_ms > 0
        assert follower.index.place.next == height
        assert await follower.may_see("0" * 32) == Seen(allowed=None)
        with in_a_thread(EmbeddedNetwork(folder)) as place:
            async with World(place) as world:
                story.follower(tmp_path / "home", releaser)  # writes where it is now
                await until(lambda: follower.link.answers)
                assert follower.index.place.next == height
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
