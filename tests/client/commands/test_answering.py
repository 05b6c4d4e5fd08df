# SPDX-License-Identifier: Apache-2.0
"""From a delivered key to an answer on the ledger, by command, on line and off."""

import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.client.commands.conftest import HASH, A
from tests.client.commands.test_receiver import past_task

from pmcb_client import network_file
from pmcb_client.answers import Asked, Instructions
from pmcb_client.receiver import Opened, receiver_folder
from pmcb_client.wallet import Wallet

FIELDS = """\
- {name: systolic, unit: mmHg, min: 60, max: 260}
- {name: diastolic, unit: mmHg, min: 30, max: 160}
- {name: heart_rate, unit: 1/min, min: 30, max: 220, step: 1}
- {name: taken, values: ["yes", "no"]}
"""
DESCRIBED = ("notice: notice.md", "fields: fields.yaml\nnotice: notice.md")
SECRET = ("fields: [taken], sensitivity: 5", "fields: [taken], sensitivity: 5, secret: protocol B")
TWO = ("receivers: 1", "receivers: 2")
PMCB = str(Path(sys.executable).with_name("pmcb"))


@pytest.fixture
def task(town):
    """A task with described fields, of which low1 holds a slot and has the key."""
    return held(town)


def held(town):
    """The id of such a task."""
    made = published(town)
    town.ok("receiver", "accept", made, "0", "--yes", label="low1")
    town.attend()
    return made


def published(town, *changes):
    town.file("fields.yaml", FIELDS)
    return town.publish(DESCRIBED, *changes)


@pytest.fixture
def answer(town):
    return str(town.file("answer.json", '{"heart_rate": 61}'))


@contextmanager
def network(town, **changes):
    """Meanwhile network.json says something else."""
    file = town.network
    network_file.save(town.home / "network.json", replace(file, **changes))
    try:
        yield
    finally:
        network_file.save(town.home / "network.json", file)


def away(town):
    """The network's content store at an address where nothing answers."""
    return network(town, content=replace(town.network.content, url="http://127.0.0.1:1"))


def folder(town, name="low1"):
    return receiver_folder(town.home, Wallet(town.home / "wallet").get(name))


def claim(town, task, label="low1"):
    """What `status` says of a task."""
    (found,) = [
        one for one in town.ok("receiver", "status", label=label)["claims"] if one["task"] == task
    ]
    return found


def test_what_is_not_held_or_not_opened_is_refused(town, answer):
    """No slot; no key yet; nothing to answer before it was opened."""
    task = published(town)
    refused = town.no("NOT_HOLDER", "receiver", "open", task, label="low1")
    assert "pmcb receiver accept" in refused["next_step"]
    town.ok("receiver", "accept", task, "0", "--yes", label="low1")
    refused = town.no("KeyPending", "receiver", "open", task, label="low1")
    assert "pmcb task serve" in refused["next_step"]
    args = ("receiver", "answer", task, "--file", answer)
    refused = town.no("NotOpened", *args, label="low1", exit_code=2)
    assert f"pmcb receiver open {task}" in refused["next_step"]
    assert town.run("receiver", "open", "0" * 31, label="low1").exit_code == 2


def test_an_opened_subtask_shows_what_is_asked(town, task):
    """Questions, fields with units and ranges, deadline, readers; only the own subtask's."""
    shown = town.say("receiver", "open", task, label="low1")
    for words in ("Home blood-pressure study", "Resting heart rate", "1/min", "30 to 220",
                  "steps of 1", "HospitalBMSP/records, HospitalBMSP/verifier"):  # fmt: skip
        assert words in shown
    assert "Systolic" not in shown
    document = town.ok("receiver", "open", task, label="low1")
    assert document["fields"] == [
        {"name": "heart_rate", "unit": "1/min", "min": 30, "max": 220, "step": 1}
    ]
    assert document["secret"] is None
    assert document["submit_until"] == town.ok("task", "show", task)["submit_until"]


def test_an_answer_outside_its_schema_is_bad_input(town, task):
    """Row and field, and no value; nothing is queued."""
    town.ok("receiver", "open", task, label="low1")
    for name, text, complaint in (
        ("a.json", '{"heart_rate": 4711}', "row 1: 'heart_rate' must lie between 30 and 220 1/min"),
        ("a.csv", "heart_rate\n61.4711\n", "row 1: 'heart_rate' goes in steps of 1"),
        ("a.csv", "pulse4711\n61\n", "Row 1 holds a field that was not asked"),
        ("a.json", "4711", "Row 1 must be an object"),
        ("a.csv", "", "no CSV file with a header"),
    ):
        args = ("receiver", "answer", task, "--file", str(town.file(name, text)))
        refused = town.no("AnswerError", *args, label="low1", exit_code=2)
        assert complaint in refused["message"]
        assert "4711" not in json.dumps(refused)
    queued = town.ok("receiver", "status", label="low1")["outbox"]
    assert task not in {one["task"] for one in queued}


def test_off_line_an_answer_is_taken_and_waits(town, task, answer):
    """Without a network at all; without the store; without the ledger. Then it arrives, once."""
    town.ok("receiver", "open", task, label="low1")
    file = town.home / "network.json"
    hidden = file.rename(file.with_suffix(".hidden"))
    try:
        queued = town.ok("receiver", "answer", task, "--file", answer, label="low1")
    finally:
        hidden.rename(file)
    assert (queued["state"], queued["files"], queued["uploaded"]) == ("waiting", 1, 0)
    orgs = tuple(replace(org, gateway="127.0.0.1:1") for org in town.network.orgs)
    for how in (away(town), network(town, orgs=orgs), network(town, content=None)):
        with how:
            done = town.run("--json", "receiver", "send", label="low1")
            assert done.exit_code == 3
            told = json.loads(done.stdout)
            assert [one["hash"] for one in told["waiting"]] == [queued["hash"]]
            assert told["problem"]
            assert town.run("receiver", "send", label="low1").exit_code == 3
    assert "waiting, 0 of 1 uploaded" in town.say("receiver", "status", label="low1")
    assert "submitted" in town.say("receiver", "send", label="low1")
    assert "Nothing waits" in town.say("receiver", "send", label="low1")
    assert claim(town, task)["submission"]["content_hash"] == queued["hash"]
    assert not (folder(town) / "opened" / f"{task}.json").exists()
    args = ("receiver", "answer", task, "--file", answer)
    town.no("NotOpened", *args, label="low1", exit_code=2)
    town.ok("receiver", "open", task, label="low1")
    town.no("NotOpened", *args, label="low1", exit_code=2)


def test_a_second_answer_is_refused(town, task, answer):
    """While the first waits."""
    town.ok("receiver", "open", task, label="low1")
    args = ("receiver", "answer", task, "--file", answer)
    town.ok(*args, label="low1")
    refused = town.no("AnswerError", *args, label="low1", exit_code=2)
    assert "pmcb receiver status" in refused["next_step"]
    town.ok("receiver", "send", label="low1")


def test_too_late_is_refused_and_remembered(town, answer):
    """The data are gone, the rule is told, and `pmcb me` shows it; so for a refused claim."""
    town.publish()
    over = past_task(town, accept_days=2, submit_days=4)
    town.submit("low1", "accept_subtask", over, "0", days_ago=4.5)
    questions = (Asked("hr", "Pulse", ("heart_rate",)),)
    instructions = Instructions(over, 0, 1, "Old", HASH, questions, {})
    key = town.ok("id", "show", "verifier")["key"]
    readers = {"HospitalBMSP/verifier": key}
    slot = claim(town, over)["slot"]
    Opened(f"{A}/low1", slot, 0, 1, readers, instructions).save(folder(town))
    queued = town.ok("receiver", "answer", over, "--file", answer, label="low1")
    sent = town.ok("receiver", "send", label="low1")
    assert [(one["hash"], one["code"]) for one in sent["refused"]] == [
        (queued["hash"], "DEADLINE_PASSED")
    ]
    assert "refused: DEADLINE_PASSED" in town.say("receiver", "status", label="low1")
    town.no("NOT_FOUND", "receiver", "accept", over, "1", "--yes", label="low1")
    told = town.ok("me", label="low1")["refusals"]
    mine = [(one["act"], one["code"]) for one in told if one["task"] == over]
    assert mine == [("submit", "DEADLINE_PASSED"), *[("accept", "NOT_FOUND")] * 2]
    assert "DEADLINE_PASSED" in town.say("me", label="low1")


def test_a_secret_opens_when_enough_have_answered(town):
    """Two holders, both of whose shares it takes."""
    task = published(town, TWO, SECRET)
    people = ("high1", "high2")
    for name in people:
        town.ok("receiver", "accept", task, "2", "--yes", label=name)
    town.attend(allow_small=True)
    answer = str(town.file("answer.csv", "taken\nyes\n"))
    for name in people:
        assert "1 of 2 shares are here" in town.say("receiver", "open", task, label=name)
        town.ok("receiver", "answer", task, "--file", answer, label=name)
    sent = town.ok("receiver", "send", label="high1")
    assert len(sent["submitted"]) == len(sent["passed"]) == 1
    assert "The secret of meds: protocol B" in town.say("receiver", "open", task, label="high2")
    assert "1 of 2 shares are here" in town.say("receiver", "open", task, label="high1")
    assert "was passed on" in town.say("receiver", "send", label="high2")
    secret = town.ok("receiver", "open", task, label="high1")["secret"]
    assert secret == {
        "parts": {"meds": "protocol B"}, "present": 2, "threshold": 2, "bad": [], "problem": "",
    }  # fmt: skip


def test_before_the_deal_the_secret_is_announced(town):
    """With the question it belongs to."""
    task = published(town, TWO, SECRET)
    town.ok("receiver", "accept", task, "2", "--yes", label="high1")
    town.attend()
    shown = town.say("receiver", "open", task, label="high1")
    assert "The secret of meds is shared among its holders when accepting is over." in shown
    assert "protocol B" not in shown


def test_a_full_disk_and_a_damaged_outbox_are_said(town, monkeypatch):
    """Exit codes 3 and 2, nothing half-written, and the answer is taken once there is room."""
    task = published(town)
    town.ok("receiver", "accept", task, "1", "--yes", label="mid1")
    town.attend()
    town.ok("receiver", "open", task, label="mid1")
    answer = str(town.file("bp.json", '{"systolic": 121, "diastolic": 80}'))
    args = ("receiver", "answer", task, "--file", answer)
    connect = sqlite3.connect

    def full(path, **how):
        database = connect(path, **how)
        (pages,) = database.execute("PRAGMA page_count").fetchone()
        database.execute(f"PRAGMA max_page_count = {pages}")
        return database

    with monkeypatch.context() as patch:
        patch.setattr("pmcb_client.receiver._outbox.sqlite3.connect", full)
        refused = town.no("DiskFull", *args, label="mid1", exit_code=3)
    assert refused["message"] == "The disk is full."
    path = folder(town, "mid1") / "outbox.sqlite3"
    kept = path.rename(path.with_suffix(".kept"))
    path.write_bytes(b"no database" * 100)
    refused = town.no("HomeError", *args, label="mid1", exit_code=2)
    assert "outbox.sqlite3 cannot be used" in refused["message"]
    kept.rename(path)
    assert town.ok(*args, label="mid1")["state"] == "waiting"
    town.ok("receiver", "send", label="mid1")


def test_a_sender_sends_what_is_queued_while_it_runs(town, task, answer):
    """It says so, and ends at SIGTERM with exit code 0."""
    town.ok("receiver", "open", task, label="low1")
    command = [PMCB, "--home", str(town.home), "--as", "low1", "--json", "receiver", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline()) == {"uid": f"{A}/low1"}
            queued = town.ok("receiver", "answer", task, "--file", answer, label="low1")
            told = json.loads(process.stdout.readline())
            assert [one["hash"] for one in told["submitted"]] == [queued["hash"]]
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
    assert "submission" in claim(town, task)
