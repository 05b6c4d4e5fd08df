# SPDX-License-Identifier: Apache-2.0
"""A share is passed on after its holder's answer, once, whoever is killed in between."""

import pytest
from tests.client.receiver.ward import TEXT
from tests.scenarios.world import DAY_MS, digest

from pmcb_client.content import ContentUnavailable
from pmcb_client.receiver import queue_answer

pytestmark = pytest.mark.anyio


class Killed(BaseException):
    """The process ends here."""


class Wrapped:
    """A store that fails for shares as it is told."""

    def __init__(self, store, *, before=None, after=None):
        self._store, self._before, self._after = store, before, after

    async def put(self, blob):
        if self._before and blob.kind.name == "SHARE":
            raise self._before
        receipt = await self._store.put(blob)
        if self._after and blob.kind.name == "SHARE":
            raise self._after
        return receipt


async def joined(ward, n=3):
    """A task that n people hold, by slot."""
    task = await ward.publish(slots=n)
    await ward.join(task, *ward.people[:n])
    return task, dict(sorted(ward.tasks[task].claims.items()))


async def listed(ward, task):
    """The shares in the store."""
    async with ward.store(ward.releaser) as store:
        return await store.shares(task, 0)


async def queue(ward, task, who):
    """An answer in the outbox, not sent."""
    source = ward.folder / "answer.json"
    source.write_text('{"systolic": 121, "arm": "left", "taken": 0}')
    opened = await ward.open(task, who)
    return queue_answer(ward.outbox(who), opened, source, now_ms=ward.world.now())


async def test_nothing_is_passed_on_before_the_own_answer_stands(ward):
    """An answer that waits passes nothing, whatever was dealt."""
    task, held = await joined(ward)
    await ward.deal(task)
    parcel = await queue(ward, task, held[0])
    assert not parcel.passed
    assert ward.outbox(held[0]).to_pass() == []
    assert await listed(ward, task) == []


async def test_a_deal_after_the_answer_is_found_later(ward):
    """The next round passes the share on; the one after that has nothing to do."""
    task, held = await joined(ward)
    sent = await ward.answer(task, held[0])
    assert (len(sent.submitted), sent.passed, sent.problem) == (1, (), None)
    assert (await ward.send(held[0])).passed == ()
    await ward.deal(task)
    (passed,) = (await ward.send(held[0])).passed
    assert passed.task == task
    assert (await ward.send(held[0])).passed == ()
    assert [one.slot for one in await listed(ward, task)] == [0]
    assert (await ward.secret(task, held[1])).parts == {"meds": TEXT}


async def test_who_is_killed_while_passing_puts_the_same_file_again(ward):
    """After the store heard, before it was written down."""
    task, held = await joined(ward)
    await ward.deal(task)
    await queue(ward, task, held[0])
    async with ward.store(held[0]) as store:
        for _ in range(3):
            with pytest.raises(Killed):
                await ward.send(held[0], Wrapped(store, after=Killed()))
    first = await listed(ward, task)
    assert len((await ward.send(held[0])).passed) == 1
    assert await listed(ward, task) == first
    assert len(first) == 1


async def test_a_store_that_is_away_is_tried_again(ward):
    """The answer stands already; only the share waits."""
    task, held = await joined(ward)
    await ward.deal(task)
    await queue(ward, task, held[0])
    async with ward.store(held[0]) as store:
        away = Wrapped(store, before=ContentUnavailable("The content store does not answer."))
        sent = await ward.send(held[0], away)
    assert (len(sent.submitted), sent.passed, sent.is_unavailable) == (1, (), True)
    assert len((await ward.send(held[0])).passed) == 1


async def test_who_holds_a_secret_alone_passes_nothing_on(ward):
    """There is nobody else."""
    task, held = await joined(ward, 1)
    await ward.deal(task)
    sent = await ward.answer(task, held[0])
    assert (sent.passed, ward.outbox(held[0]).to_pass()) == ((), [])


async def test_after_a_task_is_closed_no_deal_is_waited_for(ward):
    """Nobody will share its secret any more."""
    task, held = await joined(ward)
    await ward.answer(task, held[0])
    verdict = ("accept", 90, "ok", digest("evidence"))
    await ward.verifier.submit("verify_submission", task, 0, 0, *verdict)
    await ward.releaser.submit("settle_rewards", task, 0, [0])
    assert len(ward.outbox(held[0]).to_pass()) == 1
    ward.world.offset_ms = 3 * DAY_MS
    await ward.releaser.submit("close_task", task)
    ward.world.offset_ms = 0
    await ward.send(held[0])
    assert ward.outbox(held[0]).to_pass() == []
