# SPDX-License-Identifier: Apache-2.0
"""Every command helps, and stands in docs/commands.md."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from pmcb_client.cli import make_root

DOCS = Path(__file__).parents[2] / "docs/commands.md"


def walk(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """All commands below a group, groups included."""
    if path:
        yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from walk(found, (*path, name))


COMMANDS = list(walk(make_root()))


def test_the_groups_are_there():
    """What a user of this release can do."""
    groups = {path[0] for path in COMMANDS}
    assert groups >= {"bench", "data", "demo", "id", "levels", "network", "receiver", "task"}
    assert {"classify", "report", "publish", "approve", "show"} <= {
        path[1] for path in COMMANDS if path[0] == "levels" and len(path) > 1
    }


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_command_helps_and_is_documented(path: tuple[str, ...]):
    """``--help`` exits 0 with a sentence; options explain themselves; the page names it."""
    result = CliRunner().invoke(make_root(), [*path, "--help"])
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 2
    assert f"pmcb {' '.join(path)}" in DOCS.read_text()
