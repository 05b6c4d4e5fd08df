# SPDX-License-Identifier: Apache-2.0
"""``pmcb reproduce``: what it refuses, what it says, how it ends."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pmcb_benchmarks.reproduction._source import Places
from pmcb_client.cli import make_root


@pytest.fixture
def ask(places: Places, tmp_path: Path):
    """The command over a stored sweep of few runs."""

    def run(*words: str) -> Result:
        paths = ["--out", str(tmp_path / "out"), "--results", str(places.results)]
        command = ["--home", str(places.home), "--json", "reproduce", *words]
        return CliRunner().invoke(make_root(), [*command, *paths])

    return run


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing"], "'pmcb', 'mpdp', 'fog'"),
        (["mpdp", "fig99"], "mpdp has no fig99; it has table3, fig2"),
        (["fog", "table3"], "fog has no table3; it has fig7"),
        (["pmcb", "fig8", "--runs", "0"], "not in the range"),
        (["pmcb", "fig8", "--compare", "/no/such/folder"], "does not exist"),
    ],
)
def test_what_there_is_not_is_refused_by_name(ask, words, said: str):
    """Before anything is measured; the message lists what there is."""
    answer = ask(*words)
    assert answer.exit_code == 2
    assert said in answer.output


def test_a_failing_item_ends_with_its_code_and_leaves_the_others(ask, places, tmp_path: Path):
    """Exit code 3 without Fabric and sweep; the report is there and says what is missing."""
    (places.results / "ledger-sweep.json").unlink()
    answer = ask("pmcb", "fig7")
    assert answer.exit_code == 3
    document = json.loads(answer.stdout)
    assert "Fabric is not at hand" in document["items"][0]["error"]
    assert document["items"][0]["claims"] == []
    assert "not measured here" in (tmp_path / "out/report.html").read_text()


def test_one_item_is_measured_kept_and_compared(ask, tmp_path: Path):
    """Against itself nothing differs; against a changed verdict it ends with 1."""
    answer = ask("pmcb", "fig8")
    assert answer.exit_code == 0, answer.output
    (item,) = json.loads(answer.stdout)["items"]
    assert [each["verdict"] for each in item["claims"]][:2] == ["cannot be true", "not reproduced"]
    assert "pmcb fig8: measured" in answer.stderr
    accepted = tmp_path / "accepted/pmcb/fig8.json"
    accepted.parent.mkdir(parents=True)
    text = (tmp_path / "out/pmcb/fig8.json").read_text()
    accepted.write_text(text)
    again = ask("pmcb", "fig8", "--resume", "--compare", str(tmp_path / "accepted"))
    assert again.exit_code == 0
    assert "pmcb fig8: as it was" in again.stderr
    accepted.write_text(text.replace("cannot be true", "reproduced"))
    differing = ask("pmcb", "fig8", "--resume", "--compare", str(tmp_path / "accepted"))
    assert differing.exit_code == 1
    told = json.loads(differing.stdout)["differences"]
    assert "claims[0].verdict was reproduced, and is cannot be true" in told[0]


def test_exact_items_are_measured_once_however_often_is_asked(ask, tmp_path: Path):
    """Repeats of what is exact say nothing."""
    assert ask("pmcb", "fig8", "--runs", "7").exit_code == 0
    assert json.loads((tmp_path / "out/pmcb/fig8.json").read_text())["runs"] == 1
