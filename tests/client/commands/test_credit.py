# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.client.commands.conftest import A

REWARDED = ("accept_for: 2d", "reward: 20\naccept_for: 2d")


@pytest.mark.parametrize(
    "args",
    [
        ("nobody", "5", "--ref", "x"),
        (f"{A}/releaser", "0", "--ref", "x"),
        (f"{A}/releaser", "-5", "--ref", "x"),
        (f"{A}/releaser", "1000000000001", "--ref", "x"),
        (f"{A}/releaser", "five", "--ref", "x"),
        (f"{A}/releaser", "5", "--ref", "a b"),
        (f"{A}/releaser", "5", "--ref", "x" * 33),
        (f"{A}/releaser", "5"),
    ],
)
def test_what_is_no_credit_is_usage(town, args):
    """A person, a whole number of 1 to a million millions, and a reference."""
    assert town.run("credit", "issue", *args, label="authority-a").exit_code == 2


def test_only_authorities_issue_credit(town):
    """Nobody gives it to themselves."""
    args = ("credit", "issue", f"{A}/releaser", "5", "--ref", "own")
    town.no("ROLE_REQUIRED", *args, label="releaser")


def test_an_account_is_its_owners_and_the_authorities_business(town):
    """Another person asks in vain."""
    town.no("NOT_OWNER", "credit", "balance", f"{A}/high1", label="low2")
    assert town.ok("credit", "balance", f"{A}/high1", label="authority-b") == {
        "uid": f"{A}/high1",
        "balance": 0,
    }
    assert f"{A}/high1 has 0 credits." in town.say("credit", "balance", label="high1")


def test_under_a_reference_credit_is_given_once(town):
    """The same again changes nothing; another amount, or another authority, is refused."""
    args = ("credit", "issue", f"{A}/mid2", "1500", "--ref", "invoice-7")
    first = town.ok(*args, label="authority-a")
    assert first == {"uid": f"{A}/mid2", "amount": 1500, "ref": "invoice-7", "balance": 1500}
    assert town.ok(*args, label="authority-a") == first
    assert "the account holds 1,500" in town.say(*args, label="authority-a")
    town.no("EXISTS", *args[:3], "1501", *args[4:], label="authority-a")
    town.no("EXISTS", *args, label="authority-b")
    assert town.ok("credit", "balance", label="mid2")["balance"] == 1500


def test_rewards_are_set_aside_paid_and_given_back(town):
    """From too little credit to the closed task, as everybody sees it."""
    people = {"low1": "0", "mid1": "1"}
    town.enroll({"treasurer": (A, "releaser")})
    path = str(town.task_file(REWARDED))
    short = town.no("CREDIT_SHORT", "task", "publish", path, "--yes", label="treasurer")
    assert "sum to 60, your credit is 0" in short["message"]
    assert "pmcb credit issue" in short["next_step"]
    town.ok("credit", "issue", f"{A}/treasurer", "100", "--ref", "first", label="authority-a")
    before = {name: town.ok("credit", "balance", label=name)["balance"] for name in people}
    asked = town.run("task", "publish", path, label="treasurer", input="n\n")
    assert "Sets aside 60 of your 100 credits" in asked.stdout
    task = town.ok("task", "publish", path, "--yes", label="treasurer")["task"]
    assert town.ok("credit", "balance", label="treasurer")["balance"] == 40
    for name, subtask in people.items():
        town.submit(name, "accept_subtask", task, subtask)
        town.submit(name, "submit_data", task, subtask, "cd" * 32, "64")
    verdict = ("80", "ok", "0" * 64)
    town.submit("verifier", "verify_submission", task, "0", "0", "accept", *verdict)
    town.submit("verifier", "verify_submission", task, "1", "0", "reject", "5", "range", "0" * 64)
    unsettled = town.no("UNSETTLED", "task", "close", task, label="treasurer")
    assert "pmcb task serve" in unsettled["next_step"]
    for subtask in people.values():
        town.submit("low2", "settle_rewards", task, subtask, "[0]")
    town.no("TOO_EARLY", "task", "close", task, label="treasurer")
    town.ok("task", "cancel", task, "--reason", "complete", label="treasurer")
    closed = town.ok("task", "close", task, label="treasurer")
    assert (closed["paid"], closed["refunded"]) == (20, 40)
    assert "20 credits were paid to receivers, 40 went back" in town.say(
        "task", "close", task, label="treasurer"
    )
    assert town.ok("credit", "balance", label="treasurer")["balance"] == 80
    after = {name: town.ok("credit", "balance", label=name)["balance"] for name in people}
    assert [after[name] - before[name] for name in people] == [20, 0]
    shown = town.say("task", "show", task, label="treasurer")
    assert "accept (ok)" in shown
    assert "reject (range)" in shown
    assert [line.split() for line in shown.splitlines() if line.startswith(("status", "refunded"))
            ] == [["status", "closed"], ["refunded", "40"]]  # fmt: skip


def test_only_its_releaser_or_an_authority_closes(town):
    """Others are told the rule; an unknown task is not found."""
    task = town.publish()
    town.ok("task", "cancel", task, "--reason", "mistake", label="releaser")
    town.no("ROLE_REQUIRED", "task", "close", task, label="verifier")
    town.no("NOT_FOUND", "task", "close", "0" * 32, label="releaser")
    town.enroll({"releaser3": (A, "releaser")})
    town.no("NOT_OWNER", "task", "close", task, label="releaser3")
    assert town.ok("task", "close", task, label="authority-b")["refunded"] == 0
