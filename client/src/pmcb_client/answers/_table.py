# SPDX-License-Identifier: Apache-2.0
"""Answers as a table that other programs read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from ._answer import Answer, Value

__all__ = ["answers_table", "csv_cell"]

_FORMULA = ("=", "+", "-", "@")


def answers_table(answers: Iterable[tuple[int, int, Answer]], names: Sequence[str]) -> str:
    """CSV with the columns subtask, slot, at and ``names``; one line a row, by subtask and slot.

    Texts that a spreadsheet would take for a formula stand behind an apostrophe: receivers write
    them, and others open the table.

    Args:
        answers: each with its subtask and slot.
        names: of the fields.

    >>> from pmcb_client.answers import Row
    >>> answer = Answer((Row(0, {"pulse": 61, "note": "=1+1"}),))
    >>> print(answers_table([(0, 3, answer)], ["pulse", "note", "taken"]).strip())
    subtask,slot,at,pulse,note,taken
    0,3,1970-01-01T00:00:00.000Z,61,'=1+1,
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["subtask", "slot", "at", *names])
    for subtask, slot, answer in sorted(answers, key=lambda one: one[:2]):
        for row in answer.rows:
            cells = [csv_cell(row.values.get(name, "")) for name in names]
            table.writerow([subtask, slot, _time(row.at), *cells])
    return text.getvalue()


def csv_cell(value: Value) -> Value:
    """A value as it may stand in a CSV: no spreadsheet takes it for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _time(at_ms: int) -> str:
    moment = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")
