# SPDX-License-Identifier: Apache-2.0
"""Every way of changing a refusal log, and what is found."""

import asyncio
import hashlib
import json
import re

import pytest
from tests.chaincode.refusal_logs import FIRST, SECOND, THIRD, edit, write, write_three_days

from pmcb_chaincode._refusal_check import RefusalCheck


@pytest.fixture
def folder(tmp_path):
    """Twelve lines in three days."""
    asyncio.run(write_three_days(tmp_path / "log"))
    return tmp_path / "log"


def found(folder, known=""):
    """File, line and rule of each damage."""
    return [(one.file, one.line, one.rule) for one in RefusalCheck(folder, known=known).damage]


def rewritten(line, **fields):
    """A line with other fields, and a hash that fits them."""
    changed = {**json.loads(line), **fields}
    del changed["hash"]
    body = json.dumps(changed, sort_keys=True, separators=(",", ":")).encode()
    changed["hash"] = hashlib.sha256(body).hexdigest()
    return json.dumps(changed, sort_keys=True, separators=(",", ":")).encode() + b"\n"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "NOT_OWNER"),
        ("uid", "A/bob"),
        ("time", 1),
        ("tx", "cd"),
        ("channel", "other"),
        ("function", "ping"),
        ("previous", "0" * 64),
        ("hash", "0" * 64),
    ],
)
def test_altered_line_is_named(folder, field, value):
    """Whichever field it is."""

    def change(lines):
        made = {**json.loads(lines[1]), field: value}
        body = json.dumps(made, sort_keys=True, separators=(",", ":")).encode() + b"\n"
        return [lines[0], body, *lines[2:]]

    edit(folder / SECOND, change)
    assert (SECOND, 2, "altered") in found(folder)


def test_line_written_anew_is_found_by_its_successor(folder):
    """A hash that fits the altered line does not fit the chain."""
    edit(folder / SECOND, lambda lines: [rewritten(lines[0], code="NOT_OWNER"), *lines[1:]])
    assert found(folder) == [(SECOND, 2, "altered")]


def test_first_line_follows_none(folder):
    """A chain does not begin in the middle of another."""
    edit(folder / FIRST, lambda lines: [rewritten(lines[0], previous="1" * 64), *lines[1:]])
    assert found(folder) == [(FIRST, 1, "altered"), (FIRST, 2, "altered")]


def test_missing_lines_are_named_where_the_chain_goes_on(folder):
    """In the middle of a day, at its end, and a whole day."""
    edit(folder / FIRST, lambda lines: [lines[0], *lines[2:]])
    assert found(folder) == [(FIRST, 2, "missing")]
    (folder / SECOND).unlink()
    assert found(folder) == [(FIRST, 2, "missing"), (THIRD, 1, "missing")]
    assert RefusalCheck(folder).damage[1].sentence == "4 of the numbers 5 to 8 are nowhere"


def test_missing_beginning_is_named(folder):
    """Older days do not vanish unnoticed."""
    (folder / FIRST).unlink()
    assert found(folder) == [(SECOND, 1, "missing")]


def test_reordered_lines_are_named(folder):
    """Within a day, and days that change their names; nothing is missing then."""
    edit(folder / FIRST, lambda lines: [lines[0], lines[2], lines[1], lines[3]])
    assert found(folder) == [(FIRST, 3, "reordered")]
    edit(folder / FIRST, lambda lines: [lines[0], lines[2], lines[1], lines[3]])
    (folder / FIRST).rename(folder / "x")
    (folder / SECOND).rename(folder / FIRST)
    (folder / "x").rename(folder / SECOND)
    assert found(folder) == [(SECOND, line, "reordered") for line in (1, 2, 3, 4)]


def test_moved_line_leaves_its_gap_to_those_that_are_missing(folder):
    """Of two lines that were taken out, one is elsewhere."""
    edit(folder / FIRST, lambda lines: [lines[0], lines[3], lines[1]])
    edit(folder / THIRD, lambda lines: lines[1:])
    assert found(folder) == [(FIRST, 2, "missing"), (FIRST, 3, "reordered"), (THIRD, 1, "missing")]
    edit(folder / THIRD, lambda lines: [*lines, lines[0]])
    assert (THIRD, 4, "reordered") in found(folder)
    assert RefusalCheck(folder).damage[0].sentence == "1 of the numbers 2 to 3 are nowhere"


def test_repeated_line_is_reordered(folder):
    """A line has one place."""
    edit(folder / THIRD, lambda lines: [*lines, lines[-1]])
    assert found(folder) == [(THIRD, 5, "reordered")]


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"not JSON\n",
        b"[]\n",
        b"{}\n",
        b"\xff\n",
        b"[" * 100_000 + b"\n",
        b'{"code":"NOT_FOUND"}\n',
        b'{"note":"lost","refusals":3,"time":1}\n',
    ],
)
def test_foreign_line_is_named(folder, line):
    """What the log never writes; the chain around it is sound."""
    edit(folder / SECOND, lambda lines: [*lines[:2], line, *lines[2:]])
    assert found(folder) == [(SECOND, 3, "foreign")]
    assert RefusalCheck(folder).lines == 12


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.replace(b":", b": ", 1),
        lambda line: line.replace(b'"channel":"pmcb"', b'"channel":"x","channel":"pmcb"'),
        lambda line: line.replace(b'"time":1', b'"time":01'),
        lambda line: line.replace(b'"uid":"A', b'"uid":"\\u0041'),
        lambda line: re.sub(rb'"tx":"\w+"', b'"tx":true', line),
        lambda line: line.replace(b'"sequence":6', b'"sequence":6.0'),
        lambda line: line.replace(b"\n", b"\r\n"),
    ],
)
def test_line_in_other_bytes_is_foreign(folder, change):
    """The same content in another form was not written by the log."""
    edit(folder / SECOND, lambda lines: [lines[0], change(lines[1]), *lines[2:]])
    assert (SECOND, 2, "foreign") in found(folder)


def test_no_single_byte_changes_unnoticed(folder):
    """Each byte of a line changed in its lowest or highest bit, and each left out."""
    path = folder / SECOND
    whole = path.read_bytes()
    start = whole.index(b"\n") + 1
    for place in range(start, whole.index(b"\n", start) + 1):
        before, (byte,), after = whole[:place], whole[place : place + 1], whole[place + 1 :]
        for middle in (b"", bytes([byte ^ 1]), bytes([byte ^ 128])):
            path.write_bytes(before + middle + after)
            assert RefusalCheck(folder).damage, (place, middle)


def test_cut_off_line_is_named(folder):
    """At the end of the log, and at the end of an earlier day."""
    edit(folder / THIRD, lambda lines: [*lines[:-1], lines[-1][:50]])
    assert found(folder) == [(THIRD, 4, "truncated")]
    edit(folder / SECOND, lambda lines: [*lines[:-1], lines[-1][:50]])
    assert found(folder)[:2] == [(SECOND, 4, "truncated"), (THIRD, 1, "missing")]


def test_lines_cut_off_at_the_end_are_seen_by_who_kept_a_hash(folder):
    """Without it they cannot be: a shorter chain is a chain."""
    head = RefusalCheck(folder).head
    edit(folder / THIRD, lambda lines: lines[:2])
    assert found(folder) == []
    assert found(folder, head) == [(THIRD, 2, "truncated")]


def test_days_that_were_removed_after_a_check_are_not_missing(folder):
    """Refusals are personal data: old days may go, once their last hash is kept."""
    last = json.loads((folder / FIRST).read_bytes().splitlines()[-1])["hash"]
    assert found(folder, last) == []
    (folder / FIRST).unlink()
    assert found(folder, last) == []
    assert RefusalCheck(folder, known=last).first == 5
    (folder / SECOND).unlink()
    rules = {rule for _, _, rule in found(folder, last)}
    assert rules == {"missing", "truncated"}


async def test_noted_remainder_is_counted_and_is_no_damage(folder):
    """A power cut is not an intruder."""
    await _tear(folder)
    check = RefusalCheck(folder)
    assert (check.damage, check.torn, check.lines) == ([], 1, 13)


async def _tear(folder):
    edit(folder / THIRD, lambda lines: [*lines[:-1], lines[-1][:50]])
    await write(folder, "EXISTS")


async def test_remainder_and_its_note_belong_together(folder):
    """Neither is changed, moved or taken away alone."""
    await _tear(folder)
    whole = (folder / THIRD).read_bytes()
    edit(folder / THIRD, lambda lines: [*lines[:3], *lines[4:]])
    assert found(folder) == [(THIRD, 4, "missing")]
    (folder / THIRD).write_bytes(whole)
    edit(folder / THIRD, lambda lines: [*lines[:3], b"x" + lines[3], *lines[4:]])
    assert found(folder) == [(THIRD, 4, "foreign")]
    (folder / THIRD).write_bytes(whole)
    edit(folder / THIRD, lambda lines: [*lines[:4], *lines[5:]])
    assert found(folder) == [(THIRD, 4, "foreign"), (THIRD, 5, "missing")]
