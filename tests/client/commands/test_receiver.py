# SPDX-License-Identifier: Apache-2.0
import hashlib
import json
import time
from dataclasses import replace

from tests.client.commands.conftest import HASH, LEVEL_OF, ROLES, A

from pmcb_client import network_file
from pmcb_client._canonical import canonical

NOTICE_HASH = hashlib.sha256(b"We measure blood pressure.\n").hexdigest()


def past_task(story, *, accept_days, submit_days):
    """A task published five days ago whose deadlines count from then."""
    now_ms = time.time_ns() // 1_000_000
    begin_ms, day_ms = now_ms - 5 * 86_400_000, 86_400_000
    spec = {
        "series": "",
        "levels": 3,
        "accept_until": begin_ms + accept_days * day_ms,
        "submit_until": begin_ms + submit_days * day_ms,
        "verifiers": ["HospitalBMSP/verifier"],
        "institution": "HospitalBMSP/records",
        "results_to": "institution",
        "notice_hash": NOTICE_HASH,
        "subtasks": [{"level": 1, "slots": 2, "reward": 0, "envelope_hash": HASH}],
    }
    task = f"{now_ms:032x}"
    story.submit("releaser", "publish_task", task, canonical(spec).decode(), days_ago=5)
    return task


def test_another_level_is_refused(town):
    """Every receiver against every subtask: only its own level, and no way to name another."""
    task = town.publish(("receivers: 1", "receivers: 2"))
    for name in ("low1", "mid1", "high1"):
        for subtask in range(3):
            args = ("receiver", "accept", task, str(subtask), "--yes")
            if LEVEL_OF[name] != subtask + 1:
                refused = town.no("LEVEL_MISMATCH", *args, label=name)
                assert "pmcb receiver tasks" in refused["next_step"]
    named = ("receiver", "accept", task, "0", "--yes", "--level", "1")
    assert town.run(*named, label="high1").exit_code == 2


def test_who_has_no_level_is_refused(town):
    """A newcomer sees no list and accepts nothing."""
    task = town.publish()
    refused = town.no("NOT_LEVELED", "receiver", "accept", task, "0", "--yes", label="newcomer")
    assert "pmcb levels set" in refused["next_step"]
    town.no("NOT_LEVELED", "receiver", "tasks", label="newcomer")


def test_other_roles_accept_nothing(town):
    """The certificate's role decides."""
    task = town.publish()
    town.no("ROLE_REQUIRED", "receiver", "accept", task, "0", "--yes", label="releaser")
    town.no("ROLE_REQUIRED", "receiver", "tasks", label="releaser")
    town.no("IdentityChoice", "receiver", "tasks", exit_code=2)


def test_a_full_subtask_is_refused(town):
    """One slot, two receivers."""
    task = town.publish()
    town.ok("receiver", "accept", task, "0", "--yes", label="low1")
    town.no("CAPACITY_FULL", "receiver", "accept", task, "0", "--yes", label="low2")


def test_a_task_that_is_not_there_or_cancelled_is_refused(town):
    """Unknown id, unknown subtask, cancelled task."""
    town.no("NOT_FOUND", "receiver", "accept", "0" * 32, "0", "--yes", label="low1")
    task = town.publish()
    town.no("NOT_FOUND", "receiver", "accept", task, "9", "--yes", label="low1")
    assert town.run("receiver", "accept", task, "64", "--yes", label="low1").exit_code == 2
    town.ok("task", "cancel", task, "--reason", "ethics", label="releaser")
    town.no("TASK_CANCELLED", "receiver", "accept", task, "0", "--yes", label="low1")


def test_accepting_in_time(town):
    """Afterwards it is too late."""
    town.publish()  # whose notice is the same
    closed = past_task(town, accept_days=2, submit_days=30)
    refused = town.no("DEADLINE_PASSED", "receiver", "accept", closed, "0", "--yes", label="low1")
    assert "pmcb receiver tasks" in refused["next_step"]


def test_suspension_and_changed_levels_stop_claims(story):
    """A suspended person takes nothing; a task of other levels is over."""
    story.enroll(ROLES | dict.fromkeys(LEVEL_OF, (A, "receiver")))
    story.activate(LEVEL_OF, 3)
    task = story.publish()
    story.ok("levels", "suspend", f"{A}/low1", "--reason", "request", label="authority-a")
    refused = story.no("SUSPENDED", "receiver", "accept", task, "0", "--yes", label="low1")
    assert "authority" in refused["next_step"]
    story.activate(LEVEL_OF, 4)
    story.no("LEVELS_CHANGED", "receiver", "accept", task, "0", "--yes", label="low2")


def test_accepting_shows_and_asks(town):
    """The notice is fetched by its hash and shown; no and nobody accept nothing."""
    task = town.publish()
    args = ("receiver", "accept", task, "0")
    done = town.run(*args, label="low1", input="n\n")
    assert done.exit_code == 1
    assert "Nothing was sent" in done.stderr
    assert "We measure blood pressure." in done.stdout
    assert f"{A}/releaser" in done.stdout
    assert town.run(*args, label="low1").exit_code == 2
    assert all(one["task"] != task for one in town.ok("receiver", "status", label="low1")["claims"])
    assert town.run(*args, label="low1", input="y\n").exit_code == 0


def test_what_cannot_be_read_is_not_agreed_to(town):
    """A notice that is not in the store, a store that does not answer, none at all."""
    task = town.publish()
    args = ("receiver", "accept", task, "0", "--yes")
    file, path = town.network, town.home / "network.json"
    assert file.content is not None
    away = replace(file.content, url="http://127.0.0.1:1")
    try:
        for content in (away, None):
            network_file.save(path, replace(file, content=content))
            town.no("ContentUnavailable", *args, label="low1", exit_code=3)
    finally:
        network_file.save(path, file)
    (town.folder / "content" / "notices" / NOTICE_HASH).unlink()
    town.no("NOT_FOUND", *args, label="low1")
    assert all(one["task"] != task for one in town.ok("receiver", "status", label="low1")["claims"])


def test_one_subtask_of_a_task_and_repeats_are_answers(town):
    """The same claim again is the same answer; another subtask is refused even after leaving."""
    task = town.publish(("receivers: 1", "receivers: 2"))
    args = ("receiver", "accept", task, "0", "--yes")
    claim = town.ok(*args, label="low1")
    assert town.ok(*args, label="low1") == claim
    assert f"slot {claim['slot']}" in town.say(*args, label="low1")
    town.no("ALREADY_MEMBER", "receiver", "accept", task, "1", "--yes", label="low1")
    withdraw = ("receiver", "withdraw", task)
    town.no("NOT_HOLDER", *withdraw, label="low2")
    assert not town.ok(*withdraw, label="low1")["held"]
    assert "hold no slot" in town.say(*withdraw, label="low1")
    town.no("ALREADY_MEMBER", *args, label="low1")
    assert "withdrawn" in town.say("receiver", "status", label="low1")


def test_open_subtasks_are_those_of_the_own_level(town):
    """As a document and as a table; a receiver without any is told so."""
    task = town.publish()
    for name in ("low1", "mid1", "high1"):
        found = town.ok("receiver", "tasks", label=name)["subtasks"]
        assert {one["level"] for one in found} == {LEVEL_OF[name]}
        assert task in {one["task"] for one in found}
    assert task in town.say("receiver", "tasks", label="low1")


def test_nothing_yet_is_said_in_words(story):
    """No open subtask, no claim."""
    story.enroll(ROLES | {"low1": (A, "receiver")})
    story.activate({"low1": 1}, 2)
    assert "No subtask of your level is open." in story.say("receiver", "tasks", label="low1")
    assert "You joined no task." in story.say("receiver", "status", label="low1")
    assert json.loads(story.run("receiver", "status", "--json", "--as", "low1").stdout) == {
        "claims": [],
        "outbox": [],
    }
