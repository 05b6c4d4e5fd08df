# SPDX-License-Identifier: Apache-2.0
"""The report: one HTML page over all results of a folder, with the rivals beside our defaults."""

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2

from pmcb_client.files import write_atomic

from ._claims import Verdict
from ._items import PAPERS, Item
from ._results import place_of, read
from ._rivals import Duel, absent, duels
from ._shown import tables_of
from ._tables import Table

NAME = "report.html"


@dataclass(frozen=True)
class Entry:
    """An item as the report shows it; without a document it was not measured."""

    paper: str
    name: str
    item: Item
    document: Mapping[str, Any] | None = None
    picture: str = ""
    tables: Sequence[Table] = ()

    @property
    def text(self) -> str:
        """The picture in words, for who cannot see it."""
        assert self.document is not None
        return " ".join([f"{self.item.title}.", *(each["reason"] for each in self.claims)])

    @property
    def claims(self) -> Sequence[Mapping[str, str]]:
        """Statements and verdicts, none where nothing was measured."""
        return [] if self.document is None else self.document["claims"]

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Where the figures come from."""
        assert self.document is not None
        found, machine = self.document, self.document["machine"]
        versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
        return [
            ("seed, repeats", f"{found['seed']}, {found['runs']}"),
            ("data", _told(found["data"])),
            ("machine", f"{machine['processor']}, {machine['cores']} cores, {machine['system']}"),
            ("load before", str(machine["load_before"])),
            ("versions", f"Python {machine['python']}, {versions}"),
            ("key", found.get("key", "measured before there were keys")),
        ]


def entries_of(folder: Path) -> list[Entry]:
    """All items in the papers' order, with what the folder holds of each."""
    return [
        _entry(folder, paper, name, item)
        for paper, found in PAPERS.items()
        for name, item in found.items.items()
    ]


def _entry(folder: Path, paper: str, name: str, item: Item) -> Entry:
    document = read(folder, paper, name)
    if document is None:
        return Entry(paper, name, item)
    picture = place_of(folder, paper, name, ".png")
    address = ""
    if picture.is_file():
        address = f"data:image/png;base64,{base64.b64encode(picture.read_bytes()).decode()}"
    return Entry(paper, name, item, document, address, tables_of(document))


def render(entries: Sequence[Entry], rivals: Sequence[Duel], missing: Sequence[str]) -> str:
    """One page that needs nothing beside it; raw data are linked, relative to it."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = (files(__package__) / "report.html.j2").read_text(encoding="utf-8")
    counts = Counter(each["verdict"] for entry in entries for each in entry.claims)
    return environment.from_string(source).render(
        papers=PAPERS,
        entries=entries,
        counts=[(verdict.value, counts[verdict.value]) for verdict in Verdict],
        rivals=rivals,
        duels=Counter(each.outcome.value for each in rivals),
        missing=missing,
    )


def write_report(folder: Path, results: Path) -> Path:
    """Write the report over a folder of items; ``results``: those of ``pmcb bench``."""
    page = render(entries_of(folder), duels(results), absent(results))
    write_atomic(folder / NAME, page.encode(), mode=0o644)
    return folder / NAME


def _told(data: Mapping[str, Any]) -> str:
    """``name: ego-Facebook; users: 4039`` and so on, long lists cut."""
    return "; ".join(f"{name}: {_short(value)}" for name, value in data.items() if value)


def _short(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_short, value))
    return f"{value:,}" if type(value) is int else str(value)
