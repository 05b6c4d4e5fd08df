# SPDX-License-Identifier: Apache-2.0
"""From the results of ``pmcb reproduce`` to docs/reproduction.md and its sisters, in Markdown."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .page import measured_on
from .reproduction._claims import Verdict
from .reproduction._items import PAPERS
from .reproduction._results import read
from .reproduction._rivals import Outcome, absent, duels
from .reproduction._shown import tables_of
from .reproduction._tables import Table

Document = Mapping[str, Any]


class NoResult(Exception):
    """The documentation claims something of which there is no result."""


def documents(results: Path, paper: str | None = None) -> Iterator[Document]:
    """Every item's document, in the papers' order.

    Raises:
        NoResult: names the item whose result is missing.
    """
    for name, found in PAPERS.items():
        if paper in {None, name}:
            yield from (_document(results, name, item) for item in found.items)


def _document(results: Path, paper: str, name: str) -> Document:
    document = read(results, paper, name)
    if document is None:
        raise NoResult(f"{results}/{paper}/{name}.json is not there")
    return document


def counts(results: Path) -> str:
    """How many statements fare how, in a sentence."""
    found = Counter(claim["verdict"] for each in documents(results) for claim in each["claims"])
    told = ", ".join(f"{found[verdict.value]} {verdict.value}" for verdict in Verdict)
    return f"Of {found.total()} published statements: {told}."


def summary(results: Path) -> str:
    """Every statement with its verdict; the item leads to its publication's page."""
    lines = ["| item | published statement | verdict |", "|---|---|---|"]
    for each in documents(results):
        paper = each["reproduction"]
        name = f"[{paper} {each['target']}]({PAPERS[paper].page})"
        for claim in each["claims"]:
            lines.append(f"| {name} | {claim['claim']} | {claim['verdict']} |")
            name = ""
    return "\n".join(lines)


def verdicts(results: Path, paper: str) -> str:
    """The machine in a sentence, then a publication's statements: published, ours, verdict."""
    found = list(documents(results, paper))
    lines = [
        measured_on(found[0]),
        "",
        "| item | repeats | published statement | verdict | ours |",
        "|---|---|---|---|---|",
    ]
    for each in found:
        start = f"| {each['target']} | {each['runs']} "
        for claim in each["claims"]:
            ours = " ".join(filter(None, (claim["reason"], claim["timing"])))
            lines.append(f"{start}| {claim['claim']} | {claim['verdict']} | {ours} |")
            start = "| | "
    return "\n".join(lines)


def findings(results: Path, paper: str) -> str:
    """What else the figures say: a question and its measured answer."""
    lines = ["| question | measured | from |", "|---|---|---|"]
    for each in documents(results, paper):
        lines += [
            f"| {one['question']} | {one['answer']} | {each['target']} |"
            for one in each["findings"]
        ]
    return "\n".join(lines)


def tables(results: Path, paper: str, name: str) -> str:
    """An item's rows, as the report shows them."""
    return "\n\n".join(map(_table, tables_of(_document(results, paper, name))))


def _table(one: Table) -> str:
    heads = "|".join("---" if place < one.words else "---:" for place in range(len(one.columns)))
    lines = [f"*{one.caption}:*", "", f"| {' | '.join(one.columns)} |", f"|{heads}|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in one.rows)])


def rivals(results: Path) -> str:
    """Our defaults beside rivals, losses as plain as wins; then what is missing."""
    found = duels(results)
    total = Counter(each.outcome for each in found)
    lines = [
        ", ".join(f"{outcome.value} {total[outcome]}" for outcome in Outcome) + ".",
        "",
        "| area | what | ours | rival | its figure | ours is |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {each.area} | {each.what} | {each.ours} | {each.rival} | {each.theirs} | "
        f"{'**worse**' if each.outcome is Outcome.LOSS else each.outcome.value} |"
        for each in found
    ]
    lines += ["", *(f"Not shown: {sentence}." for sentence in absent(results))]
    return "\n".join(lines).rstrip()
