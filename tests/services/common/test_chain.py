# SPDX-License-Identifier: Apache-2.0
"""A log whose lines are chained: whatever is changed in it is found."""

import sqlite3
from hashlib import sha256

import pytest

from pmcb_services.common._chain import CHAIN_SCHEMA, append, end, first_broken, lines


@pytest.fixture
def database():
    """Three lines."""
    made = sqlite3.connect(":memory:")
    made.executescript(CHAIN_SCHEMA)
    for number in range(3):
        append(made, "counted", 1000 + number, what=number)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ("UPDATE log SET line = replace(line, '\"what\":1', '\"what\":7') WHERE number = 2", 2),
        ("UPDATE log SET hash = (SELECT hash FROM log WHERE number = 1) WHERE number = 3", 3),
        ("DELETE FROM log WHERE number = 1", 1),
        ("DELETE FROM log WHERE number = 2", 2),
        ("UPDATE log SET number = 4 WHERE number = 3", 3),
        (f"UPDATE log SET line = '[]', hash = '{sha256(b'[]').hexdigest()}' WHERE number = 2", 2),
    ],
)
def test_a_change_is_found(database, change, place):
    """Another value, hash or number, a line less, or one of no log."""
    assert database.execute(change).rowcount == 1
    assert first_broken(database) == place


def test_what_was_written_is_read(database):
    """In its order, each with the hash of the one before; the end is the last one's."""
    found = list(lines(database))
    assert [(each["number"], each["at"], each["what"]) for each in found] == [
        (1, 1000, 0),
        (2, 1001, 1),
        (3, 1002, 2),
    ]
    assert found[0]["before"] == "0" * 64
    hashes = [row[0] for row in database.execute("SELECT hash FROM log ORDER BY number")]
    assert [each["before"] for each in found[1:]] == hashes[:2]
    assert end(database) == (3, hashes[2])
    assert first_broken(database) == 0
