# SPDX-License-Identifier: Apache-2.0
import csv
import gzip
import json
import os
import signal
import subprocess
import sys
from importlib.metadata import entry_points
from typing import get_args

import click
import numpy as np
import pytest
from tests.clustering.invoke import run, write_ties

from pmcb_clustering import ClusteringError, LevelAssignment, LevelClustering, generated_graph
from pmcb_clustering._betweenness import Method
from pmcb_clustering._features import Scaling
from pmcb_clustering._influence import InfluenceRule
from pmcb_clustering._parameters import Mode
from pmcb_clustering.commands import classify, report


@pytest.fixture
def graph(small, tmp_path, monkeypatch):
    """An edge list in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return write_ties(small, tmp_path / "ties.txt")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "at least one edge is needed"),
        ("1 1\n", "at least one edge is needed"),
        ("oops\n", "bad.txt, line 1: two user ids"),
        ("1 2\n1\t3\n", "bad.txt, line 2: mixed separators"),
        ("1 2\n1 3 x\n", "bad.txt, line 2: the third column must be a number"),
    ],
)
def test_a_bad_graph_ends_in_a_sentence_and_writes_nothing(tmp_path, monkeypatch, text, complaint):
    """The exception carries exit code 2, and names file and line; both commands."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.txt").write_text(text)
    for command, more in ((classify, ["--levels", "3"]), (report, [])):
        result = run(command, "bad.txt", *more)
        assert isinstance(result.exception, ClusteringError)
        assert result.exception.exit_code == 2
        assert complaint in str(result.exception)
    assert [file.name for file in tmp_path.iterdir()] == ["bad.txt"]


def test_bad_containers_end_in_a_sentence_and_write_nothing(tmp_path, monkeypatch):
    """A gzip that is cut off, a directed graph, a format nobody reads."""
    monkeypatch.chdir(tmp_path)
    lines = "".join(f"{user} {user + 7}\n" for user in range(9_000)).encode()
    (tmp_path / "cut.txt.gz").write_bytes(gzip.compress(lines)[:-400])
    directed = '<graphml><graph edgedefault="directed"><node id="a"/><node id="b"/>'
    directed += '<edge source="a" target="b"/></graph></graphml>'
    (tmp_path / "one-way.graphml").write_text(directed)
    (tmp_path / "ties.xlsx").write_text("")
    before = sorted(tmp_path.iterdir())
    for name, complaint in (
        ("cut.txt.gz", "cut.txt.gz, line"),
        ("one-way.graphml", "directed"),
        ("ties.xlsx", "format is not read"),
    ):
        error = run(classify, name, "--levels", "3").exception
        assert isinstance(error, ClusteringError)
        assert complaint in str(error)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["none.txt", "--levels", "3"], "none.txt: there is no such file"),
        (["ties.txt", "--levels", "1"], "T must be from 2 to 16"),
        (["ties.txt", "--levels", "17"], "T must be from 2 to 16"),
        (["ties.txt", "--levels", "3", "--memory-limit-mib", "1"], "1 MiB are allowed"),
        (["ties.txt", "--levels", "3", "--previous", "none.json"], "none.json cannot be read"),
        (["ties.txt", "--levels", "3", "--previous", "ties.txt"], "ties.txt is not JSON"),
        (["ties.txt", "--levels", "3", "--trusted", "none"], "none cannot be read: No such file"),
        (["ties.txt", "--levels", "3", "--trusted", "."], "cannot be read"),
        (["ties.txt", "--levels", "3", "--trusted", "blank"], "blank names nobody"),
        (["ties.txt", "--levels", "3", "--trusted", "latin"], "latin is not text in UTF-8"),
        (["ties.txt", "--levels", "3", "--trusted", "strange"], "are no users of the graph"),
        (["ties.txt", "--levels", "3", "--mode", "paper", "--social-weight", "1"], "takes no"),
    ],
)
def test_bad_parameters_end_in_a_sentence_and_write_nothing(graph, tmp_path, arguments, complaint):
    """The exception carries exit code 2; no result file appears."""
    (tmp_path / "blank").write_text("\n \n")
    (tmp_path / "latin").write_bytes("Zoë\n".encode("latin-1"))
    (tmp_path / "strange").write_text("0\nnobody\n")
    before = sorted(tmp_path.iterdir())
    result = run(classify, *arguments)
    assert isinstance(result.exception, ClusteringError)
    assert result.exception.exit_code == 2
    assert complaint in str(result.exception)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    "option",
    [
        ["--mode", "best"], ["--scaling", "none"], ["--influence", "votes"], ["--pivots", "1"],
        ["--betweenness", "none"], ["--social-weight", "-1"], ["--jobs", "0"], ["--seed", "-1"],
    ],
)  # fmt: skip
def test_options_out_of_range_are_usage_errors(graph, tmp_path, option):
    """Before anything is read."""
    result = run(classify, graph, "--levels", "3", *option)
    assert result.exit_code == 2
    assert f"Invalid value for '{option[0]}'" in result.output
    assert list(tmp_path.iterdir()) == [graph]


@pytest.mark.parametrize("command", [classify, report])
def test_a_folder_that_does_not_exist_is_refused_before_work_starts(graph, command):
    """``--out`` is looked at first."""
    levels = ["--levels", "3"] if command is classify else []
    name = "levels.json" if command is classify else "report.html"
    result = run(command, graph, *levels, "--out", f"none/{name}")
    assert result.exit_code == 2
    assert "the folder none does not exist" in result.output


@pytest.mark.parametrize("command", [classify, report])
def test_a_folder_that_cannot_be_written_is_refused_before_work_starts(
    graph, tmp_path, monkeypatch, command
):
    """The work would be lost."""
    monkeypatch.setattr(os, "access", lambda _, mode: not mode & os.W_OK)  # root may all
    levels = ["--levels", "3"] if command is classify else []
    result = run(command, "none.txt", *levels, "--out", tmp_path)
    assert result.exit_code == 2
    assert "cannot be written" in result.output


@pytest.mark.parametrize("out", ["a.xlsx", "levels", "ties.txt"])
def test_a_result_is_json_with_a_table_beside_it(graph, tmp_path, out):
    """Nothing else is written: no other command could read it."""
    before = graph.read_text()
    result = run(classify, graph, "--levels", "3", "--out", out)
    assert result.exit_code == 2
    assert "name a folder, or a .json, .csv or .parquet file" in result.output
    assert (sorted(tmp_path.iterdir()), graph.read_text()) == ([graph], before)


def test_parquet_without_its_library_is_refused_before_work_starts(graph, tmp_path, monkeypatch):
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    result = run(classify, graph, "--levels", "3", "--out", "a.parquet")
    assert result.exit_code == 2
    assert "pmcb-clustering[parquet]" in result.output
    assert list(tmp_path.iterdir()) == [graph]


def test_a_missing_graph_is_told_where_data_sets_are_shown(graph, monkeypatch):
    """A name alone finds nothing, whatever ``PMCB_DATA`` holds."""
    folder = graph.parent / "data" / "social"
    folder.mkdir(parents=True)
    graph.rename(folder / "ties.txt")
    monkeypatch.setenv("PMCB_DATA", str(folder.parent))
    error = run(classify, "ties.txt", "--levels", "3").exception
    assert isinstance(error, ClusteringError)
    assert "pmcb data list" in (error.next_step or "")


def test_an_interruption_leaves_no_file_and_ends_with_130(tmp_path):
    """Ctrl-C in the middle of the work, as the shell sends it."""
    graph = write_ties(generated_graph(4_000, 60_000), tmp_path / "ties.txt")
    script = "from pmcb_client.cli import main; main()"
    arguments = ["levels", "classify", str(graph), "--levels", "3", "--out", str(tmp_path)]
    with subprocess.Popen(
        [sys.executable, "-c", script, "--home", str(tmp_path / "home"), *arguments],
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        try:
            assert "4,000 users, 60,000 ties" in process.stderr.readline()  # the work begins
            process.send_signal(signal.SIGINT)
            said = process.stderr.read()
        finally:
            process.kill()
    assert (process.returncode, "Interrupted." in said) == (130, True)
    assert [path.name for path in tmp_path.iterdir()] == ["ties.txt"]


def test_classify_prints_a_table_and_writes_the_result(graph, tmp_path):
    """Level sizes, influence, RatioCut against k-means; before, what the work will take."""
    result = run(classify, graph, "--levels", "3")
    assert result.exit_code == 0, result.output
    assert "influence (mean rank)" in result.stdout
    assert "k-means" in result.stdout
    assert "300 users in 3 levels: levels.json" in result.stdout
    assert result.stderr.startswith("300 users, 2,400 ties; the work takes about ")
    found = LevelAssignment.from_json(tmp_path / "levels.json")
    assert (found.levels, found.mode, found.seed) == (3, "balanced", 0)


def test_classify_prints_one_json_document(graph, tmp_path):
    """Under ``--json``: hashes and figures, without the users."""
    result = run(
        classify, graph, "--levels", "4", "--mode", "spectral", "--seed", "7", as_json=True
    )
    document = json.loads(result.stdout)
    assert (document["levels"], document["mode"], document["seed"]) == (4, "spectral", 7)
    assert document["files"] == ["levels.json"]
    assert "users" not in document
    assert (
        LevelAssignment.from_json(tmp_path / "levels.json").result_hash == document["result_hash"]
    )


def test_classify_writes_where_it_is_told(graph, tmp_path):
    """A folder, a file; twice is the same as once."""
    (tmp_path / "there").mkdir()
    for out, made in (("there", "there/levels.json"), ("a.json", "a.json")):
        for _ in range(2):
            assert run(classify, graph, "--levels", "2", "--out", out).exit_code == 0
        assert LevelAssignment.from_json(tmp_path / made).levels == 2


def test_a_table_of_users_stands_beside_the_result(graph, tmp_path):
    """One row a user, the same levels."""
    result = run(classify, graph, "--levels", "3", "--out", "a.csv", as_json=True)
    assert json.loads(result.stdout)["files"] == ["a.json", "a.csv"]
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["user", "level", "degree", "betweenness", "clustering", "entropy"]
    found = LevelAssignment.from_json(tmp_path / "a.json")
    assert tuple(row["user"] for row in rows) == found.users
    assert [int(row["level"]) for row in rows] == found.level.tolist()


def test_every_option_reaches_the_classification(small, graph, tmp_path):
    """The result is that of the same parameters given to `LevelClustering`."""
    (tmp_path / "known").write_text("\n0\n 1 \n0\n")
    options = [
        "--mode", "spectral", "--scaling", "rank", "--influence", "paper-raw",
        "--social-weight", "0.5", "--trusted", "known", "--betweenness", "pivots",
        "--pivots", "99", "--seed", "4", "--jobs", "1",
    ]  # fmt: skip
    result = run(classify, graph, "--levels", "4", *options, as_json=True)
    clustering = LevelClustering(
        4, "spectral", scaling="rank", influence="paper-raw", social_weight=0.5,
        trusted=("0", "1"), betweenness="pivots", pivots=99, random_state=4,
    )  # fmt: skip
    expected = clustering.fit(small).assignment_
    assert json.loads(result.stdout)["result_hash"] == expected.result_hash


def test_an_epoch_begins_from_the_previous_result(small, graph, tmp_path):
    """Its hash is recorded, and the share of those who keep their level is told."""
    run(classify, graph, "--levels", "3", "--out", "first.json")
    result = run(classify, graph, "--levels", "3", "--previous", "first.json")
    assert "100.0% of those of the previous result as they were" in result.stdout
    first, second = (
        LevelAssignment.from_json(tmp_path / name) for name in ("first.json", "levels.json")
    )
    assert second.params["previous"] == first.result_hash
    assert np.array_equal(first.level, second.level)


def test_the_choices_are_those_of_the_library():
    """A new mode or scaling is a choice at once."""
    choices = {
        param.name: param.type.choices
        for param in classify.params
        if isinstance(param.type, click.Choice)
    }
    for name, kind in (
        ("mode", Mode), ("scaling", Scaling), ("influence", InfluenceRule), ("betweenness", Method),
    ):  # fmt: skip
        assert tuple(choices[name]) == get_args(kind)


def test_weights_are_told_on_stderr(tmp_path, monkeypatch):
    """The output stays clean."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("1,2,5\n2,3,1\n3,4,1\n")
    result = run(classify, "a.csv", "--levels", "2", as_json=True)
    assert "weights are ignored" in result.stderr
    assert json.loads(result.stdout)["levels"] == 2


def test_both_commands_are_entry_points():
    """Under the names by which the command line finds them."""
    found = {point.name: point.load() for point in entry_points(group="pmcb.commands")
             if point.name in {"levels.classify", "levels.report"}}  # fmt: skip
    assert found == {"levels.classify": classify, "levels.report": report}
    assert all(isinstance(command, click.Command) for command in found.values())
