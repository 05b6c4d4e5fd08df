# SPDX-License-Identifier: Apache-2.0
"""What a measurement begins with: the data that are at hand, and how they become items."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

Document = dict[str, Any]
Advance = Callable[[int], None]


@dataclass(frozen=True)
class Made:
    """One item, measured: its document, and its picture as PNG."""

    document: Document
    png: bytes


@dataclass(frozen=True)
class Wish:
    """How much is measured, and from which seed."""

    runs: int
    seed: int
    scope: str


@dataclass(frozen=True)
class Places:
    """Where things lie.

    Attributes:
        home: of the user: data sets that were fetched.
        results: results of ``pmcb bench``; the stored sweep of the ledger among them.
    """

    home: Path
    results: Path


class Source(Protocol):
    """The inputs of one item, or of a group of items that are measured together."""

    @property
    def digest(self) -> str:
        """SHA-256 over the inputs."""

    @property
    def remarks(self) -> Sequence[str]:
        """What the user must be told, such as that stand-ins take the place of data."""

    def steps(self, wish: Wish) -> int:
        """How often ``advance`` will be told of something new, at most."""

    def make(self, names: Sequence[str], wish: Wish, advance: Advance) -> list[Made]:
        """Measure and draw the named items."""


HOMES: Mapping[str, str] = {
    "mpdp": "_mpdp",
    "fog": "_fog",
    "fog.fig10": "_plans",
    "fog.fig11": "_plans",
    "pmcb.levels": "_levels",
    "pmcb.fig8": "_leakage",
    "pmcb.ledger": "_ledger",
}
"""Which module of this package opens the inputs: of a paper, or of a paper and a group."""


def module_of(paper: str, group: str) -> str:
    """The module that measures a group of a paper's items."""
    home = HOMES.get(f"{paper}.{group}") or HOMES[paper]
    return f"{__package__}.{home}"


def open_source(paper: str, group: str, places: Places) -> Source:
    """The inputs of a group, loaded."""
    made = import_module(module_of(paper, group)).open_source(group, places)
    return cast("Source", made)


def digest_of(*parts: bytes) -> str:
    """SHA-256 over all parts, each with its length."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
