# SPDX-License-Identifier: Apache-2.0
"""The report: self-contained, with every verdict, in words for who cannot see the pictures."""

import re
from base64 import b64encode
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pmcb_benchmarks.reproduction import Verdict
from pmcb_benchmarks.reproduction._items import PAPERS
from pmcb_benchmarks.reproduction._report import entries_of, render, write_report
from pmcb_benchmarks.reproduction._results import keep, read
from pmcb_benchmarks.reproduction._rivals import duels
from pmcb_benchmarks.reproduction._source import Made
from pmcb_benchmarks.reproduction._tables import Flat, Pivot, cell

PNG = b"\x89PNG made for a test"


class Page(HTMLParser):
    """Pictures, links, ids and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.pictures: list[dict[str, str | None]] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Remember what matters."""
        found = dict(attrs)
        if tag == "img":
            self.pictures.append(found)
        if tag == "a":
            self.links.append(found["href"] or "")
        if "id" in found:
            self.ids.add(found["id"] or "")

    def handle_data(self, data):
        """All text."""
        self.words.append(data)


@pytest.fixture(scope="module")
def stored() -> Path:
    """The stored results of the documentation."""
    return Path(__file__).parents[3] / "docs/results"


@pytest.fixture(scope="module")
def text(stored: Path) -> str:
    """The report over the stored results."""
    return render(entries_of(stored), duels(stored), ["a rival: its file is not there"])


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    """The same, taken apart."""
    return Page(text)


def test_the_report_needs_nothing_beside_it_and_reads_everywhere(text: str):
    """No script, no address of others; dark, narrow and printed are provided for."""
    assert "<script" not in text
    assert not re.search(r"(src|href)=\"(https?:)?//", text)
    assert "@import" not in text
    for medium in ("prefers-color-scheme: dark", "max-width: 44rem", "@media print"):
        assert medium in text


def test_every_item_and_verdict_is_there_and_leads_to_raw_data(page: Page, stored: Path):
    """An anchor for each item, links to JSON, CSV and PNG that are relative to the page."""
    items = [(paper, name) for paper, found in PAPERS.items() for name in found.items]
    assert page.ids >= {f"{paper}-{name}" for paper, name in items}
    for paper, name in items:
        if (stored / paper / f"{name}.json").is_file():
            raw = {f"{paper}/{name}.{ending}" for ending in ("json", "csv", "png")}
            assert raw <= set(page.links)
    inner = {link[1:] for link in page.links if link.startswith("#")}
    assert inner <= page.ids
    shown = " ".join(page.words)
    for each in Verdict:
        assert each.value in shown
    assert "no open copy" in shown
    assert "Not shown: a rival: its file is not there." in shown


def test_losses_are_as_plain_as_wins(page: Page):
    """Both words stand in the table of rivals."""
    assert {"better", "worse", "even"} <= {each.strip() for each in page.words}


def test_an_item_that_was_not_measured_is_said(tmp_path: Path):
    """With the command that measures it."""
    page = Page(render(entries_of(tmp_path), [], []))
    shown = " ".join(page.words)
    assert "pmcb reproduce mpdp table3" in shown
    assert "not measured here" in shown
    assert page.pictures == []


def test_pictures_are_inside_and_told_in_words(stored: Path, tmp_path: Path):
    """Data of the page itself; the text says what the figures say; markup in it stays text."""
    document = read(stored, "pmcb", "fig8")
    assert document is not None
    document["claims"][0]["reason"] = "It falls <b>fast</b>."
    keep(tmp_path, Made(document, PNG))
    place = write_report(tmp_path, tmp_path / "none")
    page = Page(place.read_text())
    (picture,) = page.pictures
    assert picture["src"] == f"data:image/png;base64,{b64encode(PNG).decode()}"
    assert "It falls <b>fast</b>." in (picture["alt"] or "")
    assert "<b>fast" not in place.read_text()


ROWS = [
    {"method": "mpdp", "k": 2, "runs": 3, "refused": 0, "ch": 10.0, "ch_se": 1.0},
    {"method": "mpdp", "k": 3, "runs": 3, "refused": 3, "ch": None, "ch_se": None},
    {"method": "mpdp-k", "k": 3, "runs": 3, "refused": 1, "ch": 5.0, "ch_se": None},
]


def test_tables_show_intervals_refusals_and_gaps():
    """Three runs: 4.303 standard errors each way; what refused every time says so."""
    found = Pivot("CH", ("method",), "k", "ch").of({"rows": ROWS})
    assert found.columns == ["method", "2", "3"]
    assert found.rows[0][1:] == ["10 [5.7, 14.3]", "refused"]
    assert found.rows[1] == ["mpdp-k", "", "5 (2 of 3 runs)"]
    assert cell({"tests": 5, "tests_low": 4, "tests_high": 7}, "tests") == "5 [4, 7]"
    flat = Flat("Rows", ("method", "k"), {"k": 2}).of({"rows": ROWS})
    assert flat.rows == [["MPDP k-medoids (not private)", "2"]]
