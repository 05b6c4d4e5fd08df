# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench levels`` as a whole, on graphs small enough for a test."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from pmcb_benchmarks import levels_page
from pmcb_benchmarks._child import child
from pmcb_benchmarks._levels_child import peak_bytes
from pmcb_benchmarks.page import table
from pmcb_client.cli import make_root
from pmcb_clustering import LevelClustering, read_graph

HERE = Path(__file__).parent


def test_a_process_that_cannot_read_its_file_is_told():
    """A figure that was not measured is none."""
    with (
        pytest.raises(RuntimeError, match="levels_child did not start"),
        child("_levels_child", "classify", str(HERE / "none.txt"), "3", "0", "out.json"),
    ):
        pass


def test_the_peak_counts_what_was_held_and_given_back():
    """A hundred megabytes held for a moment."""
    before = peak_bytes()
    assert np.ones(before // 8 + 100_000_000 // 8).sum() > 0
    assert peak_bytes() >= before + 100_000_000


@pytest.mark.timeout(300)  # kernels may have to be compiled, in several processes
def test_every_figure_is_measured_and_shown(tmp_path: Path, small_data: Path):
    """On the data sets at hand; the page can be made of it, and tells every target."""
    out = tmp_path / "levels.json"
    command = ["--home", str(tmp_path / "home"), "bench", "levels", "--quick", "--out", str(out)]
    answer = CliRunner().invoke(make_root(), command, catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    found = json.loads(out.read_text())
    assert (found["graph"]["name"], found["graph"]["users"]) == ("ego-Facebook", 300)
    assert found["quick"]
    assert found["local_metrics"]["max_difference"] <= 1e-12
    _check_processes(found, small_data / "social" / "facebook_combined.txt.gz")
    names = [each["graph"]["name"] for each in found["balance"]]
    assert names[:3] == ["ego-Facebook", "email-Enron", "generated"]
    assert [each["graph"]["name"] for each in found["determinism"]] == names[:3]
    assert all(each["threads_equal"] for each in found["determinism"])
    rows = table(out, levels_page.speed_rows)
    assert rows.count("| from a file of ") == 2
    quality = list(levels_page.quality_rows(found))
    assert [row[0].partition(",")[0] for row in quality[:9]] == [f"balance of {n}" for n in names]
    assert all(row[3] for row in quality[:9])
    assert len(list(levels_page.stability_rows(found))) == 3 + 3 + 4 + 2 + 3
    assert len(list(levels_page.attack_rows(found))) == 1 + 5
    assert levels_page.modes_table(out).count("| `paper` |") == 3
    assert "(timed from 16 sources, scaled up to all)" in levels_page.anchors_table(out)
    assert "multiplies the RatioCut" in levels_page.caveats(out)


def _check_processes(found, file: Path):
    """The same levels as here, from more than imports take and less than a heap of memory."""
    first, second = found["scale"]["end_to_end"]
    expected = LevelClustering(3).fit(read_graph(file)).assignment_.result_hash
    assert first["result_hash"] == expected
    assert second["graph"]["users"] == 1_000
    for each in (first, second):
        assert each["cpu_s"] > 0
        assert 0.1 < each["wall_s"] < 200
        assert 50e6 < each["peak_bytes"] < 2e9
    local = found["scale"]["local_metrics_at_scale"]
    assert local["graph"] == second["graph"]
    assert 0 < local["metrics_cpu_s"] < local["cpu_s"]


def test_the_data_sets_in_the_home_are_measured(
    tmp_path: Path, small_data: Path, monkeypatch: pytest.MonkeyPatch
):
    """As `pmcb data fetch` leaves them; one that is not there is not."""
    monkeypatch.delenv("PMCB_DATA")
    (small_data / "social" / "email-Enron.txt.gz").unlink()
    given = []

    def measure(facebook, enron, **options):
        given.append((facebook, enron, options["seed"], options["quick"]))
        return {"seed": options["seed"]}

    monkeypatch.setattr("pmcb_benchmarks.levels.measure", measure)
    command = ["--home", str(tmp_path), "bench", "levels", "--seed", "7"]
    answer = CliRunner().invoke(make_root(), command)
    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.stdout) == {"seed": 7}
    facebook = tmp_path / "data" / "social" / "facebook_combined.txt.gz"
    assert given == [(facebook, None, 7, False)]
