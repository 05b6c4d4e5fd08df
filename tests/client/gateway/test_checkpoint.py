# SPDX-License-Identifier: Apache-2.0
import json
import stat

import pytest

from pmcb_client.gateway import CheckpointError, FileCheckpoint, MemoryCheckpoint, Position


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"transactionId": "ab"}',
        '{"blockNumber": null}',
        '{"blockNumber": "07"}',
        '{"blockNumber": "seven"}',
        '{"blockNumber": 7.0}',
        '{"blockNumber": [7]}',
        '{"blockNumber": true, "transactionId": "ab"}',
        '{"blockNumber": -1, "transactionId": "ab"}',
        '{"blockNumber": 7, "transactionId": null}',
        "\udcff",
    ],
)
def test_a_file_without_a_position_is_refused(tmp_path, text):
    """It is not read as an empty one: that would deliver everything again."""
    path = tmp_path / "checkpoint.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(CheckpointError, match=r"checkpoint\.json") as caught:
        FileCheckpoint(path)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ('{"blockNumber":"7","transactionId":"ab"}', Position(7, "ab")),
        ('{"blockNumber":"8"}', Position(8)),
        ("{}", None),
        ('{"blockNumber":18446744073709551615,"transactionId":""}', Position(2**64 - 1)),
    ],
)
def test_files_of_other_clients_are_read(tmp_path, text, position):
    """Node's: a number in quotes, no id behind a block, nothing yet; and Go's."""
    path = tmp_path / "checkpoint.json"
    path.write_text(text)
    assert FileCheckpoint(path).position == position


async def test_no_file_is_no_position_yet(tmp_path):
    """Nothing is written before the first save, which makes the folder too."""
    path = tmp_path / "reader" / "checkpoint.json"
    checkpoint = FileCheckpoint(path)
    assert checkpoint.position is None
    assert not path.parent.exists()
    await checkpoint.save(Position(0, "ab"))
    assert path.exists()


async def test_a_position_outlives_its_object(tmp_path):
    """The last one counts; the layout is the one that other clients read."""
    path = tmp_path / "checkpoint.json"
    checkpoint = FileCheckpoint(str(path))
    for position in (Position(7, "ab"), Position(8, "cd")):
        await checkpoint.save(position)
        assert checkpoint.position == position
        assert FileCheckpoint(path).position == position
    assert json.loads(path.read_text()) == {"blockNumber": 8, "transactionId": "cd"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


async def test_a_save_that_fails_leaves_the_last_position(tmp_path, monkeypatch):
    """In the file and in the object."""
    path = tmp_path / "checkpoint.json"
    checkpoint = FileCheckpoint(path)
    await checkpoint.save(Position(7, "ab"))

    def full(descriptor):
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        await checkpoint.save(Position(8, "cd"))
    assert checkpoint.position == FileCheckpoint(path).position == Position(7, "ab")


async def test_memory_starts_where_it_is_told():
    """And keeps what is saved."""
    assert MemoryCheckpoint().position is None
    checkpoint = MemoryCheckpoint(Position(7, "ab"))
    assert checkpoint.position == Position(7, "ab")
    await checkpoint.save(Position(8, "cd"))
    assert checkpoint.position == Position(8, "cd")
