# SPDX-License-Identifier: Apache-2.0
"""One truth for all: answers to a shared question wait for each other, and are compared."""

import pytest
from tests.services.broken import Broken
from tests.services.verification.court import ward

pytestmark = pytest.mark.anyio
OK = [("accept", "ok")]


async def test_a_shared_question_waits_for_all_and_rejects_the_liar(court):
    """What is wrong by itself is said at once; the rest when the last holder has submitted."""
    task = await court.publish(ward(1))
    slots = [await court.accept(task, who) for who in range(7)]
    for who, value in enumerate([35, 34, 36, 35, 90, 999]):
        await court.send(task, who, slots[who], court.reading(value))
    await court.work()
    found = await court.verdicts(task)
    assert found.pop(slots[5]) == [("reject", "range")]
    assert list(found.values()) == [[]] * 5
    await court.send(task, 6, slots[6], court.reading(37))
    await court.work()
    found = await court.verdicts(task)
    assert found.pop(slots[5]) == [("reject", "range")]
    assert found.pop(slots[4]) == [("reject", "truth")]
    assert list(found.values()) == [OK] * 5
    court.pass_time(0.01)
    await court.work()
    assert court.left() == 0


async def test_a_shared_question_is_judged_when_the_time_is_over(court):
    """Free slots and holders who never submit hold up nobody for ever; few are not compared."""
    task = await court.publish(ward(1))
    await court.accept(task, 5)
    slots = [(await court.answer(task, who, court.reading(v)))[0] for who, v in enumerate((35, 90))]
    await court.work()
    court.pass_time(1.5)
    await court.work()
    assert list((await court.verdicts(task)).values()) == [[], []]
    court.pass_time(0.6)
    await court.work()
    assert await court.verdicts(task) == dict.fromkeys(slots, OK)


async def test_a_shared_question_waits_while_others_may_still_accept(court):
    """All who hold a slot have submitted; a free slot is one more who could disagree."""
    task = await court.publish(ward(1))
    for who, value in enumerate([35, 34, 36, 35, 90, 36]):
        await court.answer(task, who, court.reading(value))
    await court.work()
    assert list((await court.verdicts(task)).values()) == [[]] * 6
    court.pass_time(1.1)
    await court.work()
    assert list((await court.verdicts(task)).values()).count(OK) == 5


async def test_who_hears_of_submissions_one_by_one_compares_them_all(court):
    """Even long after the time was over: what is still to be looked at counts."""
    task = await court.publish(ward(1))
    for who, value in enumerate([90, 34, 36, 35, 35, 36]):
        await court.answer(task, who, court.reading(value))
    court.pass_time(5)
    for _ in range(5):
        await court.work(most=1)
    assert list((await court.verdicts(task)).values()) == [[]] * 6
    await court.work(most=1)
    assert sorted((await court.verdicts(task)).values()) == [OK] * 5 + [[("reject", "truth")]]


async def test_a_defect_on_one_answer_holds_up_no_comparison(court):
    """The others are compared without it."""
    task = await court.publish(ward(1), slots=6)
    values = [35, 34, 36, 35, 90, 36]
    given = [await court.answer(task, who, court.reading(v)) for who, v in enumerate(values)]
    slot, named = given[5]
    await court.work(store=lambda who: Broken(court.store(who), named, ZeroDivisionError()))
    found = await court.verdicts(task)
    assert found.pop(slot) == []
    assert found.pop(given[4][0]) == [("reject", "truth")]
    assert list(found.values()) == [OK] * 4
