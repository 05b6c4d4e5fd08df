# SPDX-License-Identifier: Apache-2.0
"""Whether an answer fits its questions: what a receiver's client and every verifier check alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pmcb_client.fields import Field

from ._answer import MAX_ROWS, Answer, Row, Value
from ._instructions import Instructions

__all__ = ["Problem", "Reason", "examine"]

LONGEST_TEXT = 200
CLOCKS_APART_MS = 120_000  # what peers allow between a client's clock and theirs


class Reason(StrEnum):
    """Why a verifier rejects an answer, as it stands on the ledger; ``ok`` where it does not."""

    OK = "ok"
    SCHEMA = "schema"
    RANGE = "range"
    PLAUSIBILITY = "plausibility"
    TIME = "time"
    DUPLICATE = "duplicate"
    VARIANCE = "variance"
    TRUTH = "truth"


@dataclass(frozen=True)
class Problem:
    """The first thing that does not fit.

    Attributes:
        reason: the rule.
        row: its number, from 1; 0 where the whole answer is meant.
        field: its name, "" where the row or answer is meant.
        sentence: for people; it tells no value.
    """

    reason: Reason
    row: int
    field: str
    sentence: str


def examine(
    answer: Answer, instructions: Instructions, *, since_ms: int, until_ms: int
) -> Problem | None:
    """The first problem, None where everything fits.

    Args:
        answer: what was given.
        instructions: what was asked.
        since_ms: when it may have been measured at the earliest, milliseconds UTC.
        until_ms: and at the latest.
    """
    if not 0 < len(answer.rows) <= MAX_ROWS:
        return Problem(Reason.SCHEMA, 0, "", f"an answer has 1 to {MAX_ROWS:,} rows.")
    given = {name for row in answer.rows for name in row.values}
    for name in sorted(instructions.names - given):
        return Problem(Reason.SCHEMA, 0, name, f"'{name}' is asked for and never given.")
    problems = (
        _in_row(number, row, instructions) for number, row in enumerate(answer.rows, start=1)
    )
    return next(
        (problem for problem in problems if problem is not None),
        _in_time(answer.rows, since_ms - CLOCKS_APART_MS, until_ms + CLOCKS_APART_MS),
    )


def _in_row(number: int, row: Row, instructions: Instructions) -> Problem | None:
    if not row.values:
        return Problem(Reason.SCHEMA, number, "", "the row holds no value.")
    for name, value in sorted(row.values.items()):
        if name not in instructions.names:
            return Problem(Reason.SCHEMA, number, "", "the row holds a field that was not asked.")
        if found := _in_field(value, instructions.fields.get(name)):
            reason, sentence = found
            return Problem(reason, number, name, f"'{name}' {sentence}")
    return _implausible(number, row.values, instructions.plausible)


def _in_field(value: Value, field: Field | None) -> tuple[Reason, str] | None:
    """What is wrong with a value, said without telling it."""
    if isinstance(value, str):
        return _in_text(value, field)
    if field is None:
        return None
    if field.low is None or field.high is None:
        return Reason.SCHEMA, f"must be {' or '.join(field.values)}."
    if not field.low <= value <= field.high:
        return Reason.RANGE, f"must lie between {field.low} and {field.high} {field.unit}."
    if field.step is not None and not _is_on_step(value, field.low, field.step):
        return Reason.RANGE, f"goes in steps of {field.step} {field.unit}."
    return None


def _in_text(value: str, field: Field | None) -> tuple[Reason, str] | None:
    if not 0 < len(value) <= LONGEST_TEXT or not value.isprintable():
        return Reason.SCHEMA, f"takes 1 to {LONGEST_TEXT} printable characters."
    if field is None or value in field.values:
        return None
    expected = " or ".join(field.values) if field.values else f"a number in {field.unit}"
    return Reason.SCHEMA, f"must be {expected}."


def _is_on_step(value: float, low: float, step: float) -> bool:
    steps = (value - low) / step
    return abs(steps - round(steps)) <= 1e-6 * max(1.0, abs(steps))  # 0.1 is no binary number


def _implausible(
    number: int, values: Mapping[str, Value], pairs: Iterable[tuple[str, str]]
) -> Problem | None:
    for less, greater in pairs:
        low, high = values.get(less), values.get(greater)
        if isinstance(low, int | float) and isinstance(high, int | float) and low >= high:
            sentence = f"'{less}' must be below '{greater}'."
            return Problem(Reason.PLAUSIBILITY, number, less, sentence)
    return None


def _in_time(rows: tuple[Row, ...], since_ms: int, until_ms: int) -> Problem | None:
    before: int | None = None
    for number, row in enumerate(rows, start=1):
        if not since_ms <= row.at <= until_ms:
            sentence = "it was not measured between acceptance and submission."
            return Problem(Reason.TIME, number, "at", sentence)
        if before is not None and row.at <= before:
            return Problem(Reason.TIME, number, "at", "'at' must rise from row to row.")
        before = row.at
    return None
