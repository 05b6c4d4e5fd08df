# SPDX-License-Identifier: Apache-2.0
"""Answers: what a subtask asks, what a receiver gives, and how both travel sealed.

::

    instructions = Instructions.decode(envelope_opened)
    answer = read_answer(Path("week.csv"), instructions, now_ms=now_ms)
    *parts, named = seal_answer(answer, place, keys_from_the_ledger)   # `named` goes to the ledger
    answer = await fetch_answer(store, submission["content_hash"], place, identity)
    problem = examine(answer, instructions, since_ms=accepted, until_ms=submitted)
    await forget_answer(store, submission["content_hash"], place, identity)  # once it is kept
"""

from ._answer import Answer, Row
from ._examine import Problem, Reason, examine
from ._instructions import Asked, Instructions
from ._reading import TIME, read_answer
from ._sealed import fetch_answer, forget_answer, seal_answer
from ._table import answers_table, csv_cell

__all__ = [
    "TIME",
    "Answer",
    "Asked",
    "Instructions",
    "Problem",
    "Reason",
    "Row",
    "answers_table",
    "csv_cell",
    "examine",
    "fetch_answer",
    "forget_answer",
    "read_answer",
    "seal_answer",
]
