# SPDX-License-Identifier: Apache-2.0
"""Files of records, and what is wrong with them."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pmcb_services.retrieval import Attribute, Carried, Schema
from pmcb_services.retrieval._tables import read_records
from pmcb_services.retrieval.errors import (
    EmptyDataset,
    InputError,
    MissingValue,
    NotANumber,
    UnknownAttribute,
)

SCHEMA = Schema(
    "signs",
    [Attribute("HR", 0, 255, 1), Attribute("Temp", 30, 42.75, 0.05)],
    [Carried("patient", "uint32")],
)
CODES = [[80, 132], [120, 160]]


@pytest.mark.parametrize(
    ("text", "error", "match"),
    [
        ("", InputError, "no CSV"),
        ("HR,Temp,patient\n", EmptyDataset, "no rows"),
        ("HR,Temp\n80,36.6\n", MissingValue, "'patient'"),
        ("HR,Temp,patient,name\n80,36.6,1,ann\n", UnknownAttribute, "'name'"),
        ("HR,HR,Temp,patient\n80,80,36.6,1\n", UnknownAttribute, "twice"),
        ("HR,Temp,patient\n80,36.6\n", InputError, "Row 0 .* 3 cells"),
        ("HR,Temp,patient\n80,36.6,1\nfast,36.6,1\n", NotANumber, "'HR' is no number in row 1"),
        (b"\xff\xfe\x00", InputError, "no CSV"),
    ],
)
def test_a_csv_that_is_none_of_the_schema_is_refused(tmp_path, text, error, match):
    """By column and row; the cell is not told."""
    path = tmp_path / "records.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(error, match=match) as caught:
        read_records(path, SCHEMA)
    assert "fast" not in str(caught.value)


def test_other_files_are_refused(tmp_path):
    """Another ending, one that is not there, and what only pretends to be."""
    for name in ("records.txt", "none.csv"):
        with pytest.raises(InputError):
            read_records(tmp_path / name, SCHEMA)
    for name in ("records.npz", "records.parquet"):
        (tmp_path / name).write_bytes(b"nothing")
        with pytest.raises(InputError, match="no "):
            read_records(tmp_path / name, SCHEMA)
    table = np.zeros((2, 2))
    np.savez(tmp_path / "two.npz", HR=table, Temp=table, patient=table)
    with pytest.raises(InputError, match="one axis"):
        read_records(tmp_path / "two.npz", SCHEMA)


def test_an_absent_value_is_the_schemas_to_judge(tmp_path):
    """An empty cell is None, in CSV and in Parquet."""
    path = tmp_path / "records.csv"
    path.write_text("HR,Temp,patient\n80,,1\n")
    rows, _ = read_records(path, SCHEMA)
    assert rows["Temp"] == [None]
    with pytest.raises(MissingValue, match="row 0"):
        SCHEMA.encode(rows)


@pytest.mark.parametrize("ending", ["csv", "npz", "parquet"])
def test_records_are_read_from_each_kind_of_file(tmp_path, ending):
    """The columns in any order."""
    path = tmp_path / f"records.{ending}"
    columns = {"patient": [7, 2**32 - 1], "Temp": [36.6, 38.0], "HR": [80, 120]}
    if ending == "csv":
        cells = zip(*columns.values(), strict=True)
        path.write_text("\n".join([",".join(columns), *(",".join(map(str, row)) for row in cells)]))
    elif ending == "npz":
        arrays = {name: np.array(column) for name, column in columns.items()}
        np.savez(path, **arrays)  # type: ignore[arg-type]  # none is called allow_pickle
    else:
        pq.write_table(pa.table(columns), path)
    rows, carried = read_records(path, SCHEMA)
    assert SCHEMA.encode(rows).tolist() == CODES
    assert SCHEMA.encode_carried(carried, 2)["patient"].tolist() == [7, 2**32 - 1]
