# SPDX-License-Identifier: Apache-2.0
"""The table of traps in docs/embedded-network.md: every line has tests, and they are there."""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "embedded-network.md"


def lines() -> list[tuple[str, list[str]]]:
    """Each trap and the tests named for it."""
    table = PAGE.read_text().partition("| trap |")[2].splitlines()[2:]
    rows = [row.strip("|").split("|") for row in table if row.startswith("|")]
    return [(row[0].strip(), re.findall(r"`(\w+::\w+)`", row[-1])) for row in rows]


def test_the_table_is_read():
    """Else the checks below would pass for want of lines."""
    assert len(lines()) >= 10


@pytest.mark.parametrize(("trap", "tests"), lines())
def test_every_trap_has_tests_that_exist(trap, tests):
    """By file and name, so that a test is not renamed or dropped unnoticed."""
    assert tests, f"nothing holds {trap!r}"
    for test in tests:
        file, _, name = test.partition("::")
        source = HERE.joinpath(f"{file}.py").read_text()
        assert re.search(rf"^(async )?def {name}\(", source, re.MULTILINE), test
