# SPDX-License-Identifier: Apache-2.0
"""From results to the pages on reproduction: nothing is said without a result."""

import re
from pathlib import Path

import pytest

from pmcb_benchmarks.reproduction_page import NoResult, counts, rivals, summary, tables, verdicts

RESULTS = Path(__file__).parents[2] / "docs/results"


def test_a_claim_without_a_result_is_refused(tmp_path: Path):
    """The page is not written; the message names the file."""
    with pytest.raises(NoResult, match=r"pmcb/fig5\.json is not there"):
        summary(tmp_path)


def test_every_statement_of_a_publication_stands_with_its_verdict():
    """Five items of the first one; reasons beside; a line for each further claim."""
    text = verdicts(RESULTS, "pmcb")
    for name in ("fig5", "fig6", "fig7", "fig8", "fig9"):
        assert f"| {name} |" in text
    assert "| cannot be true |" in text
    assert "1.093" in text


def test_tables_are_those_of_the_report():
    """Caption, heads, and a cell with its interval."""
    text = tables(RESULTS, "mpdp", "table3")
    assert text.startswith("*F-measure, mean and 95 % interval, over k:*\n\n| method | 2 | 3 |")
    assert "|---|---:|---:|" in text
    assert re.search(r"\| MPDP k-medoids \(not private\) \| 0\.\d+ \[0\.\d+, 0\.\d+\] \|", text)


def test_losses_are_bold():
    """And what is missing is said."""
    text = rivals(RESULTS)
    assert "| **worse** |" in text
    assert text.splitlines()[0].startswith("better ")


def test_counts_add_up():
    """Of all statements, those of each verdict."""
    words = [word for word in counts(RESULTS).replace(",", "").split() if word.isdigit()]
    assert int(words[0]) == sum(map(int, words[1:]))
