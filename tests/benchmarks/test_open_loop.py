# SPDX-License-Identifier: Apache-2.0
"""The open loop: what it charges a slow ledger with, and what it calls what."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from pmcb_benchmarks._open_loop import Outcome, Sample, Steps, open_loop, summary
from pmcb_client.errors import (
    Busy,
    CommitError,
    CommitStatusError,
    Conflict,
    LedgerError,
    Refused,
    SubmitError,
)

RATE = 200.0
STEPS = Steps("tx", 0.1, 0.2, 0.3, 1)


def failing(error: LedgerError) -> Callable[[int], Awaitable[Steps]]:
    """A ledger that always says this."""

    async def call(_: int) -> Steps:
        raise error

    return call


async def test_a_wait_counts_from_the_moment_at_which_it_was_due():
    """While the loop was kept busy nothing started; nobody's wait is made shorter by that."""
    started: list[float] = []
    loop = asyncio.get_running_loop()
    blocked_s = 0.2

    async def call(number: int) -> Steps:
        started.append(loop.time())
        if number == 0:
            until = loop.time() + blocked_s
            while loop.time() < until:
                pass
        return STEPS

    samples = await open_loop(call, rate=RATE, count=10)
    assert [each.due_s for each in samples] == pytest.approx([n / RATE for n in range(10)])
    assert samples[1].waited_s >= blocked_s - 2 / RATE  # its own call took no time at all


async def test_a_call_that_does_not_end_delays_no_other_one():
    """All ten start, though none ends before the last has started."""
    last = asyncio.Event()

    async def call(number: int) -> Steps:
        if number == 9:
            last.set()
        await last.wait()
        return STEPS

    async with asyncio.timeout(10):
        samples = await open_loop(call, rate=RATE, count=10)
    assert all(each.outcome is Outcome.OK for each in samples)


async def test_all_at_once_is_a_rate_of_zero():
    """Every one of them is due at the start."""
    samples = await open_loop(lambda _: asyncio.sleep(0, STEPS), rate=0, count=50)
    assert {each.due_s for each in samples} == {0.0}


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        (Refused("CAPACITY_FULL", status=409, reason="full", transaction_id="t"), "refusal",
         "CAPACITY_FULL"),
        (Conflict("faster", transaction_id="t"), "conflict", "Conflict"),
        (Busy("busy", transaction_id="t"), "failure", "Busy"),
        (CommitError(10, name="ENDORSEMENT_POLICY_FAILURE", transaction_id="t"), "failure",
         "CommitError"),
        (SubmitError("no word", transaction_id="t"), "doubt", "SubmitError"),
        (CommitStatusError("no word", transaction_id="t"), "doubt", "CommitStatusError"),
    ],
)  # fmt: skip
async def test_the_kinds_of_no_are_never_mixed(error: LedgerError, outcome: str, reason: str):
    """A refusal, a conflict, a failure and a doubt are four columns."""
    found = summary(await open_loop(failing(error), rate=0, count=3))
    assert found["outcomes"] == {outcome: 3}
    assert found["reasons"] == {reason: 3}
    assert (found["achieved"], found["latency_ms"]) == (0.0, {})


async def test_what_is_no_error_of_the_ledger_ends_the_run():
    """A defect of the measurement is not counted as the ledger's."""

    async def call(_: int) -> Steps:
        raise ZeroDivisionError

    with pytest.raises(ExceptionGroup):
        await open_loop(call, rate=0, count=1)


def test_rates_and_percentiles_are_those_of_what_stands():
    """One hundred transactions due at 100/s, the nth of which waits n ms; two more are refused."""
    done = [Sample(n / 100, n / 100 + (n + 1) / 1000, Outcome.OK, "", STEPS) for n in range(100)]
    refused = [Sample(0.5, 9.0, Outcome.REFUSAL, "CAPACITY_FULL")] * 2
    found = summary([*done, *refused])
    assert found["count"] == 102
    assert found["outcomes"] == {"ok": 100, "refusal": 2}
    assert found["achieved"] == pytest.approx(100 / (0.99 + 0.1), abs=0.05)
    assert found["latency_ms"] == pytest.approx(
        {"mean": 50.5, "p50": 50.5, "p95": 95.05, "p99": 99.01, "max": 100.0}, abs=0.06
    )
    assert found["phases_ms"] == {
        name: dict.fromkeys(("mean", "p50", "p95", "p99", "max"), wait)
        for name, wait in (("endorse", 100.0), ("order", 200.0), ("commit", 300.0))
    }
    assert found["conflicts_repeated"] == 100


def test_the_series_tells_second_by_second_what_was_due_and_what_stood():
    """A second in which nothing was committed is there, too."""
    late = Sample(0.2, 2.5, Outcome.OK, "", STEPS)
    soon = Sample(0.1, 0.4, Outcome.OK, "", STEPS)
    lost = Sample(1.0, 1.5, Outcome.FAILURE, "Busy")
    assert summary([late, soon, lost])["series"] == [
        {"second": 0, "due": 2, "committed": 1, "mean_ms": 300.0},
        {"second": 1, "due": 1, "committed": 0, "mean_ms": 0.0},
        {"second": 2, "due": 0, "committed": 1, "mean_ms": 2300.0},
    ]
