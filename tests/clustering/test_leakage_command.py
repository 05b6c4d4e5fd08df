# SPDX-License-Identifier: Apache-2.0
import json
from dataclasses import dataclass
from importlib.metadata import entry_points

import pytest
from click.testing import CliRunner

from pmcb_clustering import (
    ClusteringError,
    LevelClustering,
    ResultError,
    generated_graph,
    read_graph,
)
from pmcb_clustering._leakage_command import leakage


@dataclass(frozen=True)
class Settings:
    json: bool = False


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two graphs, and the levels of one of them."""
    place = tmp_path_factory.mktemp("leakage")
    for name, seed in (("ties", 5), ("other", 6)):
        graph = generated_graph(300, 2400, random_state=seed)
        rows = [
            f"{graph.users[node]} {graph.users[other]}\n"
            for node in range(graph.n_users)
            for other in graph.indices[graph.indptr[node] : graph.indptr[node + 1]]
            if node < other
        ]
        (place / f"{name}.txt").write_text("".join(rows))
        if name == "ties":
            LevelClustering(3).fit(graph).assignment_.to_json(place / "levels.json")
            LevelClustering(6).fit(graph).assignment_.to_json(place / "six.json")
    return place


@pytest.fixture
def here(folder, tmp_path, monkeypatch):
    """An empty folder to write into; the inputs lie in the other."""
    monkeypatch.chdir(tmp_path)
    return folder


def run(*arguments, as_json=False):
    return CliRunner().invoke(leakage, [str(each) for each in arguments], obj=Settings(as_json))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--receivers", "0"], "Invalid value for '--receivers'"),
        (["--receivers", "101"], "Invalid value for '--receivers'"),
        (["--loss", "1.5"], "Invalid value for '--loss'"),
        (["--gang", "0"], "Invalid value for '--gang'"),
        (["--trials", "10"], "Invalid value for '--trials'"),
        (["--growth", "walk"], "Invalid value for '--growth'"),
        (["--out", "none/page.html"], "the folder none does not exist"),
        (["--out", "page.pdf/x"], "the folder page.pdf does not exist"),
        (["--graph", "ties.txt"], "--graph goes with a RESULT"),
    ],
)
def test_bad_options_are_refused_before_any_work(here, tmp_path, arguments, complaint):
    """Exit code 2; nothing is written."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert complaint in result.output
    assert not list(tmp_path.iterdir())


def test_levels_of_another_graph_are_refused(here, tmp_path):
    """With both hashes and what to do; nothing is written."""
    result = run(here / "levels.json", "--graph", here / "other.txt")
    assert isinstance(result.exception, ResultError)
    assert result.exception.exit_code == 2
    known = json.loads((here / "levels.json").read_text())["graph_hash"]
    assert f"of graph {known}, this is graph {read_graph(here / 'other.txt').graph_hash}" in str(
        result.exception
    )
    assert "Name the graph that was classified" in str(result.exception.next_step)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["none.json"], "none.json cannot be read"),
        (["levels.json", "--graph", "none.txt"], "none.txt: there is no such file"),
        (["levels.json", "--loss", "0.1"], "1 losses are given; there are 3 levels"),
        (["levels.json", "--receivers", "99"], r"level \d has \d+ receivers; 99 cannot"),
        (["levels.json", "--gang", "301"], "gang is 301; it must be from 1 to 300"),
        (["levels.json", "--published", "none.csv"], "none.csv cannot be read"),
    ],
)
def test_bad_input_ends_in_a_sentence(here, tmp_path, arguments, complaint):
    """The exception carries exit code 2; nothing is written."""
    where = [here / one if one.startswith("levels") else one for one in arguments]
    result = run(*where)
    assert isinstance(result.exception, ClusteringError)
    assert result.exception.exit_code == 2
    with pytest.raises(ClusteringError, match=complaint):
        raise result.exception
    assert not list(tmp_path.iterdir())


def test_six_levels_need_losses_of_their_own(here):
    """The paper has losses for five."""
    result = run(here / "six.json")
    assert result.exit_code == 2
    assert "give --loss 6 times" in result.output
    losses = [item for _ in range(6) for item in ("--loss", "0.1")]
    assert run(here / "six.json", *losses).exit_code == 0


def test_without_a_result_the_papers_tasks_are_shown(here, tmp_path):
    """T = 3, 4, 5; what cannot be reproduced is said on the page."""
    result = run()
    assert result.exit_code == 0, result.exception
    for text in ("1.72e-06", "4.6e-07", "2.3e-07", "0.509", "0.504", "0.503"):
        assert text in result.stdout
    page = (tmp_path / "leakage.html").read_text()
    assert page.count("data:image/png;base64,") == 1
    assert "not at hand" in page
    assert "http" not in page


def test_two_losses_give_a_task_of_two_levels(here, tmp_path):
    """Fig. 8 begins at three."""
    result = run("--loss", "0.5", "--loss", "0.5", "--receivers", "1", as_json=True)
    document = json.loads(result.stdout)
    assert [one["shared"] for one in document["scenarios"]] == [{"value": 0.25}]
    assert document["fig8"] is None
    assert "Fig. 8" not in (tmp_path / "leakage.html").read_text()


def test_a_result_brings_the_finite_pool(here, tmp_path):
    """Without its graph no gang is simulated."""
    document = json.loads(run(here / "levels.json", "--gang", "20", as_json=True).stdout)
    assert [one["who"] for one in document["scenarios"]] == [
        "each receiver by itself", "a fixed share of each level",
        "20 anywhere", "20 placed for the worst",
    ]  # fmt: skip
    assert all(set(one["shared"]) == {"value"} for one in document["scenarios"])
    assert (tmp_path / "leakage.html").read_text().count("data:image/png;base64,") == 2


def test_a_graph_brings_the_gangs(here, tmp_path):
    """Figures as files where a folder is named; a gang too small for the shares is named."""
    arguments = [here / "levels.json", "--graph", here / "ties.txt", "--gang", "10", "--gang", "20"]
    result = run(*arguments, "--trials", "1000", "--out", "figures")
    assert result.exit_code == 0, result.exception
    assert "levels reached by" in result.stdout
    assert "10 who are connected: too few to hold 5 shares in each of 3 levels" in result.stdout
    names = {path.name for path in (tmp_path / "figures").iterdir()}
    assert names == {"leakage.png", "fig8.png"}
    for path in (tmp_path / "figures").iterdir():
        assert path.read_bytes().startswith(b"\x89PNG")


def test_an_interval_from_few_gangs_is_called_so(here, tmp_path):
    """Six who hold two shares in each of three levels, exactly: a hundred gangs tell little."""
    arguments = [here / "levels.json", "--graph", here / "ties.txt", "--receivers", "3"]
    arguments += ["--gang", "6", "--trials", "100"]
    remark = "6 who are connected: few of the simulated gangs count; take --trials higher"
    assert remark in run(*arguments).stdout
    assert remark in (tmp_path / "leakage.html").read_text()
    document = json.loads(run(*arguments, as_json=True).stdout)
    assert document["scenarios"][3]["shared"]["effective"] < 100


def test_the_same_seed_prints_the_same_document(here):
    """Whatever the number of threads; another seed or another growth does not."""
    arguments = [here / "levels.json", "--graph", here / "ties.txt", "--trials", "600"]
    arguments += ["--receivers", "3"]
    first = run(*arguments, "--jobs", "1", as_json=True).stdout
    assert run(*arguments, "--jobs", "2", as_json=True).stdout == first
    assert run(*arguments, "--seed", "1", as_json=True).stdout != first
    assert run(*arguments, "--growth", "ties", as_json=True).stdout != first
    gang = json.loads(first)["scenarios"][3]
    assert gang["who"] == "10 who are connected"
    assert 0.0 < gang["shared"]["low"] < gang["shared"]["value"] < gang["shared"]["high"]
    assert gang["coverage"]["trials"] == 600


def test_points_that_somebody_brings_are_in_the_document(here, tmp_path):
    """And the remark that there are none is gone."""
    (tmp_path / "points.csv").write_text("levels,n,leakage\n3,9,0.25\n")
    document = json.loads(run("--published", "points.csv", as_json=True).stdout)
    assert document["fig8"]["published"] == {"3": [[9.0, 0.25]]}
    assert "not at hand" not in " ".join(document["fig8"]["notes"])


def test_the_command_is_an_entry_point():
    """Under the name by which the command line finds it."""
    points = entry_points(group="pmcb.commands")
    assert {one.name: one.load() for one in points if one.name == "levels.leakage"} == {
        "levels.leakage": leakage
    }
