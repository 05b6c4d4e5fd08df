# SPDX-License-Identifier: Apache-2.0
"""``pmcb fog qr`` and what ``pmcb fog grant`` refuses by itself."""

import json
import xml.etree.ElementTree as ET

import pytest
from click.testing import CliRunner

from pmcb_client.cli import make_root

DEVICE = "HospitalAMSP/pump-3"
QUIET = 4  # modules around a code
MASKS = (
    lambda y, x: (y + x) % 2,
    lambda y, x: y % 2,
    lambda y, x: x % 3,
    lambda y, x: (y + x) % 3,
    lambda y, x: (y // 2 + x // 3) % 2,
    lambda y, x: y * x % 2 + y * x % 3,
    lambda y, x: (y * x % 2 + y * x % 3) % 2,
    lambda y, x: ((y + x) % 2 + y * x % 3) % 2,
)


def pmcb(*words, home):
    """Exit code and what it printed."""
    done = CliRunner().invoke(make_root(), ["--home", str(home), "fog", *words])
    assert "Traceback" not in done.output
    return done.exit_code, done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["qr", "pump-3"], "MSP/NAME"),
        (["qr", "HospitalAMSP/pump 3"], "MSP/NAME"),
        (["qr", DEVICE, "--out", "label.gif"], ".svg, .png, .pdf"),
        (["qr", DEVICE, "--out", "/nowhere/label.svg"], "cannot be written"),
        (["grant", "doctor", DEVICE, "start"], "MSP/NAME"),
        (["grant", "HospitalBMSP/doctor", "pump", "start"], "MSP/NAME"),
        (["grant", "HospitalBMSP/doctor", DEVICE], "COMMAND"),
        (["grant", "HospitalBMSP/doctor", DEVICE, "start", "--days", "367"], "366"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_asked(words, said, tmp_path):
    """Exit code 2, and the part that is to blame."""
    code, output = pmcb(*words, home=tmp_path)
    assert (code, said in output) == (2, True), output


def test_the_printed_code_holds_the_device(tmp_path):
    """Read by the standard (ISO/IEC 18004), version 2, without its error correction."""
    code, output = pmcb("qr", DEVICE, home=tmp_path)
    *lines, named = output.splitlines()
    assert (code, named) == (0, DEVICE)
    dark = [
        [tone in half for tone in line]  # a line shows two rows, dark ones left blank
        for line in lines
        for half in (" ▄", " ▀")
    ]
    assert text_of([row[QUIET : QUIET + 25] for row in dark[QUIET : QUIET + 25]]) == DEVICE


def test_a_label_is_a_file(tmp_path):
    """Of the kind that its name says."""
    code, output = pmcb("qr", DEVICE, "--out", str(tmp_path / "l.svg"), "--json", home=tmp_path)
    assert (code, json.loads(output)["device"]) == (0, DEVICE)
    assert ET.parse(tmp_path / "l.svg").getroot().tag.endswith("svg")
    pmcb("qr", DEVICE, "--out", str(tmp_path / "l.png"), home=tmp_path)
    assert (tmp_path / "l.png").read_bytes().startswith(b"\x89PNG")


def text_of(dark):
    """What a code of version 2 says: its bytes, read in the zigzag from the lower right."""
    mask = MASKS[4 * (dark[8][2] ^ 1) + 2 * dark[8][3] + (dark[8][4] ^ 1)]
    bits = []
    for step, right in enumerate([*range(24, 6, -2), *range(5, 0, -2)]):
        rows = range(24, -1, -1) if step % 2 == 0 else range(25)
        bits += [
            dark[y][x] ^ (mask(y, x) == 0)
            for y in rows
            for x in (right, right - 1)
            if not is_pattern(y, x)
        ]
    number = int("".join(str(int(bit)) for bit in bits[: 28 * 8]), 2)
    mode, count = number >> 220, (number >> 212) & 0xFF
    assert mode == 0b0100  # bytes
    return bytes((number >> (204 - 8 * at)) & 0xFF for at in range(count)).decode()


def is_pattern(y, x):
    """Whether a module is none of the data: finders with formats, timing, alignment."""
    finder = (y < 9 and (x < 9 or x > 16)) or (y > 16 and x < 9)
    return finder or y == 6 or x == 6 or (16 <= y <= 20 and 16 <= x <= 20)
