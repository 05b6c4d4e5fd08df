# SPDX-License-Identifier: Apache-2.0
"""What a releaser sees before anything is sent."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pmcb_client.usage_errors import SplitImpossible

from ._split import mass, split
from ._task_file import MAX_SLOTS, Question, TaskFile

DEFAULT_COLLUSION = 0.1  # an assumption, not a measurement: it is shown with every P_t


@dataclass(frozen=True)
class SubtaskPreview:
    """One row of the preview.

    Attributes:
        subtask: its number, from 0.
        level: the security level that may take it, 1..T.
        questions: in the order in which they are asked.
        sensitivity: the group's mass.
        slots: receivers wanted.
        available: persons of that level in the active epoch.
        majority_collusion: P_t in [0, 1].
    """

    subtask: int
    level: int
    questions: tuple[Question, ...]
    sensitivity: int
    slots: int
    available: int
    majority_collusion: float


def preview(
    task: TaskFile, per_level: Sequence[int], *, collusion: float = DEFAULT_COLLUSION
) -> tuple[SubtaskPreview, ...]:
    """The subtasks that publishing would make, given the persons of each level.

    Args:
        task: the checked task file.
        per_level: persons of level 1, 2, ..., T of the active epoch.
        collusion: chance in [0, 1] that one receiver colludes.

    Raises:
        SplitImpossible: see `split`; or more slots than a task may have.
    """
    levels = len(per_level)
    groups = split(task.questions, levels, task.apart)
    if levels * task.receivers > MAX_SLOTS:
        raise SplitImpossible(
            f"{levels} subtasks with {task.receivers:,} receivers each exceed {MAX_SLOTS:,} slots.",
            next_step=f"Ask for at most {MAX_SLOTS // levels} receivers.",
        )
    p_t = majority_collusion(task.receivers, collusion)
    return tuple(
        SubtaskPreview(
            subtask=index,
            level=index + 1,
            questions=group,
            sensitivity=mass(group),
            slots=task.receivers,
            available=per_level[index],
            majority_collusion=p_t,
        )
        for index, group in enumerate(groups)
    )


def majority_collusion(receivers: int, collusion: float) -> float:
    """P_t: the chance that more than half of ``receivers`` collude, each with chance ``collusion``.

    P_t = sum over k > n / 2 of C(n, k) p^k (1 - p)^(n - k); independence is assumed.

    Raises:
        ValueError: ``receivers`` below 1, or ``collusion`` outside [0, 1].

    Three receivers, p = 1/2: (3 + 1) / 8.

    >>> round(majority_collusion(3, 0.5), 9)
    0.5
    """
    if receivers < 1:
        raise ValueError("receivers must be at least 1")
    if not 0 <= collusion <= 1:
        raise ValueError("collusion must be in [0, 1]")
    if collusion in {0.0, 1.0}:
        return collusion
    yes, no = math.log(collusion), math.log1p(-collusion)
    # logarithms: C(1000, 500) and p^1000 leave the range of floats long before their product does
    terms = (
        math.exp(
            math.lgamma(receivers + 1)
            - math.lgamma(k + 1)
            - math.lgamma(receivers - k + 1)
            + k * yes
            + (receivers - k) * no
        )
        for k in range(receivers // 2 + 1, receivers + 1)
    )
    return min(1.0, math.fsum(terms))
