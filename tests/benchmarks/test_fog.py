# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench fog`` and its tables: what is missed is shown so."""

import copy
import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from pmcb_benchmarks import fog_page as page
from pmcb_benchmarks._plans_cases import fresh
from pmcb_benchmarks._plans_hcsp import over_the_best, published
from pmcb_benchmarks._plans_lp import lp_optimum, mip_cost
from pmcb_benchmarks._plans_rivals import nsga2, rivals, rivals_reasons
from pmcb_benchmarks._publishing_pool import THREADS
from pmcb_benchmarks.fog import SMALL, WHOLE, fog, measure
from pmcb_benchmarks.page import table
from pmcb_benchmarks.reproduction._schema import check_benchmark
from pmcb_client.cli import Settings
from pmcb_services.fog import solve
from pmcb_services.fog.sim import Hcsp
from pmcb_services.fog.sim._hcsp import Published, parse_hcsp

ETC = np.array([[2.0, 3.0], [2.0, 3.0], [0.0, 1.0], [5.0, 4.0]])


def known(makespan: float) -> dict[str, Hcsp]:
    """A small instance with a time of 0, and one published plan: 4 s on each server at best."""
    plan = Published(f"A.tiny_{makespan}.sol", np.array([0, 0, 0, 1], np.int32), makespan)
    return {"A.tiny": Hcsp("A.tiny", ETC, (plan,))}


@pytest.fixture(scope="module")
def measured():
    """The small run, without data and without other libraries."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PMCB_DATA", raising=False)
        return json.loads(json.dumps(measure(seed=1, scope=replace(SMALL, rivals=()))))


@pytest.fixture
def found(measured):
    """Its document with all parts, every target met; to be changed."""
    found = copy.deepcopy(measured)
    for row in found["gaps"]:
        row |= {"took_s": row["seconds"], "gap_worst": row["most"]}
    row = {"name": "u", "best": 10.0, "makespan": 10.01, "over": 0.1, "minmin_over": 9.0}
    found["braun"] = [
        {"seconds": 2.0, "processors": 1, "mip_s": 10.0, "rows": [{**row, "mip_over": 0.4}]},
        {"seconds": 30.0, "processors": 2, "mip_s": 0.0, "rows": [dict(row)]},
    ]
    found["large"] = [{**row, "name": "A.v", "over": -0.2}]
    found["rivals"] = [
        {"orders": 512, "servers": 16, "seconds": 2.0, "ours": 0.4, "theirs": {"pymoo GA": 99.0}}
    ]
    found["front"] |= {"worst": 0.3, "seconds": 0.5, "nsga2_hypervolume": 1.0, "hypervolume": 1.0}
    late = {"control": 0.1, "retrieval": 0.0, "upload": 0.0}
    other = found["simulated"][0]
    found["simulated"] = [{**other, "rolling": {"energy": 70.0, "late": dict(late)},
                           "mct": {"energy": 100.0, "late": late}}]  # fmt: skip
    found["foreseen"] = [{"rolling": 0.04, "planned": 0.06}]
    found["decision"] = {"rate": 1000.0, "servers": 20, "batch": 10, "refused": 0, "p50_ms": 1.0,
                         "p99_ms": 4.0, "answer_p99_ms": 30.0}  # fmt: skip
    return found


def missed(found):
    """What misses its target."""
    return [what for what, _, _, met in page.fog_rows(found) if not met]


def test_without_data_the_published_instances_are_left_out(measured, tmp_path):
    """With the reason; all else is measured, and the document is what its schema says."""
    check_benchmark(measured)
    assert measured["left_out"]["hcsp/512x16.tar.xz"] == "not in PMCB_DATA"
    assert measured["braun"] == measured["large"] == []
    path = tmp_path / "fog.json"
    path.write_text(json.dumps(measured))
    assert table(path, page.fog_rows).count("\n| ") >= 6
    assert "not in PMCB_DATA" in page.shortfalls(path)


def test_all_targets_can_be_met(found, tmp_path):
    """A run that is as good as asked misses nothing; published instances have a table."""
    assert missed(found) == []
    check_benchmark(found)
    path = tmp_path / "fog.json"
    path.write_text(json.dumps(found))
    told = page.published_table(path)
    assert "| u | 10.0 | 0.100 % | 0.100 % | 9.0 % | 0.40 % |" in told
    assert "A.v" in told


def test_policies_stand_beside_mct(found, tmp_path):
    """Energy and late orders of all fleets; and what batches cost whose times were off."""
    late = {"control": 0.2, "retrieval": 0.5}
    one = {"rolling": {"energy": 70.0, "late": {"control": 0.1, "retrieval": 0.3}},
           "energy_deadline": {"energy": 72.0, "late": late},
           "mct": {"energy": 100.0, "late": late}}  # fmt: skip
    other = {**one, "rolling": {"energy": 75.0, "late": late}}
    found["simulated"], found["misjudged"] = [one, other], [one]
    found["foreseen"] = [{"rolling": 0.01 * each, "planned": 0.5} for each in range(4)]
    path = tmp_path / "fog.json"
    path.write_text(json.dumps(found))
    assert page.policies_table(path).splitlines()[2] == (
        "| `rolling`, times as expected | -30.0 to -25.0 % | "
        "10.0 to 20.0 % against 20.0 to 20.0 % | 30.0 to 50.0 % against 50.0 to 50.0 % |"
    )
    assert "uniform servers: 0.0 to 2.0 % more" in page.batches_misjudged(path)


@pytest.mark.parametrize(
    ("where", "bad", "what"),
    [
        (("gaps", 0, "gap_worst"), 1.1, "gap of uniform 50x5"),
        (("gaps", 1, "took_s"), 0.02, "gap of unrelated 50x5"),
        (("bounds", 0, "below"), 0.011, "the bound below the LP"),
        (("bounds", 0, "seconds"), 1.1, "the bound below the LP"),
        (("braun", 0, "rows", 0, "over"), 0.7, "over the best known, 2 s"),
        (("braun", 1, "rows", 0, "over"), 0.4, "over the best known, 30 s"),
        (("large", 0, "over"), 0.9, "1024x32-A over the best published"),
        (("large", 0, "over"), 0.1, "published best plans beaten"),
        (("rivals", 0, "theirs", "pymoo GA"), 39.0, "beside libraries"),
        (("front", "worst"), 0.6, "a front of"),
        (("front", "seconds"), 1.1, "a front of"),
        (("front", "hypervolume"), 0.9, "a front of"),
        (("simulated", 0, "rolling", "energy"), 76.0, "simulated at 60 % load"),
        (("simulated", 0, "rolling", "late", "upload"), 0.1, "simulated at 60 % load"),
        (("foreseen", 0, "rolling"), 0.051, "times off by"),
        (("decision", "p99_ms"), 6.0, "from admitted to assigned"),
        (("decision", "refused"), 1, "from admitted to assigned"),
    ],
)
def test_what_misses_its_target_is_shown_so(found, tmp_path, where, bad, what):
    """Rows of the table say no, and the sentence below names them."""
    place = found
    for key in where[:-1]:
        place = place[key]
    place[where[-1]] = bad
    rows = missed(found)
    assert any(what in row for row in rows)
    path = tmp_path / "fog.json"
    path.write_text(json.dumps(found))
    told = page.shortfalls(path).replace("\n", " ")
    assert told.startswith(f"Missed: {rows[0]}: ")


@pytest.mark.parametrize(("best", "beaten"), [(4.5, True), (4.0, False)])
def test_a_better_plan_is_written_as_published_plans_are(tmp_path, best, beaten):
    """Judged by the times as the file has them, a 0 included; the name ends in the makespan."""
    (tmp_path / "A.tiny_4,20.sol").write_text("of an earlier run")
    (row,) = over_the_best(known(best), 0.05, seed=0, solutions=tmp_path, mip_s=1.0)
    assert row["makespan"] == pytest.approx(4.0)
    assert row["over"] == pytest.approx(100 * (4.0 / best - 1))
    assert row["mip_over"] == pytest.approx(row["over"], abs=0.1)
    files = sorted(file.name for file in tmp_path.iterdir())
    assert files == (["A.tiny_4,00.sol"] if beaten else ["A.tiny_4,20.sol"])
    if beaten:
        plan = [int(word) for word in (tmp_path / files[0]).read_text().split()]
        assert max(np.bincount(plan, ETC[range(4), plan], minlength=2)) == 4.0


def test_published_instances_are_those_of_the_data_folder(tmp_path, monkeypatch):
    """None where the archive is not there."""
    monkeypatch.setenv("PMCB_DATA", str(tmp_path))
    assert published("braun") == {}
    assert parse_hcsp("1 1 0 3", "x").etc.tolist() == [[3.0]]


def test_highs_bounds_what_it_plans():
    """LP at most the integer programme's cost, and that about ours."""
    instance = fresh("unrelated", 12, 3, 0)
    lp, mip = lp_optimum(instance), mip_cost(instance, 5.0)
    assert mip is not None
    assert lp <= mip * (1 + 1e-9)
    assert solve(instance, "exact").cost == pytest.approx(mip, rel=1e-4)


def test_a_folder_beside_out_takes_the_plans(measured, tmp_path, monkeypatch):
    """The command measures the whole scope, and writes what it found."""
    given = {}

    def noted(**words):
        given.update(words)
        return measured

    monkeypatch.setattr("pmcb_benchmarks.fog.measure", noted)
    for name in THREADS:
        monkeypatch.setenv(name, "1")  # set by the command for its own process
    out = tmp_path / "fog.json"
    done = CliRunner().invoke(fog, ["--out", str(out)], obj=Settings(home=tmp_path))
    assert done.exit_code == 0, done.output
    assert json.loads(out.read_text()) == measured
    assert given == {"seed": 1, "scope": WHOLE, "solutions": tmp_path / "fog"}
    assert (tmp_path / "fog").is_dir()


@pytest.mark.figures
def test_every_library_plans_the_same_batch():
    """mealpy, NiaPy and pymoo are above our gap; NSGA-II finds a front."""
    if rivals_reasons():
        pytest.skip("some library is not installed")
    row = rivals(40, 5, 0.2, 0)
    assert len(row["theirs"]) == 7
    assert min(row["theirs"].values()) > row["ours"]
    assert nsga2(fresh("unrelated", 20, 3, 0), 0.5, 0)
