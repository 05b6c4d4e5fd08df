# SPDX-License-Identifier: Apache-2.0
import sqlite3

import pytest

from pmcb_client.database import PrivateDatabase

SCHEMA = "CREATE TABLE IF NOT EXISTS words (word TEXT PRIMARY KEY) STRICT"


@pytest.fixture
def path(tmp_path):
    """Where nothing is yet, nor its folder."""
    return tmp_path / "own" / "words.sqlite3"


def words(database):
    with database.open() as connection:
        return [word for (word,) in connection.execute("SELECT word FROM words ORDER BY word")]


def test_what_is_no_database_is_refused_and_left_as_it_is(path):
    """A file that holds something else is not written over."""
    path.parent.mkdir()
    path.write_bytes(b"a diary, and not a short one" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        PrivateDatabase(path, SCHEMA)
    assert path.read_bytes().startswith(b"a diary")


def test_a_block_that_fails_leaves_nothing(path):
    """All of a block, or none of it."""
    database = PrivateDatabase(path, SCHEMA)
    rows = [("one",), ("one",)]
    with pytest.raises(sqlite3.IntegrityError), database.open() as connection:
        connection.executemany("INSERT INTO words VALUES (?)", rows)
    assert words(database) == []


def test_only_its_owner_can_read_it(path):
    """File, what SQLite lays beside it, and folder."""
    with PrivateDatabase(path, SCHEMA).open() as connection:
        connection.execute("INSERT INTO words VALUES ('one')")
        files = list(path.parent.iterdir())
        assert len(files) > 1
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_another_process_sees_what_a_block_wrote(path):
    """The schema may be repeated, and what was there stays."""
    with PrivateDatabase(path, SCHEMA).open() as connection:
        connection.execute("INSERT INTO words VALUES ('one')")
    assert words(PrivateDatabase(path, SCHEMA)) == ["one"]


def test_what_is_on_disk_survives_a_loss_of_power(path):
    """The journal is written ahead, and the disk is waited for."""
    with PrivateDatabase(path, SCHEMA).open() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_what_is_deleted_is_overwritten_where_that_is_asked(path):
    """Deleted bytes cannot be found in the file."""
    database = PrivateDatabase(path, SCHEMA, secure_delete=True)
    with database.open() as connection:
        connection.execute("INSERT INTO words VALUES ('zebra')")
    assert b"zebra" in path.read_bytes()
    with database.open() as connection:
        connection.execute("DELETE FROM words")
        assert connection.execute("PRAGMA secure_delete").fetchone() == (1,)
    assert b"zebra" not in path.read_bytes()
