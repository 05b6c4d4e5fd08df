# SPDX-License-Identifier: Apache-2.0
"""The verification server on a ledger and a content store: each answer is judged once."""

import json
from dataclasses import replace

import pytest
from structlog.testing import capture_logs
from tests.scenarios.world import digest
from tests.services.broken import Broken
from tests.services.verification.court import diary, ward

from pmcb_client.content import ContentUnavailable
from pmcb_client.errors import LedgerUnavailable

pytestmark = pytest.mark.anyio
OK = [("accept", "ok")]


async def test_each_bad_answer_is_rejected_by_its_rule(court):
    """One of each kind beside a good one; nothing is left to do."""
    task = await court.publish(replace(diary(), plausible=(("diastolic", "systolic"),)))
    cases = {
        "ok": court.week(),
        "schema": court.week(weight=range(7)),
        "range": court.week(pulse=[500] * 7),
        "plausibility": court.week(diastolic=[130] * 7),
        "variance": court.week(20, pulse=[60] * 7),
        "duplicate": court.week(),
    }
    late = court.week(3)
    cases["time"] = replace(late, rows=late.rows[::-1])
    slots = {
        (await court.answer(task, who, answer))[0]: reason
        for who, (reason, answer) in enumerate(cases.items())
    }
    await court.work()
    found = await court.verdicts(task)
    expected = {
        slot: [("accept" if reason == "ok" else "reject", reason)] for slot, reason in slots.items()
    }
    assert found == expected
    assert court.left() == 0


async def test_an_old_answer_is_known_again_in_another_task(court):
    """Only the later one is rejected, whoever gave it, and whichever was judged first."""
    first, second = await court.publish(), await court.publish()
    slot, named = await court.answer(first)
    again, _ = await court.answer(second, 1, court.week())
    court.path(named).rename(court.folder / "away")
    await court.work()
    assert await court.verdicts(first) == {slot: []}
    assert await court.verdicts(second) == {again: OK}
    third = await court.publish()
    last, _ = await court.answer(third, 2, court.week())
    (court.folder / "away").rename(court.path(named))
    court.pass_time(0.01)
    await court.work()
    assert await court.verdicts(first) == {slot: OK}
    assert await court.verdicts(third) == {last: [("reject", "duplicate")]}


async def test_what_is_no_answer_for_this_verifier_is_rejected(court):
    """Sealed for others only, or another's file; what is sound is accepted beside it."""
    task = await court.publish()
    sealed, _ = await court.answer(task, 0, readers=(court.records,))
    _, named = await court.answer(task, 1)
    thief = court.people[2]
    slot = await court.accept(task, 2)
    await thief.submit("submit_data", task, 0, named, 64)
    court.tell(task, slot)
    await court.work()
    found = await court.verdicts(task)
    assert found[sealed] == found[slot] == [("reject", "schema")]
    assert list(found.values()).count(OK) == 1


async def test_a_file_that_others_judged_and_the_institution_took_is_left_alone(court):
    """Two of three have decided; the third says nothing of what it cannot see."""
    task = await court.publish(judges=3)
    slot, named = await court.answer(task)
    for who in (0, 1):
        await court.work(who)
    court.path(named).unlink()
    await court.work(2)
    assert await court.verdicts(task) == {slot: OK * 2}
    assert court.left(2) == 0


async def test_a_tampered_file_is_named_and_waited_for(court):
    """Its operator may mend it; the receiver is not blamed."""
    task = await court.publish()
    slot, named = await court.answer(task)
    sound = court.path(named).read_bytes()
    court.path(named).write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    with capture_logs() as logs:
        await court.work()
    assert {"event": "tampered", "slot": slot, "hash": named}.items() <= logs[0].items()
    court.path(named).write_bytes(sound)
    court.pass_time(0.01)
    await court.work()
    assert await court.verdicts(task) == {slot: OK}


async def test_an_envelope_that_is_none_blames_no_receiver(court):
    """There are no instructions to judge by: said in the log, and looked at again."""
    task = await court.publish(spoilt=True)
    slot, _ = await court.answer(task)
    with capture_logs() as logs:
        await court.work()
    assert [(entry["event"], entry["kind"]) for entry in logs] == [("envelope", "Damaged")]
    assert await court.verdicts(task) == {slot: []}
    assert court.left() == 1


async def test_submissions_for_other_verifiers_are_passed_over(court):
    """For good, without looking at them, and without keeping that there were any."""
    task = await court.publish()
    slot, _ = await court.answer(task)
    await court.work(1)
    assert await court.verdicts(task) == {slot: []}
    assert court.left(1) == 0
    assert court.findings(1).of_subtask(task, 0) == {}


async def test_a_verdict_by_hand_stands(court):
    """The server says nothing after it."""
    task = await court.publish()
    slot, _ = await court.answer(task)
    by_hand = ("reject", 10, "plausibility", digest("evidence"))
    await court.verifiers[0].submit("verify_submission", task, 0, slot, *by_hand)
    with capture_logs() as logs:
        await court.work()
    assert logs == []
    assert await court.verdicts(task) == {slot: [("reject", "plausibility")]}
    assert court.left() == 0


async def test_two_verifiers_judge_independently(court):
    """Each with evidence of its own, which nobody can compare."""
    task = await court.publish(judges=3)
    slot, _ = await court.answer(task)
    for who in range(3):
        await court.work(who)
    listed = await court.releaser.ask("list_submissions", task, 0, 200, "")
    verdicts = listed["items"][0]["verdicts"]
    assert len({one["evidence_hash"] for one in verdicts}) == 3
    assert await court.verdicts(task) == {slot: OK * 3}


async def test_evidence_is_kept_and_tells_no_value(court):
    """Rule, row and field under the hash on the ledger, for the verifier's eyes only."""
    task = await court.publish()
    slot, _ = await court.answer(task, 0, court.week(pulse=[60, 61, 499.25, 60, 61, 62, 63]))
    with capture_logs() as logs:
        await court.work()
    digest_there = (await court.verdict(task, slot))["evidence_hash"]
    folder = court.folder / "verifier0"
    (path,) = (folder / task).iterdir()
    assert digest_there in path.name
    assert path.stat().st_mode & 0o777 == 0o600
    everything = b"".join(one.read_bytes() for one in folder.rglob("*") if one.is_file())
    assert b"499.25" not in everything
    assert "499.25" not in json.dumps(logs)
    assert logs[-1] == {
        "event": "reject",
        "log_level": "info",
        "task": task,
        "subtask": 0,
        "slot": slot,
        "reason": "range",
        "score": 0,
    }


async def test_a_file_that_cannot_be_read_does_not_hold_up_the_others(court):
    """They are compared without it."""
    task = await court.publish(ward(1), slots=6)
    values = [35, 34, 36, 35, 90, 36]
    given = [await court.answer(task, who, court.reading(v)) for who, v in enumerate(values)]
    slot, named = given[5]
    court.path(named).write_bytes(b"something else")
    await court.work()
    found = await court.verdicts(task)
    assert found.pop(slot) == []
    assert found.pop(given[4][0]) == [("reject", "truth")]
    assert list(found.values()) == [OK] * 4


@pytest.mark.parametrize("error", [ContentUnavailable("500"), ZeroDivisionError()])
async def test_an_answer_that_cannot_be_looked_at_holds_up_no_other(court, error):
    """Those of the same subtask and of others are judged; it comes again, and ends no service."""
    tasks = [await court.publish() for _ in range(3)]
    given = [(task, *(await court.answer(task, who))) for task in tasks for who in (0, 1)]
    (sick, first, named), *others = given
    await court.work(store=lambda identity: Broken(court.store(identity), named, error))
    assert (await court.verdicts(sick))[first] == []
    for task, slot, _ in others:
        assert len((await court.verdicts(task))[slot]) == 1
    assert court.left() == 1
    court.pass_time(0.01)
    await court.work()
    assert court.left() == 0


async def test_nothing_is_lost_while_store_or_ledger_do_not_answer(court):
    """What was due is due again."""
    task = await court.publish()
    slot, _ = await court.answer(task)

    def away(_):
        raise ContentUnavailable("The content store does not answer.")

    class Silent:
        async def evaluate(self, *_):
            raise LedgerUnavailable("Nothing answers.")

    with capture_logs() as logs:
        await court.work(store=away)
        await court.work(ledger=Silent())
    assert [entry["kind"] for entry in logs] == ["ContentUnavailable", "LedgerUnavailable"]
    court.pass_time(0.01)
    await court.work()
    assert await court.verdicts(task) == {slot: OK}
