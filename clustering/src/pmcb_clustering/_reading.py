# SPDX-License-Identifier: Apache-2.0
"""Social graphs from files: edge lists as SNAP publishes them, CSV, GraphML."""

from __future__ import annotations

import csv
import gzip
import os
import warnings
import xml.etree.ElementTree as ET
import zlib
from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import networkx as nx
import numpy as np

from pmcb_clustering._graph import SocialGraph, check_memory
from pmcb_clustering.errors import GraphError, GraphWarning

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MEMORY_LIMIT_BYTES", "read_graph"]

MEMORY_LIMIT_BYTES = 8 * 2**30
BYTES_PER_TEXT_BYTE = 12  # measured peak of reading ego-Facebook and email-Enron, rounded up
LISTS = (".txt", ".edges", ".edgelist", ".tsv", ".csv")
FORMATS = "edge lists (.txt, .edges, .edgelist, .tsv, .csv) and GraphML (.graphml), also as .gz"
SEPARATORS = {",": "commas", "\t": "tabs", None: "blanks"}
HEADER = frozenset(
    {"source", "target", "from", "to", "src", "dst", "u", "v", "user", "friend", "weight"}
    | {f"{word}{gap}{end}" for word in ("node", "id", "user") for gap in ("", "_") for end in "12"}
)


def read_graph(
    source: str | os.PathLike[str] | nx.Graph[Any], *, memory_limit_bytes: int = MEMORY_LIMIT_BYTES
) -> SocialGraph:
    """Read a social graph; ties are mutual and unweighted, self-loops and repeats are dropped.

    An edge list has one tie per line, two ids apart by blanks, tabs or commas, the same in the
    whole file; lines that begin with ``#`` or ``%`` are comments, and a first line of column
    names is skipped. A third column of numbers is taken for weights, and ignored.

    Args:
        source: a file, its format told by its name (.txt, .edges, .edgelist, .tsv, .csv,
            .graphml, each also .gz), or a ``networkx.Graph``.
        memory_limit_bytes: refuse what would need more.

    Returns:
        The graph; its node order is that of the ids, and a ``networkx.Graph`` keeps its own.

    Raises:
        GraphError: names the file and the line.
        GraphTooLarge: before anything is read.

    Warns:
        GraphWarning: weights were ignored.

    >>> import networkx as nx
    >>> read_graph(nx.path_graph(3)).n_ties
    2
    """
    if isinstance(source, nx.Graph):
        return SocialGraph.from_networkx(source)
    path = Path(source)
    kind = [suffix.lower() for suffix in path.suffixes]
    packed = kind[-1:] == [".gz"]
    suffix = "".join(kind[:-1][-1:] if packed else kind[-1:])
    if suffix not in {*LISTS, ".graphml"}:
        raise GraphError(f"this format is not read; {FORMATS} are", path=path.name)
    try:
        size = _text_size(path, packed=packed)
        check_memory(size * BYTES_PER_TEXT_BYTE, memory_limit_bytes, path.name)
        return _read_graphml(path) if suffix == ".graphml" else _read_list(path, packed=packed)
    except OSError as error:
        reason = error.strerror or str(error)
        raise GraphError(f"cannot be read: {reason}", path=path.name) from error


def _text_size(path: Path, *, packed: bool) -> int:
    """Bytes of text; a gzip file tells them, modulo 4 GiB, in its last four bytes."""
    size = path.stat().st_size
    if not packed or size < 4:
        return size
    with path.open("rb") as file:
        file.seek(-4, os.SEEK_END)
        told = int.from_bytes(file.read(4), "little")
    return told if size <= told <= 1100 * size else size


def _lines(stream: BinaryIO, name: str) -> Iterator[tuple[int, str]]:
    """Number and text of every line that carries a tie."""
    number = 0
    try:
        for raw in stream:
            number += 1
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip("\r\n ")
            if line and line[0] not in "#%":
                yield number, line
    except UnicodeDecodeError as error:
        raise GraphError("this is not text in UTF-8", path=name, line=number) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        message = "the compressed file is damaged or cut off here"
        step = "Fetch the file again."
        raise GraphError(message, path=name, line=number + 1, next_step=step) from error


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


def _read_list(path: Path, *, packed: bool) -> SocialGraph:
    number_of: dict[str, int] = {}
    ends = array("q")
    separator: str | None = None
    first, weighted = True, False
    with gzip.open(path) if packed else path.open("rb") as stream:
        for number, line in _lines(cast("BinaryIO", stream), path.name):
            if first:
                separator = _separator(line)
            cells = _cells(line, separator)
            if first and len(cells) > 1 and HEADER.issuperset(cell.lower() for cell in cells):
                continue
            first = False
            if _separator(line) != separator:
                found, expected = SEPARATORS[_separator(line)], SEPARATORS[separator]
                message = f"mixed separators: {found} here, {expected} above"
                raise GraphError(message, path=path.name, line=number)
            if len(cells) not in {2, 3} or not all(cells):
                message = "two user ids are needed on a line"
                raise GraphError(message, path=path.name, line=number)
            if len(cells) == 3:
                if not _is_number(cells[2]):
                    message = "the third column must be a number (a weight, which is ignored)"
                    raise GraphError(message, path=path.name, line=number)
                weighted = True
            ends.append(number_of.setdefault(cells[0], len(number_of)))
            ends.append(number_of.setdefault(cells[1], len(number_of)))
    if weighted:
        message = f"{path.name}: edge weights are ignored: a tie counts once"
        warnings.warn(message, GraphWarning, stacklevel=3)
    try:
        return SocialGraph.from_numbers(list(number_of), np.array(ends, np.int64).reshape(-1, 2))
    except GraphError as error:
        raise GraphError(str(error), path=path.name, next_step=error.next_step) from error


def _read_graphml(path: Path) -> SocialGraph:
    try:
        return SocialGraph.from_networkx(nx.read_graphml(path)).canonical()
    except ET.ParseError as error:
        message = f"this is not GraphML: {error}"
        raise GraphError(message, path=path.name, line=error.position[0]) from error
    except GraphError as error:
        raise GraphError(str(error), path=path.name, next_step=error.next_step) from error
    except (EOFError, zlib.error, nx.NetworkXError, LookupError, TypeError, ValueError) as error:
        raise GraphError("this is not GraphML", path=path.name) from error
