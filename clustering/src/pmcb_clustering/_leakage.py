# SPDX-License-Identifier: Apache-2.0
"""How likely colluding receivers open a whole task: the models that can be computed exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, fsum, inf, log, perm, prod
from typing import Self

from pmcb_clustering._checks import MAX_LEVELS, check_range
from pmcb_clustering.errors import ParameterError

__all__ = [
    "MAX_COLLUDERS",
    "PAPER_LOSSES",
    "Leakage",
    "Sharing",
    "check_sizes",
    "independent_leakage",
    "opening_chances",
    "pool_leakage",
    "spread_leakage",
    "worst_placement",
]

PAPER_LOSSES = (0.1, 0.2, 0.3, 0.4, 0.5)
"""Peng et al.: the probability that a receiver of level 1, 2, ... gives away what it holds."""

MAX_RECEIVERS = 100  # exact fractions stay quick up to here
MAX_COLLUDERS = 1_000  # the same, where colluders are placed one by one


@dataclass(frozen=True)
class Sharing:
    """How each level's subtask is shared: r_t receivers hold a share, k_t of these open it.

    >>> Sharing.majority(9, 3)
    Sharing(receivers=(9, 9, 9), thresholds=(5, 5, 5))
    >>> Sharing.copies((9, 10)).thresholds
    (1, 1)

    Attributes:
        receivers: r_t of level 1, 2, ..., T; each 1 .. 100, T from 1 to 16.
        thresholds: k_t, each 1 .. r_t.

    Raises:
        ParameterError: a number is out of its range.
    """

    receivers: tuple[int, ...]
    thresholds: tuple[int, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.receivers) <= MAX_LEVELS:
            raise ParameterError(f"there are {len(self.receivers)} levels; T is 1 to {MAX_LEVELS}")
        _check_levels("thresholds", self.thresholds, self)
        for receivers, threshold in self.by_level:
            check_range("a number of receivers", receivers, 1, MAX_RECEIVERS)
            check_range("a threshold", threshold, 1, receivers)

    @classmethod
    def majority(cls, receivers: int | Sequence[int], levels: int | None = None) -> Self:
        """Shamir's sharing as the paper has it: k_t = floor(r_t / 2) + 1."""
        numbers = _by_level(receivers, levels)
        return cls(numbers, tuple(number // 2 + 1 for number in numbers))

    @classmethod
    def copies(cls, receivers: int | Sequence[int], levels: int | None = None) -> Self:
        """No sharing: each of the r_t receivers holds the whole subtask, so one is enough."""
        numbers = _by_level(receivers, levels)
        return cls(numbers, (1,) * len(numbers))

    @property
    def levels(self) -> int:
        """T."""
        return len(self.receivers)

    @property
    def by_level(self) -> list[tuple[int, int]]:
        """(r_t, k_t) of level 1, 2, ..., T."""
        return list(zip(self.receivers, self.thresholds, strict=True))


@dataclass(frozen=True)
class Leakage:
    """Probability that the subtask of each level is opened, and that all are.

    Attributes:
        by_level: P_1, ..., P_T.
        task: P_task, at most the least of them.
    """

    by_level: tuple[float, ...]
    task: float


def _by_level(receivers: int | Sequence[int], levels: int | None) -> tuple[int, ...]:
    if isinstance(receivers, int):
        return (receivers,) * (1 if levels is None else levels)
    if levels is not None and levels != len(receivers):
        raise ParameterError(f"receivers of {len(receivers)} levels are given; T is {levels}")
    return tuple(receivers)


def _check_levels(name: str, values: Sequence[float], sharing: Sharing) -> None:
    if len(values) != sharing.levels:
        raise ParameterError(
            f"{name}: {len(values)} are given, one for each of {sharing.levels} levels is needed"
        )


def check_sizes(sizes: Sequence[int], sharing: Sharing) -> None:
    _check_levels("sizes", sizes, sharing)
    for level, (size, receivers) in enumerate(zip(sizes, sharing.receivers, strict=True), 1):
        if size < receivers:
            raise ParameterError(
                f"level {level} has {size} receivers; {receivers} cannot be drawn from it"
            )


def independent_leakage(losses: Sequence[float], sharing: Sharing) -> Leakage:
    """Every receiver gives its share away by itself: P_t = P(Bin(r_t, p_t) >= k_t), exact.

    P_task is the product of the P_t. At p_t = 1/2 two more receivers never help: with r_t odd
    P_t is 1/2 whatever r_t is, with r_t even it rises towards 1/2.

    Args:
        losses: p_t of level 1, 2, ..., T; 0 .. 1.
        sharing: of the same T levels.

    Raises:
        ParameterError: a probability is out of its range, or T differs.

    The paper's losses among 9 receivers, shared and as copies (1 - 0.9**9 and so on):

    >>> f"{independent_leakage(PAPER_LOSSES[:3], Sharing.majority(9, 3)).task:.3g}"
    '1.72e-06'
    >>> f"{independent_leakage(PAPER_LOSSES[:3], Sharing.copies(9, 3)).task:.3f}"
    '0.509'
    """
    _check_levels("losses", losses, sharing)
    for loss in losses:
        if not 0.0 <= loss <= 1.0:
            raise ParameterError(f"a loss is {loss}; it is a probability, 0 to 1")
    chances = tuple(
        min(1.0, fsum(comb(r, j) * p**j * (1.0 - p) ** (r - j) for j in range(k, r + 1)))
        for p, (r, k) in zip(losses, sharing.by_level, strict=True)
    )
    return Leakage(chances, prod(chances))


def _opening(size: int, colluders: int, receivers: int, threshold: int) -> float:
    """P(at least ``threshold`` of ``receivers`` drawn from ``size`` are among ``colluders``)."""
    ways = sum(
        comb(colluders, j) * comb(size - colluders, receivers - j)
        for j in range(threshold, receivers + 1)
    )
    return ways / comb(size, receivers)  # of integers: correctly rounded


def opening_chances(size: int, most: int, receivers: int, threshold: int) -> list[float]:
    """The chance to open a level's subtask with 0, 1, ..., ``most`` of its ``size`` receivers."""
    return [_opening(size, colluders, receivers, threshold) for colluders in range(most + 1)]


def pool_leakage(colluders: Sequence[int], sizes: Sequence[int], sharing: Sharing) -> Leakage:
    """Level t has N_t receivers, c_t of whom collude; r_t are drawn: hypergeometric, exact.

    The draws of two levels are independent, so that P_task is the product of the P_t.

    Args:
        colluders: c_t of level 1, 2, ..., T; 0 .. N_t.
        sizes: N_t, at least r_t.
        sharing: of the same T levels.

    Raises:
        ParameterError: a number is out of its range, or T differs.

    Two of three are drawn and both must collude; two of the three do: 1 of 3 pairs.

    >>> pool_leakage([2], [3], Sharing.majority(2)).task
    0.3333333333333333
    """
    _check_levels("colluders", colluders, sharing)
    check_sizes(sizes, sharing)
    for number, size in zip(colluders, sizes, strict=True):
        check_range("a number of colluders", number, 0, size)
    chances = tuple(
        _opening(size, number, r, k)
        for number, size, (r, k) in zip(colluders, sizes, sharing.by_level, strict=True)
    )
    return Leakage(chances, prod(chances))


def spread_leakage(colluders: int, users: int, sharing: Sharing) -> Leakage:
    """C colluders anywhere among all N users, each set of C as likely: exact.

    The numbers of colluders in the levels depend on each other, so P_task is no product. But the
    R = r_1 + ... + r_T receivers are as random to the colluders as these are to them: draw the
    receivers first, then the colluders. With a_J the number of ways in which J of the R receivers
    can hold k_t or more of the r_t shares of every level, (x)_J a falling factorial,

        P_task = sum_J a_J (C)_J (N - C)_{R - J} / (N)_R .

    The sizes of the levels do not matter, as long as r_t receivers can be drawn from each.

    Args:
        colluders: C, 0 .. N.
        users: N, at least R.
        sharing: of T levels.

    Raises:
        ParameterError: a number is out of its range.

    One receiver in each of two levels, two colluders among three users: 1 of 3 pairs.

    >>> spread_leakage(2, 3, Sharing.majority(1, 2)).task
    0.3333333333333333
    """
    drawn = sum(sharing.receivers)
    if users < drawn:
        raise ParameterError(f"there are {users} users; {drawn} receivers cannot be drawn")
    check_range("the number of colluders", colluders, 0, users)
    ways = [1]
    for r, k in sharing.by_level:
        longer = [0] * (len(ways) + r)
        for have, number in enumerate(ways):
            for more in range(k, r + 1) if number else ():
                longer[have + more] += number * comb(r, more)
        ways = longer
    honest = users - colluders
    total = sum(
        number * perm(colluders, held) * perm(honest, drawn - held)
        for held, number in enumerate(ways)
        if number
    )
    chances = tuple(_opening(users, colluders, r, k) for r, k in sharing.by_level)
    return Leakage(chances, total / perm(users, drawn))


def worst_placement(colluders: int, sizes: Sequence[int], sharing: Sharing) -> tuple[int, ...]:
    """How C colluders would have to sit in the levels to open the task most likely.

    `pool_leakage` of the answer bounds what any C users can do, connected or not.

    Args:
        colluders: C, 0 .. 1,000, at most N.
        sizes: N_t, at least r_t.
        sharing: of the same T levels.

    Returns:
        c_t of level 1, 2, ..., T, in all at most C; zeros where C cannot open the task.

    Raises:
        ParameterError: a number is out of its range, or T differs.

    Two of three shares and four of seven: about C(3, 2) C(7, 4) = 105 ways, (4, 6) has 90.

    >>> worst_placement(10, [100, 100], Sharing.majority((3, 7)))
    (3, 7)
    """
    check_sizes(sizes, sharing)
    check_range("the number of colluders", colluders, 0, min(MAX_COLLUDERS, sum(sizes)))
    best = [0.0] * (colluders + 1)  # the greatest log P with so many at hand
    chosen: list[list[int]] = []  # how many of them sit in the last level then
    for size, (r, k) in zip(sizes, sharing.by_level, strict=True):
        chances = opening_chances(size, min(size, colluders), r, k)
        logs = [log(chance) if chance > 0.0 else -inf for chance in chances]
        rows = [
            max((best[hand - used] + logs[used], used) for used in range(min(hand + 1, len(logs))))
            for hand in range(colluders + 1)
        ]
        best = [chance for chance, _ in rows]
        chosen.append([used for _, used in rows])
    hand, where = colluders, []
    for last in reversed(chosen):
        where.append(last[hand])
        hand -= last[hand]
    return tuple(reversed(where)) if best[-1] > -inf else (0,) * sharing.levels
