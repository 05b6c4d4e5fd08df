# SPDX-License-Identifier: Apache-2.0
import gzip
import warnings

import networkx as nx
import pytest

from pmcb_clustering import GraphError, GraphTooLarge, GraphWarning, SocialGraph, read_graph

TIES = [("1", "2"), ("2", "3"), ("3", "10")]


def write(tmp_path, name, text):
    path = tmp_path / name
    data = text.encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("a.txt", "", "a.txt: .*at least one edge is needed"),
        ("a.txt", "# only a comment\n", "at least one edge is needed"),
        ("a.txt", "1 1\n2 2\n", "at least one edge is needed"),
        ("a.txt", "1 2\n3\n", "a.txt, line 2: two user ids"),
        ("a.txt", "# head\n1 2\n\n1 2 0.5 7\n", "line 4: two user ids"),
        ("a.txt", "1 2 often\n", "line 1: the third column must be a number"),
        ("a.csv", "1,2\n,3\n", "line 2: two user ids"),
        ("a.csv", "1,2\n3\t4\n", "line 2: mixed separators: tabs here, commas above"),
        ("a.txt", "1 2\n3,4\n", "line 2: mixed separators: commas here, blanks above"),
        ("a.tsv", "1\t2\n3 4\n", "line 2: mixed separators: blanks here, tabs above"),
        ("a.xlsx", "1 2\n", r"this format is not read; edge lists \(.txt"),
        ("a", "1 2\n", "this format is not read"),
        ("a.graphml", "<graphml>\n<graph", "a.graphml, line 2: this is not GraphML"),
        ("a.graphml", "<graphml></graphml>", "a.graphml: this is not GraphML"),
    ],
)
def test_a_bad_file_is_refused_with_its_place(tmp_path, name, text, complaint):
    """Malformed lines, mixed separators and unknown formats name the file, and the line."""
    with pytest.raises(GraphError, match=complaint):
        read_graph(write(tmp_path, name, text))


def test_a_missing_file_is_a_graph_error(tmp_path):
    """Nothing but our own errors leaves the reader."""
    with pytest.raises(GraphError, match=r"none.txt: cannot be read: No such file"):
        read_graph(tmp_path / "none.txt")


def test_what_is_not_text_names_the_line(tmp_path):
    """Latin-1 and pictures are no edge lists."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"1 2\n\xe9 3\n")
    with pytest.raises(GraphError, match="line 2: this is not text in UTF-8"):
        read_graph(path)


@pytest.mark.parametrize("kept", [0.5, 0.99])
def test_a_truncated_gzip_names_the_line(tmp_path, kept):
    """A download that broke off is not taken for the whole graph."""
    data = gzip.compress("".join(f"{i} {i * i}\n" for i in range(2, 5000)).encode())
    path = tmp_path / "a.txt.gz"
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(GraphError, match=r"line \d+: the compressed file is damaged") as caught:
        read_graph(path)
    assert caught.value.line not in {None, 1}
    assert caught.value.next_step == "Fetch the file again."


def test_what_is_no_gzip_is_refused(tmp_path):
    """The name promises gzip."""
    path = tmp_path / "a.txt.gz"
    path.write_text("1 2\n")
    with pytest.raises(GraphError, match="damaged"):
        read_graph(path)


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz"])
def test_a_file_over_the_memory_limit_is_not_opened(tmp_path, name):
    """The estimate stands in the refusal; a compressed file is judged by its unpacked size."""
    path = write(tmp_path, name, "1 2\n" * 300_000)
    with pytest.raises(GraphTooLarge, match=r"about 14 MiB .* 2 MiB are allowed") as caught:
        read_graph(path, memory_limit_bytes=2 * 2**20)
    assert caught.value.estimate_bytes > caught.value.limit_bytes


@pytest.mark.parametrize("kind", [nx.DiGraph, nx.MultiDiGraph])
def test_a_directed_graph_is_refused_with_the_way_out(tmp_path, kind):
    """Also as GraphML: how to symmetrise is the user's choice."""
    with pytest.raises(GraphError, match="directed") as caught:
        read_graph(kind(TIES))
    assert "to_undirected" in str(caught.value.next_step)
    path = tmp_path / "a.graphml"
    nx.write_graphml(kind(TIES), path)
    with pytest.raises(GraphError, match=r"a.graphml: the graph is directed") as caught:
        read_graph(path)
    assert "to_undirected" in str(caught.value.next_step)


def test_nodes_that_are_written_alike_are_refused():
    """1 and "1" would become one user."""
    with pytest.raises(GraphError, match="written alike"):
        read_graph(nx.Graph([(1, 2), ("1", 2)]))


@pytest.mark.parametrize("graph", [nx.Graph(), nx.empty_graph(3)])
def test_a_graph_without_ties_is_refused(graph):
    """No ties, no influence."""
    with pytest.raises(GraphError, match="at least one edge is needed"):
        read_graph(graph)


def test_weights_are_ignored_with_a_warning(tmp_path):
    """A tie counts once, whatever its weight."""
    graph: nx.Graph[str] = nx.Graph()
    graph.add_weighted_edges_from([("1", "2", 0.5), ("2", "3", 2)])
    with pytest.warns(GraphWarning, match="weights are ignored"):
        assert read_graph(graph).n_ties == 2
    with pytest.warns(GraphWarning, match="a.csv: edge weights are ignored"):
        assert read_graph(write(tmp_path, "a.csv", "1,2,0.5\n2,3,2\n")).n_ties == 2


def test_loops_and_repeats_are_dropped_and_counted(tmp_path):
    """A tie that stands in both directions is one."""
    graph = read_graph(write(tmp_path, "a.txt", "1 2\n2 1\n1 2\n2 2\n2 3\n"))
    assert (graph.n_ties, graph.self_loops, graph.repeats) == (2, 1, 2)
    multigraph = read_graph(nx.MultiGraph([(1, 2), (1, 2), (2, 1), (3, 3), (2, 3)]))
    assert (multigraph.n_ties, multigraph.self_loops, multigraph.repeats) == (2, 1, 2)


def test_isolated_users_are_kept():
    """They are receivers, too."""
    graph = nx.Graph(TIES)
    graph.add_node("20")
    assert read_graph(graph).degrees.tolist() == [1, 2, 2, 1, 0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "# SNAP\r\n1\t2\r\n2\t3\r\n\r\n3\t10\r\n"),
        ("a.txt.gz", "1 2\n2 3\n3 10\n"),
        ("A.TXT", "  1   2\n2 3 \n3 10"),
        ("a.edges", "% Network Repository\n1 2\n2 3\n3 10\n"),
        ("a.edgelist", "1 2\n2 3\n3 10\n"),
        ("a.tsv", "source\ttarget\n1\t2\n2\t3\n3\t10\n"),
        ("a.csv", "\ufeffid_1,id_2\n1,2\n2,3\n3,10\n"),
        ("a.b.csv.gz", '"1","2"\n"2",3\n3, 10\n'),
    ],
)
def test_edge_lists_of_all_kinds_give_the_same_graph(tmp_path, name, text):
    """Comments, headers, line ends, quotes and compression are taken off."""
    graph = read_graph(write(tmp_path, name, text))
    assert graph.users == ("1", "2", "3", "10")
    assert graph.graph_hash == SocialGraph.from_edges(TIES).graph_hash


@pytest.mark.parametrize("name", ["a.graphml", "a.graphml.gz"])
def test_graphml_gives_the_same_graph(tmp_path, name):
    """Node order in a file does not matter: users stand in the order of their ids."""
    path = tmp_path / name
    nx.write_graphml(nx.Graph(TIES[::-1]), path)
    graph = read_graph(str(path))
    assert graph.users == ("1", "2", "3", "10")
    assert graph.graph_hash == SocialGraph.from_edges(TIES).graph_hash


def test_reading_warns_of_nothing_else(tmp_path):
    """A plain edge list is silent."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_graph(write(tmp_path, "a.txt", "1 2\n"))
