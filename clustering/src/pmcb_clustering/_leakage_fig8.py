# SPDX-License-Identifier: Apache-2.0
"""Fig. 8 of the paper: what can be said about it, and what the paper's own sharing gives."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, prod
from pathlib import Path

from pmcb_clustering._leakage import PAPER_LOSSES, Sharing, independent_leakage
from pmcb_clustering.errors import ParameterError

__all__ = ["PaperFig8", "full_losses", "paper_fig8", "read_published"]

REPORTED = (3, 4, 5)  # the numbers of levels in the paper
PER_LEVEL = tuple(range(1, 22, 2))  # odd: an even number has a threshold above its half
SLACK = 5e-4  # a row of probabilities written with three digits may miss 1 by so much

Points = Mapping[int, Sequence[tuple[float, float]]]
"""(n, probability of leakage) by T."""

ABSENT = (
    "The published points of Fig. 8 and the table of losses behind it are not at hand; none are "
    "drawn."
)
LEFT = (
    "Left: a reconstruction, prod_t (1 - exp(-l_t n / T)), not the paper's own computation. It has "
    "no parameter to fit, and rises with n as Fig. 8(a) does; Fig. 8(b) has no such curve."
)
RIGHT = (
    "Right: what the paper's own sharing gives, n / T receivers a level and more than half of "
    "their shares needed. It falls with n where losses are below 1/2, so it cannot be what "
    "Fig. 8(a) shows."
)


@dataclass(frozen=True)
class PaperFig8:
    """The curves of Fig. 8, by T.

    Attributes:
        losses: l_1, l_2, ...; the first T of them are used.
        per_level: n / T, how many receivers each level has.
        reconstruction: prod_t (1 - exp(-l_t n / T)), beside ``per_level``.
        sharing: P_task of `independent_leakage` with Shamir's sharing, beside ``per_level``.
        published: points that the caller brought.
        notes: what must be said with the figure.
    """

    losses: tuple[float, ...]
    per_level: tuple[int, ...]
    reconstruction: Mapping[int, tuple[float, ...]]
    sharing: Mapping[int, tuple[float, ...]]
    published: Points = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def paper_fig8(
    losses: Sequence[float] = PAPER_LOSSES,
    *,
    per_level: Sequence[int] = PER_LEVEL,
    published: Points | None = None,
    notes: Sequence[str] = (),
) -> PaperFig8:
    """The reconstruction of Fig. 8(a) beside what the paper's own sharing gives.

    Args:
        losses: l_{t,100%} of category 1, 2, ...: the probability that all of a subtask is lost.
            At least 3; curves are drawn for T = 3, 4, 5 as far as they go. The default are the
            losses that the paper names for its receivers.
        per_level: n / T, each 1 .. 100.
        published: points read from the paper, which is not part of this package.
        notes: more to be said with the figure, such as those of `full_losses`.

    Raises:
        ParameterError: a number is out of its range.

    >>> fig8 = paper_fig8((0.5, 0.5, 0.5), per_level=(1, 2))
    >>> [round(value, 4) for value in fig8.reconstruction[3]]  # (1 - exp(-0.5))**3 and so on
    [0.0609, 0.2526]
    >>> [round(value, 4) for value in fig8.sharing[3]]  # 0.5**3, 0.25**3
    [0.125, 0.0156]
    """
    shown = [levels for levels in REPORTED if levels <= len(losses)]
    if not shown:
        raise ParameterError(f"{len(losses)} losses are given; at least {REPORTED[0]} are needed")
    return PaperFig8(
        losses=tuple(losses),
        per_level=tuple(per_level),
        sharing={
            levels: tuple(
                independent_leakage(losses[:levels], Sharing.majority(receivers, levels)).task
                for receivers in per_level
            )
            for levels in shown
        },
        reconstruction={
            levels: tuple(
                prod(1.0 - exp(-loss * receivers) for loss in losses[:levels])
                for receivers in per_level
            )
            for levels in shown
        },
        published=published or {},
        notes=(LEFT, RIGHT, *(() if published else (ABSENT,)), *notes),
    )


def full_losses(table: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """The last column of a table of loss probabilities, each row divided by its sum.

    A row of the paper's table gives, for one category of subtasks, the probabilities that so much
    of it is lost, all of it last. They should sum to 1; those of its category 5 sum to 1.093.

    Args:
        table: one row for each category; probabilities, at least one of a row above 0.

    Returns:
        l_{t,100%} of each row, and a sentence for each row that did not sum to 1.

    Raises:
        ParameterError: a probability is out of its range, or a row is empty or all zero.

    >>> full_losses([(0.5, 0.5), (0.6, 0.6)])
    ((0.5, 0.5), ('The losses of category 2 sum to 1.2; each is divided by that.',))
    """
    values, notes = [], []
    for category, row in enumerate(table, start=1):
        total = sum(row)
        if not all(0.0 <= value <= 1.0 for value in row) or total <= 0.0:
            raise ParameterError(
                f"the losses of category {category} are no probabilities: 0 to 1, and not all 0"
            )
        off = abs(total - 1.0) > SLACK
        values.append(row[-1] / total if off else row[-1])
        if off:
            notes.append(
                f"The losses of category {category} sum to {total:.4g}; each is divided by that."
            )
    return tuple(values), tuple(notes)


def read_published(path: Path) -> dict[int, list[tuple[float, float]]]:
    """Points that somebody read from the paper: a CSV file with the columns levels,n,leakage.

    Raises:
        ParameterError: the file cannot be read, or a line is none of that kind; names it.
    """
    points: dict[int, list[tuple[float, float]]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            if [name.strip() for name in next(rows, [])] != ["levels", "n", "leakage"]:
                raise ParameterError(f"{path.name}, line 1: the columns are levels,n,leakage")
            for row in filter(None, rows):
                try:
                    levels, receivers, leakage = int(row[0]), float(row[1]), float(row[2])
                except (ValueError, IndexError):
                    levels = receivers = leakage = -1
                if levels not in REPORTED or receivers <= 0 or not 0.0 <= leakage <= 1.0:
                    raise ParameterError(
                        f"{path.name}, line {rows.line_num}: levels 3, 4 or 5, n above 0 and a "
                        "probability are needed"
                    )
                points.setdefault(levels, []).append((receivers, leakage))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ParameterError(f"{path.name} cannot be read") from error
    return points
