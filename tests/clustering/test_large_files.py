# SPDX-License-Identifier: Apache-2.0
import gzip
import sys
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pmcb_clustering import (
    GraphError,
    GraphTooLarge,
    GraphWarning,
    LevelClustering,
    SocialGraph,
    read_graph,
)
from pmcb_clustering import _edge_lists as edge_lists
from pmcb_clustering._graph import _order, _user_key

NUMBERS = st.sampled_from(
    ["0", "1", "2", "7", "10", "007", "9" * 18, "1" + "0" * 18, str(2**64 + 1), "-3", "+4", "1.5"]
)
WORDS = st.sampled_from(["ann", "é", "٣", "x y", '"q"', "", "nan"])
CELLS = NUMBERS | WORDS
LINES = st.one_of(
    st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda pair: [*map(str, pair)]),
    st.lists(CELLS, min_size=1, max_size=3),
)


def outcome(path):
    """What reading comes to: the graph, or the complaint."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            graph = read_graph(path)
        except GraphError as error:
            return str(error), error.line, error.next_step
    return graph.users, graph.graph_hash, graph.self_loops, graph.repeats, len(caught)


def both_ways(path, monkeypatch):
    fast = outcome(path)
    with monkeypatch.context() as patched:
        patched.setattr(edge_lists, "_plain_numbers", lambda *_: None)
        slow = outcome(path)
    return fast, slow


@pytest.mark.parametrize("mark", [" ", ",", "\t"])
@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_blocks_of_numbers_are_read_as_line_by_line(data, mark, tmp_path, monkeypatch):
    """Same graph, same complaint, same line, whatever stands between and where blocks end."""
    plain = st.lists(LINES.filter(lambda cells: all(cell.isdigit() for cell in cells)), max_size=9)
    lines = data.draw(plain) + data.draw(st.lists(LINES, max_size=3)) + data.draw(plain)
    end = data.draw(st.sampled_from(["\n", "\r\n", "\n\n", " \n", "\n#\n"]))
    text = end.join(mark.join(cells) for cells in lines) + data.draw(st.sampled_from(["", end]))
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode())
    monkeypatch.setattr(edge_lists, "BLOCK_BYTES", data.draw(st.integers(1, 60)))
    fast, slow = both_ways(path, monkeypatch)
    assert fast == slow


@pytest.mark.parametrize("text", ["1 2\n3 x y z\n", "1 2\n2 3 w\n4 5\n", "1 2\n\xff\xfe\n"])
def test_a_bad_line_is_named_far_behind_the_first_block(tmp_path, monkeypatch, text):
    """The number counts every line before."""
    monkeypatch.setattr(edge_lists, "BLOCK_BYTES", 1_000)
    path = tmp_path / "a.txt"
    path.write_bytes(b"# head\n" + b"10 20\n" * 5_000 + text.encode("latin-1"))
    fast, slow = both_ways(path, monkeypatch)
    assert fast == slow
    assert fast[1] == 5_003


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
def test_a_cut_archive_ends_at_the_same_line_either_way(tmp_path, monkeypatch, kept):
    """Whole lines before the cut are read; a bad one among them is told first."""
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 10**6, (60_000, 2)).tolist()
    data = gzip.compress("".join(f"{u} {v}\n" for u, v in rows).encode())
    path = tmp_path / "a.txt.gz"
    path.write_bytes(data[: int(len(data) * kept)])
    fast, slow = both_ways(path, monkeypatch)
    assert fast == slow
    assert "damaged or cut off" in fast[0]
    assert fast[1] > 10_000


def test_numbers_written_otherwise_are_other_users(tmp_path):
    """007 is not 7; what exceeds 18 digits is a name, and still stands by value."""
    path = tmp_path / "a.txt"
    huge = "9" * 5_000  # longer than Python turns into a number
    path.write_text(f"7 007\n7 8\n99999999999999999999 8\n8 1000000000000000000\n8 {huge}\n8 bob\n")
    users = ("007", "7", "8", "1000000000000000000", "99999999999999999999", huge, "bob")
    assert read_graph(path).users == users


@given(st.lists(st.one_of(st.integers(0, 10**20).map(str), CELLS), unique=True, max_size=20))
def test_users_stand_in_the_order_of_their_ids(users):
    """Numbers are sorted at once, others one by one: the same order."""
    expected = sorted(range(len(users)), key=lambda node: _user_key(users[node]))
    assert _order(users).tolist() == expected


def test_names_may_hold_blanks_and_letters_of_any_script(tmp_path):
    """In a CSV file, quoted or not; the first line of column names is no user."""
    path = tmp_path / "a.csv"
    path.write_text('source,target\nAnn Lee,李 四\n"Lee, Bob",Ann Lee\nÖzge,"Lee, Bob"\n')
    graph = read_graph(path)
    assert graph.users == ("Ann Lee", "Lee, Bob", "Özge", "李 四")
    assert LevelClustering(2).fit(graph).quality_["sizes"] == [2, 2]


def test_a_user_who_is_listed_twice_is_one():
    """Also when it has ties."""
    graph = SocialGraph.from_edges([("b", "a")], users=["a", "c", "a", "c"])
    assert graph.users == ("a", "b", "c")
    assert graph.degrees.tolist() == [1, 1, 0]


def test_an_id_that_is_no_text_is_refused():
    """Half a surrogate pair has no bytes, so no hash."""
    with pytest.raises(GraphError, match="cannot be written in UTF-8"):
        SocialGraph.from_edges([("a", "\ud800")])


def write_table(path, **columns):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table(columns), path)
    return path


@pytest.mark.parametrize(
    ("columns", "complaint"),
    [
        ({"a": [1, 2]}, r"two columns of user ids are needed.*here are a \(int64\)"),
        ({"a": [1], "b": [2], "c": [3], "d": [4]}, "at most a third of weights"),
        ({"a": [1.5], "b": [2.5]}, r"whole numbers or text.*a \(double\)"),
        ({"a": [1], "b": [2], "c": ["far"]}, r"c \(string\)"),
        ({"a": [1, 2, None], "b": [2, 3, 4]}, "row 3 lacks a user id"),
        ({"a": ["x", "y"], "b": ["y", ""]}, "row 2 lacks a user id"),
        ({"a": [1], "b": [1]}, "at least one edge is needed"),
    ],
)
def test_a_table_that_is_no_list_of_ties_is_refused(tmp_path, columns, complaint):
    """With the file, and the row or the columns."""
    path = write_table(tmp_path / "a.parquet", **columns)
    with pytest.raises(GraphError, match=rf"a\.parquet: .*{complaint}"):
        read_graph(path)


def test_parquet_without_the_extra_is_told_how_to_get_it(tmp_path, monkeypatch):
    """The rest of the package works without."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(GraphError, match="pyarrow, which is not installed") as caught:
        read_graph(tmp_path / "a.parquet")
    assert "pmcb-clustering[parquet]" in str(caught.value.next_step)


def test_damaged_and_too_large_tables_are_refused(tmp_path):
    """No Parquet, cut off, changed inside, or over the limit before a row is read."""
    pytest.importorskip("pyarrow")
    path = write_table(tmp_path / "a.parquet", a=list(range(9_000)), b=list(range(1, 9_001)))
    with pytest.raises(GraphTooLarge, match=r"a\.parquet: about"):
        read_graph(path, memory_limit_bytes=2**20)
    data = path.read_bytes()
    for broken in (b"1 2\n", data[:-9], data[:400] + bytes(400) + data[800:]):
        path.write_bytes(broken)
        with pytest.raises(GraphError, match=r"a\.parquet: (this is not Parquet|cannot be read)"):
            read_graph(path)


@pytest.mark.parametrize(
    "columns",
    [
        {"a": [1, 2, 3], "b": [2, 3, 10]},
        {"a": np.array([1, 2, 3], np.uint8), "b": np.array([2, 3, 10], np.uint64)},
        {"a": ["1", "2", "3"], "b": ["2", "3", "10"]},
        {"a": [1, 2, 3], "b": ["2", "3", "10"]},
    ],
)
def test_a_table_gives_the_same_graph(tmp_path, columns):
    """Numbers of any width, or text."""
    graph = read_graph(write_table(tmp_path / "a.parquet", **columns))
    assert (
        graph.graph_hash == SocialGraph.from_edges([("1", "2"), ("2", "3"), ("3", "10")]).graph_hash
    )


def test_weights_and_names_in_a_table(tmp_path):
    """Dictionaries of names, too; numbers beyond 18 digits and below 0 are names."""
    pyarrow = pytest.importorskip("pyarrow")
    names = pyarrow.array(["Ann Lee", "é", "Ann Lee"]).dictionary_encode()
    path = write_table(tmp_path / "a.parquet", a=names, b=[-1, 2**62, 7], weight=[0.5, 1.0, 2.0])
    with pytest.warns(GraphWarning, match=r"a\.parquet: edge weights are ignored"):
        graph = read_graph(path)
    assert graph.users == ("7", str(2**62), "-1", "Ann Lee", "é")
