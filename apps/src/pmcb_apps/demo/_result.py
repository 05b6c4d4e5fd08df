# SPDX-License-Identifier: Apache-2.0
"""What happened in a demo: plain values that the table, the report and ``--json`` show."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """One step of the story: what was done, what came out, how long it took."""

    title: str
    outcome: str
    seconds: float


@dataclass(frozen=True)
class LevelRow:
    """One security level; ``influence`` orders the levels."""

    level: int
    receivers: int
    influence: float


@dataclass(frozen=True)
class SubtaskRow:
    """One subtask as its releaser saw it before publishing."""

    level: int
    questions: str
    sensitivity: int
    slots: int
    available: int
    majority_collusion: float


@dataclass(frozen=True)
class Attempt:
    """Somebody asked for a slot: ``outcome`` is ``accepted`` or the refusal's code."""

    who: str
    level: int | None
    subtask_level: int
    outcome: str
    sentence: str


@dataclass(frozen=True)
class Judgement:
    """A submission and its verdict."""

    subtask_level: int
    slot: int
    verdict: str
    reason: str


@dataclass
class DemoResult:
    """The whole story; ``collusion`` is the chance, assumed, that one receiver colludes."""

    graph: str
    generated: bool
    seed: int
    collusion: float
    steps: list[Step] = field(default_factory=list)
    levels: list[LevelRow] = field(default_factory=list)
    quality: Mapping[str, object] = field(default_factory=dict)
    subtasks: Sequence[SubtaskRow] = ()
    attempts: Sequence[Attempt] = ()
    judgements: Sequence[Judgement] = ()

    def attempts_by_outcome(self) -> Counter[str]:
        """How often each outcome occurred."""
        return Counter(attempt.outcome for attempt in self.attempts)

    def judgements_by_verdict(self) -> Counter[str]:
        """How often each verdict was given."""
        return Counter(judgement.verdict for judgement in self.judgements)
