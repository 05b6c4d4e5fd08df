# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench verification`` and its tables: a target that is missed is shown as missed."""

import copy
import json

import pytest
from click.testing import CliRunner

from pmcb_benchmarks import verification_page as page
from pmcb_benchmarks.page import table
from pmcb_client.cli import make_root


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """Two crowds of each sort."""
    out = tmp_path_factory.mktemp("bench") / "verification.json"
    done = CliRunner().invoke(
        make_root(), ["bench", "verification", "--seeds", "2", "--out", str(out)]
    )
    assert done.exit_code == 0, done.output
    return out


def test_every_figure_is_measured_and_shown(result):
    """All targets are met by both crowds, and each table has its rows."""
    found = json.loads(result.read_text())
    assert all(met for *_, met in page.target_rows(found))
    assert table(result, page.target_rows).count("| yes |") == 8
    assert page.noisy_table(result).count("| four numbers |") == 6
    assert (
        page.collusion_table(result).splitlines()[-1] == "| 60% | 0.0% | 100.0% | 0.0% | 100.0% |"
    )
    assert page.honest_table(result).count("\n") == 3


@pytest.mark.parametrize(
    ("where", "rejected"),
    [
        (("mixed", 0, "rejected", "malicious"), 30),
        (("mixed", 0, "rejected", "honest"), 20),
        (("lazy", "personal", "constant"), 10),
        (("lazy", "personal", "copied"), 10),
        (("lazy", "personal", "honest"), 1),
    ],
)
def test_what_misses_its_target_is_shown_so(result, where, rejected):
    """One row of the table says no."""
    found = copy.deepcopy(json.loads(result.read_text()))
    counts = found
    for key in where:
        counts = counts[key]
    counts["rejected"] = rejected
    assert [met for *_, met in page.target_rows(found)].count(False) == 1
