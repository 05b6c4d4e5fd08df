# SPDX-License-Identifier: Apache-2.0
"""Nothing of a table's cells is ever in a release, an error or what a command prints."""

import csv
import io
import json
from random import Random

import numpy as np
import pyarrow.parquet as pq
import pytest

from pmcb_services.publishing import MPDPK, Nominal, Numeric, Release, Schema, zipped


def canaries(count):
    """Different numbers of sixteen digits."""
    rng = np.random.default_rng(17)
    return [int(number) for number in rng.integers(10**15, 10**16, count)]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Canaries as numbers, as unknown texts, out of range, as tags and in a column left alone."""
    path = tmp_path_factory.mktemp("canary") / "table.csv"
    values = canaries(4 * 2000)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["dose", "ward", "left", "id", "note"])
        for row in range(2000):
            dose, ward, tag, note = values[4 * row : 4 * row + 4]
            writer.writerow([dose, ["a", "b", f"w{ward}"][row % 3], -dose, tag, note])
    return path, values


def texts(files):
    """All that can be read in a release's files; Parquet as its rows."""
    read = [
        str(pq.read_table(io.BytesIO(data)).to_pydict())
        if name.endswith(".parquet")
        else data.decode()
        for name, data in files.items()
    ]
    return "\n".join(read)


def schema():
    return Schema(
        [Numeric("dose", 10**15, 10**16), Nominal("ward", ["a", "b"]), Numeric("left", 0, 1)],
        subject="id",
    )


def test_no_cell_of_a_table_is_in_a_release(table):
    """Not even by its first twelve digits, which the lattice could not keep."""
    path, values = table
    model = MPDPK(schema=schema(), epsilon=1, n_clusters=3, rows=True, bits=Random(3)).fit(path)
    text = texts(model.release_.files).replace(",", "").replace(".", "")
    assert not [value for value in values if str(value)[:12] in text]


def test_no_exact_number_is_in_a_release(table):
    """Neither the rows nor the cells that were unknown or clipped are told, and no seed or time."""
    path, _ = table
    model = MPDPK(schema=schema(), epsilon=1, random_state=424242, bits=Random(4)).fit(path)
    document = json.loads(model.release_.files["release.json"])
    words = json.dumps(document).replace(",", " ").replace("}", " ").split()
    assert "2000" not in words
    assert "666" not in words
    text = texts(model.release_.files)
    assert "424242" not in text
    assert not {"seed", "time", "seconds", "date", "clipped", "rows"} & set(document)


def test_a_release_is_the_same_whenever_it_is_written(table, tmp_path):
    """Nothing in the folder or the zip tells when."""
    path, _ = table
    model = MPDPK(schema=schema(), epsilon=1, bits=Random(5)).fit(path)
    model.release_.save(tmp_path / "one")
    again = Release.open(tmp_path / "one")
    again.save(tmp_path / "two")
    for name, data in model.release_.files.items():
        assert (tmp_path / "two" / name).read_bytes() == data
    assert zipped(again.files) == zipped(model.release_.files)
