# SPDX-License-Identifier: Apache-2.0
import base64
import hashlib
import json

import pytest

from pmcb_client.evidence import keep, keep_file
from pmcb_client.usage_errors import AnswerError

PLACE: dict[str, str | int] = {"task": "0" * 32, "subtask": 1, "slot": 4}


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "note.txt"
    path.write_bytes(b"row 3\n")
    return path


def test_absent_empty_and_huge_files_are_refused(tmp_path, source):
    """Nothing is kept of them."""
    folder = tmp_path / "kept"
    with pytest.raises(AnswerError, match=r"Cannot read gone\.txt"):
        keep_file(folder, tmp_path / "gone.txt", PLACE)
    source.write_bytes(b"")
    with pytest.raises(AnswerError, match="is empty"):
        keep_file(folder, source, PLACE)
    source.write_bytes(b"x" * (3 * 1024 * 1024 + 1))
    with pytest.raises(AnswerError, match="too large"):
        keep_file(folder, source, PLACE)
    assert not folder.exists()


def test_the_copy_is_salted_and_private(tmp_path, source):
    """Its hash covers 32 random bytes; only its owner reads it."""
    kept = keep_file(tmp_path / "a" / "kept", source, PLACE)
    data = kept.path.read_bytes()
    document = json.loads(data)
    assert kept.hash == hashlib.sha256(data).hexdigest()
    assert len(bytes.fromhex(document["salt"])) == 32
    assert base64.b64decode(document["content"]) == source.read_bytes()
    assert document["place"] == PLACE
    assert kept.path.stat().st_mode & 0o777 == 0o600
    assert kept.path.parent.stat().st_mode & 0o777 == 0o700
    assert kept.path.parent.parent.stat().st_mode & 0o777 == 0o700


def test_equal_files_elsewhere_have_other_hashes(tmp_path, source):
    """Two verdicts for the same reason cannot be told to be so from the ledger."""
    hashes = {keep_file(tmp_path / name, source, PLACE).hash for name in "ab"}
    hashes.add(keep_file(tmp_path / "a", source, PLACE | {"subtask": 2}).hash)
    hashes.add(keep_file(tmp_path / "a", source, PLACE | {"slot": 1}).hash)
    assert len(hashes) == 4


def test_the_same_file_again_is_the_same_copy(tmp_path, source):
    """A repeated command repeats the same transaction, whatever lies beside the copy."""
    folder = tmp_path / "kept"
    first = keep_file(folder, source, PLACE)
    (folder / "subtask-1-slot-4-damaged.json").write_text("{")
    (folder / "subtask-1-slot-4-list.json").write_text("[]")
    source.write_bytes(b"something else")
    second = keep_file(folder, source, PLACE)
    assert second.hash != first.hash
    assert first.path.exists()
    assert keep_file(folder, source, PLACE) == second


def test_bytes_and_a_file_of_them_are_the_same_evidence(tmp_path, source):
    """A server's own evidence is kept as a person's is."""
    folder = tmp_path / "kept"
    assert keep(folder, source.read_bytes(), PLACE) == keep_file(folder, source, PLACE)
