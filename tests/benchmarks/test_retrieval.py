# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench retrieval`` and its tables: what is missed is shown so."""

import copy
import json

import pytest
from click.testing import CliRunner

from pmcb_benchmarks import retrieval_page as page
from pmcb_benchmarks._publishing_pool import THREADS
from pmcb_benchmarks._retrieval_speed import WrongAnswer, speed
from pmcb_benchmarks._retrieval_worlds import World
from pmcb_benchmarks.page import table
from pmcb_benchmarks.retrieval import retrieval
from pmcb_client.cli import Settings


def run(home, *words):
    """The command by itself."""
    return CliRunner().invoke(retrieval, words, obj=Settings(home=home))


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """The small run, without any data at hand."""
    folder = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PMCB_DATA", raising=False)
        for name in THREADS:
            patch.setenv(name, "1")  # set by the command for its own process
        done = run(folder / "home", "--smoke", "--out", str(folder / "retrieval.json"))
    assert done.exit_code == 0, done.output
    return folder / "retrieval.json"


@pytest.fixture
def found(result):
    """Its document as if of the whole run's sizes, every target met; to be changed."""
    found = copy.deepcopy(json.loads(result.read_text()))
    (case,) = found["cases"]
    case |= {"records": 1_000_000, "build_s": 12.0}
    case["updates"] |= {"fold_s": 0.9, "inserts_per_s": 60_000, "deletes_per_s": 60_000}
    case["sizes"] |= {"per_record_and_layout": 30.0, "epoch_per_round": 170_000}
    case["epoch"]["mean_ms"] = 2.9
    for row in case["queries"]:
        row |= {"ms": 0.9, "beside": {"cKDTree": 0.2, "DuckDB": 9.0}}
    served = found["served"]
    served["updates"]["fold_s"] = 3.0
    for row in served["queries"]:
        row |= {"near_ms": 0.5, "far_ms": 1.4, "per_s": 600.0}
    for score in ("linking_auc", "position_rho"):
        found["leakage"]["fixed"][score]["is_chance"] = True
        found["leakage"]["control"][score] |= {"value": 0.999, "is_chance": False}
    found["exact"][0]["boxes"] = 10_000
    for row in found["pairs"]["pairs"]:
        row["pair forest"] = {"tests": 100, "ms": 0.01}
        row["kd-tree, tuned"]["tests"] = 600
    return found


def missed(found):
    """What misses its target."""
    return [what for what, _, _, met in page.retrieval_rows(found) if not met]


def test_a_choice_of_two_sizes_is_refused(tmp_path):
    """One run is either small or large."""
    done = run(tmp_path, "--smoke", "--full")
    assert done.exit_code == 2
    assert "--full or --smoke" in done.output


def test_every_figure_is_measured_and_shown(result):
    """Answers are those of plain comparison, nothing is lost by a kill, all parts have rows."""
    found = json.loads(result.read_text())
    assert [each["wrong"] for each in found["exact"]] == [0]
    assert found["kills"]["kills"] == 1
    assert found["kills"]["lost"] == 0
    traffic, sizes = found["traffic"], found["cases"][0]["sizes"]
    assert traffic["pool"] == traffic["change_up"] == traffic["change_down"] == sizes["pool"]
    assert traffic["up_per_round"] + traffic["down_per_round"] == sizes["round"]
    assert table(result, page.retrieval_rows).count("\n| ") >= 14
    assert "| 2,000 records of 5 attributes, kd+1d | stand-in |" in page.beside_table(result)
    assert "width class" in page.shortfalls(result)


def test_all_targets_can_be_met(found):
    """A run that is as good as asked misses nothing."""
    assert missed(found) == []


@pytest.mark.parametrize(
    ("where", "bad", "what"),
    [
        (("cases", 0, "queries", 1, "ms"), 1.1, "a query of 10 and of 50 hits"),
        (("cases", 0, "queries", 0, "beside", "cKDTree"), 0.1, "over cKDTree"),
        (("cases", 0, "queries", 0, "beside", "DuckDB"), 7.0, "DuckDB over the store"),
        (("cases", 0, "epoch", "mean_ms"), 3.1, "the mean over an epoch"),
        (("cases", 0, "build_s"), 13.1, "building"),
        (("cases", 0, "updates", "fold_s"), 1.1, "renewing it with a full log, in memory"),
        (("cases", 0, "updates", "deletes_per_s"), 49_999, "inserts and deletes"),
        (("cases", 0, "sizes", "per_record_and_layout"), 40.1, "stored per record and layout"),
        (("cases", 0, "sizes", "directory_per_record_and_layout"), 0.31, "directory in the fog"),
        (("cases", 0, "sizes", "epoch_per_round"), 180_001, "the same from the store's shape"),
        (("traffic", "sizes_of_rounds"), 2, "a round, counted"),
        (("traffic", "change_down"), 10**9, "an epoch's change"),
        (("served", "queries", 1, "far_ms"), 1.6, "what loopback HTTP and LMDB add"),
        (("served", "queries", 0, "per_s"), 499.0, "queries over HTTP and LMDB"),
        (("served", "updates", "fold_s"), 4.1, "with a full log, HTTP and LMDB"),
        (("kills", "lost"), 1, "kill -9"),
        (("kills", "fetched_twice"), 1, "kill -9"),
        (("leakage", "fixed", "linking_auc", "is_chance"), False, "repeats told"),
        (("leakage", "fixed", "position_rho", "is_chance"), False, "queries put in order"),
        (("leakage", "control", "linking_auc", "value"), 0.98, "the control"),
        (("exact", 0, "wrong"), 1, "answers unlike plain comparison"),
        (("exact", 0, "boxes"), 9_999, "answers unlike plain comparison"),
        (("pairs", "bytes_per_record"), 501.0, "the reproduced pair forest"),
        (("pairs", "pairs", 0, "kd-tree, tuned", "tests"), 499, "hits by any two attributes"),
        (("pairs", "wide", 0, "pair forest", "tests"), 10**9, "plans of more tests"),
    ],
)
def test_what_misses_its_target_is_shown_so(found, tmp_path, where, bad, what):
    """One row of the table says no, and the sentence below names it."""
    place = found
    for key in where[:-1]:
        place = place[key]
    place[where[-1]] = bad
    (row,) = missed(found)
    assert what in row
    path = tmp_path / "retrieval.json"
    path.write_text(json.dumps(found))
    told = page.shortfalls(path).replace("\n", " ")
    assert told.startswith(f"Missed: {row}: ")


class Liar:
    """Finds one record less."""

    def __init__(self, world):
        self._world = world

    def ask(self, question):
        """All but one."""
        return self._world.inside(question)[1:]


def test_an_answer_unlike_the_others_ends_the_run():
    """No time stands beside a wrong answer."""
    world = World(500)
    with pytest.raises(WrongAnswer, match="liar"):
        speed(world, layouts="kd", queries=1, askers={"liar": Liar(world)})
