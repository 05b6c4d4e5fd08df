# SPDX-License-Identifier: Apache-2.0
"""What the documentation claims rests on result files, and these are what their schemas say."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pmcb_benchmarks.reproduction._items import PAPERS
from pmcb_benchmarks.reproduction._schema import check, check_benchmark

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "docs/results"
PAGES = sorted(ROOT.glob("docs/reproduction*.md"))
ITEMS = [(paper, name) for paper, found in PAPERS.items() for name in found.items]
GENERATED = re.compile(r"<!-- \[\[\[cog.*?<!-- \[\[\[end\]\]\] -->", re.DOTALL)
CODE = re.compile(r"```.*?```", re.DOTALL)
QUANTITY = re.compile(
    r"(?<![\w.`#/-])\d[\d.,]*\s(?:ms|µs|s|seconds?|minutes|hours?|%|times|[KMG]i?B)(?![\w/])|"
    r"(?<![\w.`#/-])\d[\d.,]*(?:/s|%)(?![\w/])"
)
STATED = ROOT / "tests/meta/stated.toml"
PROSE = [page for page in sorted(ROOT.glob("docs/*.md")) if page.stem != "commands"]
RESULT = re.compile(r"<!-- result: (\S+)#(\S+) -->")
"""A number in running prose that names where it comes from: file, and keys to the value."""


@pytest.mark.parametrize("file", sorted(RESULTS.glob("*.json")), ids=lambda file: file.stem)
def test_results_of_benchmarks_are_what_their_schemas_say(file: Path):
    """One by one, by the schema of their benchmark."""
    check_benchmark(json.loads(file.read_text()))


@pytest.mark.parametrize(("paper", "name"), ITEMS)
def test_every_published_item_has_a_result_with_a_verdict(paper: str, name: str):
    """A claim without a result fails here."""
    document = json.loads((RESULTS / paper / f"{name}.json").read_text())
    check(document, "item")
    assert (document["reproduction"], document["target"]) == (paper, name)


def test_no_result_is_left_of_an_item_that_is_none():
    """Whatever lies in a publication's folder is one of its items."""
    found = {(file.parent.name, file.stem) for file in RESULTS.glob("*/*.json")}
    assert found <= set(ITEMS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_tables_of_figures_are_generated(page: Path):
    """No table on these pages is written by hand: each is made from results, and checked."""
    by_hand = GENERATED.sub("", page.read_text())
    assert [line for line in by_hand.splitlines() if line.startswith("|")] == []


def test_numbers_that_name_their_result_are_those_of_the_result():
    """The number before ``<!-- result: FILE#KEY/KEY -->`` is the file's, at the digits shown."""
    found = []
    for page in sorted(ROOT.glob("docs/*.md")):
        text = page.read_text()
        for marker in RESULT.finditer(text):
            before = re.search(r"([\d.,]+)\s*(%|times)?\s*$", text[: marker.start()])
            assert before is not None, f"{page.name}: no number before {marker[0]}"
            found.append(marker[0])
            assert says(before[1], before[2], marker[1], marker[2]), f"{page.name}: {marker[0]}"
    assert found


@pytest.mark.parametrize("page", PROSE, ids=lambda page: page.stem)
def test_a_quantity_in_prose_is_a_result_or_stated(page: Path):
    """It names its result, or stands in stated.toml: limits, settings, published, worked out.

    Where this fails for something measured, write it by a function of the benchmark's page, or
    name the result behind it; a new line in stated.toml is for what no run can change.
    """
    stated = tomllib.loads(STATED.read_text())
    assert sorted(set(quantities(page.read_text()))) == sorted(stated.get(page.stem, []))


def quantities(text: str) -> Iterator[str]:
    """Numbers with a unit in prose and hand-written tables that name no result."""
    prose = CODE.sub("", GENERATED.sub("", text))
    for found in QUANTITY.finditer(prose):
        if not RESULT.match(prose[found.end() :].lstrip()):
            yield " ".join(found[0].split())


def test_a_new_quantity_is_found():
    """In prose and in a table, at the end of a line; not in code, not where a result is named."""
    text = "It takes 3\nms, 4 % <!-- result: a.json#b -->of 2/s.\n\n| 5 MiB |\n\n```\n6 s\n```\n"
    assert list(quantities(text)) == ["3 ms", "2/s", "5 MiB"]


def says(shown: str, unit: str | None, file: str, keys: str) -> bool:
    """Whether a number as shown is that of a result."""
    value = json.loads((RESULTS / file).read_text())
    for key in keys.split("/"):
        value = value[int(key)] if isinstance(value, list) else value[key]
    digits = len(shown.partition(".")[2])
    scaled = float(value) * (100 if unit == "%" else 1)
    return f"{scaled:,.{digits}f}" == shown


@pytest.mark.parametrize(("shown", "unit", "same"), [("1.02", None, True), ("1.03", None, False)])
def test_a_number_that_differs_is_found(shown: str, unit: str | None, same: bool):
    """The ratio of the shim's result, right and wrong."""
    assert says(shown, unit, "shim.json", "ratios/achieved") is same
