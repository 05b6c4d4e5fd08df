# SPDX-License-Identifier: Apache-2.0
"""The table is its institution's alone, names no person, and leaves as a CSV."""

import csv
import hmac
import sqlite3

import pytest

from pmcb_client.answers import Row
from pmcb_client.usage_errors import InputError
from pmcb_services.intake import Intake, Source, State, export

ANN, BOB = "HospitalAMSP/ann", "HospitalAMSP/bob"
TASK, OTHER = "a" * 32, "b" * 32


@pytest.fixture
def folder(tmp_path):
    """Where the table is."""
    return tmp_path / "institution" / "HospitalBMSP.records"


def filled(folder):
    """Two tasks and an observation."""
    intake = Intake(folder)
    rows = [Row(0, {"systolic": 120, "note": 'a "b", c'}), Row(1_500, {"systolic": 121.5})]
    intake.take(Source.submission(TASK, 0, 3, "1" * 64), ANN, rows, now_ms=5)
    intake.take(Source.submission(OTHER, 1, 0, "2" * 64), BOB, [Row(7, {"arm": "left"})], now_ms=6)
    intake.take(Source.observation("3" * 64), ANN, [Row(8, {"pulse": 61})], now_ms=7)
    intake.note(Source.submission(TASK, 0, 4, "4" * 64), State.WAITING, "undecided", now_ms=8)
    intake.note(Source.submission(TASK, 0, 5, "5" * 64), State.LEFT_OUT, "rejected", now_ms=8)
    return intake


@pytest.mark.parametrize("content", [None, b"", b"k" * 31, b"k" * 33])
def test_another_key_never_takes_the_place_of_the_first(folder, content):
    """Lost or damaged after data were taken in: the table says so and takes nothing."""
    filled(folder)
    key = folder / "subjects.key"
    key.unlink()
    if content is not None:
        key.write_bytes(content)
        key.chmod(0o600)
    with pytest.raises(InputError, match="key of subjects") as caught:
        Intake(folder)
    assert "backup" in caught.value.next_step


def test_a_key_that_others_can_read_is_refused(folder):
    """With the way out."""
    Intake(folder)
    (folder / "subjects.key").chmod(0o640)
    with pytest.raises(InputError, match="Others can read") as caught:
        Intake(folder)
    assert "chmod 600" in caught.value.next_step


def test_the_folder_is_its_owners_alone(folder):
    """Table, key, and what SQLite keeps beside the table."""
    intake = Intake(folder)
    with sqlite3.connect(folder / "intake.sqlite3") as beside:
        intake.note(Source.observation("0" * 64), State.WAITING, "missing", now_ms=1)
        beside.execute("SELECT * FROM entries").fetchall()
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    beside.close()
    assert len((folder / "subjects.key").read_bytes()) == 32
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_subject_is_a_keyed_hash_of_the_person(folder):
    """By HMAC-SHA256 under the key of the folder; another institution's subjects are others."""
    intake = filled(folder)
    key = (folder / "subjects.key").read_bytes()
    subjects = [record.subject for record in Intake(folder).records()]
    expected = [hmac.new(key, who.encode(), "sha256").hexdigest() for who in (ANN, ANN, BOB, ANN)]
    assert subjects == expected
    other = filled(folder.with_name("other"))
    assert not {one.subject for one in other.records()} & set(subjects)
    assert next(iter(intake.records(OTHER))).subject == expected[2]


def test_counts_tell_reasons(folder):
    """Of what waits and what was left out."""
    found = filled(folder).summary()
    assert (found.answers, found.observations, found.rows) == (2, 1, 4)
    assert (found.waiting, found.left_out) == ({"undecided": 1}, {"rejected": 1})


def test_the_whole_table_leaves_as_a_csv(folder, tmp_path):
    """A column per field, times in UTC, an empty cell for no value."""
    intake, path = filled(folder), tmp_path / "table.csv"
    path.write_text("older")
    assert export(intake, path) == 4
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["subject", "at", "arm", "note", "pulse", "systolic"]
    assert rows[0][1:] == ["1970-01-01T00:00:00.000Z", "", 'a "b", c', "", "120"]
    assert rows[1][1:] == ["1970-01-01T00:00:01.500Z", "", "", "", "121.5"]
    assert [row[4] for row in rows] == ["", "", "", "61"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_no_cell_is_a_formula_to_who_opens_the_csv(folder, tmp_path):
    """Receivers write texts, and institutions open them in spreadsheets."""
    intake, path = Intake(folder), tmp_path / "table.csv"
    row = Row(8, {"note": "=HYPERLINK(1)", "pulse": -1})
    intake.take(Source.observation("3" * 64), ANN, [row], now_ms=2)
    export(intake, path)
    assert path.read_text().splitlines()[1].split(",")[2:] == ["'=HYPERLINK(1)", "-1"]


def test_one_task_leaves_with_its_own_fields(folder, tmp_path):
    """And a task of which nothing was taken with none."""
    intake, path = filled(folder), tmp_path / "table.csv"
    assert export(intake, path, task=OTHER) == 1
    assert path.read_text().splitlines()[0] == "subject,at,arm"
    assert export(intake, path, task="c" * 32) == 0
    assert path.read_text() == "subject,at\n"


def test_rows_stand_in_the_order_in_which_they_were_taken_in(folder):
    """However long a source waited before: who reads on from where he was misses nothing."""
    intake = Intake(folder)
    first = Source.submission(TASK, 0, 1, "1" * 64)
    intake.note(first, State.WAITING, "undecided", now_ms=1)
    intake.take(Source.observation("3" * 64), ANN, [Row(8, {"pulse": 61})], now_ms=2)
    intake.take(first, BOB, [Row(7, {"pulse": 62})], now_ms=3)
    assert [record.values["pulse"] for record in intake.records()] == [61, 62]
    assert intake.summary().waiting == {}
