# SPDX-License-Identifier: Apache-2.0
"""What can be said of an answer without looking at those of others."""

from __future__ import annotations

from pmcb_client.answers import Answer, Instructions, Reason, examine

from ._finding import Finding
from ._room import measured, steps

__all__ = ["judge_alone", "still_field"]

MIN_ROWS = 5
MIN_STEPS = 50  # a scale of eleven marks may well stand still for a week


def judge_alone(
    answer: Answer, instructions: Instructions, *, since_ms: int, until_ms: int
) -> Finding | None:
    """Why an answer is rejected: schema, range, plausibility, time, variance; else None.

    Args:
        answer: what was given.
        instructions: what was asked.
        since_ms: when the slot was taken, milliseconds UTC.
        until_ms: when the answer was submitted.
    """
    problem = examine(answer, instructions, since_ms=since_ms, until_ms=until_ms)
    if problem is not None:
        return Finding.reject(problem.reason, row=problem.row, field=problem.field)
    still = still_field(answer, instructions)
    return Finding.reject(Reason.VARIANCE, field=still) if still else None


def still_field(answer: Answer, instructions: Instructions) -> str:
    """A continuous field whose values never differ over five rows or more, "" where there is none.

    What the body gives varies by more than the step of a meter with 50 steps or more. Shared fields
    are left out: the truth may stand still.
    """
    for name in sorted(instructions.names - instructions.shared_fields):
        if field := instructions.fields.get(name):
            values = measured(answer, field)
            is_still = len(values) >= MIN_ROWS and len(set(values)) == 1
            if is_still and steps(field, values) >= MIN_STEPS:
                return name
    return ""
