# SPDX-License-Identifier: Apache-2.0
"""Whether a refusal log still is what the bridge wrote."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ._refusal_chain import START, Line, Link, day_files, read_line


class Rule(StrEnum):
    """What a sound log does not show."""

    ALTERED = "altered"
    MISSING = "missing"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    FOREIGN = "foreign"


@dataclass(frozen=True, order=True)
class Damage:
    """A rule, and the place where it is broken; lines are counted from 1."""

    file: str
    line: int
    rule: Rule
    sentence: str


@dataclass
class _Gap:
    """Numbers that were skipped, and those of them that came later."""

    at: tuple[str, int]
    numbers: range
    found: set[int] = field(default_factory=set)


class RefusalCheck:
    """What is found when a folder's files are read from the first line to the last.

    ``known`` is the hash that an earlier check ended with. Only who kept one can tell that lines
    were cut off at the end, or that what is missing at the start was checked before.

    Attributes:
        days: files read. lines: lines of the chain. torn: noted remainders of cut-off writes.
        lost: refusals that found no room, as noted. first, last: numbers of the chain's ends.
        head: hash of the last line. codes: refusals by code. damage: in order of place.
    """

    def __init__(self, folder: Path, *, known: str = "") -> None:
        """Read the folder.

        Raises:
            OSError: it cannot be read.
        """
        self.days = self.lines = self.torn = self.lost = self.first = 0
        self.codes: Counter[str] = Counter()
        self._known = known
        self._known_seen = False
        self._end = START
        self._at = ("", 0)
        self._gaps: list[_Gap] = []
        self._found: list[Damage] = []
        for path in day_files(folder):
            self.days += 1
            self._read(path)
        self._read_all()
        self.damage = sorted(self._found)

    @property
    def last(self) -> int:
        """The last line's number."""
        return self._end.sequence

    @property
    def head(self) -> str:
        """The last line's hash: keep it elsewhere, and give it to the next check."""
        return self._end.hash

    def _read(self, path: Path) -> None:
        number, torn = 0, b""
        with path.open("rb") as lines:
            for number, raw in enumerate(lines, start=1):
                line = read_line(raw)
                if line is None:
                    torn += raw
                    continue
                before = (path.name, number - 1)
                self._at = (path.name, number)
                self._take_torn(before, torn, line)
                self._take(line)
                torn = b""
        if torn:
            self._take_torn((path.name, number), torn, None)

    def _take_torn(self, at: tuple[str, int], torn: bytes, following: Line | None) -> None:
        """Bytes that are no line: sound only before the note that speaks of them."""
        noted = following is not None and "note" in following.fields and "bytes" in following.fields
        if following is not None and noted and following.explains(torn):
            self.torn += 1
        elif noted and not torn:
            self._report(Rule.MISSING, "what this note says was torn is gone")
        elif torn and not torn.endswith(b"\n"):
            self._report(Rule.TRUNCATED, "the line is cut off", at)
        elif torn:
            self._report(Rule.FOREIGN, "the log writes no such line", at)

    def _take(self, line: Line) -> None:
        link, previous = line.link, line.fields["previous"]
        self._known_seen |= self._known in (link.hash, previous)
        if not line.is_whole:
            self._report(Rule.ALTERED, "the line does not match its own hash")
        if not self.lines:
            self.first = link.sequence
            self._begin(link, str(previous))
        elif link.sequence <= self._end.sequence:
            self._take_late(link.sequence)
        elif link.sequence > self._end.sequence + 1:
            self._gaps.append(_Gap(self._at, range(self._end.sequence + 1, link.sequence)))
        elif previous != self._end.hash:
            self._report(
                Rule.ALTERED, "the line before it is not the one that it was written after"
            )
        self._end = max(self._end, link, key=lambda one: one.sequence)
        self._count(line)

    def _begin(self, link: Link, previous: str) -> None:
        if previous == self._known:
            return
        if link.sequence > 1:
            self._gaps.append(_Gap(self._at, range(1, link.sequence)))
        elif previous != START.hash:
            self._report(Rule.ALTERED, "a first line follows none")

    def _take_late(self, sequence: int) -> None:
        self._report(Rule.REORDERED, f"number {sequence} stands after {self._end.sequence}")
        for gap in self._gaps:
            if sequence in gap.numbers:
                gap.found.add(sequence)

    def _count(self, line: Line) -> None:
        self.lines += 1
        self.lost += int(line.fields.get("refusals", 0))
        if "code" in line.fields:
            self.codes[str(line.fields["code"])] += 1

    def _read_all(self) -> None:
        for gap in self._gaps:
            missing = len(gap.numbers) - len(gap.found)
            if missing:
                text = f"{missing} of the numbers {gap.numbers[0]} to {gap.numbers[-1]} are nowhere"
                self._report(Rule.MISSING, text, gap.at)
        if self._known and not self._known_seen:
            self._report(Rule.TRUNCATED, "after it, the line that the earlier check ended with")

    def _report(self, rule: Rule, sentence: str, at: tuple[str, int] | None = None) -> None:
        self._found.append(Damage(*(at or self._at), rule, sentence))
