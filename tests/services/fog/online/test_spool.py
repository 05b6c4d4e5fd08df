# SPDX-License-Identifier: Apache-2.0
"""What a fog worker leaves to the one after it."""

import pytest

from pmcb_services.fog.online._spool import Entry, Spool


def test_an_intent_is_unknown_until_it_is_concluded(tmp_path):
    """And forgotten once it is committed; another epoch is another entry."""
    spool = Spool(tmp_path)
    spool.intend("o", 1)
    spool.intend("o", 2)
    assert [*Spool(tmp_path).entries()] == [
        Entry("o", 1, "unknown", b""),
        Entry("o", 2, "unknown", b""),
    ]
    spool.conclude("o", 2, "done", b"5 ml\ngiven")
    spool.forget("o", 1)
    spool.forget("o", 1)
    assert [*Spool(tmp_path).entries()] == [Entry("o", 2, "done", b"5 ml\ngiven")]


def test_nobody_reads_what_a_device_answered(tmp_path):
    """Sealed, and only for this user; a name tells nothing, whatever the order is called."""
    spool = Spool(tmp_path)
    spool.conclude("../patient-7", 1, "done", b"pulse 80")
    files = [path for path in tmp_path.iterdir() if path.is_file()]
    assert len(files) == 2
    for path in files:
        assert path.stat().st_mode & 0o077 == 0
        assert b"pulse" not in path.read_bytes()
        assert "patient" not in path.name


@pytest.mark.parametrize("damage", [b"", b"short", bytes(100)])
def test_what_cannot_be_read_is_passed_over(tmp_path, damage):
    """The others count."""
    spool = Spool(tmp_path)
    spool.intend("a", 1)
    next(tmp_path.glob("*.order")).write_bytes(damage)
    spool.intend("b", 1)
    assert [entry.order for entry in spool.entries()] == ["b"]
