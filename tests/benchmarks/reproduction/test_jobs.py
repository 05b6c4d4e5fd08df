# SPDX-License-Identifier: Apache-2.0
"""Jobs: which there are, that results are found again, and that one failure ends nothing."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pmcb_benchmarks.reproduction import _results
from pmcb_benchmarks.reproduction._compare import without_times
from pmcb_benchmarks.reproduction._items import PAPERS, chosen
from pmcb_benchmarks.reproduction._report import entries_of, render
from pmcb_benchmarks.reproduction._results import key_of
from pmcb_benchmarks.reproduction._source import Places, Wish, open_source
from pmcb_benchmarks.reproduction.jobs import Job, Outcome, jobs_of, run

FIG8 = [("pmcb", "fig8")]
LEDGER = [("pmcb", "fig7"), ("pmcb", "fig9")]


def wished(_: str, __: str) -> Wish:
    """As little as there is."""
    return Wish(1, 0, "quick")


def jobs(wanted) -> list[Job]:
    """The jobs for pairs."""
    return jobs_of(wanted, wished)


def test_items_of_one_measurement_are_one_job():
    """Figs. 5 and 6 share classifications, 7 and 9 a sweep; others are alone."""
    found = {(each.paper, each.names) for each in jobs(chosen("pmcb", None))}
    assert found == {
        ("pmcb", ("fig5", "fig6")),
        ("pmcb", ("fig7", "fig9")),
        ("pmcb", ("fig8",)),
    }
    assert [each.names for each in jobs([("pmcb", "fig9")])] == [("fig9",)]
    every = [name for job in jobs(chosen(None, None)) for name in job.names]
    assert len(every) == sum(len(paper.items) for paper in PAPERS.values())


def test_one_failure_ends_nothing_and_says_what_to_do(places: Places, tmp_path: Path):
    """Without a stored sweep Figs. 7 and 9 fail; Fig. 8 after them is there."""
    lost = Places(places.home, tmp_path / "no-results")
    heard: list[Outcome] = []
    ledger, leakage = run(jobs(LEDGER + FIG8), lost, tmp_path / "out", tell=heard.append)
    assert ledger.exit_code == 3
    assert "Fabric is not at hand" in ledger.message
    assert "--results" in ledger.message
    assert leakage.message == ""
    assert [each.job for each in heard] == [ledger.job, leakage.job]
    assert not (tmp_path / "out/pmcb/fig7.json").exists()
    assert (tmp_path / "out/pmcb/fig8.json").exists()


def test_what_cannot_be_written_is_a_failure_of_its_item(places: Places, tmp_path: Path):
    """A file stands where the folder should be."""
    (tmp_path / "pmcb").write_text("")
    (outcome,) = run(jobs(FIG8), places, tmp_path)
    assert outcome.exit_code
    assert outcome.message


def test_a_stopped_run_resumes(places: Places, tmp_path: Path):
    """What lies there under the same key is not measured again; a half is."""
    first = run(jobs(FIG8 + LEDGER), places, tmp_path)
    assert [each.message for each in first] == ["", ""]
    (tmp_path / "pmcb/fig9.png").unlink()
    made = []
    run(
        jobs(FIG8 + LEDGER), places, tmp_path, resume=True,
        tell=lambda each: made.append(tuple(one.document["target"] for one in each.made)),
    )  # fmt: skip
    assert made == [("fig7", "fig9"), ()]


def test_another_seed_scope_input_or_code_is_measured_anew(
    places: Places, monkeypatch: pytest.MonkeyPatch
):
    """Each is part of the key, and nothing else is."""

    def key(seed: int = 0, scope: str = "quick") -> str:
        return key_of("pmcb", "ledger", open_source("pmcb", "ledger", places), Wish(1, seed, scope))

    found = [key(), key(seed=1), key(scope="full")]
    assert key() == found[0]
    file = places.results / "ledger-sweep.json"
    file.write_text(file.read_text() + "\n")
    found.append(key())
    monkeypatch.setattr(_results, "code_digest", lambda _: "other")
    found.append(key())
    assert len(set(found)) == 5


def test_an_executor_gives_the_same_and_a_seed_repeats(places: Places, tmp_path: Path):
    """Bytes without times are equal, here and on threads, once and again."""
    wanted = [*LEDGER, ("mpdp", "fig5")]
    outcomes = run(jobs(wanted), places, tmp_path / "one")
    assert [each.message for each in outcomes] == [""] * 2
    with ThreadPoolExecutor(2) as pool:
        outcomes = run(jobs(wanted), places, tmp_path / "two", executor=pool)
    assert [each.message for each in outcomes] == [""] * 2
    for paper, name in wanted:
        one, two = (
            json.loads((tmp_path / folder / paper / f"{name}.json").read_text())
            for folder in ("one", "two")
        )
        assert without_times(one) == without_times(two)
        assert one["key"] == two["key"]
    one, two = (_timeless(render(entries_of(tmp_path / each), [], [])) for each in ("one", "two"))
    assert one == two
    assert one.count("<img") == 3


def _timeless(page: str) -> str:
    """The page without what a clock or the machine's load decides."""
    return re.sub(
        r'<p class="time">.*?</p>|<dt>load before</dt><dd>.*?</dd>', "", page, flags=re.DOTALL
    )
