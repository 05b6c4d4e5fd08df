# SPDX-License-Identifier: Apache-2.0
"""A person's own record of what was refused."""

from pmcb_client.receiver import Refusal, note_refusal, refusals


def test_what_was_refused_is_remembered_in_order(tmp_path):
    """For its owner alone; a line that was cut off, and one of something else, are left out."""
    folder = tmp_path / "receiver" / "ann"
    assert refusals(folder) == []
    noted = [Refusal(n, "accept", "a" * 32, "LEVEL_MISMATCH") for n in range(3)]
    for one in noted:
        note_refusal(folder, one)
    path = folder / "refusals.jsonl"
    assert path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    with path.open("ab") as file:
        file.write(b'[1]\n{"at": 1}\n{"at": 3, "act": "acc')
    assert refusals(folder) == noted
