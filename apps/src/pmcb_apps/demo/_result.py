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
class Opening:
    """Somebody tried to open something that was sealed, and whether it opened."""

    who: str
    what: str
    opened: bool
    outcome: str


@dataclass(frozen=True)
class Judgement:
    """A submission and its verdict."""

    subtask_level: int
    slot: int
    verdict: str
    reason: str


@dataclass(frozen=True)
class Cluster:
    """Persons with a 95 % interval, and their means; ``supported`` by more than noise."""

    persons: int
    low: int
    high: int
    supported: bool
    means: Sequence[float]

    def __str__(self) -> str:
        """How many, and between which numbers.

        >>> str(Cluster(1200, 1130, 1270, True, ()))
        '1,200 (1,130 to 1,270)'
        """
        return f"{self.persons:,} ({self.low:,} to {self.high:,})"


@dataclass(frozen=True)
class Question:
    """What a worker asked of an encrypted store, beside what its cloud saw of it.

    Attributes:
        title: what it was about.
        ranges: in words.
        hits: records inside all ranges.
        is_exact: whether a scan of the plain records finds the same.
        others: the nearest others, where more were wanted.
        certified: whether they are provably the nearest.
        by_patient: how many of each patient's records came back.
        batches: for each request of the cloud the places of its labels among all, 0 to 1.
    """

    title: str
    ranges: str
    hits: int
    is_exact: bool
    others: int
    certified: bool
    by_patient: Sequence[int]
    batches: Sequence[Sequence[float]]


@dataclass(frozen=True)
class Search:
    """Searches of an encrypted store.

    Attributes:
        source: of the records, a file or ``stand-in``.
        records: how many there are.
        patients: whose they are.
        blobs: that the cloud keeps in their place.
        batch: how many of them each request names.
        questions: of a worker with a grant, in their order.
        repeated: labels that the cloud was asked for more than once.
        refused: code and sentence of the answer to a worker without a grant.
        refused_batches: requests that the cloud had for it.
    """

    source: str
    records: int
    patients: int
    blobs: int
    batch: int
    questions: Sequence[Question]
    repeated: int
    refused: tuple[str, str]
    refused_batches: int

    @property
    def batches(self) -> int:
        """All requests for blobs."""
        return sum(len(question.batches) for question in self.questions)


@dataclass(frozen=True)
class Publication:
    """A release of the institution's table, and the budget that paid for it.

    Attributes:
        own: made-up patients, whom the institution knew before.
        collected: accepted answers that came in with the second version.
        counted: what counting the persons of both versions cost.
        epsilon: what the release cost.
        total: of the budget.
        columns: of the means.
        everybody: all persons together.
        clusters: in the release's order.
        cost_ratio: the clusters' cost on the table itself over that of k-means without noise;
            only the institution can compute it.
        checks: what the check found, all of which holds.
        refused: code and sentence of the answer to a second request, for as much again.
        left_before, left: of the budget, as the ledger has it, before and after that request.
    """

    own: int
    collected: int
    counted: str
    epsilon: str
    total: str
    columns: Sequence[str]
    everybody: Cluster
    clusters: Sequence[Cluster]
    cost_ratio: float
    checks: Sequence[str]
    refused: tuple[str, str]
    left_before: str
    left: str


@dataclass(frozen=True)
class Carried:
    """Orders that the fog had: how many are in each state, and breaches of its event log."""

    orders: int
    states: Mapping[str, int]
    findings: int


@dataclass(frozen=True)
class Planned:
    """A plan of orders: joules, seconds until all are done, and how far from optimal at most.

    ``gap`` is the share by which its cost exceeds a proven lower bound.
    """

    algorithm: str
    energy: float
    makespan: float
    gap: float | None


@dataclass(frozen=True)
class Planning:
    """The story's own requests, assigned to fog servers.

    Attributes:
        uploads: answers that were sent.
        queries: questions that a store was asked.
        servers: of the fog.
        plans: ours first, then what others plan.
    """

    uploads: int
    queries: int
    servers: int
    plans: Sequence[Planned]


@dataclass
class DemoResult:
    """The whole story, told on ``network``.

    ``collusion`` is the chance, assumed, that one receiver colludes.
    """

    graph: str
    generated: bool
    seed: int
    collusion: float
    network: str = ""
    steps: list[Step] = field(default_factory=list)
    levels: list[LevelRow] = field(default_factory=list)
    quality: Mapping[str, object] = field(default_factory=dict)
    subtasks: Sequence[SubtaskRow] = ()
    attempts: Sequence[Attempt] = ()
    openings: Sequence[Opening] = ()
    judgements: Sequence[Judgement] = ()
    credit: Mapping[str, int] = field(default_factory=dict)
    search: Search | None = None
    publication: Publication | None = None
    carried: Carried | None = None
    planning: Planning | None = None

    def attempts_by_outcome(self) -> Counter[str]:
        """How often each outcome occurred."""
        return Counter(attempt.outcome for attempt in self.attempts)

    def judgements_by_verdict(self) -> Counter[str]:
        """How often each verdict was given."""
        return Counter(judgement.verdict for judgement in self.judgements)

    def judgements_by_rule(self) -> Counter[tuple[str, str]]:
        """How often each verdict was given by each rule."""
        return Counter((judgement.verdict, judgement.reason) for judgement in self.judgements)
