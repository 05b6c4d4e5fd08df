# SPDX-License-Identifier: Apache-2.0
"""What ``pmcb me`` tells a person."""

from tests.client.commands.conftest import HASH, A
from tests.client.commands.test_answering import claim, held


def test_people_without_tasks_have_a_page_too(town):
    """A releaser has no level and no tasks taken; somebody new has no level yet."""
    page = town.ok("me", label="releaser")
    assert (page["level"], page["tasks"], page["certificate"]["role"]) == (None, [], "releaser")
    assert town.ok("me", label="newcomer")["level"] is None
    assert "none" in town.say("me", label="newcomer")


def test_one_page_tells_a_person_everything(town):
    """Certificate, level, task with its notice, who can read the answer, verdict, balance."""
    task = held(town)
    before = town.ok("me", label="low1")["balance"]
    answer = str(town.file("answer.json", '{"heart_rate": 61}'))
    town.ok("receiver", "open", task, label="low1")
    town.ok("receiver", "answer", task, "--file", answer, label="low1")
    town.ok("receiver", "send", label="low1")
    slot = str(claim(town, task)["slot"])
    town.submit("verifier", "verify_submission", task, "0", slot, "accept", "90", "ok", HASH)
    town.attend()
    page = town.ok("me", label="low1")
    assert page["certificate"]["uid"] == f"{A}/low1"
    assert page["certificate"]["serial"]
    assert page["level"]["level"] == 1
    assert page["balance"] == before
    (mine,) = [one for one in page["tasks"] if one["task"] == task]
    assert mine["notice_hash"] == town.ok("task", "show", task)["notice_hash"]
    assert mine["answer"]["readers"] == ["HospitalBMSP/records", "HospitalBMSP/verifier"]
    assert mine["verdicts"][0]["verdict"] == "accept"
    assert mine["payment"]["amount"] == 0
    shown = town.say("me", label="low1")
    for words in (task, "accept (ok)", "HospitalBMSP/records", mine["notice_hash"], "1, epoch 1"):
        assert words in shown
    assert claim(town, task)["payment"]["amount"] == 0
