# SPDX-License-Identifier: Apache-2.0
from tests.client.commands.conftest import LEVEL_OF, ROLES, A


def test_from_enrolment_to_verdict(story):
    """From levels and a task to accept, open, answer, send and judge: each step by command."""
    story.enroll(ROLES | dict.fromkeys(LEVEL_OF, (A, "receiver")))
    assert story.activate(LEVEL_OF, 3) == 1
    task = story.publish(("receivers: 1", "receivers: 2"))
    answer = story.file("answer.json", '{"heart_rate": 61}')
    open_ = story.ok("receiver", "tasks", label="low1")["subtasks"]
    assert [(one["task"], one["subtask"], one["level"]) for one in open_] == [(task, 0, 1)]
    claim = story.ok("receiver", "accept", task, "0", "--yes", label="low1")
    assert (claim["task"], claim["subtask"], claim["level"]) == (task, 0, 1)
    story.attend()
    opened = story.ok("receiver", "open", task, label="low1")
    assert [one["id"] for one in opened["questions"]] == ["hr"]
    queued = story.ok("receiver", "answer", task, "--file", str(answer), label="low1")
    sent = story.ok("receiver", "send", label="low1")
    assert [one["hash"] for one in sent["submitted"]] == [queued["hash"]]
    slot = str(claim["slot"])
    judged = story.ok(
        "verifier", "judge", task, "0", slot, "accept", "--score", "90", "--reason", "ok",
        label="verifier",
    )  # fmt: skip
    assert judged["verdict"] == "accept"
    mine = story.ok("receiver", "status", label="low1")["claims"]
    assert [one["verdicts"][0]["score"] for one in mine] == [90]
    shown = story.ok("task", "show", task, label="releaser")
    assert [len(part["claims"]) for part in shown["subtasks"]] == [1, 0, 0]
    assert shown["subtasks"][0]["submissions"][0]["content_hash"] == queued["hash"]
