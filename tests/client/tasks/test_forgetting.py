# SPDX-License-Identifier: Apache-2.0
"""Sealed answers leave the store when nobody needs them, wherever the agent is killed."""

import csv

import pytest
from tests.client.tasks.office import HIGH, LOW, Killed
from tests.scenarios.world import DAY_MS

from pmcb_client.tasks import Act

pytestmark = pytest.mark.anyio

WINDOW_MS = 7 * DAY_MS


class Shaky:
    """The releaser's store, whose user is killed at its first delete, before or after it."""

    def __init__(self, office, *, before):
        self._office = office
        self._before = before

    async def __aenter__(self):
        self._store = await self._office.store().__aenter__()
        return self

    async def __aexit__(self, *exc):
        await self._store.__aexit__(*exc)

    async def get(self, digest):
        return await self._store.get(digest)

    async def delete(self, digest):
        if not self._before:
            await self._store.delete(digest)
        raise Killed


def unopened():
    """There is nothing to do with the store."""
    raise AssertionError("The store was opened.")


async def submitted(office, task, subtask):
    """What was submitted, by slot."""
    found = await office.releaser.ask("list_submissions", task, subtask, 200, "")
    return {item["slot"]: item["content_hash"] for item in found["items"]}


def stored(office):
    """The hashes that the store has files under."""
    return {path.name for path in (office.blobs / "blobs").iterdir()}


def slots_shown(office, task):
    """Slots in the table."""
    text = (office.tasks / task / "results.csv").read_text()
    return [int(row["slot"]) for row in csv.DictReader(text.splitlines())]


async def answered(office):
    """One answer that all accept, one that two of three do, one rejected by all, one undecided."""
    task = await office.publish(receivers=5, judges=3)
    words = (["accept"] * 3, ["accept"] * 2, ["reject"] * 3, ["accept"])
    people = office.high[: len(words)]
    await office.accept(task, HIGH, *people)
    slots = [await office.answer(task, HIGH, one, taken="yes") for one in people]
    for slot, said in zip(slots, words, strict=True):
        await office.judge(task, HIGH, slot, *said)
    return task, slots


async def test_what_the_store_does_not_let_go_is_told_once(office):
    """An answer that was not sealed for the releaser; the others go, and nobody asks again."""
    task = await office.publish()
    await office.accept(task, HIGH, *office.high[:3])
    other = await office.answer(task, HIGH, office.high[0], taken="no", readers=office.verifiers)
    own = await office.answer(task, HIGH, office.high[1], taken="no")
    for slot in (own, other):
        await office.judge(task, HIGH, slot, "accept")
    hashes = await submitted(office, task, HIGH)
    office.world.offset_ms += 4 * DAY_MS + WINDOW_MS
    assert await office.agent().attend(task) is None
    assert stored(office) & set(hashes.values()) == {hashes[other]}
    assert [(one.slots, one.code) for one in office.told if one.act is Act.NOT_DELETED] == [
        ((other,), "FORBIDDEN")
    ]
    assert await office.agent(open_store=unopened).attend(task) is None


async def test_an_answer_stays_until_nobody_needs_it(office):
    """Taken and judged by all: it goes at once; any other when the settle window is over."""
    task, (all_said, *rest) = await answered(office)
    hashes = await submitted(office, task, HIGH)
    await office.agent().step()
    assert set(hashes.values()) - stored(office) == {hashes[all_said]}
    await office.agent(open_store=unopened).step()
    office.world.offset_ms += 4 * DAY_MS + WINDOW_MS - 60_000
    when = await office.agent(open_store=unopened).attend(task)
    assert {hashes[slot] for slot in rest} <= stored(office)
    assert when is not None
    office.world.offset_ms += when - office.world.now()
    assert await office.agent().attend(task) is None
    assert stored(office) & set(hashes.values()) == set()
    assert await office.agent(open_store=unopened).attend(task) is None
    assert sorted(slots_shown(office, task)) == sorted([all_said, rest[0]])


async def test_a_task_that_is_closed_is_looked_at_until_its_answers_are_gone(office):
    """When everybody has submitted and is paid, the window is not over yet."""
    task = await office.publish()
    await office.accept(task, LOW, office.low[0])
    slot = await office.answer(task, LOW, office.low[0], heart_rate=61)
    await office.judge(task, LOW, slot, "reject")
    await office.agent().step()
    await office.releaser.submit("cancel_task", task, "complete")
    await office.releaser.submit("close_task", task)
    (kept,) = (await submitted(office, task, LOW)).values()
    assert await office.agent().attend(task) is not None
    assert kept in stored(office)
    office.world.offset_ms += 4 * DAY_MS + WINDOW_MS
    assert await office.agent().attend(task) is None
    assert kept not in stored(office)


@pytest.mark.parametrize("before", [False, True])
async def test_an_agent_that_is_killed_while_it_forgets_goes_on(office, before):
    """At each delete, before it or right after it: all are gone, what was taken stands."""
    task, slots = await answered(office)
    office.world.offset_ms += 4 * DAY_MS + WINDOW_MS
    for _ in slots:
        with pytest.raises(Killed):
            await office.agent(open_store=lambda: Shaky(office, before=before)).step()
    await office.agent().step()
    assert stored(office) & set((await submitted(office, task, HIGH)).values()) == set()
    assert sorted(slots_shown(office, task)) == sorted(slots[:2])
    await office.agent(open_store=unopened).step()


async def test_a_copied_answer_is_neither_taken_nor_forgotten_for_another(office):
    """Hashes can be copied: the first one's answer stands in the table once, for its slot."""
    task = await office.publish(judges=3)
    first, thief = office.high[:2]
    await office.accept(task, HIGH, first, thief)
    slot = await office.answer(task, HIGH, first, taken="yes")
    named = (await submitted(office, task, HIGH))[slot]
    found = await thief.submit("submit_data", task, HIGH, named, 7)
    await office.judge(task, HIGH, slot, "accept", "accept")
    await office.judge(task, HIGH, found["slot"], *["accept"] * 3)
    await office.agent().step()
    assert slots_shown(office, task) == [slot]
    assert office.acts(Act.UNREADABLE) == [(Act.UNREADABLE, HIGH, (found["slot"],))]
    assert named in stored(office)
