# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from pmcb_network.embedded._snapshot import SnapshotGone, TxStatus, Value
from pmcb_network.embedded._state import BlockWrite, MapFull, Store, ledger_height
from pmcb_network.errors import FolderUnusable


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "ledger")
    yield made
    made.close()


def write(store, updates, number=None, statuses=None):
    number = store.height if number is None else number
    values = {
        key: None if data is None else Value((number, 0), data) for key, data in updates.items()
    }
    store.commit(BlockWrite(number, b"block %d" % number, statuses or {}, values))
    store.refresh()


def keys(rows):
    return [key for key, _ in rows]


def test_a_folder_that_is_a_file_is_refused_with_the_reason(tmp_path):
    """What cannot hold a ledger is named, with the system's reason and a next step."""
    place = tmp_path / "ledger"
    place.write_text("")
    with pytest.raises(FolderUnusable, match="cannot be used: file exists") as caught:
        Store(place)
    assert caught.value.next_step


def test_a_damaged_file_is_refused(tmp_path):
    """A data file that is no LMDB file is named, not overwritten."""
    folder = tmp_path / "ledger"
    folder.mkdir()
    (folder / "data.mdb").write_bytes(b"no ledger" * 1000)
    with pytest.raises(FolderUnusable, match="cannot be used"):
        Store(folder)
    assert (folder / "data.mdb").read_bytes() == b"no ledger" * 1000


def test_a_ledger_of_another_format_is_refused(tmp_path):
    """One that was begun before ledgers held history: named, with the way out, and left alone."""
    store = Store(tmp_path / "ledger")
    write(store, {"a": b"1"})
    with store._env.begin(write=True) as txn:
        txn.delete(b"format", db=store._meta)
    store.close()
    for _ in range(2):
        with pytest.raises(FolderUnusable, match="another version") as caught:
            Store(tmp_path / "ledger")
        assert "reset" in caught.value.next_step
    assert ledger_height(tmp_path / "ledger") == 1


def test_a_snapshot_never_sees_a_later_block(store):
    """Readers keep the height at which they began, whatever is written meanwhile."""
    write(store, {"a": b"1"})
    old = store.current.acquire()
    write(store, {"a": b"2", "b": b"3"})
    assert (old.get("a"), old.get("b")) == (Value((0, 0), b"1"), None)
    assert store.current.get("a") == Value((1, 0), b"2")
    old.release()


def test_an_old_snapshot_ends_with_its_last_reader(store):
    """Pages of an old height are freed only when nobody reads it any more."""
    first, second = store.current.acquire(), store.current.acquire()
    write(store, {"a": b"1"})
    first.release()
    assert second.get("a") is None
    second.release()
    with pytest.raises(SnapshotGone):
        second.get("a")


def test_hundreds_of_heights_are_read_at_once(store):
    """LMDB's own limit of 126 readers would end in errors under load."""
    kept = []
    for number in range(200):
        write(store, {"a": b"%d" % number})
        kept.append(store.current.acquire())
    values = [snapshot.get("a") for snapshot in kept]
    assert [value.data for value in values if value] == [b"%d" % number for number in range(200)]
    for snapshot in kept:
        snapshot.release()


def test_a_deleted_key_is_absent(store):
    """After a deletion neither the value nor the version is left."""
    write(store, {"a": b"1"})
    write(store, {"a": None, "never there": None})
    assert (store.current.get("a"), store.current.version("a")) == (None, None)


def test_ranges_follow_the_bytes_of_the_keys(store):
    """Order is that of UTF-8 bytes; the start counts, the end only if asked for, "" is open."""
    order = ["\x00T\x00a\x00", "A", "Z", "a", "b", "\u00e4", "\u20ac", "\U0001f600"]
    write(store, dict.fromkeys(reversed(order), b"1"))
    rows = store.current.rows
    assert keys(rows("", "")) == order
    assert keys(rows("A", "b")) == ["A", "Z", "a"]
    assert keys(rows("A", "b", end_included=True)) == ["A", "Z", "a", "b"]
    assert keys(rows("B", "", limit=2)) == ["Z", "a"]
    assert rows("\U0001f601", "") == []


def test_the_first_status_of_a_transaction_stands(store):
    """A second block that holds the same transaction id does not rewrite history."""
    write(store, {}, statuses={"tx": TxStatus(0, 0, 0)})
    write(store, {}, statuses={"tx": TxStatus(1, 0, 9), "other": TxStatus(1, 1, 11)})
    assert store.current.status("tx") == TxStatus(0, 0, 0)
    assert dict(store.current.statuses()) == {
        "tx": TxStatus(0, 0, 0),
        "other": TxStatus(1, 1, 11),
    }


def test_a_full_map_grows_and_loses_nothing(tmp_path):
    """A block that does not fit changes nothing; after growing it fits and readers go on."""
    store = Store(tmp_path / "ledger", map_bytes=1 << 18)
    write(store, {"a": b"1"})
    old = store.current.acquire()
    write(store, {"b": b"2"})
    reader = store.current.acquire()
    big = BlockWrite(2, b"big", {}, {"big": Value((2, 0), b"x" * (1 << 18))})
    with pytest.raises(MapFull):
        store.commit(big)
    assert store.height == 2
    store.grow()
    assert reader.get("b") == Value((1, 0), b"2")
    with pytest.raises(SnapshotGone):  # its pages may move: better an error than a wrong value
        old.get("a")
    store.commit(big)
    store.refresh()
    assert store.current.get("big") == Value((2, 0), b"x" * (1 << 18))
    old.release()
    reader.release()
    store.close()


def test_a_ledger_that_outgrew_the_default_map_opens_again(tmp_path):
    """The map is at least as large as the file on disk."""
    store = Store(tmp_path / "ledger", map_bytes=1 << 22)
    write(store, {"big": b"x" * (1 << 21)})
    store.close()
    store = Store(tmp_path / "ledger", map_bytes=1 << 18)
    assert store.current.get("big") == Value((0, 0), b"x" * (1 << 21))
    store.close()


def test_reopening_finds_the_same_height_and_values(tmp_path):
    """What was committed is there again, files readable by their owner only."""
    store = Store(tmp_path / "ledger")
    write(store, {"a": b"1"})
    write(store, {"b": b"2"})
    store.close()
    assert ledger_height(tmp_path / "ledger") == 2
    store = Store(tmp_path / "ledger")
    assert (store.height, store.current.block(1)) == (2, b"block 1")
    assert store.current.block(2) is None
    store.close()
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "ledger").iterdir()} == {0o600}


def test_the_height_of_no_ledger_is_zero(tmp_path):
    """Asking for the height makes no ledger."""
    assert ledger_height(tmp_path / "nothing") == 0
    assert not Path(tmp_path / "nothing").exists()
