# SPDX-License-Identifier: Apache-2.0
"""Social graphs from files: edge lists as SNAP publishes them, CSV, Parquet, GraphML."""

from __future__ import annotations

import os
import warnings
import xml.etree.ElementTree as ET
import zlib
from pathlib import Path
from typing import Any

import networkx as nx

from pmcb_clustering._edge_lists import Ties, read_lines
from pmcb_clustering._graph import SocialGraph, check_memory
from pmcb_clustering._parquet import read_table, table_bytes
from pmcb_clustering.errors import GraphError, GraphWarning

__all__ = ["MEMORY_LIMIT_BYTES", "read_graph"]

MEMORY_LIMIT_BYTES = 8 * 2**30
BYTES_PER_TEXT_BYTE = 12  # measured peak of reading ego-Facebook and email-Enron, rounded up
LISTS = (".txt", ".edges", ".edgelist", ".tsv", ".csv")
FORMATS = (
    "edge lists (.txt, .edges, .edgelist, .tsv, .csv) and GraphML (.graphml), also as .gz, "
    "and Parquet (.parquet)"
)


def read_graph(
    source: str | os.PathLike[str] | nx.Graph[Any], *, memory_limit_bytes: int = MEMORY_LIMIT_BYTES
) -> SocialGraph:
    """Read a social graph; ties are mutual and unweighted, self-loops and repeats are dropped.

    An edge list has one tie per line, two ids apart by blanks, tabs or commas, the same in the
    whole file; lines that begin with ``#`` or ``%`` are comments, and a first line of column
    names is skipped. A third column of numbers is taken for weights, and ignored. Lines that
    are two plain numbers are read some fifteen times as fast as others. A Parquet file has two
    columns of ids, numbers or text, and perhaps a third of weights; it needs the extra
    ``parquet``.

    Args:
        source: a file, its format told by its name (.txt, .edges, .edgelist, .tsv, .csv,
            .graphml, each also .gz; .parquet), or a ``networkx.Graph``.
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
    if suffix not in {*LISTS, ".graphml"} and kind[-1:] != [".parquet"]:
        raise GraphError(f"this format is not read; {FORMATS} are", path=path.name)
    try:
        if suffix == ".parquet":
            check_memory(table_bytes(path), memory_limit_bytes, path.name)
            return _build(read_table(path), path.name)
        size = _text_size(path, packed=packed)
        check_memory(size * BYTES_PER_TEXT_BYTE, memory_limit_bytes, path.name)
        if suffix == ".graphml":
            return _read_graphml(path)
        return _build(read_lines(path, packed=packed), path.name)
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


def _build(ties: Ties, name: str) -> SocialGraph:
    if ties.weighted:
        message = f"{name}: edge weights are ignored: a tie counts once"
        warnings.warn(message, GraphWarning, stacklevel=3)
    try:
        return ties.graph()
    except GraphError as error:
        raise GraphError(str(error), path=name, next_step=error.next_step) from error


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
