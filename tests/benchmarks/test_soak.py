# SPDX-License-Identifier: Apache-2.0
"""What `pmcb bench soak` makes of what was promised and what is there: by hand, on a few things."""

import dataclasses
import json
import signal
import subprocess
import sys
from collections import Counter
from fractions import Fraction
from typing import Any

import pytest
from click.testing import CliRunner

from pmcb_benchmarks._fog_device import Effect
from pmcb_benchmarks._organisation_crowd import Queued
from pmcb_benchmarks._organisation_orders import Made
from pmcb_benchmarks._soak_audits import left_behind
from pmcb_benchmarks._soak_facts import Facts
from pmcb_benchmarks._soak_findings import Wrong, differences, of_audits, of_blows
from pmcb_benchmarks._soak_told import Told
from pmcb_benchmarks._soak_victims import Blow
from pmcb_benchmarks.organisation_page import soak_rows, victims_table
from pmcb_client.cli import make_root
from pmcb_client.receiver import Parcel

KEY = ("t", "r0")
SLOT = "t 0 0"
HALF = Fraction(1, 2)


def told(**more) -> Told:
    """A dose, a file, an observation, a reading, a row, credit, a release."""
    orders = {
        "dose": Made("device.control", "doctor", {"id": "dose"}),
        "file": Made("upload.submission", "r0", {"id": "file"}, hash="f"),
        "seen": Made("upload.observation", "institution", {"id": "seen"}, at=11),
    }
    things = {"orders": orders, "readings": [12], "records": {7: 13}, "credits": ["soak-0"]}
    return Told(**{**things, "requests": {"q": "1/2"}, **more})


def answers() -> dict[tuple[str, str], Queued]:
    """One."""
    parcel = Parcel("h", "t", 0, 0, 10, ())
    return {KEY: Queued(parcel, 14, {})}


def facts(**other) -> Facts:
    """All of it, once."""
    row = {"content_hash": "h", "verdicts": [{"verdict": "accept"}], "payment": {"amount": 5}}
    names = ("DataSubmitted", "SubmissionVerified", "RewardsSettled")
    whole = Facts(
        states=dict.fromkeys(("dose", "file", "seen"), "DONE"),
        files={"f"},
        submitted={KEY: row},
        events=Counter({**dict.fromkeys(((n, SLOT) for n in names), 1), ISSUED: 1}),
        earned=5,
        balances=5,
        issued=1,
        taken=Counter([11, 12, 14]),
        found=Counter([11, 12, 13, 14]),
        records={1: 11, 2: 12, 7: 13, 3: 14},
        spends=[("q", HALF)],
        budget=(Fraction(1), HALF),
        releases={"q": "published"},
    )
    return dataclasses.replace(whole, **other)


ISSUED = ("CreditIssued", "soak-0")
DOSE = Effect("dose", 1, "ward-1")


def wrongs(found: Facts, said: Told | None = None, effects=(DOSE,)) -> set[str]:
    return {each.wrong for each in differences(said or told(), answers(), found, effects)}


def events(**changed) -> Counter[tuple[str, str]]:
    """With one of them so many times."""
    return facts().events + Counter({(name, SLOT): n for name, n in changed.items()})


def test_where_all_is_there_once_nothing_is_found():
    """An order that is held for its operator is no loss either."""
    assert wrongs(facts()) == set()
    assert wrongs(facts(states={**facts().states, "dose": "UNKNOWN"}), effects=()) == set()


@pytest.mark.parametrize(
    ("other", "wrong"),
    [
        ({"states": {"dose": "DONE", "seen": "DONE"}}, {Wrong.ORDER_LOST}),
        ({"states": {**facts().states, "file": "QUEUED"}}, {Wrong.ORDER_OPEN}),
        ({"states": {**facts().states, "file": "FAILED"}}, {Wrong.ORDER_FAILED}),
        ({"files": set()}, {Wrong.FILE_MISSING}),
        ({"submitted": {}}, {Wrong.ANSWER_NOT_ON_LEDGER, Wrong.UNPAID}),
        ({"events": events(DataSubmitted=1)}, {Wrong.SUBMITTED_TWICE}),
        ({"events": events(SubmissionVerified=1)}, {Wrong.JUDGED_TWICE}),
        ({"events": events(RewardsSettled=1)}, {Wrong.PAID_TWICE}),
        ({"balances": 10}, {Wrong.CREDIT_OFF}),
        ({"issued": 2}, {Wrong.CREDIT_OFF}),
        ({"events": facts().events + Counter([ISSUED])}, {Wrong.ISSUED_TWICE}),
        ({"taken": Counter([11, 14])}, {Wrong.ROW_NOT_TAKEN}),
        ({"taken": Counter([11, 12, 12, 14])}, {Wrong.ROW_TAKEN_TWICE}),
        ({"found": Counter([11, 13, 14])}, {Wrong.ROW_NOT_SEARCHABLE}),
        ({"found": Counter([11, 12, 13, 14, 14])}, {Wrong.ROW_STORED_TWICE}),
        ({"records": {7: 99}}, {Wrong.RECORD_MISSING}),
        ({"budget": (Fraction(1, 4), HALF)}, {Wrong.BUDGET_EXCEEDED}),
        ({"budget": (Fraction(1), Fraction(1, 3))}, {Wrong.BUDGET_OFF}),
        ({"spends": [("other", HALF)]}, {Wrong.RESERVATION_MISSING}),
        ({"spends": [("q", HALF)] * 2, "budget": (2, 1)}, {Wrong.RESERVED_TWICE}),
        ({"releases": {"q": "running"}}, {Wrong.RELEASE_UNFINISHED}),
    ],
)
def test_each_wrong_is_found(other, wrong):
    """And nothing else with it."""
    assert wrongs(facts(**other)) == wrong


def test_what_a_device_did_is_compared_with_what_is_said_of_it():
    """Twice is wrong, and so is never."""
    assert wrongs(facts(), effects=(DOSE, DOSE)) == {Wrong.EFFECT_TWICE}
    assert wrongs(facts(), effects=()) == {Wrong.DONE_WITHOUT_EFFECT}
    failed = {**facts().states, "dose": "FAILED"}
    away = facts(states=failed, codes={"dose": "DEVICE_AWAY"})
    assert wrongs(away, effects=()) == set()
    assert wrongs(away) == {Wrong.FAILED_WITH_EFFECT}
    assert wrongs(facts(states=failed, codes={"dose": "DEFECT"}), effects=()) == {
        Wrong.ORDER_FAILED
    }


def test_refusals_are_found_but_for_a_budget_that_is_used_up():
    """Everybody may do what is done."""
    spent = told(refused=Counter(["releases BUDGET_EXHAUSTED"]))
    assert wrongs(facts(), spent) == set()
    assert wrongs(facts(), told(refused=Counter(["orders FORBIDDEN"]))) == {Wrong.REFUSED}


def test_what_does_not_come_back_and_what_an_audit_says_is_found():
    """With its name."""
    blows = [Blow("intake", 0, 2, 2.0, True, ""), Blow("fog", 0, 1, 150.0, False, "fog: away")]
    assert [each.examples for each in of_blows(blows)] == [("fog, fog: away",)]
    clean: dict[str, dict[str, Any]]
    clean = {"fog audit": {"findings": []}, "audit verify": {"damage": []}, "ledger": {"height": 1}}
    assert of_audits(clean) == []
    (found,) = of_audits({**clean, "fog audit": {"findings": ["MOVED"]}})
    assert found.examples == ("fog audit: ['MOVED']",)


def test_the_page_says_what_was_killed_and_what_was_found(tmp_path):
    """A finding is a target that was missed."""
    run = {"minutes": 60, "kills": 3, "by_victim": {"fog": 3}, "told": {"orders": 5}}
    ((_, _, said, met),) = soak_rows({**run, "findings": []})
    assert (said, met) == ("no finding; acknowledged were 5 orders", True)
    ((_, _, said, met),) = soak_rows({**run, "findings": [{"wrong": "PAID_TWICE", "count": 2}]})
    assert (said, met) == ("2 PAID_TWICE; acknowledged were 5 orders", False)
    (tmp_path / "run.json").write_text(json.dumps(run))
    assert victims_table(tmp_path / "run.json").endswith("| fog | 3 |")


def test_whatever_still_runs_of_a_folder_is_named_and_ended(tmp_path):
    """And nothing of any other folder."""
    ours, others = (
        subprocess.Popen([sys.executable, "-c", "input()", str(path)], stdin=subprocess.PIPE)
        for path in (tmp_path / "home", tmp_path.parent / "other")
    )
    with ours, others:
        (found,) = left_behind(tmp_path)
        assert found.endswith("./home")
        assert ours.wait(10) == -signal.SIGKILL
        assert others.poll() is None
    assert left_behind(tmp_path) == []


@pytest.mark.stress
@pytest.mark.timeout(900)
def test_a_short_soak_finds_everything(tmp_path):
    """Half a minute."""
    out = tmp_path / "found.json"
    words = ["bench", "soak", "--minutes", "0.5", "--out", str(out)]
    answer = CliRunner().invoke(make_root(), words, catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    found = json.loads(out.read_text())
    assert found["kills"] > 0
    assert found["told"]["orders"] > 0
