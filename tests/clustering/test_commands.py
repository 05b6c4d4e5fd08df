# SPDX-License-Identifier: Apache-2.0
import json
import os
from dataclasses import dataclass
from importlib.metadata import entry_points

import click
import networkx as nx
import pytest
from click.testing import CliRunner

from pmcb_clustering import ClusteringError, LevelAssignment
from pmcb_clustering.commands import classify, report


@dataclass(frozen=True)
class Settings:
    json: bool = False


@pytest.fixture
def graph(small, tmp_path, monkeypatch):
    """An edge list in an empty folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "ties.txt"
    rows = [
        f"{small.users[node]} {small.users[other]}\n"
        for node in range(small.n_users)
        for other in small.indices[small.indptr[node] : small.indptr[node + 1]]
        if node < other
    ]
    path.write_text("".join(rows))
    return path


def run(command, *arguments, as_json=False):
    settings = Settings(as_json)
    return CliRunner().invoke(command, [str(each) for each in arguments], obj=settings)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["none.txt", "--levels", "3"], "none.txt: there is no such file"),
        (["ties.txt", "--levels", "1"], "T must be from 2 to 16"),
        (["ties.txt", "--levels", "3", "--memory-limit-mib", "1"], "1 MiB are allowed"),
        (["bad.txt", "--levels", "3"], "bad.txt, line 1: two user ids"),
    ],
)
def test_bad_input_ends_in_a_sentence_and_writes_nothing(graph, tmp_path, arguments, complaint):
    """The exception carries exit code 2; the result file does not appear."""
    (tmp_path / "bad.txt").write_text("oops\n")
    result = run(classify, *arguments)
    assert isinstance(result.exception, ClusteringError)
    assert result.exception.exit_code == 2
    assert complaint in str(result.exception)
    assert not (tmp_path / "levels.json").exists()


@pytest.mark.parametrize("command", [classify, report])
def test_a_folder_that_does_not_exist_is_refused_before_work_starts(graph, command):
    """``--out`` is looked at first."""
    levels = ["--levels", "3"] if command is classify else []
    name = "levels.json" if command is classify else "report.html"
    result = run(command, graph, *levels, "--out", f"none/{name}")
    assert result.exit_code == 2
    assert "the folder none does not exist" in result.output


@pytest.mark.parametrize("out", ["a.csv", "levels", "ties.txt"])
def test_a_result_is_a_json_file(graph, tmp_path, out):
    """Nothing else is written: no other command could read it."""
    before = graph.read_text()
    result = run(classify, graph, "--levels", "3", "--out", out)
    assert result.exit_code == 2
    assert "name a folder or a .json file" in result.output
    assert (sorted(tmp_path.iterdir()), graph.read_text()) == ([graph], before)


@pytest.mark.parametrize("out", ["ties.txt", "ties.txt/figures", "ties.txt/report.html"])
def test_a_report_needs_a_page_or_a_folder(graph, tmp_path, out):
    """A file of another kind stays as it is, and no work is done for it."""
    before = graph.read_text()
    result = run(report, graph, "--out", out)
    assert result.exit_code == 2
    assert "Invalid value for --out" in result.output
    assert (sorted(tmp_path.iterdir()), graph.read_text()) == ([graph], before)


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


def test_a_missing_graph_is_told_where_data_sets_are_shown(graph, monkeypatch):
    """A name alone finds nothing, whatever ``PMCB_DATA`` holds."""
    folder = graph.parent / "data" / "social"
    folder.mkdir(parents=True)
    graph.rename(folder / "ties.txt")
    monkeypatch.setenv("PMCB_DATA", str(folder.parent))
    error = run(classify, "ties.txt", "--levels", "3").exception
    assert isinstance(error, ClusteringError)
    assert "pmcb data list" in (error.next_step or "")


def test_a_changed_result_is_not_reported(graph, tmp_path):
    """The report would vouch for it."""
    run(classify, graph, "--levels", "3")
    path = tmp_path / "levels.json"
    path.write_text(path.read_text().replace('"seed": 0', '"seed": 0, "levels": 4'))
    assert "was changed" in str(run(report, path).exception)


def test_classify_prints_a_table_and_writes_the_result(graph, tmp_path):
    """Level sizes, influence, RatioCut against k-means."""
    result = run(classify, graph, "--levels", "3")
    assert result.exit_code == 0, result.output
    assert "influence (mean rank)" in result.stdout
    assert "k-means" in result.stdout
    assert "300 users in 3 levels: levels.json" in result.stdout
    found = LevelAssignment.from_json(tmp_path / "levels.json")
    assert (found.levels, found.mode, found.seed) == (3, "balanced", 0)


def test_classify_prints_one_json_document(graph, tmp_path):
    """Under ``--json``: hashes and figures, without the users."""
    result = run(
        classify, graph, "--levels", "4", "--mode", "spectral", "--seed", "7", as_json=True
    )
    document = json.loads(result.stdout)
    assert (document["levels"], document["mode"], document["seed"]) == (4, "spectral", 7)
    assert document["file"] == "levels.json"
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


def test_weights_are_told_on_stderr(tmp_path, monkeypatch):
    """The output stays clean."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("1,2,5\n2,3,1\n3,4,1\n")
    result = run(classify, "a.csv", "--levels", "2", as_json=True)
    assert "weights are ignored" in result.stderr
    assert json.loads(result.stdout)["levels"] == 2


def test_report_on_a_result(graph, tmp_path):
    """One page that needs nothing beside it."""
    run(classify, graph, "--levels", "3")
    result = run(report, "levels.json", as_json=True)
    assert json.loads(result.stdout)["files"] == ["report.html"]
    page = (tmp_path / "report.html").read_text()
    assert page.count("data:image/png;base64,") == 2
    assert "http" not in page
    assert LevelAssignment.from_json("levels.json").result_hash in page


def test_report_on_a_graph(graph, tmp_path):
    """Classified into 3, 4 and 5 levels; figures as files where a folder is named."""
    result = run(report, graph, "--out", "figures")
    assert result.exit_code == 0, result.output
    names = {path.name for path in (tmp_path / "figures").iterdir()}
    assert names == {"ratio_cut.png", "classes-3.png", "classes-4.png", "classes-5.png"}
    for path in (tmp_path / "figures").iterdir():
        assert path.read_bytes().startswith(b"\x89PNG")
    assert result.stdout.count("k-means") == 3


def test_report_where_kmeans_has_nothing_to_compare(tmp_path, monkeypatch):
    """A complete graph: all users are alike, and the report says so without a figure."""
    monkeypatch.chdir(tmp_path)
    nx.write_edgelist(nx.complete_graph(20), tmp_path / "k.txt", data=False)
    result = run(report, "k.txt")
    assert result.exit_code == 0, result.exception
    assert "k-means" not in result.stdout


def test_both_commands_are_entry_points():
    """Under the names by which the command line finds them."""
    found = {point.name: point.load() for point in entry_points(group="pmcb.commands")
             if point.name in {"levels.classify", "levels.report"}}  # fmt: skip
    assert found == {"levels.classify": classify, "levels.report": report}
    assert all(isinstance(command, click.Command) for command in found.values())
