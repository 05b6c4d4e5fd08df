# SPDX-License-Identifier: Apache-2.0
"""What can be said of answers to a question that has one truth for all: all of them at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, median_high

import numpy as np

from pmcb_client.answers import Answer, Instructions, Reason

from ._finding import Finding
from ._reliability import FEWEST, judge_reliability
from ._room import measured, resolution
from ._truth import ABSENT, Claims

__all__ = ["Said", "compare", "judge_together", "said_in"]

Column = list[float | None]


@dataclass(frozen=True)
class Said:
    """All that is compared of an answer: what a person says in shared fields, by field.

    Attributes:
        numbers: medians.
        steps: of these, what the person's digits tell apart; see `resolution`.
        words: the one given most often, as its place among the field's values; of equals the first.
    """

    numbers: Mapping[str, float]
    steps: Mapping[str, float]
    words: Mapping[str, int]


def judge_together(answers: Sequence[Answer], instructions: Instructions) -> list[Finding]:
    """A finding for each of the answers to one subtask, in their order.

    Only shared fields that `fields.yaml` describes count. Whoever gives several rows says the
    median of a number, and of a word the one given most often. With fewer than five answers, or in
    fields that fewer give, nobody is compared.

    Args:
        answers: those that nothing else is wrong with.
        instructions: what was asked.
    """
    return compare([said_in(answer, instructions) for answer in answers])


def said_in(answer: Answer, instructions: Instructions) -> Said:
    """What an answer says in shared fields."""
    compared = sorted(instructions.shared_fields & instructions.fields.keys())
    fields = [instructions.fields[name] for name in compared]
    given = {one.name: (one, measured(answer, one)) for one in fields if not one.values}
    places = {
        one.name: [one.values.index(str(word)) for word in answer.column(one.name)]
        for one in fields
        if one.values
    }
    return Said(
        {name: median(values) for name, (_, values) in given.items() if values},
        {name: resolution(one, values) for name, (one, values) in given.items() if values},
        {name: min(said, key=_rarest_last(said)) for name, said in places.items() if said},
    )


def compare(said: Sequence[Said]) -> list[Finding]:
    """A finding for each person, as `judge_together` gives it.

    A number's step is the median of the persons' own: no one's digits are everybody's.
    """
    numbers = _columns([one.numbers for one in said])
    words = _columns([one.words for one in said])
    claims = Claims(
        np.array(_rows(numbers, len(said), np.nan), dtype=np.float64),
        np.array(_rows(words, len(said), ABSENT), dtype=np.int64),
    )
    is_compared = claims.said > 0
    if is_compared.sum() < FEWEST:
        return [Finding.accept() for _ in said]
    steps = np.array(
        [median_high(one.steps[name] for one in said if name in one.steps) for name in numbers]
    )
    found = judge_reliability(claims.of(is_compared), steps)
    names = [*numbers, *words]
    judged = (
        Finding.reject(Reason.TRUTH, field=names[worst], score=int(score))
        if is_far
        else Finding.accept(int(score))
        for is_far, score, worst in zip(found.is_far, found.scores, found.worst, strict=True)
    )
    return [next(judged) if one else Finding.accept() for one in is_compared]


def _rarest_last(places: Sequence[int]) -> Callable[[int], tuple[int, int]]:
    counted = Counter(places)
    return lambda place: (-counted[place], place)


def _columns(said: Sequence[Mapping[str, float]]) -> dict[str, Column]:
    """What each person says of a field, None where nothing; of fields that enough speak of."""
    names = sorted({name for one in said for name in one})
    columns = {name: [one.get(name) for one in said] for name in names}
    return {
        name: column
        for name, column in columns.items()
        if sum(one is not None for one in column) >= FEWEST
    }


def _rows(columns: Mapping[str, Column], count: int, absent: float) -> list[list[float]]:
    return [
        [absent if (said := column[person]) is None else said for column in columns.values()]
        for person in range(count)
    ]
