# SPDX-License-Identifier: Apache-2.0
"""``pmcb audit verify``: every way of changing a refusal log, and what is said about it."""

import asyncio
import hashlib
import json

import pytest
from click.testing import CliRunner

from pmcb_chaincode.bridge import RefusalLog
from pmcb_client.cli import make_root

DAY_S = 86_400.0
NOON = 1_750_000_000.0 // DAY_S * DAY_S + DAY_S / 2
FIRST, SECOND, THIRD = (f"refusals-2025-06-{day}.jsonl" for day in (15, 16, 17))
CODES = ["NOT_FOUND", "SUSPENDED", "NOT_FOUND", "EXISTS"]


async def _write(folder):
    now = NOON
    async with RefusalLog(folder, clock=lambda: now) as refusals:
        for _ in range(3):
            for code in CODES:
                refusals.append(tx="ab", channel="pmcb", function="read", code=code, uid="A/ann")
            now += DAY_S


@pytest.fixture
def folder(tmp_path):
    """Twelve lines in three days."""
    asyncio.run(_write(tmp_path / "log"))
    return tmp_path / "log"


def verify(folder, *options):
    """Exit code and output of the command."""
    result = CliRunner().invoke(make_root(), ["audit", "verify", str(folder), *options])
    return result.exit_code, result.output


def document(folder, *options):
    """What the command says as JSON, after a look at its exit code."""
    code, output = verify(folder, "--json", *options)
    made = json.loads(output)
    assert code == (0 if made["intact"] else 1)
    return made


def found(folder, *options):
    """File, line and rule of each damage."""
    return [(one["file"], one["line"], one["rule"]) for one in document(folder, *options)["damage"]]


def edit(path, change):
    """Change a file's lines; bytes, each with its end."""
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


def rewritten(line, **fields):
    """A line with other fields, and a hash that fits them."""
    changed = {**json.loads(line), **fields}
    del changed["hash"]
    body = json.dumps(changed, sort_keys=True, separators=(",", ":")).encode()
    changed["hash"] = hashlib.sha256(body).hexdigest()
    return json.dumps(changed, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def test_missing_folder_is_bad_input(tmp_path):
    """Exit code 2, and which folder."""
    code, output = verify(tmp_path / "absent")
    assert code == 2
    assert f"there is no folder {tmp_path / 'absent'}" in output


def test_folder_without_a_log_is_bad_input(tmp_path):
    """Files of other names are no log, whatever they hold."""
    for name in ("lock", "refusals-2025-13-40.jsonl", "refusals-2025-06-15.jsonl.bak", "notes"):
        (tmp_path / name).write_text("x")
    code, output = verify(tmp_path)
    assert code == 2
    assert "holds no refusal log" in output


def test_file_that_cannot_be_read_is_bad_input(folder):
    """The sentence names it."""
    (folder / "refusals-2025-06-18.jsonl").mkdir()
    code, output = verify(folder)
    assert code == 2
    assert "refusals-2025-06-18.jsonl cannot be read" in output


@pytest.mark.parametrize("known", ["xyz", "AB" * 32, "ab" * 31])
def test_hash_that_is_none_is_bad_input(folder, known):
    """A typing error is not taken for damage."""
    code, output = verify(folder, "--known", known)
    assert code == 2
    assert "64 lower-case hex digits" in output


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
    assert "4 of the numbers 5 to 8 are nowhere" in verify(folder)[1]


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
    assert "1 of the numbers 2 to 3 are nowhere" in verify(folder)[1]


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
    assert document(folder)["lines"] == 12


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.replace(b":", b": ", 1),
        lambda line: line.replace(b'"channel":"pmcb"', b'"channel":"x","channel":"pmcb"'),
        lambda line: line.replace(b'"time":1', b'"time":01'),
        lambda line: line.replace(b'"uid":"A', b'"uid":"\\u0041'),
        lambda line: line.replace(b'"tx":"ab"', b'"tx":true'),
        lambda line: line.replace(b'"sequence":6', b'"sequence":6.0'),
        lambda line: line.replace(b"\n", b"\r\n"),
    ],
)
def test_line_in_other_bytes_is_foreign(folder, change):
    """The same content in another form was not written by the log."""
    edit(folder / SECOND, lambda lines: [lines[0], change(lines[1]), *lines[2:]])
    assert (SECOND, 2, "foreign") in found(folder)


def test_cut_off_line_is_named(folder):
    """At the end of the log, and at the end of an earlier day."""
    edit(folder / THIRD, lambda lines: [*lines[:-1], lines[-1][:50]])
    assert found(folder) == [(THIRD, 4, "truncated")]
    edit(folder / SECOND, lambda lines: [*lines[:-1], lines[-1][:50]])
    assert found(folder)[:2] == [(SECOND, 4, "truncated"), (THIRD, 1, "missing")]


def test_lines_cut_off_at_the_end_are_seen_by_who_kept_a_hash(folder):
    """Without it they cannot be: a shorter chain is a chain."""
    head = document(folder)["head"]
    edit(folder / THIRD, lambda lines: lines[:2])
    assert found(folder) == []
    assert found(folder, "--known", head) == [(THIRD, 2, "truncated")]


def test_days_that_were_removed_after_a_check_are_not_missing(folder):
    """Refusals are personal data: old days may go, once their last hash is kept."""
    last = json.loads((folder / FIRST).read_bytes().splitlines()[-1])["hash"]
    assert found(folder, "--known", last) == []
    (folder / FIRST).unlink()
    assert found(folder, "--known", last) == []
    assert document(folder, "--known", last)["first"] == 5
    (folder / SECOND).unlink()
    rules = {rule for _, _, rule in found(folder, "--known", last)}
    assert rules == {"missing", "truncated"}


def _torn(folder):
    edit(folder / THIRD, lambda lines: [*lines[:-1], lines[-1][:50]])

    async def go_on():
        async with RefusalLog(folder, clock=lambda: NOON + 2 * DAY_S) as refusals:
            refusals.append(tx="ab", channel="pmcb", function="", code="EXISTS", uid="")

    asyncio.run(go_on())


def test_noted_remainder_is_told_and_is_no_damage(folder):
    """A power cut is not an intruder."""
    _torn(folder)
    assert document(folder)["torn"] == 1
    code, output = verify(folder)
    assert code == 0
    assert "Writes that were cut off and noted: 1." in output


def test_remainder_and_its_note_belong_together(folder):
    """Neither is changed, moved or taken away alone."""
    _torn(folder)
    whole = (folder / THIRD).read_bytes()
    edit(folder / THIRD, lambda lines: [*lines[:3], *lines[4:]])
    assert found(folder) == [(THIRD, 4, "missing")]
    (folder / THIRD).write_bytes(whole)
    edit(folder / THIRD, lambda lines: [*lines[:3], b"x" + lines[3], *lines[4:]])
    assert found(folder) == [(THIRD, 4, "foreign")]
    (folder / THIRD).write_bytes(whole)
    edit(folder / THIRD, lambda lines: [*lines[:4], *lines[5:]])
    assert found(folder) == [(THIRD, 4, "foreign"), (THIRD, 5, "missing")]


def test_sound_log_is_told_with_its_codes(folder):
    """Exit code 0; lines, days, numbers, codes, and the hash to keep."""
    code, output = verify(folder)
    head = json.loads((folder / THIRD).read_bytes().splitlines()[-1])["hash"]
    assert code == 0
    assert output.splitlines() == [
        f"{folder}: 12 lines in 3 files, numbers 1 to 12.",
        "          6  NOT_FOUND",
        "          3  SUSPENDED",
        "          3  EXISTS",
        f"Intact. Last hash: {head}",
    ]
    assert document(folder) == {
        "folder": str(folder),
        "intact": True,
        "days": 3,
        "lines": 12,
        "first": 1,
        "last": 12,
        "head": head,
        "torn": 0,
        "lost": 0,
        "codes": {"EXISTS": 3, "NOT_FOUND": 6, "SUSPENDED": 3},
        "damage": [],
    }


def test_damage_is_told_in_sentences(folder):
    """File, line, rule, and why."""
    edit(folder / SECOND, lambda lines: [*lines[:2], b"x\n", *lines[2:]])
    code, output = verify(folder)
    assert code == 1
    assert output.splitlines()[-2:] == [
        f"{SECOND}, line 3: foreign: the log writes no such line.",
        "The log is not what was written.",
    ]


def test_refusals_that_found_no_room_are_told(tmp_path):
    """The chain itself says how many are not in it."""

    async def lose():
        async with RefusalLog(tmp_path / "log", max_pending_bytes=0) as refusals:
            refusals.append(tx="ab", channel="pmcb", function="", code="EXISTS", uid="")

    asyncio.run(lose())
    code, output = verify(tmp_path / "log")
    assert code == 0
    assert "Refusals that found no room, as noted: 1." in output


def test_log_without_a_refusal_is_sound(tmp_path):
    """A server that has refused nothing yet has a log all the same."""

    async def start():
        async with RefusalLog(tmp_path / "log"):
            pass

    asyncio.run(start())
    code, output = verify(tmp_path / "log")
    assert code == 0
    assert output.startswith(f"{tmp_path / 'log'}: 0 lines in 1 file.\nIntact.")
