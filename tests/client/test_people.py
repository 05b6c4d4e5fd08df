# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmcb_client.people import Person, parse_uid, read_people
from pmcb_client.usage_errors import PeopleError

HEADER = "node,msp,enrollment_id\n"
names = st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "line 1: the first line must be node,msp,enrollment_id"),
        ("node,msp\n", "line 1: the first line must be"),
        (HEADER, "must list 1 to"),
        (HEADER + "1,A\n", "line 2: 3 columns are needed, 2 are there"),
        (HEADER + "1,A,r1,x\n", "line 2: 3 columns"),
        (HEADER + "1,A,r1\n,A,r2\n", "line 3: the node is empty"),
        (HEADER + "1,A,r1\n1,A,r2\n", "line 3: the same node stands twice"),
        (HEADER + "1,A,r1\n2,A,r1\n", "line 3: the same person stands twice"),
        (HEADER + "1,A,a b\n", "line 2: enrollment_id must be"),
        (HEADER + "1,A/B,r1\n", "line 2: msp must be"),
        (HEADER + f"1,A,{'x' * 65}\n", "line 2: enrollment_id must be"),
        (HEADER + '1,A,"r1\n', "is not a CSV file"),
        (HEADER + "1,A,\xe9\n", "enrollment_id must be"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path, text, complaint):
    """The line is named, never what stands in it."""
    path = tmp_path / "people.csv"
    path.write_text(text)
    with pytest.raises(PeopleError, match=complaint) as refused:
        read_people(path)
    assert refused.value.exit_code == 2
    assert "r1" not in str(refused.value)


def test_an_unreadable_file_is_refused(tmp_path):
    """Absent files and other encodings are bad input."""
    with pytest.raises(PeopleError, match=r"Cannot read people\.csv: No such file"):
        read_people(tmp_path / "people.csv")
    (tmp_path / "people.csv").write_bytes(b"node,msp,enrollment_id\n1,A,\xff\n")
    with pytest.raises(PeopleError, match="UTF-8"):
        read_people(tmp_path / "people.csv")


def test_people_are_found_by_node(tmp_path):
    """Spaces, blank lines, a byte-order mark and Windows line ends do no harm."""
    path = tmp_path / "people.csv"
    path.write_bytes(b"\xef\xbb\xbfnode, msp ,enrollment_id\r\n7, A,r1\r\n\r\n8,B, r1\r\n")
    assert read_people(path) == {"7": Person("A", "r1"), "8": Person("B", "r1")}


@pytest.mark.parametrize("text", ["", "A", "A/", "/b", "A/b/c", "A b/c", "A/b\n", "Ä/b"])
def test_what_is_no_uid_is_refused(text):
    """A uid is two names with one slash."""
    with pytest.raises(PeopleError, match="MSP/NAME"):
        parse_uid(text)


@given(names, names)
def test_a_uid_names_its_person(msp, name):
    """Writing and reading give the same person."""
    assert parse_uid(Person(msp, name).uid) == Person(msp, name)
