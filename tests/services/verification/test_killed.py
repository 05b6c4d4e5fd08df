# SPDX-License-Identifier: Apache-2.0
"""A verifier that is killed anywhere goes on, and says what it would have said."""

import sqlite3

import pytest
from tests.services.verification.court import ward

from pmcb_client.answers import Reason
from pmcb_services.verification import Finding, Findings, Place, Verdict

pytestmark = pytest.mark.anyio
ONE = Place("a" * 32, 0, 1)


class Killed(BaseException):
    """The process ends here."""


class Deadly:
    """A way to the ledger on which the process ends, before or after the verdict arrives."""

    def __init__(self, real, *, late):
        self.real, self.late = real, late
        self.said = []
        self.evaluate = real.evaluate

    async def submit(self, *args):
        self.said.append(args)
        if self.late:
            await self.real.submit(*args)
        raise Killed


@pytest.mark.parametrize("late", [False, True])
async def test_what_was_found_is_told_after_a_restart(court, late):
    """With the same evidence; once."""
    task = await court.publish()
    slot, named = await court.answer(task)
    ledger = Deadly(court.verifiers[0].contract, late=late)
    with pytest.raises(Killed):
        await court.work(ledger=ledger)
    court.path(named).unlink()  # it need not be looked at again
    await court.work()
    ((_, _, _, _, verdict, score, reason, evidence),) = ledger.said
    told = await court.verdict(task, slot)
    found = (told["verdict"], str(told["score"]), told["reason"], told["evidence_hash"])
    assert found == (verdict, score, reason, evidence)
    assert court.left() == 0


async def test_an_outcome_on_many_is_told_as_a_whole_after_a_restart(court):
    """Truth discovery is not done anew, whatever became of the files meanwhile."""
    task = await court.publish(ward(1), slots=6)
    values = [35, 34, 36, 35, 90, 36]
    given = [await court.answer(task, who, court.reading(v)) for who, v in enumerate(values)]
    with pytest.raises(Killed):
        await court.work(ledger=Deadly(court.verifiers[0].contract, late=False))
    for _, named in given:
        court.path(named).unlink()
    await court.work()
    found = await court.verdicts(task)
    assert found.pop(given[4][0]) == [("reject", "truth")]
    assert list(found.values()) == [[("accept", "ok")]] * 5


async def test_who_is_killed_before_anything_was_found_begins_anew(court):
    """An answer that passed by itself, of a question that is not shared, is judged again."""
    task = await court.publish()
    slot, _ = await court.answer(task)
    findings = court.findings()
    findings.note([Place(task, 0, slot)])
    findings.passed(Place(task, 0, slot), "f" * 64)
    await court.work()
    assert await court.verdicts(task) == {slot: [("accept", "ok")]}


def test_a_finding_stands(tmp_path):
    """Another one for the same place changes nothing; evidence is the same again."""
    findings = Findings(tmp_path)
    findings.note([ONE, ONE])
    findings.decide({ONE: Finding.reject(Reason.RANGE, row=3, field="pulse")})
    first = findings.of_subtask(ONE.task, 0)[1]
    Findings(tmp_path).decide({ONE: Finding.accept()})
    assert Findings(tmp_path).of_subtask(ONE.task, 0) == {1: first}
    assert first.finding is not None
    assert (first.finding.verdict, first.finding.reason) == (Verdict.REJECT, Reason.RANGE)


def test_findings_are_all_written_or_none(tmp_path):
    """A transaction that fails leaves the others undecided."""
    findings = Findings(tmp_path)
    two = Place(ONE.task, 0, 2)
    findings.note([ONE, two])
    beyond = Finding(Verdict.ACCEPT, 2**70, Reason.OK)
    with pytest.raises(OverflowError):
        findings.decide({ONE: Finding.accept(), two: beyond})
    assert [one.finding for one in findings.of_subtask(ONE.task, 0).values()] == [None, None]


def test_the_files_are_the_verifiers_alone(tmp_path):
    """Database, key and folder."""
    findings = Findings(tmp_path / "made")
    key = findings.key
    assert len(key) == 32
    assert Findings(tmp_path / "made").key == key
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "made").iterdir()}
    assert modes == {0o600}
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o700


def test_the_earlier_of_two_is_not_the_repeated_one(tmp_path):
    """Numbers are never given twice, so the ledger's order stays known."""
    findings = Findings(tmp_path)
    two = Place(ONE.task, 0, 2)
    findings.note([ONE, two])
    findings.passed(two, "f" * 64)
    assert not findings.is_repeated(ONE, "f" * 64)
    findings.passed(ONE, "f" * 64)
    assert findings.is_repeated(two, "f" * 64)
    assert not findings.is_repeated(two, "e" * 64)
    with sqlite3.connect(tmp_path / "findings.sqlite3") as database:
        kept = database.execute("SELECT COUNT(DISTINCT seq) FROM submissions").fetchone()
    database.close()
    assert kept == (2,)
