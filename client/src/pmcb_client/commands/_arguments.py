# SPDX-License-Identifier: Apache-2.0
"""Arguments that several groups share, and how times are shown."""

import re
from datetime import UTC, datetime
from pathlib import Path

import click

from pmcb_client.people import Person, parse_uid
from pmcb_client.usage_errors import PeopleError

SUBTASK = click.IntRange(0, 63)
SLOT = click.IntRange(0, 999)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _task(_: click.Context, __: click.Parameter, value: str) -> str:
    if not re.fullmatch("[0-9a-f]{32}", value):
        raise click.BadParameter("a task id is 32 lower-case hex digits.")
    return value


def _person(_: click.Context, __: click.Parameter, value: str | None) -> Person | None:
    try:
        return None if value is None else parse_uid(value)
    except PeopleError as error:
        raise click.BadParameter("a person is written MSP/NAME.") from error


task_argument = click.argument("task", metavar="TASK", callback=_task)
subtask_argument = click.argument("subtask", metavar="SUBTASK", type=SUBTASK)
person_argument = click.argument("uid", metavar="UID", callback=_person)
optional_person = click.argument("uid", metavar="[UID]", required=False, callback=_person)


def moment(at_ms: int) -> str:
    """A ledger time, for people."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
