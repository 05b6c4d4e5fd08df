# SPDX-License-Identifier: Apache-2.0
"""Social graphs from damaged files: GraphError, or a graph that means the same again."""

import gzip
import io
import warnings

import networkx as nx
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.fuzz.checks import MARKER, attempt, examples
from tests.fuzz.damage import lines, scarred

from pmcb_clustering import GraphError, SocialGraph, read_graph

BLANKS = f"# ties\n1 2\n2 3\n{MARKER} 1\n3 {MARKER}\n".encode()
COMMAS = f'source,target,weight\n1,2,0.5\n"{MARKER}",2,1\n'.encode()
TABS = f"1\t2\n2\t{MARKER}\n".encode()


def _graphml():
    graph = nx.Graph([("1", "2"), ("2", MARKER)])
    nx.set_node_attributes(graph, {"1": 1.5, MARKER: 2.0}, "age")
    nx.set_edge_attributes(graph, {("1", "2"): 3}, "weight")
    buffer = io.BytesIO()
    nx.write_graphml(graph, buffer)
    return buffer.getvalue()


GRAPHML = _graphml()
PACKED = gzip.compress(BLANKS, mtime=0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("graphs")


def _check(path, raw):
    path.write_bytes(raw)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # ours, and those of networkx
        graph, _ = attempt(GraphError, lambda: read_graph(path, memory_limit_bytes=2**24))
    if graph is None:
        return
    assert len(set(graph.users)) == graph.n_users
    assert graph.n_ties > 0
    rows = np.repeat(np.arange(graph.n_users), graph.degrees)
    ties = [
        (graph.users[row], graph.users[column])
        for row, column in zip(rows, graph.indices, strict=True)
    ]
    again = SocialGraph.from_edges(ties, users=graph.users)
    assert again.graph_hash == graph.graph_hash


@examples(150)
@given(lines(BLANKS, COMMAS, TABS), st.sampled_from((".txt", ".csv", ".tsv", ".edges")))
@example(b'1,"2\n3,4\n', ".csv")
@example(b"1 2 nan\n", ".txt")
@example(b"1,2," + b"9" * 5000 + b"\n", ".csv")
@example(b"\xef\xbb\xbf1 2\n", ".txt")
@example(b'"' + b"x" * 200_000 + b'",2\n', ".csv")
def test_a_damaged_edge_list_is_refused_or_is_a_graph(folder, raw, suffix):
    """Whatever the lines hold."""
    _check(folder / f"graph{suffix}", raw)


@examples(100)
@given(scarred(GRAPHML) | lines(GRAPHML))
@example(GRAPHML.replace(b'edgedefault="undirected"', b'edgedefault="directed"'))
@example(GRAPHML.replace(b"1.5", MARKER.encode()))
@example(b"<?xml version='1.0' encoding='ttf-8'?><graphml/>")
@example(b'<!DOCTYPE a [<!ENTITY b "bbbbbbbb">]><a>&b;</a>')
def test_damaged_graphml_is_refused_or_is_a_graph(folder, raw):
    """Whatever the document holds."""
    _check(folder / "graph.graphml", raw)


@examples(60)
@given(scarred(PACKED))
def test_a_damaged_archive_is_refused_or_is_a_graph(folder, raw):
    """Whatever is left of the compressed file."""
    _check(folder / "graph.txt.gz", raw)
