# SPDX-License-Identifier: Apache-2.0
"""From a file that somebody wrote to a parcel in the outbox, without asking anybody."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pmcb_client.answers import examine, read_answer, seal_answer
from pmcb_client.usage_errors import AnswerError

if TYPE_CHECKING:
    from pmcb_client.answers import Problem

    from ._opened import Opened
    from ._outbox import Outbox, Parcel

__all__ = ["queue_answer"]

NEXT_STEP = "Nothing was queued: correct the file and answer again."


def queue_answer(outbox: Outbox, opened: Opened, source: Path, *, now_ms: int) -> Parcel:
    """Check the answer in a file as a verifier will, seal it, put it into the outbox.

    Args:
        outbox: of the holder.
        opened: the subtask.
        source: a ``.csv`` or JSON, as `read_answer` takes it.
        now_ms: milliseconds UTC; nothing can have been measured later.

    Raises:
        AnswerError: names row and field, never a value; or there is an answer already.
    """
    try:
        answer = read_answer(source, opened.instructions, now_ms=now_ms)
    except AnswerError as error:
        error.next_step = error.next_step or NEXT_STEP
        raise
    problem = examine(answer, opened.instructions, since_ms=opened.since_ms, until_ms=now_ms)
    if problem is not None:
        raise AnswerError(f"{source.name}: {_told(problem)}", next_step=NEXT_STEP)
    try:
        blobs = seal_answer(answer, opened.place, opened.readers)
    except ValueError as error:
        raise AnswerError(
            f"{source.name} cannot be sealed: {error}.", next_step=NEXT_STEP
        ) from error
    return outbox.put(blobs, queued_ms=now_ms, has_secret=opened.has_secret)


def _told(problem: Problem) -> str:
    return f"row {problem.row}: {problem.sentence}" if problem.row else problem.sentence
