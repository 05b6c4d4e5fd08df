# SPDX-License-Identifier: Apache-2.0
"""Transactions at fixed moments, whatever became of those before: an open loop.

A slow answer delays nobody else's start, and the wait of each counts from the moment at which it
was due: a ledger that falls behind is seen to fall behind.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean, quantiles

from pmcb_client.errors import CommitStatusError, Conflict, LedgerError, Refused, SubmitError


class Outcome(StrEnum):
    """What became of a transaction; the three kinds of no are never mixed."""

    OK = "ok"
    REFUSAL = "refusal"
    CONFLICT = "conflict"
    FAILURE = "failure"
    DOUBT = "doubt"


@dataclass(frozen=True, slots=True)
class Steps:
    """A transaction that stands: its id, seconds of each phase, conflicts before it stood."""

    transaction_id: str
    endorse_s: float
    order_s: float
    commit_s: float
    conflicts: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One transaction: when it was due and when it ended, in seconds from the load's start."""

    due_s: float
    ended_s: float
    outcome: Outcome
    reason: str = ""
    steps: Steps | None = None

    @property
    def waited_s(self) -> float:
        """From the moment at which it was due."""
        return self.ended_s - self.due_s


async def open_loop(
    call: Callable[[int], Awaitable[Steps]], *, rate: float, count: int
) -> list[Sample]:
    """``count`` calls, ``rate`` a second; all at once when the rate is 0.

    Errors of the ledger are outcomes; any other one ends the run.
    """
    start = asyncio.get_running_loop().time()
    return await share_of_loop(call, range(count), rate=rate, start=start)


async def share_of_loop(
    call: Callable[[int], Awaitable[Steps]], numbers: Iterable[int], *, rate: float, start: float
) -> list[Sample]:
    """Only these of the calls of an open loop that starts at this moment of the event loop."""
    loop = asyncio.get_running_loop()

    async def one(number: int, due_s: float) -> Sample:
        outcome, reason, steps = Outcome.OK, "", None
        try:
            steps = await call(number)
        except LedgerError as error:
            outcome = _outcome(error)
            reason = error.code if isinstance(error, Refused) else type(error).__name__
        return Sample(due_s, loop.time() - start, outcome, reason, steps)

    running = []
    async with asyncio.TaskGroup() as group:
        for number in numbers:
            due_s = number / rate if rate else 0.0
            await asyncio.sleep(max(0.0, start + due_s - loop.time()))
            running.append(group.create_task(one(number, due_s)))
    return [each.result() for each in running]


def _outcome(error: LedgerError) -> Outcome:
    if isinstance(error, Refused):
        return Outcome.REFUSAL
    if isinstance(error, Conflict):
        return Outcome.CONFLICT
    sent = isinstance(error, SubmitError | CommitStatusError)
    return Outcome.DOUBT if sent else Outcome.FAILURE


def summary(samples: Sequence[Sample]) -> dict[str, object]:
    """Rates, outcomes, and how long those waited that stand.

    ``achieved`` is committed transactions a second, from the load's start to the last commit.
    """
    done = [each for each in samples if each.steps is not None]
    steps = [each.steps for each in samples if each.steps is not None]
    last_s = max((each.ended_s for each in done), default=0.0)
    return {
        "count": len(samples),
        "outcomes": dict(sorted(Counter(each.outcome.value for each in samples).items())),
        "reasons": dict(sorted(Counter(each.reason for each in samples if each.reason).items())),
        "conflicts_repeated": sum(each.conflicts for each in steps),
        "achieved": round(len(done) / last_s, 1) if last_s else 0.0,
        "latency_ms": _spread([each.waited_s for each in done]),
        "phases_ms": {
            "endorse": _spread([each.endorse_s for each in steps]),
            "order": _spread([each.order_s for each in steps]),
            "commit": _spread([each.commit_s for each in steps]),
        },
        "series": _series(samples),
    }


def _spread(seconds: Sequence[float]) -> dict[str, float]:
    """Mean, median, tail and worst, in milliseconds; empty without values."""
    if not seconds:
        return {}
    cuts = quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else [*seconds] * 99
    found = {"mean": fmean(seconds), "p50": cuts[49], "p95": cuts[94], "p99": cuts[98]}
    return {name: round(each * 1000, 1) for name, each in (found | {"max": max(seconds)}).items()}


def _series(samples: Sequence[Sample]) -> list[dict[str, float]]:
    """Second by second: how many were due, how many were committed, and how long those waited."""
    due = Counter(int(each.due_s) for each in samples)
    ended: dict[int, list[float]] = {}
    for each in samples:
        if each.steps is not None:
            ended.setdefault(int(each.ended_s), []).append(each.waited_s)
    return [
        {
            "second": second,
            "due": due[second],
            "committed": len(ended.get(second, [])),
            "mean_ms": round(fmean(ended[second]) * 1000, 1) if second in ended else 0.0,
        }
        for second in range(max([*due, *ended], default=-1) + 1)
    ]
