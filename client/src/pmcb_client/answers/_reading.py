# SPDX-License-Identifier: Apache-2.0
"""Answers as people have them: a CSV with a header, or JSON."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from pmcb_client.usage_errors import AnswerError

from ._answer import MAX_ROWS, Answer, Row, Value
from ._instructions import Instructions

__all__ = ["TIME", "read_answer"]

MAX_FILE_BYTES = 16 * 1024 * 1024
TIME = "at"
LARGEST = 2**53
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_LONGEST_NUMBER = 40  # characters; what is longer was not measured
_HEADER = re.compile(r"(?P<name>[^\[\]]+?)\s*(\[(?P<unit>[^\[\]]*)\])?")


def read_answer(path: Path, instructions: Instructions, *, now_ms: int) -> Answer:
    """The answer in a file: ``.csv``, or JSON (one object, or a list of them).

    Columns or keys are the fields, a unit may follow in brackets (``systolic [mmHg]``); ``at`` is
    the time of measurement, RFC 3339 with its offset. One row alone may leave it out: it was
    measured now. An empty cell is no value.

    Args:
        path: at most 16 MiB, in UTF-8.
        instructions: what was asked.
        now_ms: milliseconds UTC.

    Raises:
        AnswerError: names row and field, never a value.
    """
    text = _read(path)
    records = list(_csv(text, path.name) if path.suffix.lower() == ".csv" else _json(text))
    if not 0 < len(records) <= MAX_ROWS:
        raise AnswerError(f"{path.name}: an answer has 1 to {MAX_ROWS:,} rows.")
    alone = len(records) == 1
    return Answer(
        tuple(
            _row(number, record, instructions, now_ms if alone else None)
            for number, record in enumerate(records, start=1)
        )
    )


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise AnswerError(f"Cannot read {path.name}: {reason}.") from error
    if len(data) > MAX_FILE_BYTES:
        raise AnswerError(f"{path.name} is larger than {MAX_FILE_BYTES // 2**20} MiB.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AnswerError(f"{path.name} is not text in UTF-8.") from error


def _csv(text: str, name: str) -> Iterator[Mapping[str, object]]:
    try:
        header, *rows = csv.reader(io.StringIO(text), strict=True)
    except (csv.Error, ValueError) as error:
        raise AnswerError(f"{name} is no CSV file with a header.") from error
    if len(set(header)) != len(header):
        raise AnswerError(f"{name}: a column stands twice.")
    for number, cells in enumerate((row for row in rows if row), start=1):
        if len(cells) != len(header):
            raise AnswerError(f"Row {number} has {len(cells)} cells, the header {len(header)}.")
        yield {
            column: _number(cell)
            for column, cell in zip(header, cells, strict=True)
            if cell.strip()
        }


def _number(cell: str) -> Value:
    """A number where it looks like one; what a field lists as text is compared as text."""
    cell = cell.strip()
    if len(cell) > _LONGEST_NUMBER or not _NUMBER.fullmatch(cell):
        return cell
    return int(cell) if cell.lstrip("+-").isdecimal() else float(cell)


def _json(text: str) -> Iterator[Mapping[str, object]]:
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise AnswerError(
            "The answer is no JSON with each key once.",
            next_step="Write an object, a list of objects, or a .csv with a header.",
        ) from error
    rows = found if isinstance(found, list) else [found]
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise AnswerError(f"Row {number} must be an object of fields and values.")
        yield row


def _once(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    listed = list(pairs)
    if len(dict(listed)) != len(listed):
        raise ValueError("a key stands twice")
    return dict(listed)


def _refuse(_: str) -> float:
    raise ValueError("not a number")


def _row(
    number: int, record: Mapping[str, object], instructions: Instructions, now_ms: int | None
) -> Row:
    found: dict[str, object] = {}
    for column, value in record.items():
        name = _field_name(number, column, instructions)
        if name in found:  # with a unit and without
            raise AnswerError(f"Row {number} holds '{name}' twice.")
        found[name] = value
    at = _moment(number, found.pop(TIME)) if TIME in found else now_ms
    if at is None:
        raise AnswerError(f"Row {number} lacks 'at', the time of measurement.")
    values = {name: _value(number, name, value, instructions) for name, value in found.items()}
    return Row(at, values)


def _field_name(number: int, column: str, instructions: Instructions) -> str:
    """The field behind a column's heading; its unit, if one is told, must be the field's."""
    found = _HEADER.fullmatch(column.strip())
    name = found["name"] if found else ""
    if name != TIME and name not in instructions.names:
        known = ", ".join(sorted(instructions.names))
        raise AnswerError(
            f"Row {number} holds a field that was not asked.",
            next_step=f"Asked are: {known}.",
        )
    field = instructions.fields.get(name)
    if found and found["unit"] is not None and field and found["unit"].strip() != field.unit:
        raise AnswerError(f"'{name}' is asked in {field.unit or 'no unit'}: convert it.")
    return name


def _value(number: int, name: str, value: object, instructions: Instructions) -> Value:
    field = instructions.fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise AnswerError(f"Row {number}: '{name}' must be a number or a text.")
    if not isinstance(value, str) and not -LARGEST <= value <= LARGEST:  # nor is nan, nor inf
        raise AnswerError(f"Row {number}: '{name}' is larger than anything that is measured.")
    if field is not None and field.values and not isinstance(value, str):
        return str(value)
    return value


def _moment(number: int, value: object) -> int:
    with suppress(ValueError, OverflowError):
        at = datetime.fromisoformat(str(value))
        if at.tzinfo is not None:
            return round(at.timestamp() * 1000)
    raise AnswerError(
        f"Row {number}: 'at' must be a time with its offset, like 2026-05-04T08:00:00+02:00."
    )
