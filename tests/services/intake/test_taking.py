# SPDX-License-Identifier: Apache-2.0
"""Accepted answers reach the table once, whatever happens in between; others never do."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.client.sealing.keys import point
from tests.scenarios.site import identity_of
from tests.scenarios.world import ORG_B, digest

from pmcb_client.answers import Row
from pmcb_client.wallet import KeyPair, WalletIdentity
from pmcb_services.intake import Source

pytestmark = pytest.mark.anyio


def slots_of(intake, task):
    """Rows of a task by slot."""
    return sorted(int(record.source.rpartition("/")[2]) for record in intake.records(task))


async def test_an_undecided_answer_waits_and_is_never_taken(study):
    """One of three verdicts is no majority; when the window is over it is left out and deleted."""
    task = await study.publish(judges=3)
    slot, hashes = await study.answer(task)
    await study.judge(task, slot, "accept")
    intake = await study.work()
    assert intake.summary().waiting == {"undecided": 1}
    assert study.inbox.due(study.world.now()) == []
    assert study.kept() == set(hashes)
    study.world.offset_ms += study.over_ms
    intake = await study.work()
    assert intake.summary().left_out == {"undecided": 1}
    assert list(intake.records()) == []
    assert study.kept() == set()
    assert study.inbox.due(2**62) == []


async def test_a_tie_waits_for_the_third_verdict(study):
    """Two of three decide."""
    task = await study.publish(judges=3)
    slot, _ = await study.answer(task)
    await study.judge(task, slot, "accept", "reject")
    assert (await study.work()).summary().waiting == {"undecided": 1}
    third = (task, 0, slot, "accept", 50, "ok", digest("evidence"))
    await study.verifiers[2].submit("verify_submission", *third)
    study.tell("SubmissionVerified", task, slot)
    intake = await study.work()
    assert (intake.summary().answers, intake.summary().waiting) == (1, {})


async def test_a_verifier_who_is_late_still_finds_the_answer(study):
    """Two of three decide, and it is taken in; its files go with the third verdict."""
    task = await study.publish(judges=3)
    slot, hashes = await study.answer(task)
    await study.judge(task, slot, "accept", "accept")
    intake = await study.work()
    assert intake.summary().answers == 1
    assert study.kept() == set(hashes)
    third = (task, 0, slot, "accept", 50, "ok", digest("evidence"))
    await study.verifiers[2].submit("verify_submission", *third)
    study.tell("SubmissionVerified", task, slot)
    await study.work()
    assert study.kept() == set()
    study.world.offset_ms += study.over_ms
    await study.work()
    assert study.inbox.due(2**62) == []


async def test_a_rejected_answer_is_deleted_only_when_the_window_is_over(study):
    """Until then its verifiers may need it; nothing of it is taken."""
    task = await study.publish()
    slot, hashes = await study.answer(task)
    await study.judge(task, slot, "reject")
    intake = await study.work()
    assert intake.summary().left_out == {"rejected": 1}
    assert study.kept() == set(hashes)
    study.world.offset_ms += study.over_ms - 3 * 86_400_000
    await study.work()
    assert study.kept() == set(hashes)
    study.world.offset_ms += 3 * 86_400_000
    intake = await study.work()
    assert study.kept() == set()
    assert list(intake.records()) == []
    assert study.inbox.due(2**62) == []


@pytest.mark.parametrize("how", [{"results_to": "releaser"}, {"institution": ""}])
async def test_results_of_others_are_left_alone(study, how):
    """Those of a task whose releaser gets them, and of another institution's."""
    if "institution" in how:
        other = await study.world.person("others", "institution", ORG_B)
        await other.submit("announce_key")
        how = {"institution": other.uid}
    task = await study.publish(**how)
    slot, hashes = await study.answer(task)
    await study.judge(task, slot, "accept")
    intake = await study.work()
    assert intake.state(Source.submission(task, 0, slot, "")) is None
    assert study.inbox.due(2**62) == []
    assert study.kept() == set(hashes)


async def test_an_accepted_answer_is_checked_again(study):
    """Verifiers who accept what does not fit do not bring it into the table."""
    task = await study.publish()
    slots = [
        (await study.answer(task, 0, rows=[study.row(999)]))[0],
        (await study.answer(task, 1, rows=[Row(1_000, {"systolic": 120, "arm": "left"})]))[0],
        (await study.answer(task, 2, rows=[Row(study.world.now(), {"systolic": 120})]))[0],
    ]
    for slot in slots:
        await study.judge(task, slot, "accept")
    intake = await study.work()
    assert intake.summary().left_out == {"range": 1, "schema": 1, "time": 1}
    assert list(intake.records()) == []
    study.world.offset_ms += study.over_ms
    await study.work()
    assert study.kept() == set()


async def test_what_was_not_sealed_for_the_institution_is_left_out(study):
    """An answer, or the envelope; its file is not the institution's to delete."""
    task = await study.publish()
    slot, hashes = await study.answer(task, readers=study.verifiers[:1])
    await study.judge(task, slot, "accept")
    assert (await study.work()).summary().left_out == {"unopened": 1}
    closed = await study.publish(readers=study.verifiers[:1])
    slot, more = await study.answer(closed)
    await study.judge(closed, slot, "accept")
    assert (await study.work()).summary().left_out == {"unopened": 2}
    study.world.offset_ms += study.over_ms
    await study.work()
    assert study.kept() == set(hashes)
    assert more[0] not in study.kept()
    assert study.inbox.due(2**62) == []


async def test_a_copied_hash_brings_nothing_and_deletes_nothing(study):
    """Whoever submits another's hash is left out, and the other's answer is taken all the same."""
    task = await study.publish()
    slot, (named,) = await study.answer(task, 0)
    thief = study.people[1]
    claim = await thief.submit("accept_subtask", task, 0)
    await thief.submit("submit_data", task, 0, named, 64)
    study.tell("DataSubmitted", task, claim["slot"])
    await study.judge(task, claim["slot"], "accept")
    assert (await study.work()).summary().left_out == {"unopened": 1}
    assert study.kept() == {named}
    await study.judge(task, slot, "accept")
    intake = await study.work()
    assert slots_of(intake, task) == [slot]


async def test_accepted_answers_are_taken_in_once_and_deleted(study):
    """With subject, time and values; a person is one subject in all tasks, and no uid is there."""
    first, second = await study.publish(), await study.publish()
    rows = [study.row(118, later_ms=1), study.row(121.5, "right", later_ms=2)]
    slot, _ = await study.answer(first, 0, rows=rows, part_bytes=120)
    assert len(study.kept()) == 3
    for task, who in ((first, 1), (second, 0)):
        other, _ = await study.answer(task, who)
        await study.judge(task, other, "accept")
    await study.judge(first, slot, "accept")
    intake = await study.work()
    taken = [one for one in intake.records(first) if one.source == f"{first}/0/{slot}"]
    assert [(one.at, dict(one.values)) for one in taken] == [
        (row.at, dict(row.values)) for row in rows
    ]
    (again,) = intake.records(second)
    subjects = {one.subject for one in intake.records()}
    assert {one.subject for one in taken} == {again.subject}
    assert len(subjects) == 2
    assert study.kept() == set()
    assert (
        study.people[0].uid.encode()
        not in (study.folder / "institution/intake.sqlite3").read_bytes()
    )
    for _ in range(2):
        study.world.offset_ms += study.over_ms
        assert (await study.work()).summary().rows == 4
    assert study.inbox.due(2**62) == []


async def test_a_key_that_was_renewed_meanwhile_opens_what_came_since(study):
    """The wallet is read anew each time; what was sealed before opens with the earlier key."""
    before = identity_of(study.records)
    key = ec.generate_private_key(ec.SECP256R1())
    pair = KeyPair(before.identity.certificate_pem, before.private_key)
    now = [before]
    taking = study.taking(store=lambda _: study.store(before), identity=lambda: now[-1])
    task = await study.publish()
    now.append(WalletIdentity("records", before.identity, key, (pair,)))
    for who, keys in ((0, None), (1, {before.uid: point(key)})):
        slot, _ = await study.answer(task, who, keys=keys)
        await study.judge(task, slot, "accept")
    await taking.handle(study.inbox.due(study.world.now()))
    assert study.intake.summary().answers == 2
