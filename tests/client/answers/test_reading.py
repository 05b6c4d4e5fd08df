# SPDX-License-Identifier: Apache-2.0
"""Answers as people have them, in CSV and JSON; what is wrong is named without its value."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmcb_client.answers import Asked, Instructions, Row, read_answer
from pmcb_client.fields import Field
from pmcb_client.usage_errors import AnswerError

NOW_MS = 1_800_000_000_000
FIELDS = {
    "systolic": Field("systolic", "mmHg", 60, 260),
    "ward": Field("ward", values=("1", "2")),
}
ASKED = Asked("bp", "Seated", ("systolic", "ward", "note"))
INSTRUCTIONS = Instructions("a" * 32, 0, 1, "Home study", "0" * 64, (ASKED,), FIELDS)
AT = "2026-05-04T08:00:00+02:00"
AT_MS = 1_777_874_400_000
SECRET = "4711"


@pytest.fixture
def read(tmp_path):
    """The answer in a file."""

    def of(content, name="answer.json"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_answer(path, INSTRUCTIONS, now_ms=NOW_MS)

    return of


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "1 to 100,000 rows"),
        ("4711", "Row 1 must be an object"),
        ('[{"systolic": 1}, 4711]', "Row 2 must be an object"),
        ('{"systolic": 4711, "systolic": 4711}', "each key once"),
        ('{"systolic": NaN}', "no JSON"),
        ('{"systolic": Infinity}', "no JSON"),
        ('{"systolic": 1e999}', "Row 1: 'systolic' is larger"),
        ('{"systolic": 1' + 400 * "0" + "}", "Row 1: 'systolic' is larger"),
        ('{"systolic": 1' + 5000 * "0" + "}", "no JSON"),
        ('{"systolic": true}', "Row 1: 'systolic' must be a number or a text"),
        ('{"systolic": null}', "Row 1: 'systolic' must be a number or a text"),
        ('{"systolic": [4711]}', "Row 1: 'systolic' must be a number or a text"),
        ('{"weight4711": 80}', "Row 1 holds a field that was not asked"),
        ('{"": 80}', "Row 1 holds a field that was not asked"),
        ('{"systolic [mmHg": 80}', "Row 1 holds a field that was not asked"),
        ('{"systolic [kPa]": 4711}', "'systolic' is asked in mmHg"),
        ('{"ward [kg]": 1}', "'ward' is asked in no unit"),
        ('{"systolic": 1, "systolic [mmHg]": 4711}', "Row 1 holds 'systolic' twice"),
        ('{"systolic": 1, "at": "4711"}', "Row 1: 'at' must be a time"),
        ('{"systolic": 1, "at": 4711}', "Row 1: 'at' must be a time"),
        ('{"systolic": 1, "at": "2026-05-04T08:00:00"}', "Row 1: 'at' must be a time"),
        (f'[{{"systolic": 1, "at": "{AT}"}}, {{"systolic": 1}}]', "Row 2 lacks 'at'"),
    ],
)
def test_json_that_is_no_answer_is_named(read, text, complaint):
    """Row and field, as far as there are any; never a value."""
    with pytest.raises(AnswerError, match=complaint) as caught:
        read(text)
    assert SECRET not in f"{caught.value} {caught.value.next_step}"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no CSV file with a header"),
        ("systolic\n", "1 to 100,000 rows"),
        ("systolic,systolic\n1,4711\n", "a column stands twice"),
        ("systolic,systolic [mmHg]\n1,4711\n", "Row 1 holds 'systolic' twice"),
        ("systolic,ward\n1,1\n4711\n", "Row 2 has 1 cells, the header 2"),
        ('systolic\n"4711', "no CSV file"),
        ("weight4711\n80\n", "Row 1 holds a field that was not asked"),
        ("systolic\n1\n4711\n", "Row 1 lacks 'at'"),
        (f"at,systolic\n{AT},1\nyesterday 4711,2\n", "Row 2: 'at' must be a time"),
    ],
)
def test_csv_that_is_no_answer_is_named(read, text, complaint):
    """As for JSON."""
    with pytest.raises(AnswerError, match=complaint) as caught:
        read(text, "week.csv")
    assert SECRET not in f"{caught.value} {caught.value.next_step}"


def test_files_that_cannot_be_read_are_named(read, tmp_path, monkeypatch):
    """Absent, a folder, not text, too large."""
    for path, complaint in (
        (tmp_path / "gone.json", "Cannot read gone.json"),
        (tmp_path, "Cannot read"),
    ):
        with pytest.raises(AnswerError, match=complaint):
            read_answer(path, INSTRUCTIONS, now_ms=NOW_MS)
    with pytest.raises(AnswerError, match="not text in UTF-8"):
        read(b"\xff\xfe")
    monkeypatch.setattr("pmcb_client.answers._reading.MAX_FILE_BYTES", 2**20)
    with pytest.raises(AnswerError, match="larger than 1 MiB"):
        read(b" " * (2**20 + 1))


def test_one_measurement_was_taken_now(read):
    """An object, a list of one, a line: without 'at'."""
    row = Row(NOW_MS, {"systolic": 121, "ward": "1"})
    for text in ('{"systolic": 121, "ward": "1"}', '[{"systolic [mmHg]": 121, "ward": 1}]'):
        assert read(text).rows == (row,)
    assert read("systolic,ward\n121,1\n", "answer.CSV").rows == (row,)


def test_a_week_of_measurements(read):
    """Units in the header, empty cells, empty lines, a byte order mark; numbers and texts."""
    text = f"\ufeffat, systolic [mmHg] ,note\n{AT},121.5,\n\n2026-05-05T06:00:00Z, ,12 h\n"
    first, second = read(text, "week.csv").rows
    assert first == Row(AT_MS, {"systolic": 121.5})
    assert second == Row(AT_MS + 86_400_000, {"note": "12 h"})


@pytest.mark.parametrize("cell", ["1.5", "-2", "+3", ".5", "1e2", "007"])
def test_what_looks_like_a_number_is_one(read, cell):
    """In CSV, which knows texts only."""
    (row,) = read(f"systolic\n{cell}\n", "answer.csv").rows
    assert row.values["systolic"] == float(cell)


@pytest.mark.parametrize("cell", ["1,5", "0x10", "1_000", "nan", "inf", "٣", "9" * 5000])
def test_what_does_not_look_like_one_stays_text(read, cell):
    """The examination says what is wrong with it."""
    (row,) = read(f'systolic\n"{cell}"\n', "answer.csv").rows
    assert row.values["systolic"] == cell


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.binary(max_size=200) | st.text().map(str.encode) | JSON.map(json.dumps).map(str.encode))
def test_whatever_is_in_a_file_it_is_an_answer_or_refused(tmp_path_factory, content):
    """Never a traceback, in either format."""
    folder = tmp_path_factory.getbasetemp()
    for name in ("garbage.json", "garbage.csv"):
        path = folder / name
        path.write_bytes(content)
        try:
            found = read_answer(path, INSTRUCTIONS, now_ms=NOW_MS)
        except AnswerError:
            continue
        assert found.encode()
