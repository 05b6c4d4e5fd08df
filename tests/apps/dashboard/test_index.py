# SPDX-License-Identifier: Apache-2.0
"""The index keeps what blocks say, goes on where it ended, and begins anew where it must."""

import json
import sqlite3
from pathlib import Path

import pytest
from tests.apps.dashboard import ledger
from tests.apps.dashboard.conftest import filled
from tests.apps.dashboard.ledger import call, write

from pmcb_apps.dashboard._index import Index, Place

UID = "HospitalAMSP/me"


def rows(index: Index, kind: str) -> dict[str, dict[str, object]]:
    with index.open() as database:
        found = database.execute("SELECT key, value FROM records WHERE kind = ?", (kind,))
        return {key: json.loads(value) for key, value in found}


def test_a_block_out_of_turn_changes_nothing(tmp_path: Path):
    """Neither one that is there already, nor one after a gap."""
    index = Index(tmp_path / "index.sqlite3", UID)
    index.belong_to("a" * 64)
    assert index.apply(0, [call("one", write("SU", UID, by="x", at=1))])
    for number in (0, 2):
        assert not index.apply(number, [call("two", write("SU", "other/one", by="x", at=1))])
    assert (index.place.next, list(rows(index, "SU"))) == (1, [UID])


@pytest.mark.parametrize("damage", [b"", b"\x00" * 4096, b"not a database"], ids=len)
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: bytes):
    """Whether its head or its middle is gone; the next block is the first."""
    path = tmp_path / "index.sqlite3"
    index = filled(path, UID)
    with index.open() as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = path.read_bytes()
    path.write_bytes(damage + content[len(damage) + 9000 :] if damage else content[:9000])
    assert Index(path, UID).place == Place()


def test_what_is_read_from_a_damaged_file_is_an_error(tmp_path: Path):
    """By which the pages notice, and have it made anew."""
    path = tmp_path / "index.sqlite3"
    index = filled(path, UID)
    with index.open() as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path.write_bytes(b"x" * path.stat().st_size)
    with pytest.raises(sqlite3.DatabaseError):
        _ = index.place
    index.rebuild()
    assert index.place == Place()


def test_another_ledger_is_another_index(tmp_path: Path):
    """Nothing of one that was removed is shown as the new one's."""
    index = filled(tmp_path / "index.sqlite3", UID)
    index.belong_to("0" * 64)
    assert index.place.next > 0
    index.belong_to("1" * 64)
    assert index.place == Place("1" * 64)
    assert rows(index, "TK") == {}


def test_it_goes_on_where_it_ended(tmp_path: Path):
    """What was applied is there when the file is opened again."""
    before = filled(tmp_path / "index.sqlite3", UID)
    after = Index(tmp_path / "index.sqlite3", UID)
    assert after.place == before.place
    assert len(rows(after, "TK")) == 3


def test_records_change_and_go(tmp_path: Path):
    """The newest value counts, with the time it was first written; a deleted one is gone."""
    index = Index(tmp_path / "index.sqlite3", UID)
    index.belong_to("a" * 64)
    index.apply(0, [call("a", write("CU", epoch=1, levels=3, since=1), at_ms=10)])
    index.apply(1, [call("b", write("CU", epoch=2, levels=4, since=2), at_ms=20)])
    with index.open() as database:
        (found,) = database.execute("SELECT made_ms, changed_ms FROM records").fetchall()
    assert found == (10, 20)
    assert rows(index, "CU")[""]["epoch"] == 2
    index.apply(2, [call("c", write("CU"))])
    assert rows(index, "CU") == {}


def test_what_nobody_is_shown_stays_out(tmp_path: Path):
    """No wrapped key or share, no key of a person, no account of others."""
    index = Index(tmp_path / "index.sqlite3", UID)
    index.belong_to("a" * 64)
    place = f"{ledger.task_id(1)}/0000/0001"
    marks = [
        write("KY", place, to=UID, wrapped="MARK", at=1),
        write("SH", place, to=UID, index=1, share="MARK", share_hash="MARK"),
        write("SL", place, holder=UID, level=1, epoch=1, at=1, key="MARK"),
        write("WK", UID, role="receiver", key="MARK", at=1),
        write("DL", f"{ledger.task_id(1)}/0000", n=3, threshold=2, commitment="MARK", at=1),
        write("AC", f"{UID}/x", delta=5, reason="issue", task="", by="y"),
        write("AC", "HospitalAMSP/measure/x", delta=7, reason="MARK", task="", by="y"),
    ]
    index.apply(0, [call("all", *marks)])
    assert b"MARK" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert [row["delta"] for row in rows(index, "AC").values()] == [5]


def test_only_its_owner_reads_it(tmp_path: Path):
    """Mode 0600 in a folder of 0700."""
    filled(tmp_path / "dashboard" / "index.sqlite3", UID)
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "dashboard").iterdir()}
    assert modes == {0o600}
    assert (tmp_path / "dashboard").stat().st_mode & 0o777 == 0o700
