# SPDX-License-Identifier: Apache-2.0
"""``pmcb audit verify``: what it says, as text and as JSON, and its exit codes."""

import asyncio
import json

import pytest
from click.testing import CliRunner
from tests.chaincode.refusal_logs import (
    SECOND,
    THIRD,
    edit,
    write,
    write_three_days,
)

from pmcb_client.cli import make_root


@pytest.fixture
def folder(tmp_path):
    """Twelve lines in three days."""
    asyncio.run(write_three_days(tmp_path / "log"))
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


async def test_refusals_that_found_no_room_are_told(tmp_path):
    """The chain itself says how many are not in it."""
    await write(tmp_path / "log", "EXISTS", max_pending_bytes=0)
    code, output = verify(tmp_path / "log")
    assert code == 0
    assert "Refusals that found no room, as noted: 1." in output


async def test_cut_off_writes_are_told(folder):
    """A power cut is not an intruder, and still worth a line."""
    edit(folder / THIRD, lambda lines: [*lines[:-1], lines[-1][:50]])
    await write(folder)
    code, output = verify(folder)
    assert code == 0
    assert "Writes that were cut off and noted: 1." in output


async def test_log_without_a_refusal_is_sound(tmp_path):
    """A server that has refused nothing yet has a log all the same."""
    await write(tmp_path / "log")
    code, output = verify(tmp_path / "log")
    assert code == 0
    assert output.startswith(f"{tmp_path / 'log'}: 0 lines in 1 file.\nIntact.")
