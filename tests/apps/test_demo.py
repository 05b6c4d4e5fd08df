# SPDX-License-Identifier: Apache-2.0
"""The demo tells its story, leaves a report, and nothing running."""

import asyncio
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.fabric import programs

from pmcb_apps.demo._folder import demo_folder
from pmcb_apps.demo._result import DemoResult
from pmcb_apps.demo._told import Told
from pmcb_apps.errors import StoryStuck
from pmcb_services.publishing import Release

COMMAND = [str(Path(sys.executable).with_name("pmcb"))]


@pytest.fixture
def without_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No social graph at hand, a home of its own."""
    monkeypatch.delenv("PMCB_DATA", raising=False)
    monkeypatch.setenv("PMCB_HOME", str(tmp_path / "home"))


def demo(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """As people type it: beside the folder, whose name is relative."""
    command = [*COMMAND, "--json", "demo", "--folder", folder.name, *options]
    return subprocess.run(
        command, cwd=folder.parent, capture_output=True, text=True, check=False, timeout=290
    )


def answers(port: int) -> bool:
    """Whether anybody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.usefixtures("without_data")
def test_files_that_no_demo_made_are_left_alone(tmp_path: Path):
    """A folder with somebody's files is refused, and stays as it was."""
    (tmp_path / "thesis.txt").write_text("do not lose")
    answer = demo(tmp_path)
    assert answer.returncode == 2
    assert json.loads(answer.stdout)["error"] == "FolderInUse"
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["thesis.txt"]


@pytest.mark.usefixtures("without_data")
def test_two_demos_do_not_share_a_folder(tmp_path: Path):
    """While one runs in a folder, a second one is told so and changes nothing."""
    folder = tmp_path / "demo"
    folder.mkdir()
    with (folder / ".pmcb-demo").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        (folder / "report.html").write_text("of the first")
        answer = demo(folder)
    assert answer.returncode == 2
    assert (folder / "report.html").read_text() == "of the first"


@pytest.mark.parametrize("seed", ["-1", str(2**32)])
def test_a_seed_out_of_range_is_bad_input(tmp_path: Path, seed: str):
    """No folder is made for it."""
    answer = demo(tmp_path / "demo", "--seed", seed)
    assert answer.returncode == 2
    assert "--seed" in json.loads(answer.stdout)["message"]
    assert not (tmp_path / "demo").exists()


def test_fabric_needs_its_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Without them it says how to get them; what an earlier demo left stays."""
    folder = tmp_path / "demo"
    with demo_folder(folder, keep=False):
        (folder / "report.html").write_text("of a demo")
    monkeypatch.setenv("PMCB_FABRIC_BIN", str(tmp_path))
    answer = demo(folder, "--fabric")
    assert answer.returncode == 2
    told = json.loads(answer.stdout)
    assert (told["error"], "binaries fetch" in told["next_step"]) == ("BinariesMissing", True)
    assert (folder / "report.html").exists()


def test_a_story_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch):
    """With a place to look for the reason."""

    class Endless(Told):
        async def _whole(self) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr("pmcb_apps.demo._told.LONGEST_S", 0.01)
    result = DemoResult(graph="", generated=False, seed=0, collusion=0.0)
    with pytest.raises(StoryStuck) as caught:
        asyncio.run(Endless(result, print).run())
    assert "services.log" in caught.value.next_step


def test_what_a_user_put_beside_the_report_stays(tmp_path: Path):
    """The next run removes what an earlier one made, by name, and nothing else."""
    folder = tmp_path / "demo"
    with demo_folder(folder, keep=False):
        (folder / "task").mkdir()
        (folder / "release").mkdir()
        for name in ("levels.json", "people.csv", "report.html"):
            (folder / name).write_text("of a demo")
    (folder / "thesis.txt").write_text("do not lose")
    (folder / "figures").mkdir()
    with demo_folder(folder, keep=False):
        left = sorted(path.name for path in folder.iterdir())
    assert left == [".pmcb-demo", "figures", "thesis.txt"]


@pytest.fixture(params=["embedded", pytest.param("fabric", marks=pytest.mark.fabric)])
def options(request: pytest.FixtureRequest) -> list[str]:
    """On a network of each kind."""
    if request.param == "embedded":
        return []
    programs()
    return ["--fabric"]


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("without_data")
def test_the_story_is_told_on_a_generated_graph(tmp_path: Path, options: list[str]):
    """Levels, refusals, who opens what, rewards, a search, a release, plans; and a report."""
    folder = tmp_path / "demo"
    answer = demo(folder, *options)
    assert answer.returncode == 0, answer.stderr
    story = json.loads(answer.stdout)
    assert story["network"].startswith("Fabric, 7 processes" if options else "embedded")
    assert story["generated"] is True
    assert "pmcb data fetch" in answer.stderr
    sizes = [row["receivers"] for row in story["levels"]]
    assert sum(sizes) == 4039
    assert max(sizes) <= 1.25 * min(sizes)
    for attempt in story["attempts"]:
        diagonal = attempt["level"] == attempt["subtask_level"]
        assert diagonal or attempt["outcome"] != "accepted"
    outcomes = {attempt["outcome"] for attempt in story["attempts"]}
    assert outcomes == {
        "accepted",
        "ALREADY_MEMBER",
        "CAPACITY_FULL",
        "LEVEL_MISMATCH",
        "NOT_LEVELED",
    }
    rejected = [one["reason"] for one in story["judgements"] if one["verdict"] == "reject"]
    assert sorted(rejected) == ["range", "schema", "time"]
    opened = [(one["who"], one["opened"]) for one in story["openings"]]
    assert opened == [
        ("a receiver without a slot", False),
        ("a holder of another subtask", False),
        ("who runs the content store", False),
        ("7 holders together", False),
        ("8 holders together", True),
    ]
    assert story["credit"] == {"issued": 1000, "paid": 840, "refunded": 60, "of receivers": 840}
    report = (folder / "report.html").read_text()
    assert report.count("data:image/png;base64,") == 5
    assert "generated" in report
    check_search(story["search"])
    check_release(folder, story["publication"])
    carried = story["carried"]
    assert carried["states"] == {"DONE": carried["orders"]}
    assert carried["orders"] >= len(story["judgements"]) + len(story["search"]["questions"])
    assert carried["findings"] == 0
    check_plans(story["planning"], answers=len(story["judgements"]))
    assert sorted(path.name for path in folder.iterdir()) == [
        ".pmcb-demo",
        "levels.json",
        "people.csv",
        "release",
        "report.html",
        "task",
    ]


def check_search(told: dict[str, Any]) -> None:
    """Answers are exact; the cloud saw equal batches, no label twice, and nothing of a refusal."""
    assert (told["source"], told["records"]) == ("stand-in", 4000)
    shock, again, sepsis, wide = told["questions"]
    assert all(one["is_exact"] and one["certified"] for one in told["questions"])
    assert shock["hits"] == sum(shock["by_patient"]) > 0
    assert again["by_patient"] == shock["by_patient"]
    assert not set(again["batches"][0]) & set(shock["batches"][0])
    assert (sepsis["hits"] + sepsis["others"], wide["others"]) == (30, 0)
    batches = [len(one["batches"]) for one in told["questions"]]
    assert batches == [1, 1, 1, 2]
    sizes = {len(batch) for one in told["questions"] for batch in one["batches"]}
    assert sizes == {told["batch"]} == {32}
    assert told["repeated"] == told["refused_batches"] == 0
    assert told["refused"][0] == "GRANT_DENIED"


def check_release(folder: Path, told: dict[str, Any]) -> None:
    """It is intact and of all persons; it was paid, and the request beyond the budget was not."""
    kept = Release.open(folder / "release")
    assert kept.schema.subject == "subject"
    assert [cluster["supported"] for cluster in told["clusters"]] == [True, True, True]
    sizes = [round(size.persons) for size in kept.clusters(3).sizes]
    assert [cluster["persons"] for cluster in told["clusters"]] == sizes
    assert (told["own"], told["collected"]) == (4000, 42)
    assert told["cost_ratio"] < 1.2
    assert told["checks"][-1] == "The ledger's entry is the one of this release."
    assert told["refused"][0] == "BUDGET_EXHAUSTED"
    spent = [Fraction(told[part]) for part in ("counted", "epsilon")]
    assert Fraction(told["total"]) - sum(spent) == Fraction(told["left"])
    assert told["left"] == told["left_before"] == "24/25"


def check_plans(told: dict[str, Any], answers: int) -> None:
    """All answers and questions are planned, nobody's plans are proven as near as ours."""
    assert (told["uploads"], told["queries"]) == (answers, 4)
    ours, *others = told["plans"]
    assert len(others) == 3
    assert 0 <= ours["gap"] < 0.005
    assert all(each["gap"] > 2 * ours["gap"] for each in others)
    assert all(each["energy"] > ours["energy"] for each in others)


@pytest.mark.usefixtures("without_data")
def test_ctrl_c_leaves_nothing_running(tmp_path: Path):
    """Interrupted in the middle, the demo says at once that it stops, and no port answers."""
    folder = tmp_path / "demo"
    command = [*COMMAND, "demo", "--folder", str(folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        seen = [next(process.stderr) for _ in range(3)]
        assert "Levels of a social graph" in seen[-1]
        ports = json.loads((folder / "network" / "ports.json").read_text()).values()
        assert all(map(answers, ports))
        os.kill(process.pid, signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(30) == 130
    assert rest.split("\n")[-4:] == ["Stopping ...", "", "Error: Interrupted.", ""]
    assert not any(map(answers, ports))
