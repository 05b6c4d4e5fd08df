# SPDX-License-Identifier: Apache-2.0
"""A table is the same lattice rows wherever it comes from, and no cell of it raises."""

import math
import tracemalloc
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from pmcb_services.publishing import Nominal, Numeric, Ordinal, Schema, Table, TableUnreadable
from pmcb_services.publishing._lattice import CHUNK, UNIT

SCHEMA = Schema([Numeric("age", 0, 100), Ordinal("pain", [0, 1, 2]), Nominal("sex", ["f", "m"])])
AGES = [10.0, 50.5, None, 100.0]
PAINS = [0, 2, 1, None]
SEXES = ["f", "m", None, "m"]
SECRET = "4929871150664402"  # stands in cells only: no error may repeat it


class Frame:
    """As much of a DataFrame as is asked for: names of columns, and columns by name."""

    def __init__(self, columns):
        self._columns = columns
        self.columns = list(columns)

    def __getitem__(self, name):
        return self._columns[name]


def rows_of(source, schema=SCHEMA):
    """All lattice rows of a source."""
    chunks = [x for x, _ in Table.open(source, schema).chunks()]
    return np.vstack([np.empty((0, schema.width)), *chunks])


def arrow():
    """The four rows as an Arrow table, and a column nobody asked for."""
    columns = {"note": ["x"] * 4, "sex": SEXES, "age": AGES, "pain": PAINS}
    return pa.table(columns)


EXPECTED = rows_of(np.array([AGES, PAINS, SEXES], dtype=object).T)


def write_csv(path, lines, header="note,sex,age,pain"):
    """A CSV with Unix ends of line."""
    path.write_bytes("\n".join([header, *lines]).encode("utf-8", "surrogateescape") + b"\n")
    return path


LINES = ["x,f,10,0", "x,m,50.5,2", "x,,,1", "x,m,1e2,"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("none.csv", None, "none.csv"),
        ("a.csv", "", "header"),
        ("a.csv", "age,sex\n1,f\n", "'pain'"),
        ("a.csv", "age;pain;sex\n1;1;f\n", "'age'"),
        ("a.csv", "age,pain,sex,sex\n1,1,f,f\n", "'sex'"),
        ("a.parquet", "PAR1", "a.parquet"),
        ("a.xlsx", "", "a.xlsx"),
    ],
)
def test_files_that_are_no_table_are_refused(tmp_path, name, text, said):
    """Missing, empty, of another kind, or without a column: named, with exit code 2."""
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    with pytest.raises(TableUnreadable, match=said) as caught:
        Table.open(path, SCHEMA)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "source",
    [
        None,
        3,
        [[1.0, 2, "f"]],
        np.zeros(3),
        np.zeros((4, 2)),
        np.zeros((4, 3, 1)),
        np.zeros(2, dtype=[("age", "f8"), ("sex", "i8")]),
        Frame({"age": [1], "pain": [1]}),
    ],
)
def test_sources_without_the_columns_are_refused(source):
    """Whatever is no table of the schema ends in `TableUnreadable` at once."""
    with pytest.raises(TableUnreadable):
        Table.open(source, SCHEMA)


def test_an_empty_folder_is_refused(tmp_path):
    """A folder must hold a table."""
    (tmp_path / "readme.txt").write_text("age")
    with pytest.raises(TableUnreadable):
        Table.open(tmp_path, SCHEMA)


@pytest.mark.parametrize("given_", [[1], [pa.array([1])], [arrow().drop_columns(["age"])]])
def test_a_callable_must_give_batches_of_the_columns(given_):
    """It is found out when the first batch comes."""
    given_ = [b for each in given_ for b in getattr(each, "to_batches", lambda e=each: [e])()]
    with pytest.raises(TableUnreadable):
        rows_of(lambda: given_)


def test_a_damaged_parquet_file_says_no_cell(tmp_path):
    """Bytes changed in the middle are told by the file's name alone."""
    path = tmp_path / "a.parquet"
    table = pa.table({"age": [SECRET] * 99, "pain": PAINS[:1] * 99, "sex": ["f"] * 99})
    parquet.write_table(table, path, compression="gzip")
    data = bytearray(path.read_bytes())
    data[20:60] = bytes(40)
    path.write_bytes(data)
    with pytest.raises(TableUnreadable) as caught:
        rows_of(path)
    assert "a.parquet" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_every_source_gives_the_same_rows(tmp_path):
    """Arrays, frames, CSV, Parquet, folders and batches of any size hold one table."""
    for folder, size in (("one", 4), ("two", 1)):
        (tmp_path / folder / "deep").mkdir(parents=True)
        for start in range(0, 4, size):
            part = arrow().slice(start, size)
            parquet.write_table(part, tmp_path / folder / "deep" / f"{start}.parquet")
    sources = [
        Frame({"age": np.array([10, 50.5, np.nan, 100]), "pain": PAINS, "sex": np.array(SEXES)}),
        np.array(
            [(10, "0", "f"), (50.5, "2", "m"), (np.nan, "1", ""), (100, "", "m")],
            dtype=[("age", "f8"), ("pain", "U1"), ("sex", "U1")],
        ),
        write_csv(tmp_path / "a.csv", LINES),
        str(tmp_path / "a.csv"),
        tmp_path / "one",
        tmp_path / "two",
        arrow().to_batches,
        lambda: arrow().to_batches(max_chunksize=3),
        lambda: [arrow().combine_chunks()],
    ]
    for source in sources:
        assert np.array_equal(rows_of(source), EXPECTED)


def test_an_excel_header_is_read(tmp_path):
    """A byte order mark and blanks in the header do not hide a column."""
    lines = [line.removeprefix("x,") for line in LINES]
    path = write_csv(tmp_path / "a.csv", lines, "\ufeffsex, age ,pain")
    assert np.array_equal(rows_of(path), EXPECTED)


def test_bad_cells_of_a_file_are_missing_or_clipped(tmp_path):
    """Text, commas, bad UTF-8, short and long lines: one row each, none raises, blanks are none."""
    bad = [
        "x,f,much,0",
        'x,f,"1,5",0',
        "x,f,1\udcff,0",
        "x\udcff,f,nan,0",
        "x,f",
        "x",
        "x,f,,0,9,9,9",
        "",
        '""',
        "x,\udcfff,-inf,0",
        "x,q,1e999,7",
    ]
    x = rows_of(write_csv(tmp_path / "a.csv", bad))
    middle, low = EXPECTED[2], EXPECTED[0]
    assert len(x) == len(bad) - 1
    assert x[:, 0].tolist() == [middle[0]] * 8 + [-65536, 65536]
    assert (x[:, 1:] == low[1:]).all()


def test_a_quote_that_never_closes_ends_somewhere(tmp_path):
    """It makes one record of at most 128 KiB of what follows, and raises nothing."""
    lines = ["x,f,10,0", 'x,f,"10,0', *["x,m,100,2"] * 40_000]
    x = rows_of(write_csv(tmp_path / "a.csv", lines))
    assert np.array_equal(x[0], EXPECTED[0])
    assert 20_000 < len(x) < 40_000
    assert (x[-1] == rows_of(write_csv(tmp_path / "b.csv", ["x,m,100,2"]))).all()


def test_bad_cells_of_arrow_are_missing():
    """Times, lists, bad UTF-8 and decimals are read by the same rules as texts."""
    invalid = pa.Array.from_buffers(
        pa.string(), 2, pa.array([b"\xff", b"50"], pa.binary()).buffers()
    )
    columns = [
        pa.array([1, 2], pa.timestamp("ns")),
        pa.array([[1], [2]]),
        invalid,
        pa.array([None, Decimal("50.0")]),
        pa.array([None, 50], pa.int64()),
        pa.array([None, 50], pa.float32()),
        pa.array(["?", "50"]).dictionary_encode(),
    ]
    schema = Schema([Numeric("x", 0, 100)])
    for column in columns:
        x = rows_of(lambda column=column: pa.table({"x": column}).to_batches(), schema)
        assert x.tolist() == [[0], [0]]


@pytest.mark.parametrize("kind", ["int8", "float16", "uint64", "object", "U9", "S9"])
def test_arrays_of_numbers_are_read(kind):
    """Whatever they are kept as, and by lists too."""
    array = np.array([[1, 1], [2, 2]]).astype(kind)
    schema = Schema([Numeric("x", 0, 2), Ordinal("y", [0, 1, 2])])
    assert rows_of(array, schema).tolist() == [[0, 0], [65536, 65536]]


@pytest.mark.parametrize("kind", ["complex", "datetime64[ns]", "timedelta64[s]"])
def test_arrays_without_numbers_are_missing(kind):
    """Moments and complex numbers lie on no scale of the schema's."""
    array = np.array([[1, 1], [2, 2]]).astype(kind)
    schema = Schema([Numeric("x", 0, 4), Ordinal("y", [0, 1, 2])])
    assert rows_of(array, schema).tolist() == [[0, -65536]] * 2


CELLS = st.none() | st.floats() | st.integers() | st.text(max_size=3) | st.booleans()
RECORDS = st.lists(st.tuples(CELLS | st.just("7"), CELLS, st.sampled_from(["f", "m", "?"])))


@given(RECORDS, st.data())
def test_a_row_follows_from_its_record_alone(records, data):
    """Beside whatever others it stands, a record is the same lattice row."""
    array = np.empty((len(records), 3), dtype=object)
    for at, record in enumerate(records):
        array[at] = record
    whole = rows_of(array)
    alone = [rows_of(array[at : at + 1])[0] for at in range(len(array))]
    assert whole.tolist() == [row.tolist() for row in alone]
    kept = data.draw(st.lists(st.sampled_from(range(len(records))))) if records else []
    assert np.array_equal(rows_of(array[kept]), whole[kept])


def test_chunks_are_short_and_rows_weigh_one_unit():
    """At most 8192 rows at once, all rows, each of the weight 2^20; none of an empty table."""
    x = np.zeros((2 * CHUNK + 5, 1))
    schema = Schema([Numeric("x", 0, 1)])
    sizes = []
    for chunk, weights in Table.open(x, schema).chunks():
        sizes.append(len(chunk))
        assert weights.tolist() == [UNIT] * len(chunk)
    assert sizes == [CHUNK, CHUNK, 5]
    assert list(Table.open(x[:0], schema).chunks()) == []


def test_memory_is_bounded():
    """Sixty chunks of batches that are made as they are asked for never stand there together."""
    batch = pa.table({"x": np.zeros(CHUNK)}).to_batches()[0]
    schema = Schema([Numeric("x", 0, 1)])
    tracemalloc.start()
    try:
        table = Table.open(lambda: (batch for _ in range(60)), schema)
        rows = sum(len(x) for x, _ in table.chunks())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert rows == 60 * CHUNK
    assert peak < 16 * CHUNK * 8


def test_a_table_can_be_read_again_and_again(tmp_path):
    """Each stage of a fit reads it anew."""
    table = Table.open(write_csv(tmp_path / "a.csv", LINES), SCHEMA)
    first, second = [[x.tolist() for x, _ in table.chunks()] for _ in range(2)]
    assert first == second
    assert not math.isnan(first[0][0][0])
