# SPDX-License-Identifier: Apache-2.0
"""Two things measured in turn: what the machine does slowly then touches both alike.

A round beside which other processes worked too much says nothing, and is run again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median

QUIET = 0.10
"""Above this share of all cores used by others, a round is dropped."""
TRIES = 4


@dataclass(frozen=True)
class Round:
    """One round of one of the two.

    Attributes:
        kind: of which.
        other_load: what other processes took of all cores during it, 0..1.
        figures: what was measured.
    """

    kind: str
    other_load: float
    figures: Mapping[str, float]

    @property
    def is_quiet(self) -> bool:
        """Whether it counts."""
        return self.other_load <= QUIET


@dataclass(frozen=True)
class Pair:
    """A round of each, side by side."""

    one: Round
    other: Round

    def ratio(self, figure: str) -> float:
        """The first over the second."""
        return self.one.figures[figure] / self.other.figures[figure]


@dataclass(frozen=True)
class Rounds:
    """All that was run so far: the pairs that count, and the rounds that were dropped."""

    pairs: list[Pair] = field(default_factory=list)
    dropped: list[Round] = field(default_factory=list)

    def ratio(self, figure: str) -> float | None:
        """The median of the pairs' ratios; None without a pair."""
        ratios = [pair.ratio(figure) for pair in self.pairs]
        return round(median(ratios), 3) if ratios else None

    def as_document(self, *figures: str) -> dict[str, object]:
        """Pairs, drops, and the median ratio of each of these figures."""
        return {
            "pairs": [[_told(pair.one), _told(pair.other)] for pair in self.pairs],
            "dropped": [_told(each) for each in self.dropped],
            "ratios": {figure: self.ratio(figure) for figure in figures},
        }


def alternate(
    rounds: Rounds,
    kinds: tuple[str, str],
    count: int,
    run: Callable[[str], Round],
    advance: Callable[[int], None],
) -> None:
    """So many pairs, every second one in the other order; each round is tried four times at most.

    A pair that lacks a quiet round of either is left out.
    """
    for number in range(count):
        order = kinds if number % 2 == 0 else kinds[::-1]
        found: dict[str, Round] = {}
        for kind in order:
            for _ in range(TRIES):
                made = run(kind)
                if made.is_quiet:
                    found[kind] = made
                    break
                rounds.dropped.append(made)
        if len(found) == len(kinds):
            rounds.pairs.append(Pair(*(found[kind] for kind in kinds)))
        advance(number + 1)


def _told(made: Round) -> dict[str, object]:
    return {"kind": made.kind, "other_load": round(made.other_load, 3), **made.figures}
