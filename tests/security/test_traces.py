# SPDX-License-Identifier: Apache-2.0
"""The search for what no log may hold would find it."""

import base64
import json

import pytest
from tests.security.traces import places

MARK = b"\x00\xff mark of 32 bytes, as a key's \xfe"


@pytest.mark.parametrize(
    "written",
    [
        MARK,
        b'{"event": "x", "value": "%s"}\n' % MARK.hex().encode(),
        *(base64.b64encode(b"x" * n + MARK + b"more") for n in range(3)),
        base64.encodebytes(b"x" * 50 + MARK),
        json.dumps({"key": base64.encodebytes(b"x" * 50 + MARK).decode()}).encode(),
        json.dumps({"body": base64.b64encode(MARK).decode()}).encode(),
    ],
    ids=[
        "plain",
        "hex",
        "base64",
        "base64 + 1",
        "base64 + 2",
        "in lines",
        "in lines in JSON",
        "in JSON",
    ],
)
def test_a_mark_is_found_however_it_was_written(tmp_path, written):
    """In a file below the folder, between other bytes; another mark is not."""
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "fog.log").write_bytes(b"\n before " + written + b" after \n")
    (tmp_path / "other.log").write_text("nothing")
    here, nowhere = places(tmp_path, [MARK, MARK[::-1]])
    assert [str(path) for path in here] == ["services/fog.log"]
    assert nowhere == set()
