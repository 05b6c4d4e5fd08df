# SPDX-License-Identifier: Apache-2.0
"""A release's folder: written whole, the same bytes each time, every change of it found."""

import csv
import io
import json
from dataclasses import replace
from hashlib import sha256
from random import Random

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.services.publishing.releases import KINDS, RECORDED, released

from pmcb_services.publishing import (
    Ledger,
    Origin,
    Release,
    ReleaseTampered,
    RequestError,
    _release_files,
    write_receipt,
    zipped,
)
from pmcb_services.publishing._lattice import UNIT
from pmcb_services.publishing._measurements import Probe, Step
from pmcb_services.publishing._noise import sample
from pmcb_services.publishing._release_document import persons_of
from pmcb_services.publishing._release_files import measurements_of


@pytest.fixture
def folder(tmp_path):
    released("mixed").save(tmp_path / "release")
    return tmp_path / "release"


def test_what_is_no_release_is_refused(tmp_path):
    """A folder without release.json, another file, and nothing at all."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(ReleaseTampered, match=r"release\.json"):
        Release.open(tmp_path / "empty")
    with pytest.raises(ReleaseTampered, match=r"text\.zip"):
        Release.open(tmp_path / "text.zip")
    with pytest.raises(RequestError, match="cannot be read"):
        Release.open(tmp_path / "nowhere")


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"format": "pmcb-release/1"}', b"\xff"])
def test_a_document_that_says_nothing_is_refused(folder, content):
    """Whatever stands in release.json, the answer is that it was changed."""
    (folder / "release.json").write_bytes(content)
    with pytest.raises(ReleaseTampered, match=r"release\.json"):
        Release.open(folder)


@pytest.mark.parametrize("name", ["../release/coreset.csv", "/etc/passwd", "a/b", ".hidden"])
def test_a_listed_name_cannot_lead_out_of_the_folder(folder, name):
    """Names of files are words, not paths."""
    document = json.loads((folder / "release.json").read_bytes())
    document["files"][name] = "0" * 64
    (folder / "release.json").write_text(json.dumps(document))
    with pytest.raises(ReleaseTampered, match=r"release\.json"):
        Release.open(folder)


def test_a_folder_that_is_there_is_left_alone(folder):
    """Nothing of an earlier release is lost by mistake, and nothing half-made stays."""
    before = sorted(folder.parent.iterdir())
    with pytest.raises(RequestError, match="is there already"):
        released("grid").save(folder)
    with pytest.raises(RequestError, match="cannot be written"):
        released("grid").save(folder / "nowhere" / "out")
    assert sorted(folder.parent.iterdir()) == before
    assert Release.open(folder).hash == released("mixed").hash


@pytest.mark.parametrize("name", sorted(released("mixed").files))
def test_every_changed_byte_is_found(folder, name):
    """In any file, anywhere: the first, the last, and thirty in between."""
    path, data = folder / name, released("mixed").files[name]
    places = np.unique(np.linspace(0, len(data) - 1, 32).astype(int))
    for place in places.tolist():
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises(ReleaseTampered) as caught:
            Release.open(folder)
        # Where a receipt names another hash, either of the two may be what was changed.
        possible = {name, "release.json"} if name == "receipt.json" else {name}
        assert caught.value.name in possible
    for data_now in (data[:-1], data + b"\n", b""):
        path.write_bytes(data_now)
        with pytest.raises(ReleaseTampered):
            Release.open(folder)


@pytest.mark.parametrize("name", sorted(set(released("mixed").files) - {"receipt.json"}))
def test_a_missing_file_is_found(folder, name):
    """It is named."""
    (folder / name).unlink()
    with pytest.raises(ReleaseTampered) as caught:
        Release.open(folder)
    assert caught.value.name == name


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read_is_what_was_written(kind, tmp_path):
    """Schema, measurements and origin come back, and all that follows from them is the same."""
    release = released(kind)
    release.save(tmp_path / "out")
    (tmp_path / "out.zip").write_bytes(zipped(release.files))
    for path in (tmp_path / "out", tmp_path / "out.zip"):
        found = Release.open(path)
        assert found.hash == release.hash
        assert found.schema.hash == release.schema.hash
        assert found.origin == release.origin
        assert found.measurements.epsilon == release.measurements.epsilon
        assert found.measurements.seed == release.measurements.seed
        assert found.size == release.size
        for k in (1, 4):
            assert np.array_equal(found.clusters(k).centres, release.clusters(k).centres)
            assert found.clusters(k).sizes == release.clusters(k).sizes
            assert np.array_equal(found.medoids(k).centres, release.medoids(k).centres)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_measurements_are_the_same_bytes(kind):
    """However often they are written, and also by who has only read them."""
    release = released(kind)
    again = Release(release.schema, release.measurements, release.origin)
    assert again.files == release.files
    assert zipped(again.files) == zipped(dict(reversed(release.files.items())))


def test_empty_cells_are_published():
    """All boxes of a grid, also those in which nobody is: leaving them out would tell who is."""
    release = released("grid")
    lines = release.files["measurements.csv"].decode().splitlines()
    (grid,) = [stage for stage in release.measurements.stages if stage.step == "grid"]
    assert sum(line.startswith("grid,") for line in lines) == len(grid.values)
    assert (np.abs(grid.counts) < 0.5 * grid.noise).any()


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_follows_from_what_was_paid_for(kind):
    """Who has schema, origin and measurements.csv can make every other file, byte for byte."""
    release = released(kind)
    route = json.loads(release.files["release.json"])["route"]
    paid = measurements_of(release.files["measurements.csv"], release.schema, route)
    assert Release(release.schema, paid, release.origin).files == release.files


@pytest.mark.parametrize("kind", KINDS)
def test_parquet_twins_say_the_same(kind):
    """Number for number, and the columns in their own order and types."""
    files = released(kind).files
    names = [name for name in files if name.endswith(".parquet")]
    assert names == ["coreset.parquet", "rows.parquet"][: 1 + ("rows.csv" in files)]
    for name in names:
        table = pq.read_table(io.BytesIO(files[name]))
        header, *rows = csv.reader(files[name.replace("parquet", "csv")].decode().splitlines())
        assert table.column_names == header
        for column, values in zip(table.columns, zip(*rows, strict=True), strict=True):
            read = column.to_pylist()
            assert read == [type(read[0])(value) for value in values]


def test_without_pyarrow_there_are_no_twins(monkeypatch):
    """And nothing else is missing."""
    release = released("grid")
    whole = set(release.files)  # written once, for all tests: before pyarrow is hidden
    monkeypatch.setattr(_release_files, "find_spec", lambda _: None)
    made = Release(release.schema, release.measurements).files
    assert whole - set(made) == {"coreset.parquet"}


def test_the_document_says_what_it_must():
    """Epsilon and its parts, schema, sizes with intervals, limits, and every file's hash."""
    release = released("mixed")
    document = json.loads(release.files["release.json"])
    assert document["epsilon"] == "1"
    assert document["epsilon_of_replacing"] == "2"
    assert document["unit"] == "persons"
    assert document["schema"] == release.schema.document()
    assert [part["step"] for part in document["parts"]][-2:] == ["clusters", "tree"]
    assert len(document["clusters"]) == 3
    for cluster in document["clusters"]:
        assert set(cluster["centre"]) == {"age", "sex", "pain", "crp, mg/l"}
        assert abs(sum(cluster["shares"]["sex"].values()) - 1) < 0.002
        assert cluster["size"]["low"] <= 1000 + 60
        assert cluster["size"]["high"] >= 1000 - 60
    for name, digest in document["files"].items():
        assert sha256(release.files[name]).hexdigest() == digest


def test_the_number_of_persons_is_within_its_interval_as_often_as_said():
    """Of 1000 sums of noise 95 ± 2 % cover; a right interval fails once in 300 seeds."""
    found = released("many").measurements
    bits, whole = Random(11), 3000 * UNIT
    probe = replace(found.probe, count=0)

    def drawn():
        stages = []
        for stage in found.of(Step.MOMENTS):
            noise = sample(stage.values.shape[1], stage.share, bits)
            stages.append(replace(stage, values=np.array([[whole + noise[0], *noise[1:]]])))
        count = whole + sample(1, probe.share, bits)[0]
        return replace(found, stages=tuple(stages), probe=Probe(count, probe.share)).persons[0]

    size = persons_of(found)
    covered = [abs(drawn() - 3000) <= (size.high - size.low) / 2 for _ in range(1000)]
    assert 930 <= sum(covered) <= 970


def test_a_recorded_release_gets_its_receipt_later(tmp_path):
    """The ledger's transaction is known last; written again, it is the same."""
    release, out = released("one"), tmp_path / "out"
    release.save(out)
    assert not (out / "receipt.json").exists()
    write_receipt(out, "cd" * 32)
    write_receipt(out, "cd" * 32)
    receipt = json.loads((out / "receipt.json").read_bytes())
    assert receipt == {
        "cohort": RECORDED.cohort,
        "ledger": "fabric",
        "release_hash": release.hash,
        "request_hash": RECORDED.request_hash,
        "transaction_id": "cd" * 32,
    }
    assert Release.open(out).hash == release.hash


def test_rows_are_within_the_schema():
    """Each cell is a value that its column can have, and the file holds what `rows` gives."""
    release = released("mixed")
    rows = release.rows()
    assert {row[1] for row in rows} == {"f", "m"}
    assert {row[2] for row in rows} <= {"none", "some", "much"}
    assert all(type(row[0]) is int and 18 <= row[0] <= 90 for row in rows)
    assert all(0 <= row[3] <= 300.5 for row in rows)
    assert len(release.files["rows.csv"].decode().splitlines()) == len(rows) + 1
    with pytest.raises(RequestError, match="No rows"):
        released("grid").rows()


def test_who_kept_the_budget_is_said():
    """The embedded network is no ledger to trust, and no budget at all is said, too."""
    release = released("mixed")
    said = {}
    for ledger in Ledger:
        made = replace(release, origin=Origin(ledger, "ward7", "0" * 64))
        said[ledger] = json.loads(made.files["release.json"])["limits"][-1]
        assert said[ledger].split(".")[0] in made.files["index.html"].decode().replace("&#39;", "'")
    assert len(set(said.values())) == 4
    assert "no blockchain" in said[Ledger.EMBEDDED]
