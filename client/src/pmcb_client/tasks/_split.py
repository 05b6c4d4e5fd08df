# SPDX-License-Identifier: Apache-2.0
"""Cutting a task into subtasks of rising sensitivity."""

from collections.abc import Sequence
from itertools import accumulate

from pmcb_client.usage_errors import SplitImpossible

from ._task_file import Question


def split(
    questions: Sequence[Question], levels: int, apart: Sequence[tuple[str, str]] = ()
) -> tuple[tuple[Question, ...], ...]:
    """One group of questions for each level, group t for level t + 1 (Peng et al.: split and rank).

    The questions are sorted by sensitivity, equal ones in the order given, and cut into ``levels``
    runs of neighbours, none empty, none holding a pair of ``apart``. Among all such cuts this is
    the one with the least sum of squared deviations of a group's sensitivity mass M_t (the sum of
    its sensitivities) from the mean M / T. That sum is sum(M_t^2) - M^2 / T, so the programme
    minimises sum(M_t^2), in integers. Of equally good cuts the one that cuts first earliest, then
    second earliest, and so on.

    Args:
        questions: at least ``levels`` of them.
        levels: T, at least 1.
        apart: pairs of question ids that must not share a group.

    Raises:
        SplitImpossible: fewer questions than levels, or pairs that no cut into T runs parts.

    Sensitivities 1, 1, 2, 3, 5 in three groups: masses 4, 3 and 5 are the nearest to 4, 4, 4.

    >>> asked = [Question(f"q{i}", "?", ("f",), s) for i, s in enumerate((5, 1, 3, 1, 2))]
    >>> [[question.sensitivity for question in group] for group in split(asked, 3)]
    [[1, 1, 2], [3], [5]]
    """
    ordered = sorted(questions, key=lambda question: question.sensitivity)
    if len(ordered) < levels:
        raise SplitImpossible(
            f"The task has {len(ordered)} questions, but the active epoch has {levels} levels, "
            "and every level needs a question.",
            next_step=f"Divide questions until there are at least {levels}.",
        )
    start_of = _earliest_start(ordered, apart)
    _check_apart(ordered, levels, apart)
    return _best(ordered, levels, start_of)


def mass(group: Sequence[Question]) -> int:
    """The sensitivity mass of a group."""
    return sum(question.sensitivity for question in group)


def _pairs(
    ordered: Sequence[Question], apart: Sequence[tuple[str, str]]
) -> list[tuple[int, int, tuple[str, str]]]:
    """Each pair as (right position, left position, the pair), by the right position."""
    position = {question.id: index for index, question in enumerate(ordered)}
    found = []
    for pair in apart:
        left, right = sorted(position[name] for name in pair)
        found.append((right, left, pair))
    return sorted(found)


def _earliest_start(ordered: Sequence[Question], apart: Sequence[tuple[str, str]]) -> list[int]:
    """For each end (exclusive), the first start of a group that parts all pairs."""
    starts = [0] * (len(ordered) + 1)
    for right, left, _ in _pairs(ordered, apart):
        starts[right + 1] = max(starts[right + 1], left + 1)
    return list(accumulate(starts, max))


def _check_apart(
    ordered: Sequence[Question], levels: int, apart: Sequence[tuple[str, str]]
) -> None:
    """Pairs that do not overlap need a cut each; the earliest-ending ones are the most of them."""
    needing: list[tuple[str, str]] = []
    last_cut = 0
    for right, left, pair in _pairs(ordered, apart):
        if left >= last_cut:
            needing.append(pair)
            last_cut = right
    if len(needing) >= levels:
        named = ", ".join(f"{first} and {second}" for first, second in needing[:levels])
        raise SplitImpossible(
            f"With {levels} levels these pairs cannot all be kept apart: {named}.",
            next_step="Take one pair out of 'apart', or change the sensitivity of one of the two.",
        )


def _best(
    ordered: Sequence[Question], levels: int, start_of: Sequence[int]
) -> tuple[tuple[Question, ...], ...]:
    count = len(ordered)
    masses = [0, *accumulate(question.sensitivity for question in ordered)]
    # cost[t][i]: least sum of squares when the questions from i on form t groups; None: impossible
    cost: list[list[int | None]] = [[None] * count + [0]]
    choice: list[list[int]] = [[]]
    for groups in range(1, levels + 1):
        row: list[int | None] = [None] * (count + 1)
        ends = [0] * (count + 1)
        for start in range(count - groups + 1):
            for end in range(start + 1, count - groups + 2):
                if start_of[end] > start:
                    break
                rest = cost[-1][end]
                if rest is None:
                    continue
                total = (masses[end] - masses[start]) ** 2 + rest
                if row[start] is None or total < (row[start] or 0):
                    row[start], ends[start] = total, end
        cost.append(row)
        choice.append(ends)
    parts = []
    start = 0
    for groups in range(levels, 0, -1):
        end = choice[groups][start]
        parts.append(tuple(ordered[start:end]))
        start = end
    return tuple(parts)
