# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench levels`` on graphs small enough for a test."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from pmcb_benchmarks.page import caveats, levels_rows, modes_table, table
from pmcb_client.cli import make_root


def test_every_figure_is_measured_and_shown(tmp_path: Path, small_data: Path):
    """On the data sets at hand: equal to NetworkX and igraph, and the page can be made of it."""
    out = tmp_path / "levels.json"
    command = ["--home", str(tmp_path / "home"), "bench", "levels", "--out", str(out)]
    answer = CliRunner().invoke(make_root(), command, catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    found = json.loads(out.read_text())
    assert (found["graph"]["name"], found["graph"]["users"]) == ("ego-Facebook", 300)
    assert found["local_metrics"]["max_difference"] <= 1e-12
    assert found["betweenness"]["max_relative_difference"] <= 1e-9
    assert [each["levels"] for each in found["levels"]] == [3, 4, 5]
    assert [each["seed"] for each in found["seeds"]] == [0, 1, 2, 3, 4]
    assert found["seeds"][0]["ratio_cut_to_kmeans"] == found["levels"][1]["ratio_cut_to_kmeans"]
    assert [each["levels"] for each in found["lopsided"]["levels"]] == [3, 5]
    assert found["lopsided"]["graph"]["graph_hash"] != found["graph"]["graph_hash"]
    assert table(out, levels_rows).count("| T = ") == 3
    assert modes_table(out).count("| `paper` |") == 3
    assert "in email-Enron" in caveats(out)


def test_a_data_set_in_the_home_is_measured(
    tmp_path: Path, small_data: Path, monkeypatch: pytest.MonkeyPatch
):
    """As `pmcb data fetch` leaves it; without email-Enron its figures are left out."""
    monkeypatch.delenv("PMCB_DATA")
    (small_data / "social" / "email-Enron.txt.gz").unlink()
    answer = CliRunner().invoke(make_root(), ["--home", str(tmp_path), "bench", "levels"])
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout)
    assert (found["graph"]["name"], found["graph"]["users"]) == ("ego-Facebook", 300)
    assert found["lopsided"] is None
