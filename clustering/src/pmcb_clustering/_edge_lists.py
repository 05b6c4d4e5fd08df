# SPDX-License-Identifier: Apache-2.0
"""Ties from text, line by line or, where they are plain numbers, block by block."""

from __future__ import annotations

import csv
import gzip
import zlib
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np

from pmcb_clustering._graph import SocialGraph
from pmcb_clustering.errors import GraphError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Ties", "read_lines"]

BLOCK_BYTES = 2**22
DIGITS = b"0123456789"
LARGEST = 10**18  # numbers below it have one way to be written, and fit into int64
POWERS = 10 ** np.arange(1, 19, dtype=np.int64)
SEPARATORS = {",": "commas", "\t": "tabs", None: "blanks"}
HEADER = frozenset(
    {"source", "target", "from", "to", "src", "dst", "u", "v", "user", "friend", "weight"}
    | {f"{word}{gap}{end}" for word in ("node", "id", "user") for gap in ("", "_") for end in "12"}
)


class Ties:
    """Ties in the order they are read, a user as a number.

    An id that is a number below 10^18 as Python writes it stands for itself, any other id for
    -1 - its place among those: most files hold numbers, which then need no dictionary.
    """

    def __init__(self) -> None:
        self.weighted = False
        self._words: list[str] = []
        self._code_of: dict[str, int] = {}
        self._single = array("q")
        self._parts: list[NDArray[np.int64]] = []

    def add(self, left: str, right: str) -> None:
        """One tie, between users named so."""
        self._single.append(self._code(left))
        self._single.append(self._code(right))

    def add_numbers(self, ends: NDArray[np.int64]) -> None:
        """Ties between users named by numbers 0 .. 10^18 - 1; both ends of each in turn."""
        self._parts.append(ends)

    def _code(self, name: str) -> int:
        code = self._code_of.get(name)
        if code is None:
            plain = name.isascii() and name.isdecimal() and len(name) <= len(POWERS)
            if plain and (name[0] != "0" or name == "0"):
                code = int(name)
            else:
                code = -1 - len(self._words)
                self._words.append(name)
            self._code_of[name] = code
        return code

    def graph(self) -> SocialGraph:
        """The social graph of these ties.

        Raises:
            GraphError: there is no tie between two different users.
        """
        codes = np.concatenate([np.array(self._single, np.int64), *self._parts])
        self._single, self._parts, self._code_of = array("q"), [], {}
        distinct, ends = _number(codes) if codes.size else (codes, codes)
        del codes
        n_words = int(np.searchsorted(distinct, 0))
        users = [self._words[-1 - code] for code in distinct[:n_words].tolist()]
        users += map(str, distinct[n_words:].tolist())
        return SocialGraph.from_numbers(users, ends.reshape(-1, 2))


def _number(codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The different codes, ascending, and every code's place among them."""
    least = int(codes.min())
    span = int(codes.max()) - least + 1
    if span > 4 * len(codes):
        distinct, ends = np.unique(codes, return_inverse=True)
        return distinct, ends
    codes -= least
    seen = np.zeros(span, np.bool_)
    seen[codes] = True
    place = np.cumsum(seen) - 1
    return np.flatnonzero(seen) + least, place[codes]


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    """The rest of the stream in pieces of some megabytes that end with a line.

    Whatever breaks the stream is raised when the whole lines before it have been given out.
    """
    pieces: list[bytes] = []
    size = 0
    try:
        while piece := stream.read1(BLOCK_BYTES):  # type: ignore[attr-defined]  # buffered, both
            pieces.append(piece)
            size += len(piece)
            if size >= BLOCK_BYTES and b"\n" in piece:
                whole, _, rest = b"".join(pieces).rpartition(b"\n")
                yield whole + b"\n"
                pieces, size = [rest], len(rest)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        whole, newline, _ = b"".join(pieces).rpartition(b"\n")
        yield from filter(None, (whole + newline,))
        raise
    whole, newline, rest = b"".join(pieces).rpartition(b"\n")
    yield from filter(None, (whole + newline, rest))


def _plain_numbers(block: bytes, separator: str | None) -> NDArray[np.int64] | None:
    """Both numbers of every line in turn, if the block holds nothing else; or None.

    Every line must be two numbers below 10^18 as Python writes them, one separator between them:
    what is left without the digits tells the shape, how many digits there were tells zeros in
    front and numbers that are too long.
    """
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    mark = (separator or " ").encode()
    frame = block.translate(None, DIGITS)
    lines = frame.count(b"\n")
    if frame != (mark + b"\n") * lines or not block.endswith(b"\n"):
        return None
    if mark == b",":
        block = block.replace(b",", b" ")
    numbers = np.fromstring(block, np.int64, sep=" ")
    if len(numbers) != 2 * lines or (lines and not 0 <= numbers.min() <= numbers.max() < LARGEST):
        return None
    digits = len(numbers) + int(np.searchsorted(POWERS, numbers, side="right").sum())
    return numbers if digits == len(block) - len(frame) else None


def _separator(line: str) -> str | None:
    return next((mark for mark in (",", "\t") if mark in line), None)


def _cells(line: str, separator: str | None) -> list[str]:
    if separator is None:
        return line.split()
    if '"' in line:
        try:
            return [cell.strip() for cell in next(csv.reader([line], delimiter=separator))]
        except csv.Error:  # a cell that is too long: no ids, as for any other line without two
            return []
    return [cell.strip() for cell in line.split(separator)]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


class _Lines:
    """Reads lines into ``ties``; knows the number of the last one, and the file's separator."""

    def __init__(self, name: str, ties: Ties) -> None:
        self.number = 0
        self.separator: str | None = None
        self.begun = False  # a tie was there, so that column names are past
        self._name, self._ties = name, ties

    def take(self, raw: bytes) -> None:
        self.number += 1
        try:
            line = raw.decode("utf-8-sig" if self.number == 1 else "utf-8").strip("\r\n ")
        except UnicodeDecodeError as error:
            message = "this is not text in UTF-8"
            raise GraphError(message, path=self._name, line=self.number) from error
        if not line or line[0] in "#%":
            return
        if not self.begun:
            self.separator = _separator(line)
        cells = _cells(line, self.separator)
        if not self.begun and len(cells) > 1 and HEADER.issuperset(map(str.lower, cells)):
            return
        self.begun = True
        if _separator(line) != self.separator:
            found, expected = SEPARATORS[_separator(line)], SEPARATORS[self.separator]
            self._refuse(f"mixed separators: {found} here, {expected} above")
        if len(cells) not in {2, 3} or not all(cells):
            self._refuse("two user ids are needed on a line")
        if len(cells) == 3:
            if not _is_number(cells[2]):
                self._refuse("the third column must be a number (a weight, which is ignored)")
            self._ties.weighted = True
        self._ties.add(cells[0], cells[1])

    def take_block(self, block: bytes) -> None:
        numbers = _plain_numbers(block, self.separator)
        if numbers is None:
            for line in block.removesuffix(b"\n").split(b"\n"):
                self.take(line)
        else:
            self._ties.add_numbers(numbers)
            self.number += len(numbers) // 2

    def _refuse(self, message: str) -> None:
        raise GraphError(message, path=self._name, line=self.number)


def read_lines(path: Path, *, packed: bool) -> Ties:
    """The ties of an edge list, one on a line.

    Raises:
        GraphError: names the file and the line.
        OSError: the file cannot be read.
    """
    ties = Ties()
    lines = _Lines(path.name, ties)
    with gzip.open(path) if packed else path.open("rb") as opened:
        stream = cast("BinaryIO", opened)
        try:
            while not lines.begun and (raw := stream.readline()):
                lines.take(raw)
            for block in _blocks(stream):
                lines.take_block(block)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            message = "the compressed file is damaged or cut off here"
            step = "Fetch the file again."
            raise GraphError(
                message, path=path.name, line=lines.number + 1, next_step=step
            ) from error
    return ties
