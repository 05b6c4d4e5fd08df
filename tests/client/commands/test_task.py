# SPDX-License-Identifier: Apache-2.0
import json
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.client.commands.conftest import LEVEL_OF, ROLES, A

from pmcb_client import network_file

PMCB = str(Path(sys.executable).with_name("pmcb"))


def kept(story):
    folder = story.home / "tasks"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_without_levels_there_is_no_split(story):
    """The number of subtasks comes from the active epoch."""
    story.enroll({"releaser": ROLES["releaser"]})
    refused = story.no("NOT_FOUND", "task", "split", str(story.task_file()))
    assert "pmcb levels publish" in refused["next_step"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("receivers: 1", "recievers: 1"), "study.yaml, line 7: unknown key 'recievers'"),
        (("receivers: 1", "receivers: 334"), "1,000 slots"),
        (("  - {id: hr", "  # {id: hr"), "2 questions, but the active epoch has 3 levels"),
    ],
)
def test_a_task_that_cannot_be_split_is_bad_input(town, change, said):
    """Before anything is asked or sent."""
    path = str(town.task_file(change))
    for command in ("split", "publish"):
        done = town.run("task", command, path, label="releaser")
        assert done.exit_code == 2
        assert said in done.stderr


def test_split_shows_what_publishing_would_make(town):
    """Levels, questions, persons available now, and P_t with its assumption; nothing is kept."""
    before = kept(town)
    changes = (("receivers: 1", "receivers: 3"), ("}\nnotice", ", secret: b}\nnotice"))
    path = str(town.task_file(*changes))
    document = town.ok("task", "split", path, "--collusion", "0.5")
    assert document["collusion"] == 0.5
    rows = [(p["level"], p["questions"], p["sensitivity"], p["slots"], p["available"])
            for p in document["subtasks"]]  # fmt: skip
    assert rows == [(1, ["hr"], 1, 3, 2), (2, ["bp"], 3, 3, 2), (3, ["meds"], 5, 3, 2)]
    assert [round(p["majority_collusion"], 9) for p in document["subtasks"]] == [0.5] * 3
    text = town.say("task", "split", path)
    assert "with chance 0.1" in text
    assert "Level 3 has only 2 persons for 3 slots." in text
    assert "The secrets of meds open when more than half" in text
    few = str(town.task_file(("receivers: 1", "receivers: 2"), changes[1]))
    assert "need three holders: with 2 nobody" in town.say("task", "split", few)
    assert kept(town) == before


@pytest.mark.parametrize(("answer", "exit_code", "said"), [("n\n", 1, "Nothing was sent"),
                                                           (None, 2, "--yes")])  # fmt: skip
def test_publishing_asks_first(town, answer, exit_code, said):
    """No, and nobody there, send nothing."""
    before = kept(town)
    done = town.run("task", "publish", str(town.task_file()), label="releaser", input=answer)
    assert done.exit_code == exit_code
    assert said in done.stderr
    assert "Home blood-pressure study" in done.stdout
    assert kept(town) == before


def test_json_does_not_ask(town):
    """A script says --yes."""
    path = str(town.task_file())
    refused = town.run("--json", "task", "publish", path, label="releaser")
    assert refused.exit_code == 2
    assert "--yes" in json.loads(refused.stdout)["next_step"]


@pytest.mark.parametrize(
    ("change", "code", "label"),
    [
        (("accept_for: 2d", "reward: 20\naccept_for: 2d"), "CREDIT_SHORT", "releaser"),
        (("HospitalBMSP/verifier", "HospitalAMSP/verifier"), "PARTY_UNFIT", "releaser"),
        (("HospitalBMSP/records", "HospitalBMSP/verifier"), "PARTY_UNFIT", "releaser"),
        (("title: Home", "title: My"), "ROLE_REQUIRED", "verifier"),
    ],
)
def test_a_refused_task_is_explained_and_leaves_nothing(town, change, code, label):
    """No credit yet, unfit parties, the wrong role."""
    before = kept(town)
    town.no(code, "task", "publish", str(town.task_file(change)), "--yes", label=label)
    assert kept(town) == before


def test_a_published_task_is_listed_and_shown(town):
    """The ledger has hashes, this home the questions; outsiders do not see who takes part."""
    path = str(town.task_file())
    document = town.ok("task", "publish", path, "--yes", label="releaser")
    task = document["task"]
    assert (town.home / "tasks" / task / "envelope-0002.sealed").is_file()
    listed = {row["task"]: row for row in town.ok("task", "list")["tasks"]}
    assert listed[task]["title"] == "Home blood-pressure study"
    assert listed[task]["status"] == "open"
    assert task in town.say("task", "list")
    shown = town.ok("task", "show", task, label="releaser")
    assert shown["notice_hash"] == document["spec"]["notice_hash"]
    assert [part["claims"] for part in shown["subtasks"]] == [[], [], []]
    assert "title" not in shown
    outsider = town.ok("task", "show", task, label="newcomer")
    assert [part["claims"] for part in outsider["subtasks"]] == [None, None, None]
    assert document["spec"]["notice_hash"] in town.say("task", "show", task)


def test_the_same_file_again_is_another_task(town):
    """Only a doubt is repeated; a study may be published twice."""
    assert town.publish() != town.publish()


def test_an_unpublished_task_is_listed_as_such(story):
    """A try in doubt whose transaction never came through."""
    story.enroll(ROLES)
    story.activate(LEVEL_OF, 3)
    assert "No task was published" in story.say("task", "list")
    task = story.publish()
    folder = story.home / "tasks"
    other = "f" * 32
    (folder / other).mkdir()
    record = json.loads((folder / task / "task.json").read_bytes())
    (folder / other / "task.json").write_text(json.dumps(record | {"task": other}))
    listed = {row["task"]: row["status"] for row in story.ok("task", "list")["tasks"]}
    assert listed == {task: "open", other: "not published"}


def test_only_its_releaser_cancels(town):
    """Another releaser is refused; the own one may repeat."""
    task = town.publish()
    town.enroll({"releaser2": (A, "releaser")})
    args = ("task", "cancel", task, "--reason", "mistake")
    town.no("NOT_OWNER", *args, label="releaser2")
    town.no("NOT_FOUND", "task", "cancel", "0" * 32, "--reason", "mistake", label="releaser")
    assert town.ok(*args, label="releaser")["status"] == "cancelled"
    assert "is cancelled" in town.say(*args, label="releaser")
    assert town.ok("task", "show", task)["status"] == "cancelled"
    town.no("NOT_FOUND", "task", "show", "0" * 32)


def test_a_task_id_is_checked_before_it_travels(town):
    """Not 32 lower-case hex digits: usage."""
    for task in ("0" * 31, "A" * 32, "0x" + "0" * 30):
        assert town.run("task", "show", task).exit_code == 2


def test_a_network_without_a_store_publishes_nothing(town, tmp_path):
    """Said with what starts one, before anything is sent or kept."""
    home = tmp_path / "home"
    shutil.copytree(town.home / "wallet", home / "wallet")
    file = network_file.load(town.home / "network.json")
    network_file.save(home / "network.json", replace(file, content=None))
    elsewhere = replace(town, home=home)
    refused = elsewhere.no(
        "ContentUnavailable", "task", "publish", str(town.task_file()), "--yes", label="releaser",
        exit_code=3,
    )  # fmt: skip
    assert "pmcb content serve" in refused["next_step"]
    assert kept(elsewhere) == []


def test_a_store_that_does_not_answer_is_a_doubt_to_repeat(town, tmp_path):
    """Exit code 3; the files wait, and the next try is the same task."""
    home = tmp_path / "home"
    shutil.copytree(town.home / "wallet", home / "wallet")
    file = network_file.load(town.home / "network.json")
    assert file.content is not None
    nowhere = replace(file.content, url="http://127.0.0.1:9")
    network_file.save(home / "network.json", replace(file, content=nowhere))
    elsewhere = replace(town, home=home)
    args = ("task", "publish", str(town.task_file()), "--yes")
    elsewhere.no("ContentUnavailable", *args, label="releaser", exit_code=3)
    (waiting,) = kept(elsewhere)
    network_file.save(home / "network.json", file)
    assert elsewhere.ok(*args, label="releaser")["task"] == waiting


def test_a_series_gives_everybody_one_level(town):
    """Who joined one task of it joins no other, of whatever level; outside of it they may."""
    series = ("accept_for: 2d", f"series: 'a{'0' * 31}'\naccept_for: 2d")
    first, second = town.publish(series), town.publish(series)
    town.ok("receiver", "accept", first, "0", "--yes", label="low1")
    town.no("ALREADY_MEMBER", "receiver", "accept", second, "0", "--yes", label="low1")
    town.no("ALREADY_MEMBER", "receiver", "accept", second, "1", "--yes", label="low1")
    town.ok("receiver", "accept", second, "0", "--yes", label="low2")
    town.ok("receiver", "accept", town.publish(), "0", "--yes", label="low1")


def test_an_agent_serves_until_it_is_told_to_stop(town):
    """As a process: keys to a holder, one line of JSON an act, exit code 0 after SIGTERM."""
    task = town.publish()
    town.submit("low1", "accept_subtask", task, "0")
    command = [PMCB, "--home", str(town.home), "--as", "releaser", "--json", "task", "serve"]
    agent = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert agent.stdout is not None
        assert json.loads(agent.stdout.readline()) == {"uid": f"{A}/releaser"}
        told = (json.loads(line) for line in agent.stdout)
        act = next(one for one in told if one["task"] == task)
    finally:
        agent.send_signal(signal.SIGTERM)
        _, complaint = agent.communicate(timeout=20)
    assert act == {
        "act": "keys_delivered", "task": task, "subtask": 0, "slots": [0], "code": "",
    }  # fmt: skip
    assert (agent.returncode, complaint) == (0, "")
    shown = town.say("task", "show", task, label="releaser")
    assert ["0", "0", f"{A}/low1", "delivered", "-", "-", "-"] in [
        line.split() for line in shown.splitlines()
    ]
