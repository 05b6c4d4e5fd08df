# SPDX-License-Identifier: Apache-2.0
import base64
import html
import json
import re

import networkx as nx
import pytest
from tests.clustering.invoke import run, write_ties
from tests.clustering.page import Page

from pmcb_clustering import (
    GraphTooLarge,
    LevelAssignment,
    ResultError,
    _report,
    _survey,
    generated_graph,
)
from pmcb_clustering.commands import classify, report


@pytest.fixture
def graph(small, tmp_path, monkeypatch):
    """An edge list in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return write_ties(small, tmp_path / "ties.txt")


@pytest.mark.parametrize("out", ["ties.txt", "ties.txt/figures", "ties.txt/report.html"])
def test_a_report_needs_a_page_or_a_folder(graph, tmp_path, out):
    """A file of another kind stays as it is, and no work is done for it."""
    before = graph.read_text()
    result = run(report, graph, "--out", out)
    assert result.exit_code == 2
    assert "Invalid value for --out" in result.output
    assert (sorted(tmp_path.iterdir()), graph.read_text()) == ([graph], before)


def test_a_changed_result_is_not_reported(graph, tmp_path):
    """The report would vouch for it."""
    run(classify, graph, "--levels", "3")
    path = tmp_path / "levels.json"
    path.write_text(path.read_text().replace('"seed": 0', '"seed": 0, "levels": 4'))
    assert "was changed" in str(run(report, path).exception)
    assert not (tmp_path / "report.html").exists()


def test_a_result_is_not_reported_with_another_graph(graph, tmp_path):
    """Its levels say nothing about those users."""
    run(classify, graph, "--levels", "3")
    (tmp_path / "other.txt").write_text("1 2\n2 3\n3 4\n")
    error = run(report, "levels.json", "--graph", "other.txt").exception
    assert isinstance(error, ResultError)
    assert "this is graph" in str(error)
    assert "there is no such file" in str(run(report, "levels.json", "--graph", "no").exception)
    assert "goes with a RESULT" in run(report, graph, "--graph", graph).output
    assert not (tmp_path / "report.html").exists()


def test_too_few_users_for_five_levels_are_refused(tmp_path, monkeypatch):
    """With the range."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "four.txt").write_text("1 2\n2 3\n3 4\n")
    assert "T must be from 2 to 4" in str(run(report, "four.txt").exception)
    assert [path.name for path in tmp_path.iterdir()] == ["four.txt"]


def test_more_memory_than_allowed_is_refused(graph, tmp_path):
    """Before the work."""
    error = run(report, graph, "--memory-limit-mib", "1").exception
    assert isinstance(error, GraphTooLarge)
    assert list(tmp_path.iterdir()) == [graph]


def test_what_was_dropped_is_counted_on_the_page(tmp_path, monkeypatch):
    """Self-loops and repeated ties; users without ties stay."""
    monkeypatch.chdir(tmp_path)
    ties: nx.MultiGraph[str] = nx.MultiGraph(
        [("a", "b"), ("b", "a"), ("b", "c"), ("c", "d"), ("d", "e"), ("e", "e")]
    )
    ties.add_nodes_from(["alone", "also alone"])
    nx.write_graphml(ties, "odd.graphml")
    assert run(report, "odd.graphml", "--no-compare").exit_code == 0
    page = Page((tmp_path / "report.html").read_text())
    assert "7 users with 4 ties" in page.text
    assert "2 users have no tie. Dropped: 1 self-loops, 1 repeated ties." in page.text


def test_the_page_on_a_graph_has_all_it_must(graph, tmp_path):
    """Summary, both figures, levels, stability, the price of each mode, provenance."""
    result = run(report, graph, as_json=True)
    assert result.exit_code == 0, result.exception
    document = json.loads(result.stdout)
    assert document["files"] == ["report.html"]
    assert [(case["levels"], case["mode"]) for case in document["modes"]] == [
        (t, mode) for t in (3, 4, 5) for mode in ("balanced", "spectral", "paper")
    ]
    assert all(0.0 <= case["kept"]["cold"] <= 1.0 for case in document["modes"])
    source = (tmp_path / "report.html").read_text()
    page = Page(source)
    assert page.open == []
    assert "300 users with 2,400 ties between them were put into 3, 4 and 5 levels" in (
        page.text.replace("security levels", "levels")
    )
    for title in (
        "The classes of receivers", "RatioCut beside k-means", "The price of each mode",
        "Who is at the top", "Provenance", "Parameters", "Versions",
    ):  # fmt: skip
        assert f"<h2>{title}</h2>" in source or f"<h3>{title}</h3>" in source
    for name in (*_report.LEVEL_COLUMNS, *_report.PARTITION_COLUMNS, *_report.MODE_COLUMNS):
        assert f">{html.escape(name)}</th>" in source
    assert "Inversions: " in page.text
    assert "numpy" in page.text
    for one in document["results"]:
        assert one["result_hash"] in page.text
        assert one["params_hash"] in page.text
    assert document["results"][0]["graph_hash"] in page.text


def test_the_page_needs_nothing_beside_it(graph, tmp_path):
    """No address, no script; every picture is inside, has a text, and the file is small."""
    assert run(report, graph, "--no-compare").exit_code == 0
    source = (tmp_path / "report.html").read_text()
    assert not re.search(r"https?:|<script|<link|url\(", source)
    page = Page(source)
    assert len(page.images) == 4
    for image in page.images:
        assert len(image["alt"] or "") > 40
        kind, data = (image["src"] or "").split(",")
        assert kind == "data:image/png;base64"
        assert base64.b64decode(data).startswith(b"\x89PNG")
    assert len(source) < 5_000_000
    assert "prefers-color-scheme: dark" in source
    assert "@media print" in source


def test_a_page_without_comparison_says_so(tmp_path, monkeypatch):
    """What costs much is left out above a size unless asked for; the page tells."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_survey, "COMPARED_LIMIT", 59)
    graph = write_ties(generated_graph(60, 150), tmp_path / "ties.txt")
    result = run(report, graph, as_json=True)
    document = json.loads(result.stdout)
    assert [case["mode"] for case in document["modes"]] == ["balanced"] * 3
    assert "stability was not measured" in document["left_out"][0]
    page = Page((tmp_path / "report.html").read_text())
    assert "stability was not measured: there are 60 users" in page.text
    assert "The price of each mode" not in page.text
    asked = json.loads(run(report, graph, "--compare", as_json=True).stdout)
    assert len(asked["modes"]) == 9
    assert asked["left_out"] == []


def test_figures_come_as_files_where_a_folder_is_named(graph, tmp_path):
    """Made if need be."""
    result = run(report, graph, "--out", "figures")
    assert result.exit_code == 0, result.exception
    names = {path.name for path in (tmp_path / "figures").iterdir()}
    classes = {f"levels-classes-{t}.png" for t in (3, 4, 5)}
    assert names == {"levels-ratio-cut.png", "levels-stability.png", *classes}
    for path in (tmp_path / "figures").iterdir():
        assert path.read_bytes().startswith(b"\x89PNG")
    assert result.stdout.count("k-means") == 3 + 1  # a row for every T, and a column's name


def test_report_on_a_result(graph, tmp_path):
    """As it is; with its graph, that is drawn and stability is measured."""
    run(classify, graph, "--levels", "3", "--mode", "spectral", "--seed", "2")
    found = LevelAssignment.from_json("levels.json")
    assert json.loads(run(report, "levels.json", as_json=True).stdout)["files"] == ["report.html"]
    alone = Page((tmp_path / "report.html").read_text())
    assert len(alone.images) == 2
    assert found.result_hash in alone.text
    assert "The social graph was not named" in alone.text
    document = json.loads(run(report, "levels.json", "--graph", graph, as_json=True).stdout)
    drawn = Page((tmp_path / "report.html").read_text())
    assert len(drawn.images) == 3
    assert "every grey line a tie" in drawn.text
    assert document["modes"][0]["kept"]["warm"] > 0.5
    assert document["results"][0]["result_hash"] == found.result_hash


def test_names_of_any_script_stand_escaped_in_the_page(tmp_path, monkeypatch):
    """Blanks, quotes, angle brackets: text, never markup."""
    monkeypatch.chdir(tmp_path)
    centre = '<b>Zoë "A" & Ž</b>'
    people = [centre, "漢 字", "Иван Петров", *(f"user {i}" for i in range(40))]
    ties = [(centre, other) for other in people[1:]] + [(people[1], other) for other in people[2:]]
    nx.write_graphml(nx.Graph(ties), tmp_path / "people & co.graphml")
    assert run(report, "people & co.graphml", "--no-compare").exit_code == 0
    source = (tmp_path / "report.html").read_text()
    assert centre not in source
    page = Page(source)
    assert page.open == []
    for name in (centre, "漢 字", "people & co.graphml"):
        assert name in page.text


def test_a_complete_graph_has_no_kmeans_to_compare(tmp_path, monkeypatch):
    """All users are alike, and the report says so without a figure for it."""
    monkeypatch.chdir(tmp_path)
    nx.write_edgelist(nx.complete_graph(20), tmp_path / "k.txt", data=False)
    result = run(report, "k.txt")
    assert result.exit_code == 0, result.exception
    assert "  k-means  " not in result.stdout
    assert "too few users differ" in (tmp_path / "report.html").read_text()
