# SPDX-License-Identifier: Apache-2.0
"""What a client was told of its transactions, and whether the ledger bears it out."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

Pair = tuple[int, int]
"""How often each of a transaction's two counters was counted up."""


@dataclass(frozen=True, slots=True)
class Told:
    """A client's word on one transaction; times are seconds of the machine's monotonic clock.

    ``reason`` is the error's class and words, empty when it succeeded.
    """

    number: int
    word: str
    began_s: float
    ended_s: float
    reason: str

    @classmethod
    def parse(cls, line: str) -> Self:
        """A line of the load's output."""
        word, number, began, ended, *reason = line.split(maxsplit=4)
        return cls(int(number), word, float(began), float(ended), "".join(reason).strip())


def judged(outcomes: Mapping[int, str], effects: Mapping[int, Pair]) -> dict[str, int]:
    """What the client was told beside what stands: how often each pair was counted up."""
    told = Counter(outcomes.values())
    return {
        "acknowledged": told["ok"],
        "missing": sum(0 in effects[n] for n, word in outcomes.items() if word == "ok"),
        "doubled": sum(max(pair) > 1 for pair in effects.values()),
        "halves": sum(one != other for one, other in effects.values()),
        "done_though_denied": sum(
            any(effects[n]) for n, word in outcomes.items() if word == "none"
        ),
        "given_up": told["none"],
        "doubts": told["doubt"],
        "failed": told["failed"],
    }


@dataclass(frozen=True)
class Window:
    """An outage: from the kill until what died was back; seconds of the monotonic clock."""

    killed_s: float
    back_s: float

    def seen_by(self, told: Iterable[Told]) -> dict[str, object]:
        """How clients fared: outcomes of what they began in it, the wait until one succeeded.

        ``first_success_s`` counts from the kill, over what was begun after it; None: none did.
        ``slowest_s`` is the slowest acknowledged transaction that was under way in it.
        """
        words: Counter[str] = Counter()
        first = slowest = None
        for each in told:
            if each.ended_s < self.killed_s:
                continue
            began_inside = self.killed_s <= each.began_s <= self.back_s
            if began_inside:
                words[each.word] += 1
            if each.word != "ok":
                continue
            if each.began_s >= self.killed_s:
                waited = each.ended_s - self.killed_s
                first = waited if first is None else min(first, waited)
            if each.began_s <= self.back_s:
                took = each.ended_s - each.began_s
                slowest = took if slowest is None else max(slowest, took)
        return {
            "outcomes": dict(sorted(words.items())),
            "first_success_s": None if first is None else round(first, 2),
            "slowest_s": None if slowest is None else round(slowest, 2),
        }
