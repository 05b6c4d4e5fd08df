# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.client.commands.conftest import HASH


@pytest.fixture
def submitted(town):
    """A task in whose subtask 0 somebody submitted, and the slot."""
    task = town.publish()
    claim = town.ok("receiver", "accept", task, "0", "--yes", label="low1")
    town.submit("low1", "submit_data", task, "0", HASH, "10")
    return task, str(claim["slot"])


def judge(task, subtask, slot, verdict="accept", score="80", reason="ok"):
    return ("verifier", "judge", task, subtask, slot, verdict, "--score", score, "--reason", reason)


def test_only_the_task_s_verifiers_judge(town, submitted):
    """Another verifier and another role are refused."""
    task, slot = submitted
    refused = town.no("NOT_VERIFIER", *judge(task, "0", slot), label="verifier2")
    assert "pmcb task show" in refused["next_step"]
    town.no("ROLE_REQUIRED", *judge(task, "0", slot), label="low1")


def test_nothing_to_judge_is_refused(town, submitted):
    """Unknown task, nothing submitted."""
    task, _ = submitted
    town.no("NOT_FOUND", *judge("0" * 32, "0", "0"), label="verifier")
    town.no("NOT_FOUND", *judge(task, "1", "0"), label="verifier")


@pytest.mark.parametrize(
    "more",
    [{"verdict": "maybe"}, {"score": "101"}, {"score": "-1"}, {"reason": "taste"}],
)
def test_verdicts_scores_and_reasons_are_of_the_list(town, submitted, more):
    """Everything else is usage."""
    task, slot = submitted
    assert town.run(*judge(task, "0", slot, **more), label="verifier").exit_code == 2


def test_a_verdict_stands_and_may_be_repeated(town, submitted):
    """The same again is the same; another is refused; the evidence is salted and kept."""
    task, slot = submitted
    evidence = town.file("evidence.txt", "systolic below diastolic\n")
    args = judge(task, "0", slot, "reject", "5", "plausibility")
    first = town.ok(*args, "--evidence", str(evidence), label="verifier")
    assert first["evidence_hash"] != "0" * 64
    assert town.ok(*args, "--evidence", str(evidence), label="verifier") == first
    assert "stands: reject" in town.say(*args, "--evidence", str(evidence), label="verifier")
    town.no("EXISTS", *args, label="verifier")
    town.no("EXISTS", *judge(task, "0", slot), label="verifier")
    copies = list((town.home / "verifier").glob(f"*/{task}/*.json"))
    assert [first["evidence_hash"] in copy.name for copy in copies] == [True]


def test_without_evidence_the_hash_is_zero(town, submitted):
    """Nothing was kept, and the ledger says so."""
    task, slot = submitted
    assert town.ok(*judge(task, "0", slot), label="verifier")["evidence_hash"] == "0" * 64
